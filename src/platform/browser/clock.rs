//! Clocks, and random numbers.

use super::externs;
use std::time::Duration;
use web_sys::Performance;

/// Resolution of [`elapsed`] where browsers coarsen it.
pub(super) const INSTANT: Duration = Duration::from_millis(1);

/// Time since the page was opened.
#[must_use]
pub fn elapsed() -> Duration {
    let millis = externs::CLOCK.with(|clock| clock.as_ref().map(Performance::now));
    Duration::try_from_secs_f64(millis.unwrap_or_default() / 1000.0).unwrap_or_default()
}

/// Time since the Unix epoch, by the system clock, which may be changed.
#[must_use]
pub fn wall_clock() -> Duration {
    Duration::try_from_secs_f64(js_sys::Date::now() / 1000.0).unwrap_or_default()
}

/// Hours and minutes of a time since the Unix epoch, in local time.
#[must_use]
pub fn clock_time(at: Duration) -> String {
    let date = js_sys::Date::new(&(at.as_secs_f64() * 1000.0).into());
    format!("{:02}:{:02}", date.get_hours(), date.get_minutes())
}

/// Date and time of a time since the Unix epoch, in local time: `2026-11-23 22.15`.
#[must_use]
pub fn calendar_time(at: Duration) -> String {
    let date = js_sys::Date::new(&(at.as_secs_f64() * 1000.0).into());
    let (year, month, day) = (date.get_full_year(), date.get_month() + 1, date.get_date());
    format!("{year}-{month:02}-{day:02} {:02}.{:02}", date.get_hours(), date.get_minutes())
}

/// A random number from 0 to 1, not for secrets.
#[must_use]
pub fn random_fraction() -> f32 {
    js_sys::Math::random() as f32
}

//! Every text that people read, one module per language. A missing text does not compile.

mod call;
mod choices;
mod en;
mod files;
mod recording;
mod start;
mod statistics;

use crate::protocol::{DisplayName, ErrorCode, Gate, NoRoom, Presence, RoomName};
pub use call::CallTexts;
pub use choices::ChoiceTexts;
pub use files::FileTexts;
pub use recording::RecordingTexts;
pub use start::StartTexts;
pub use statistics::StatisticsTexts;
use std::time::Duration;

/// The texts of one language that every page needs, grouped by where they appear. Those of the other
/// structs are loaded with the parts of the app that need them.
#[allow(missing_docs, reason = "the fields are named after what they say")]
pub struct Texts {
    pub home_description: &'static str,
    pub room_title: &'static str,
    pub room_description: &'static str,
    pub tagline: &'static str,
    pub privacy: &'static str,
    pub start_call: &'static str,
    pub start_hint: &'static str,
    pub link_or_name: &'static str,
    pub go: &'static str,
    pub no_room: fn(&NoRoom) -> String,
    pub take_name: fn(&RoomName) -> String,
    pub open_elsewhere: &'static str,
    pub recent_rooms: &'static str,

    pub room: &'static str,
    pub nobody_inside: &'static str,
    pub inside: fn(names: &[(String, u64)]) -> String,
    pub room_full: &'static str,
    pub full: fn(inside: usize, limit: usize) -> String,
    pub full_hint: &'static str,
    pub host_for_now: &'static str,
    pub your_name: &'static str,
    pub name_hint: &'static str,
    pub turn_on: &'static str,
    pub turn_on_hint: &'static str,
    pub join: &'static str,
    pub joining: &'static str,
    pub no_connections: &'static str,
    pub no_script: &'static str,
    pub ask_to_join: &'static str,
    pub passcode: &'static str,
    pub gate: fn(Gate) -> &'static str,
    pub until_unlocked: &'static str,
    pub refusal: fn(ErrorCode) -> &'static str,
    pub knocking: fn(place: usize, hosted: bool) -> String,
    pub waiting_title: &'static str,
    pub stop_waiting: &'static str,
    pub hide_address: &'static str,
    pub hide_address_cost: &'static str,
    pub no_relay: &'static str,
    pub open_in_tab: &'static str,
    pub loading: &'static str,
    pub copy_link: &'static str,
    pub link_copied: &'static str,
    pub link_not_copied: &'static str,
    pub call_not_loaded: &'static str,
    pub try_now: &'static str,
    pub recorded_by: fn(names: &[&DisplayName]) -> String,
    pub not_found: &'static str,
    pub not_found_hint: &'static str,
    pub to_start: &'static str,
}

/// The texts in the language of the page.
#[must_use]
pub fn texts() -> &'static Texts {
    &en::TEXTS
}

/// The texts of a call, in the language of the page.
#[must_use]
pub fn call_texts() -> &'static CallTexts {
    &en::call::TEXTS
}

/// The texts about choices in a call, in the language of the page.
#[must_use]
pub fn choice_texts() -> &'static ChoiceTexts {
    &en::choices::TEXTS
}

/// The texts about files, in the language of the page.
#[must_use]
pub fn file_texts() -> &'static FileTexts {
    &en::files::TEXTS
}

/// The texts about recordings, in the language of the page.
#[must_use]
pub fn recording_texts() -> &'static RecordingTexts {
    &en::recording::TEXTS
}

/// The texts about the start of the app, in the language of the page.
#[must_use]
pub fn start_texts() -> &'static StartTexts {
    &en::start::TEXTS
}

/// The texts about connections, in the language of the page.
#[must_use]
pub fn statistics_texts() -> &'static StatisticsTexts {
    &en::statistics::TEXTS
}

/// The displayed name of a participant, including those without a name.
#[must_use]
pub fn shown_name(presence: Presence) -> String {
    match presence.name {
        name if name.is_empty() => call_texts().unnamed.to_owned(),
        name => name.as_str().to_owned(),
    }
}

/// A duration as on a stopwatch: `0:07`, `12:34`, `1:02:03`.
#[must_use]
pub fn stopwatch(time: Duration) -> String {
    let seconds = time.as_secs();
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match hours {
        0 => format!("{minutes}:{seconds:02}"),
        _ => format!("{hours}:{minutes:02}:{seconds:02}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_read_as_on_a_stopwatch() {
        let read = |seconds| stopwatch(Duration::from_secs(seconds));
        assert_eq!(read(7), "0:07");
        assert_eq!(read(754), "12:34");
        assert_eq!(read(3723), "1:02:03");
    }
}

//! Durations in options.

use humantime::{format_duration, parse_duration};
use std::{ops::RangeInclusive, time::Duration};

const SHORTEST_TIMEOUT: Duration = Duration::from_secs(1);
const LONGEST_TIMEOUT: Duration = Duration::from_secs(600);

/// Parses a duration such as `15s`, `1m 30s` or `250ms`. A number without a unit is in seconds.
pub(super) fn parse(text: &str, allowed: RangeInclusive<Duration>) -> Result<Duration, String> {
    let seconds = text.parse().map(Duration::from_secs).ok();
    let duration = seconds.or_else(|| parse_duration(text).ok());
    duration.filter(|duration| allowed.contains(duration)).ok_or_else(|| {
        let [least, most] = [allowed.start(), allowed.end()].map(|limit| format_duration(*limit));
        format!("{text:?} is not a duration from {least} to {most}, such as {most}")
    })
}

/// Parses a timeout of something that a client does.
pub(super) fn timeout(text: &str) -> Result<Duration, String> {
    parse(text, SHORTEST_TIMEOUT..=LONGEST_TIMEOUT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_has_a_unit_or_counts_seconds() {
        for (text, milliseconds) in [
            ("15s", 15_000),
            ("15", 15_000),
            ("1500ms", 1_500),
            ("1m", 60_000),
            ("10s 5ms", 10_005),
            ("10m", 600_000),
        ] {
            assert_eq!(timeout(text), Ok(Duration::from_millis(milliseconds)), "{text}");
        }
        for wrong in ["", "s", "15 parsecs", "-1s", "999ms", "601s", "11m", "1e3"] {
            assert!(timeout(wrong).is_err(), "{wrong}");
        }
        let sentence = timeout("0").unwrap_err();
        assert_eq!(sentence, "\"0\" is not a duration from 1s to 10m, such as 10m");
    }
}

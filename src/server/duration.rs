//! Durations as operators write them.

use std::{ops::RangeInclusive, time::Duration};

/// Reads one such as `15s`, `1m 30s` or `250ms`; a number alone counts seconds.
pub(super) fn parse(text: &str, allowed: RangeInclusive<Duration>) -> Result<Duration, String> {
    let seconds = text.parse().map(Duration::from_secs).ok();
    let duration = seconds.or_else(|| humantime::parse_duration(text).ok());
    duration.filter(|duration| allowed.contains(duration)).ok_or_else(|| {
        let [least, most] = [allowed.start(), allowed.end()].map(Duration::as_secs);
        format!("{text:?} is no duration from {least}s to {most}s, such as {most}s")
    })
}

/// How long something of a client's may take.
pub(super) fn timeout(text: &str) -> Result<Duration, String> {
    parse(text, Duration::from_secs(1)..=Duration::from_secs(60))
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
        ] {
            assert_eq!(timeout(text), Ok(Duration::from_millis(milliseconds)), "{text}");
        }
        for wrong in ["", "s", "15 parsecs", "-1s", "999ms", "61s", "2m", "1e3"] {
            assert!(timeout(wrong).is_err(), "{wrong}");
        }
        assert_eq!(timeout("0").unwrap_err(), "\"0\" is no duration from 1s to 60s, such as 60s");
    }
}

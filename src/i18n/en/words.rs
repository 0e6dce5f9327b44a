//! Parts of English sentences: names, numbers and durations.

use std::time::Duration;

pub(super) fn someone(name: &str) -> &str {
    if name.is_empty() { "a guest" } else { name }
}

/// Capitalised for the start of a sentence. People's own names stay unchanged.
pub(super) fn capital(text: &str) -> String {
    text.strip_prefix("a guest").map_or_else(|| text.to_owned(), |rest| format!("A guest{rest}"))
}

/// A list of names within a sentence.
pub(super) fn listed(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [others @ .., last] => format!("{} and {last}", others.join(", ")),
    }
}

/// With one decimal place. Computed with integers: the code that formats other floats is as large
/// as a panel.
pub(super) fn tenths(value: f64) -> String {
    let tenths = (value * 10.0).round() as u64;
    format!("{}.{}", tenths / 10, tenths % 10)
}

fn plural(count: u64, unit: &str) -> String {
    match count {
        1 => format!("1 {unit}"),
        _ => format!("{count} {unit}s"),
    }
}

pub(super) fn spoken(time: Duration) -> String {
    let seconds = time.as_secs();
    match (seconds / 3600, seconds / 60 % 60) {
        (0, 0) => plural(seconds, "second"),
        (0, minutes) => plural(minutes, "minute"),
        (hours, 0) => plural(hours, "hour"),
        (hours, minutes) => format!("{} and {}", plural(hours, "hour"), plural(minutes, "minute")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_spoken() {
        assert_eq!(spoken(Duration::from_secs(1)), "1 second");
        assert_eq!(spoken(Duration::from_secs(7200)), "2 hours");
    }
}

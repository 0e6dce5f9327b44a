//! How the values of options are read. The sentences name neither the option nor its variable, which
//! are put in front.

use crate::{
    protocol::limits::PEOPLE_PER_ROOM_MAX,
    server::{
        credentials::turn::{RELAY_VALID, RelaySecret},
        log::LogFormat,
    },
};
use std::{net::SocketAddr, ops::RangeInclusive, time::Duration};
use tracing::Level;

const LONGEST_HOLD: u64 = 120;
const SILENCE: RangeInclusive<u64> = 3..=60;
/// Shorter, and credentials end before a connection is made with them.
const SHORTEST_VALID: u64 = 10;
const LEVELS: [(&str, Level); 5] = [
    ("error", Level::ERROR),
    ("warn", Level::WARN),
    ("info", Level::INFO),
    ("debug", Level::DEBUG),
    ("trace", Level::TRACE),
];

pub(super) fn socket_addr(text: &str) -> Result<SocketAddr, String> {
    let hint = "is no address with a port, such as 127.0.0.1:3000 or [::]:3000";
    text.parse().map_err(|_| format!("{text:?} {hint}"))
}

pub(super) fn people(text: &str) -> Result<usize, String> {
    let most = PEOPLE_PER_ROOM_MAX;
    let people = text.parse().ok().filter(|people| (1..=most).contains(people));
    people.ok_or_else(|| format!("{text:?} is no number from 1 to {most}"))
}

/// The sentence does not repeat what may be a secret.
pub(super) fn turn_secret(text: &str) -> Result<RelaySecret, &'static str> {
    match text.trim() {
        "" => Err("the secret is empty"),
        bare if bare != text => Err("the secret begins or ends with white space"),
        _ => Ok(RelaySecret::from(text)),
    }
}

pub(super) fn turn_valid(text: &str) -> Result<Duration, String> {
    let allowed = SHORTEST_VALID..=RELAY_VALID.as_secs();
    let seconds = text.parse().ok().filter(|seconds| allowed.contains(seconds));
    seconds.map(Duration::from_secs).ok_or_else(|| {
        format!("{text:?} is no number from {} to {}", allowed.start(), allowed.end())
    })
}

pub(super) fn hold(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok().filter(|seconds| *seconds <= LONGEST_HOLD);
    seconds
        .map(Duration::from_secs)
        .ok_or_else(|| format!("{text:?} is no number from 0 to {LONGEST_HOLD}"))
}

pub(super) fn silence(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok().filter(|seconds| SILENCE.contains(seconds));
    seconds.map(Duration::from_secs).ok_or_else(|| {
        format!("{text:?} is no number from {} to {}", SILENCE.start(), SILENCE.end())
    })
}

pub(super) fn level(text: &str) -> Result<Level, String> {
    let level = LEVELS.iter().find(|(name, _)| *name == text).map(|&(_, level)| level);
    level.ok_or_else(|| format!("{text:?} is none of error, warn, info, debug and trace"))
}

pub(super) fn log_format(text: &str) -> Result<LogFormat, String> {
    match text {
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        _ => Err(format!("{text:?} is neither text nor json")),
    }
}

//! How the values of options are read. The sentences name neither the option nor its variable, which
//! are put in front.

use crate::{
    protocol::limits::PEOPLE_PER_ROOM_MAX,
    server::{
        credentials::turn::{RELAY_VALID, RelaySecret},
        duration::parse,
        log::LogFormat,
    },
};
use std::{net::SocketAddr, time::Duration};
use tracing::Level;

const LONGEST_GRACE: Duration = Duration::from_secs(120);
/// Shorter, and credentials end before a connection is made with them.
const SHORTEST_TTL: Duration = Duration::from_secs(10);
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

pub(super) fn turn_credential_ttl(text: &str) -> Result<Duration, String> {
    parse(text, SHORTEST_TTL..=RELAY_VALID)
}

pub(super) fn reconnect_grace(text: &str) -> Result<Duration, String> {
    parse(text, Duration::ZERO..=LONGEST_GRACE)
}

pub(super) fn ping_timeout(text: &str) -> Result<Duration, String> {
    parse(text, Duration::from_secs(3)..=Duration::from_secs(60))
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

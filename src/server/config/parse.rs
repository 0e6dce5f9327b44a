//! Parsers of option values. Their error messages leave out the option and its variable, which are
//! put in front.

use crate::{
    protocol::limits::PARTICIPANTS_PER_ROOM_MAX,
    server::{
        credentials::turn::{TURN_CREDENTIAL_TTL_MAX, TurnSecret},
        duration::parse,
        log::LogFormat,
    },
};
use std::{net::SocketAddr, time::Duration};
use tracing::Level;

const LONGEST_GRACE: Duration = Duration::from_secs(120);
/// A connection has to be set up before the credentials expire.
const SHORTEST_TTL: Duration = Duration::from_secs(10);
const LEVELS: [(&str, Level); 5] = [
    ("error", Level::ERROR),
    ("warn", Level::WARN),
    ("info", Level::INFO),
    ("debug", Level::DEBUG),
    ("trace", Level::TRACE),
];

pub(super) fn socket_addr(text: &str) -> Result<SocketAddr, String> {
    let hint = "is not an address with a port, such as 127.0.0.1:3000 or [::]:3000";
    text.parse().map_err(|_| format!("{text:?} {hint}"))
}

pub(super) fn max_participants(text: &str) -> Result<usize, String> {
    let most = PARTICIPANTS_PER_ROOM_MAX;
    let count = text.parse().ok().filter(|count| (1..=most).contains(count));
    count.ok_or_else(|| format!("{text:?} is not a number from 1 to {most}"))
}

pub(super) fn turn_secret(text: &str) -> Result<TurnSecret, &'static str> {
    turn_credential(text).map(|text| TurnSecret::from(text.as_str()))
}

/// The error message does not repeat the text, which may be a secret.
pub(super) fn turn_credential(text: &str) -> Result<String, &'static str> {
    match text.trim() {
        "" => Err("the value is empty"),
        bare if bare != text => Err("the value starts or ends with white space"),
        _ => Ok(text.to_owned()),
    }
}

pub(super) fn turn_credential_ttl(text: &str) -> Result<Duration, String> {
    parse(text, SHORTEST_TTL..=TURN_CREDENTIAL_TTL_MAX)
}

pub(super) fn reconnect_grace(text: &str) -> Result<Duration, String> {
    parse(text, Duration::ZERO..=LONGEST_GRACE)
}

pub(super) fn ping_timeout(text: &str) -> Result<Duration, String> {
    parse(text, Duration::from_secs(3)..=Duration::from_secs(60))
}

pub(super) fn level(text: &str) -> Result<Level, String> {
    let level = LEVELS.iter().find(|(name, _)| *name == text).map(|&(_, level)| level);
    level.ok_or_else(|| format!("{text:?} is not one of error, warn, info, debug and trace"))
}

pub(super) fn log_format(text: &str) -> Result<LogFormat, String> {
    match text {
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        _ => Err(format!("{text:?} is neither text nor json")),
    }
}

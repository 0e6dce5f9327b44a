//! What the server lets anybody use of it. What the protocol itself limits is in
//! [`crate::protocol::limits`].

use crate::rate_limit::Rate;
use clap::Args;
use std::time::Duration;

const CONNECTIONS: u32 = 256;
const SOCKETS: u32 = 300;
/// Forty people behind one address who open a room at the same moment ask for about 1,000 things.
const REQUESTS: u32 = 50;
const MESSAGES: u32 = 50;
const ROOMS: usize = 10_000;
const KEPT_ROOMS: usize = 100_000;
const PATIENCE: Duration = Duration::from_secs(5);
const LONGEST_PATIENCE: u64 = 60;
/// The most that one address, connection or server can be given.
const MOST: u32 = 1_000_000;
/// How many seconds' worth of messages may come at once. Somebody who joins 15 others sends a
/// description and about 20 candidates to each of them.
const BURST_SECONDS: u32 = 8;
/// The same for HTTP requests.
const REQUEST_BURST_SECONDS: u32 = 20;
/// The size of a request's header in bytes: line and fields (RFC 9112). Cookies that other programs
/// set for a common parent domain come with every request.
pub(super) const HEADER_BYTES: usize = 16 * 1024;

/// The limits that an operator can change. Each refusal names the limit.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
pub struct Limits {
    /// How many connections one address may have at once
    ///
    /// An IPv6 address stands for its network of 64 bits. Behind a proxy that --trust-proxy names,
    /// the open call sockets of each forwarded address are counted.
    #[arg(long, env = "SALON_CONNECTIONS", hide_env_values = true, value_name = "N")]
    #[arg(default_value_t = CONNECTIONS, value_parser = count)]
    pub connections: u32,

    /// How many call sockets one address may open in a minute, all at once if need be
    #[arg(long, env = "SALON_SOCKETS", hide_env_values = true, value_name = "N")]
    #[arg(default_value_t = SOCKETS, value_parser = count)]
    pub sockets: u32,

    /// How many HTTP requests one address may make a second; twenty times as many at once
    #[arg(long, env = "SALON_REQUEST_RATE", hide_env_values = true, value_name = "N")]
    #[arg(default_value_t = REQUESTS, value_parser = count)]
    pub request_rate: u32,

    /// How many messages a second one call socket may send; eight times as many at once
    #[arg(long, env = "SALON_MESSAGES", hide_env_values = true, value_name = "N")]
    #[arg(default_value_t = MESSAGES, value_parser = count)]
    pub messages: u32,

    /// How many rooms there may be at once in which somebody sits
    #[arg(long, env = "SALON_ROOMS", hide_env_values = true, value_name = "N")]
    #[arg(default_value_t = ROOMS, value_parser = rooms)]
    pub rooms: usize,

    /// How many rooms' rules and invitations may be kept
    ///
    /// They go 90 days after the room was used last, or 30 if it was used on one day only. When there
    /// are as many, the one of one day that was unused the longest makes place.
    #[arg(long, env = "SALON_KEPT_ROOMS", hide_env_values = true, value_name = "N")]
    #[arg(default_value_t = KEPT_ROOMS, value_parser = rooms)]
    pub kept_rooms: usize,

    /// For how many seconds a request, a TLS handshake or a message that was begun is waited for,
    /// 1 to 60
    ///
    /// A kept connection may be idle for as long. Twice as long a call socket may neither watch nor
    /// join a room, and six times as long an answer may go unread.
    #[arg(long, env = "SALON_PATIENCE", hide_env_values = true, value_name = "SECONDS")]
    #[arg(default_value = "5", value_parser = patience)]
    pub patience: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: CONNECTIONS,
            sockets: SOCKETS,
            request_rate: REQUESTS,
            messages: MESSAGES,
            rooms: ROOMS,
            kept_rooms: KEPT_ROOMS,
            patience: PATIENCE,
        }
    }
}

impl Limits {
    /// Of one address: call sockets that are opened.
    pub(super) fn socket_rate(&self) -> Rate {
        Rate::new(self.sockets, Duration::from_secs(60))
    }

    /// Of one address: HTTP requests, of whatever kind.
    pub(super) fn request_bucket(&self) -> Rate {
        let burst = self.request_rate.saturating_mul(REQUEST_BURST_SECONDS);
        Rate::new(burst, Duration::from_secs(REQUEST_BURST_SECONDS.into()))
    }

    /// Of one call socket: frames that are sent, of whatever kind.
    pub(super) fn message_rate(&self) -> Rate {
        let burst = self.messages.saturating_mul(BURST_SECONDS);
        Rate::new(burst, Duration::from_secs(BURST_SECONDS.into()))
    }

    /// How long a client may take nothing of an answer: phones lose their network for a while.
    pub(super) fn unread(&self) -> Duration {
        self.patience * 6
    }

    /// How long a call socket may neither watch nor sit in a room.
    pub(super) fn placeless(&self) -> Duration {
        self.patience * 2
    }
}

fn count(text: &str) -> Result<u32, String> {
    let count = text.parse().ok().filter(|count| (1..=MOST).contains(count));
    count.ok_or_else(|| format!("{text:?} is no number from 1 to {MOST}"))
}

fn rooms(text: &str) -> Result<usize, String> {
    count(text).map(|count| usize::try_from(count).unwrap_or(usize::MAX))
}

fn patience(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok().filter(|seconds| (1..=LONGEST_PATIENCE).contains(seconds));
    seconds
        .map(Duration::from_secs)
        .ok_or_else(|| format!("{text:?} is no number from 1 to {LONGEST_PATIENCE}"))
}

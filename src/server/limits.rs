//! Resource limits of the server. Those of the protocol are in
//! [`crate::protocol::limits`].

use super::duration::timeout;
use crate::rate_limit::Rate;
use clap::Args;
use std::time::Duration;

const CONNECTIONS: u32 = 256;
const WS_CONNECTS: u32 = 300;
/// Forty people behind one address who open a room at the same moment ask for about 1,000 things.
const REQUESTS: u32 = 50;
const MESSAGES: u32 = 50;
const ROOMS: usize = 10_000;
const STORED_ROOMS: usize = 100_000;
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
    /// An IPv6 address stands for its network of 64 bits. Behind a proxy that --trusted-proxies names,
    /// the open call sockets of each forwarded address are counted.
    #[arg(long, env = "SALON_MAX_CONNECTIONS_PER_IP", hide_env_values = true, value_name = "N")]
    #[arg(default_value_t = CONNECTIONS, value_parser = count)]
    pub max_connections_per_ip: u32,

    /// How many call sockets one address may open in a minute, all at once if need be
    #[arg(long, env = "SALON_WS_CONNECT_RATE", hide_env_values = true, value_name = "N")]
    #[arg(default_value_t = WS_CONNECTS, value_parser = count)]
    pub ws_connect_rate: u32,

    /// How many HTTP requests one address may make a second; twenty times as many at once
    #[arg(long, env = "SALON_REQUEST_RATE", hide_env_values = true, value_name = "N")]
    #[arg(default_value_t = REQUESTS, value_parser = count)]
    pub request_rate: u32,

    /// How many messages a second one call socket may send; eight times as many at once
    #[arg(long, env = "SALON_MESSAGE_RATE", hide_env_values = true, value_name = "N")]
    #[arg(default_value_t = MESSAGES, value_parser = count)]
    pub message_rate: u32,

    /// How many rooms there may be at once in which somebody sits
    #[arg(long, env = "SALON_MAX_ROOMS", hide_env_values = true, value_name = "N")]
    #[arg(default_value_t = ROOMS, value_parser = rooms)]
    pub max_rooms: usize,

    /// How many rooms' rules and invitations may be kept
    ///
    /// They go 90 days after the room was used last, or 30 if it was used on one day only. When there
    /// are as many, the one of one day that was unused the longest makes place.
    #[arg(long, env = "SALON_MAX_STORED_ROOMS", hide_env_values = true, value_name = "N")]
    #[arg(default_value_t = STORED_ROOMS, value_parser = rooms)]
    pub max_stored_rooms: usize,

    /// How long the header of a request may take, and a connection be idle between two requests
    #[arg(long, env = "SALON_HEADER_TIMEOUT", hide_env_values = true, value_name = "DURATION")]
    #[arg(default_value = "5s", value_parser = timeout)]
    pub header_timeout: Duration,

    /// How long a TLS handshake may take
    #[arg(long, env = "SALON_TLS_HANDSHAKE_TIMEOUT", hide_env_values = true)]
    #[arg(value_name = "DURATION", default_value = "5s", value_parser = timeout)]
    pub tls_handshake_timeout: Duration,

    /// How long a WebSocket message that was begun may take
    #[arg(long, env = "SALON_MESSAGE_TIMEOUT", hide_env_values = true, value_name = "DURATION")]
    #[arg(default_value = "5s", value_parser = timeout)]
    pub message_timeout: Duration,

    /// How long a WebSocket may be open without watching or joining a room
    #[arg(long, env = "SALON_JOIN_TIMEOUT", hide_env_values = true, value_name = "DURATION")]
    #[arg(default_value = "10s", value_parser = timeout)]
    pub join_timeout: Duration,

    /// How long a client may read nothing of an answer; phones lose their network for a while
    #[arg(long, env = "SALON_SEND_TIMEOUT", hide_env_values = true, value_name = "DURATION")]
    #[arg(default_value = "30s", value_parser = timeout)]
    pub send_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_connections_per_ip: CONNECTIONS,
            ws_connect_rate: WS_CONNECTS,
            request_rate: REQUESTS,
            message_rate: MESSAGES,
            max_rooms: ROOMS,
            max_stored_rooms: STORED_ROOMS,
            header_timeout: Duration::from_secs(5),
            tls_handshake_timeout: Duration::from_secs(5),
            message_timeout: Duration::from_secs(5),
            join_timeout: Duration::from_secs(10),
            send_timeout: Duration::from_secs(30),
        }
    }
}

impl Limits {
    /// Of one address: call sockets that are opened.
    pub(super) fn ws_connects(&self) -> Rate {
        Rate::new(self.ws_connect_rate, Duration::from_secs(60))
    }

    /// Of one address: HTTP requests, of whatever kind.
    pub(super) fn requests(&self) -> Rate {
        let burst = self.request_rate.saturating_mul(REQUEST_BURST_SECONDS);
        Rate::new(burst, Duration::from_secs(REQUEST_BURST_SECONDS.into()))
    }

    /// Of one call socket: frames that are sent, of whatever kind.
    pub(super) fn messages(&self) -> Rate {
        let burst = self.message_rate.saturating_mul(BURST_SECONDS);
        Rate::new(burst, Duration::from_secs(BURST_SECONDS.into()))
    }
}

fn count(text: &str) -> Result<u32, String> {
    let count = text.parse().ok().filter(|count| (1..=MOST).contains(count));
    count.ok_or_else(|| format!("{text:?} is no number from 1 to {MOST}"))
}

fn rooms(text: &str) -> Result<usize, String> {
    count(text).map(|count| usize::try_from(count).unwrap_or(usize::MAX))
}

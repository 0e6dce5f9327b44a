//! Resource limits of the server. Those of the protocol are in
//! [`crate::protocol::limits`].

use super::duration::timeout;
use crate::rate_limit::Rate;
use clap::Args;
use std::time::Duration;

const CONNECTIONS: u32 = 256;
const WS_CONNECTS: u32 = 300;
/// Forty browsers behind one address that open a room at the same moment make about 1,000 requests.
const REQUESTS: u32 = 50;
const MESSAGES: u32 = 50;
const ROOMS: usize = 10_000;
const STORED_ROOMS: usize = 100_000;
/// Upper bound of every option that is a number.
const MOST: u32 = 1_000_000;
/// Burst of messages on a WebSocket, in seconds of the rate. A participant who joins 15 others sends
/// each of them a description and about 20 candidates.
const BURST_SECONDS: u32 = 8;
/// Burst of HTTP requests from an IP address, in seconds of the rate.
const REQUEST_BURST_SECONDS: u32 = 20;
/// Maximum size of a request header (request line and fields, RFC 9112) in bytes. It has to hold the
/// cookies that other programs set for a common parent domain.
pub(super) const HEADER_BYTES: usize = 16 * 1024;

/// The limits that operators can configure. Each refusal names the limit that was exceeded.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
pub struct Limits {
    /// Maximum number of concurrent connections per IP address
    ///
    /// An IPv6 /64 network counts as one address. Behind a trusted proxy (--trusted-proxies), the open
    /// WebSockets of each forwarded address are counted.
    #[arg(long, env = "SALON_MAX_CONNECTIONS_PER_IP", hide_env_values = true, value_name = "N")]
    #[arg(default_value_t = CONNECTIONS, value_parser = count)]
    pub max_connections_per_ip: u32,

    /// Maximum number of new WebSockets per minute and IP address; all of them may be opened at once
    #[arg(long, env = "SALON_WS_CONNECT_RATE", hide_env_values = true, value_name = "N")]
    #[arg(default_value_t = WS_CONNECTS, value_parser = count)]
    pub ws_connect_rate: u32,

    /// Maximum number of HTTP requests per IP address and second, with bursts of 20 times as many
    #[arg(long, env = "SALON_REQUEST_RATE", hide_env_values = true, value_name = "N")]
    #[arg(default_value_t = REQUESTS, value_parser = count)]
    pub request_rate: u32,

    /// Maximum number of WebSocket frames per second from one client, with bursts of 8 times as many;
    /// fragments, pings and pongs count
    #[arg(long, env = "SALON_MESSAGE_RATE", hide_env_values = true, value_name = "N")]
    #[arg(default_value_t = MESSAGES, value_parser = count)]
    pub message_rate: u32,

    /// Maximum number of rooms with participants
    #[arg(long, env = "SALON_MAX_ROOMS", hide_env_values = true, value_name = "N")]
    #[arg(default_value_t = ROOMS, value_parser = rooms)]
    pub max_rooms: usize,

    /// Maximum number of rooms whose settings and invitations are stored
    ///
    /// They expire 90 days after the last use of the room, or after 30 days if it was used on one day
    /// only. At the limit, the least recently used of the rooms of one day is evicted.
    #[arg(long, env = "SALON_MAX_STORED_ROOMS", hide_env_values = true, value_name = "N")]
    #[arg(default_value_t = STORED_ROOMS, value_parser = rooms)]
    pub max_stored_rooms: usize,

    /// Timeout for reading a request header, and for idle connections between requests, 1s to 10m
    #[arg(long, env = "SALON_HEADER_TIMEOUT", hide_env_values = true, value_name = "DURATION")]
    #[arg(default_value = "5s", value_parser = timeout)]
    pub header_timeout: Duration,

    /// Timeout for a TLS handshake, 1s to 10m
    #[arg(long, env = "SALON_TLS_HANDSHAKE_TIMEOUT", hide_env_values = true)]
    #[arg(value_name = "DURATION", default_value = "5s", value_parser = timeout)]
    pub tls_handshake_timeout: Duration,

    /// Timeout for receiving the rest of a WebSocket message, 1s to 10m
    #[arg(long, env = "SALON_MESSAGE_TIMEOUT", hide_env_values = true, value_name = "DURATION")]
    #[arg(default_value = "5s", value_parser = timeout)]
    pub message_timeout: Duration,

    /// Timeout for joining or watching a room after the WebSocket was opened, 1s to 10m
    #[arg(long, env = "SALON_JOIN_TIMEOUT", hide_env_values = true, value_name = "DURATION")]
    #[arg(default_value = "10s", value_parser = timeout)]
    pub join_timeout: Duration,

    /// Timeout for a client to read more of a response, 1s to 10m
    ///
    /// Phones lose their network for several seconds.
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
    /// WebSockets that an IP address may open.
    pub(super) fn ws_connects(&self) -> Rate {
        Rate::new(self.ws_connect_rate, Duration::from_secs(60))
    }

    /// HTTP requests that an IP address may make.
    pub(super) fn requests(&self) -> Rate {
        let burst = self.request_rate.saturating_mul(REQUEST_BURST_SECONDS);
        Rate::new(burst, Duration::from_secs(REQUEST_BURST_SECONDS.into()))
    }

    /// Frames that a client may send on a WebSocket. Control frames count as well.
    pub(super) fn messages(&self) -> Rate {
        let burst = self.message_rate.saturating_mul(BURST_SECONDS);
        Rate::new(burst, Duration::from_secs(BURST_SECONDS.into()))
    }
}

fn count(text: &str) -> Result<u32, String> {
    let count = text.parse().ok().filter(|count| (1..=MOST).contains(count));
    count.ok_or_else(|| format!("{text:?} is not a number from 1 to {MOST}"))
}

fn rooms(text: &str) -> Result<usize, String> {
    count(text).map(|count| usize::try_from(count).unwrap_or(usize::MAX))
}

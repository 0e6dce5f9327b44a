//! Checks of the configured STUN and TURN servers.

use super::{
    finding::Finding,
    stun::{Connection, StunError, TIMEOUT},
    turn::Allocation,
};
use crate::protocol::IceServer;
use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    time::Instant,
};
use tokio::{net::lookup_host, time::timeout};

/// Default ports (RFC 7064 and RFC 7065, section 3.2).
const PORT: u16 = 3478;
const TLS_PORT: u16 = 5349;

/// Transport to a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Transport {
    Udp,
    Tcp,
    Tls,
}

/// The parts of a URL, which was validated as an option.
#[derive(Debug, PartialEq, Eq)]
struct Target<'a> {
    relay: bool,
    transport: Transport,
    host: &'a str,
    port: u16,
}

impl<'a> Target<'a> {
    fn of(url: &'a str) -> Option<Self> {
        let (scheme, rest) = url.split_once(':')?;
        let (address, transport) = rest.split_once("?transport=").unwrap_or((rest, ""));
        let is_secure = scheme.ends_with('s');
        let transport = match (is_secure, transport) {
            (true, _) => Transport::Tls,
            (false, "tcp") => Transport::Tcp,
            (false, _) => Transport::Udp,
        };
        let (host, port) = match address.strip_prefix('[') {
            Some(bracketed) => bracketed.split_once(']')?,
            None => address.split_at(address.find(':').unwrap_or(address.len())),
        };
        let default = if is_secure { TLS_PORT } else { PORT };
        let port = port.strip_prefix(':').map_or(Ok(default), str::parse).ok()?;
        Some(Self { relay: scheme.starts_with("turn"), transport, host, port })
    }

    async fn address(&self) -> Result<SocketAddr, StunError> {
        let mut found = timeout(TIMEOUT, lookup_host((self.host, self.port))).await??;
        found.next().ok_or_else(|| io::Error::from(io::ErrorKind::NotFound).into())
    }
}

/// Checks every server.
pub(super) async fn examine(servers: &[IceServer], mut tell: impl FnMut(Finding)) {
    for server in servers {
        tell(server_finding(server).await);
    }
    if !servers.iter().any(|server| server.urls.starts_with("turn")) {
        tell(Finding::warning(
            "There is no TURN server: between networks that forbid direct connections, calls have \
             neither sound nor video. Add one to --ice-servers (SALON_ICE_SERVERS); \
             deploy/coturn.conf is an example.",
        ));
    }
}

async fn server_finding(server: &IceServer) -> Finding {
    let url = &server.urls;
    let begun = Instant::now();
    let fault = match ask(server).await {
        Ok(Service::Answers(how)) => {
            let millis = begun.elapsed().as_millis();
            return Finding::fine(format!("{url} {how} ({millis} ms)."));
        }
        Ok(Service::RelaysTo(private)) => {
            let private: Vec<_> = private.iter().map(ToString::to_string).collect();
            return Finding::warning(format!(
                "{url} relays to {}: participants can reach private addresses through it. Deny \
                 such peers (coturn: denied-peer-ip, as in deploy/coturn.conf).",
                private.join(", ")
            ));
        }
        Err(fault) => fault,
    };
    let fix = match fault {
        StunError::Open => {
            "Require credentials (coturn: use-auth-secret), or strangers will use it."
        }
        StunError::Unauthorized => {
            "Correct --turn-username (SALON_TURN_USERNAME) and --turn-credential \
             (SALON_TURN_CREDENTIAL), or --turn-static-auth-secret (SALON_TURN_STATIC_AUTH_SECRET) \
             or the clock."
        }
        StunError::Forbidden => {
            "Check its denied peers (coturn: denied-peer-ip): coturn takes a range that starts with \
             :: to include all of IPv4."
        }
        StunError::Refused(486) => {
            "The quota of the user is used up. Raise it (coturn: user-quota)."
        }
        StunError::Refused(508) => {
            "It is out of capacity. Raise its quota or its number of ports (coturn: total-quota)."
        }
        StunError::Refused(_) | StunError::NotSalon => "Check its log.",
        StunError::Silent(_) | StunError::Unreachable(_) | StunError::NotStun => {
            "Check that it runs, that its name and port in --ice-servers (SALON_ICE_SERVERS) are \
             correct, and that no firewall blocks it."
        }
    };
    Finding::problem(format!("{url} {fault}. {fix}"))
}

/// Behaviour of a server that works.
enum Service {
    /// Correct; holds a description.
    Answers(&'static str),
    /// It relays to private addresses.
    RelaysTo(Vec<Ipv4Addr>),
}

async fn ask(server: &IceServer) -> Result<Service, StunError> {
    let target = Target::of(&server.urls).ok_or(StunError::NotStun)?;
    let address = target.address().await?;
    let mut connection = match target.transport {
        Transport::Udp => Connection::udp(address).await?,
        Transport::Tcp => Connection::tcp(address).await?,
        Transport::Tls => {
            Connection::tcp(address).await?;
            let how = "accepts connections; STUN over TLS was not checked";
            return Ok(Service::Answers(how));
        }
    };
    match (&server.username, &server.credential) {
        (Some(username), Some(credential)) if target.relay => {
            let mut allocation = Allocation::new(&mut connection, (username, credential)).await?;
            let reached = allocation.private_peers().await;
            allocation.end().await;
            match reached? {
                private if !private.is_empty() => Ok(Service::RelaysTo(private)),
                _ => Ok(Service::Answers(
                    "relays with the credential only, and to public addresses only",
                )),
            }
        }
        _ => {
            connection.binding().await?;
            Ok(Service::Answers("answers"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_parsed() {
        for (url, relay, transport, host, port) in [
            ("stun:a.example", false, Transport::Udp, "a.example", 3478),
            ("stuns:192.0.2.1:443", false, Transport::Tls, "192.0.2.1", 443),
            ("turn:[2001:db8::1]", true, Transport::Udp, "2001:db8::1", 3478),
            ("turn:[2001:db8::1]:80?transport=tcp", true, Transport::Tcp, "2001:db8::1", 80),
            ("turns:a.example?transport=tcp", true, Transport::Tls, "a.example", 5349),
        ] {
            assert_eq!(Target::of(url), Some(Target { relay, transport, host, port }), "{url}");
        }
    }
}

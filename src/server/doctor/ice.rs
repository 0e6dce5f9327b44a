//! The STUN and TURN servers that browsers are given, asked as a browser would.

use super::{
    finding::Finding,
    stun::{PATIENCE, Path, StunError},
    turn::Allocation,
};
use crate::protocol::IceServer;
use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    time::Instant,
};
use tokio::{net::lookup_host, time::timeout};

/// RFC 7064 and RFC 7065, section 3.2.
const PORT: u16 = 3478;
const TLS_PORT: u16 = 5349;

/// How a server is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Transport {
    Udp,
    Tcp,
    Tls,
}

/// The parts of a URL that was checked when the options were read.
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
        let mut found = timeout(PATIENCE, lookup_host((self.host, self.port))).await??;
        found.next().ok_or_else(|| io::Error::from(io::ErrorKind::NotFound).into())
    }
}

/// Asks every server.
pub(super) async fn examine(servers: &[IceServer], mut tell: impl FnMut(Finding)) {
    for server in servers {
        tell(server_finding(server).await);
    }
    if !servers.iter().any(|server| server.urls.starts_with("turn")) {
        tell(Finding::warning(
            "There is no TURN server: where two networks forbid direct connections, calls have \
             neither sound nor picture. Name one with --ice-servers (SALON_ICE_SERVERS); deploy/coturn.conf is a \
             start.",
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
                "{url} relays to {}: people in a call reach what only that machine should \
                 reach. Deny such peers (coturn: denied-peer-ip, as in deploy/coturn.conf).",
                private.join(", ")
            ));
        }
        Err(fault) => fault,
    };
    let fix = match fault {
        StunError::Open => "Give it credentials (coturn: use-auth-secret), or strangers use it.",
        StunError::Unauthorized => {
            "Correct the user name and the credential in --ice-servers (SALON_ICE_SERVERS), the secret in \
             --turn-static-auth-secret (SALON_TURN_STATIC_AUTH_SECRET), or the clock."
        }
        StunError::Forbidden => {
            "Look at what it denies (coturn: denied-peer-ip): a range that begins with :: holds \
             all of IPv4 there."
        }
        StunError::Refused(486) => {
            "It has no more for one user. Raise its quota (coturn: user-quota)."
        }
        StunError::Refused(508) => {
            "It is full. Raise its quota or its ports (coturn: total-quota)."
        }
        StunError::Refused(_) => "Look into its log.",
        StunError::Silent(_) | StunError::Unreachable(_) | StunError::NotStun => {
            "See that it runs, that its name and port are right in --ice-servers (SALON_ICE_SERVERS), and that no \
             firewall drops what goes there and back."
        }
    };
    Finding::problem(format!("{url} {fault}. {fix}"))
}

/// What a server does.
enum Service {
    /// What it should.
    Answers(&'static str),
    /// It reaches peers that should be out of reach.
    RelaysTo(Vec<Ipv4Addr>),
}

async fn ask(server: &IceServer) -> Result<Service, StunError> {
    let target = Target::of(&server.urls).ok_or(StunError::NotStun)?;
    let address = target.address().await?;
    let mut path = match target.transport {
        Transport::Udp => Path::udp(address).await?,
        Transport::Tcp => Path::tcp(address).await?,
        Transport::Tls => {
            Path::tcp(address).await?;
            let how = "takes connections; what it says inside TLS was not looked at";
            return Ok(Service::Answers(how));
        }
    };
    match (&server.username, &server.credential) {
        (Some(username), Some(credential)) if target.relay => {
            let mut allocation = Allocation::new(&mut path, (username, credential)).await?;
            let reached = allocation.reaches().await;
            allocation.end().await;
            match reached? {
                private if !private.is_empty() => Ok(Service::RelaysTo(private)),
                _ => Ok(Service::Answers(
                    "relays with the credential, and not without, to the internet only",
                )),
            }
        }
        _ => {
            path.binding().await?;
            Ok(Service::Answers("answers"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_taken_apart() {
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

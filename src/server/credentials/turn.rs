//! Short-lived TURN credentials for each participant: the "REST API" of TURN servers
//! (draft-uberti-behave-turn-rest-00), `use-auth-secret` in coturn.

use super::{
    secret_strength::{WeakSecret, strength},
    tokens::TokenSigner,
};
use crate::protocol::{IceGrant, IceServer, PeerId, RoomName, is_relay};
use axum::http::uri::Authority;
use base64::{Engine, prelude::BASE64_STANDARD};
use std::{fmt, io, net::IpAddr, time::Duration};
use tokio::sync::watch;

/// Maximum lifetime of TURN credentials.
pub const TURN_CREDENTIAL_TTL_MAX: Duration = Duration::from_secs(600);
const HTTPS_PORT: u16 = 443;

/// Secret shared with the TURN servers.
#[derive(Clone, PartialEq, Eq)]
pub struct TurnSecret(String);

impl fmt::Debug for TurnSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TurnSecret")
    }
}

impl From<&str> for TurnSecret {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl TurnSecret {
    /// Returns why the secret is weak, if it is. It is used nevertheless, as the operator of the TURN
    /// server may have chosen it.
    pub(crate) fn weakness(&self) -> Option<WeakSecret> {
        strength(&self.0).err()
    }

    /// Creates a random secret, for credentials that are valid until the server ends.
    ///
    /// # Errors
    /// The system gives no randomness.
    pub(crate) fn fresh() -> io::Result<Self> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).map_err(io::Error::other)?;
        Ok(Self(BASE64_STANDARD.encode(bytes)))
    }

    /// The bytes that TURN servers compute passwords with.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// Returns the password of a username: base64(HMAC-SHA1(secret, username)), as TURN servers
    /// expect it.
    fn credential(&self, username: &str) -> Option<String> {
        salon_turn::password(self.as_bytes(), username)
    }
}

/// The STUN and TURN servers of the browsers.
#[derive(Clone, Debug)]
pub(crate) enum Servers {
    /// Those of `--ice-servers`.
    Listed(Vec<IceServer>),
    /// Salon itself.
    Own(OwnServers),
}

/// Salon's own STUN and TURN server.
#[derive(Clone, Debug)]
pub(crate) struct OwnServers {
    /// Its port for UDP and TCP.
    pub(crate) port: u16,
    /// Whether TURN over TLS is served at the port of the pages.
    pub(crate) is_secure: bool,
    /// The addresses that are known to lead here; none if clients use the name of the pages.
    pub(crate) addresses: Vec<IpAddr>,
    /// Whether it relays.
    pub(crate) has_relay: watch::Receiver<bool>,
}

impl OwnServers {
    /// The URLs (RFC 7064, RFC 7065) for a client whose pages come from this host: it reaches the same
    /// machine by the same name.
    fn urls(&self, host: &Authority) -> Vec<String> {
        let port = self.port;
        let hosts: Vec<String> = match &self.addresses[..] {
            [] => vec![host.host().to_owned()],
            addresses => addresses.iter().map(|address| in_url(*address)).collect(),
        };
        let has_relay = *self.has_relay.borrow();
        let mut urls = Vec::new();
        for name in &hosts {
            urls.push(format!("stun:{name}:{port}"));
            if has_relay {
                urls.push(format!("turn:{name}:{port}?transport=udp"));
                urls.push(format!("turn:{name}:{port}?transport=tcp"));
            }
        }
        if has_relay && self.is_secure {
            // The certificate is valid for the name.
            let (name, port) = (host.host(), host.port_u16().unwrap_or(HTTPS_PORT));
            urls.push(format!("turns:{name}:{port}?transport=tcp"));
        }
        urls
    }
}

fn in_url(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => format!("[{address}]"),
    }
}

/// Issues ICE server lists with TURN credentials.
#[derive(Clone, Debug)]
pub(crate) struct TurnCredentials {
    pub(crate) servers: Servers,
    /// Derives the credentials of TURN servers that have none configured.
    pub(crate) secret: Option<TurnSecret>,
    /// Lifetime of these credentials.
    pub(crate) ttl: Duration,
}

impl TurnCredentials {
    /// Returns the URLs of the servers, without credentials, for a client whose pages come from `host`.
    pub(crate) fn urls(&self, host: &Authority) -> Vec<String> {
        match &self.servers {
            Servers::Listed(servers) => servers.iter().map(|server| server.urls.clone()).collect(),
            Servers::Own(own) => own.urls(host),
        }
    }

    /// Issues the servers of a participant whose pages come from `host`. `now` is the wall-clock time since
    /// the Unix epoch, as TURN servers check the expiry against theirs. The username contains the id of
    /// the seat and a keyed hash of the room.
    pub(crate) fn issue(
        &self,
        (room, id): (&RoomName, PeerId),
        host: &Authority,
        tags: &TokenSigner,
        now: Duration,
    ) -> IceGrant {
        let user = tags.room_tag(room).map(|tag| format!("{id}-{tag}"));
        let bare = |urls: String| IceServer { urls, username: None, credential: None };
        match &self.servers {
            Servers::Listed(servers) => self.grant(servers, user.as_deref(), now),
            Servers::Own(own) => {
                let servers: Vec<_> = own.urls(host).into_iter().map(bare).collect();
                self.grant(&servers, user.as_deref(), now)
            }
        }
    }

    /// Issues the servers of `--ice-servers` for a check outside any room.
    pub(crate) fn listed(&self, now: Duration) -> Vec<IceServer> {
        match &self.servers {
            Servers::Listed(servers) => self.grant(servers, Some("doctor"), now).servers,
            Servers::Own(_) => Vec::new(),
        }
    }

    /// The servers, with credentials for a user where they are needed.
    fn grant(&self, servers: &[IceServer], user: Option<&str>, now: Duration) -> IceGrant {
        let secret = self.secret.as_ref().filter(|_| servers.iter().any(needs_credential));
        let made = secret.zip(user).and_then(|(secret, user)| {
            let username = format!("{}:{user}", (now + self.ttl).as_secs());
            let credential = secret.credential(&username)?;
            Some((username, credential))
        });
        let with_credentials = |server: &IceServer| match &made {
            Some((username, credential)) if needs_credential(server) => IceServer {
                urls: server.urls.clone(),
                username: Some(username.clone()),
                credential: Some(credential.clone()),
            },
            _ => server.clone(),
        };
        IceGrant {
            servers: servers.iter().map(with_credentials).collect(),
            ttl: made.as_ref().map(|_| self.ttl.as_secs()),
        }
    }
}

/// Whether this is a TURN server without configured credentials.
fn needs_credential(server: &IceServer) -> bool {
    is_relay(&server.urls) && server.credential.is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::from_secs(1_800_000_000);

    fn host() -> Authority {
        "call.example.org:8443".parse().unwrap()
    }

    fn server(urls: &str, given: Option<&str>) -> IceServer {
        let given = given.map(str::to_owned);
        IceServer { urls: urls.to_owned(), username: given.clone(), credential: given }
    }

    fn relays(servers: Vec<IceServer>) -> TurnCredentials {
        let secret = Some(TurnSecret::from("north"));
        TurnCredentials { servers: Servers::Listed(servers), secret, ttl: Duration::from_secs(600) }
    }

    fn grant(relays: &TurnCredentials, room: &str, id: u64) -> IceGrant {
        let tags = TokenSigner::from("a secret");
        relays.issue((&room.parse().unwrap(), PeerId(id)), &host(), &tags, NOW)
    }

    #[test]
    fn credentials_are_as_turn_servers_compute_them() {
        // printf %s 1433895918:user | openssl dgst -sha1 -hmac north -binary | base64
        let credential = TurnSecret::from("north").credential("1433895918:user");
        assert_eq!(credential.as_deref(), Some("/gk4t5tUc08OpM3NjrVjHSFVNmY="));
    }

    #[test]
    fn turn_credentials_name_the_seat_and_expire() {
        let all = [
            server("stun:stun.example.org", None),
            server("turn:fixed.example.org", Some("given")),
            server("turns:relay.example.org", None),
        ];
        let IceGrant { servers, ttl } = grant(&relays(all.to_vec()), "standup", 7);
        assert_eq!(ttl, Some(600));
        assert_eq!(servers[..2], all[..2]);
        let username = servers[2].username.as_deref().unwrap();
        let (end, seat) = username.split_once(':').unwrap();
        assert_eq!(end, "1800000600");
        assert!(seat.starts_with("0000000000000007-"), "{seat}");
        assert!(!username.contains("standup"));
        let credential = TurnSecret::from("north").credential(username);
        assert_eq!(servers[2].credential, credential);
    }

    #[test]
    fn every_seat_and_room_has_its_own_username() {
        let relays = relays(vec![server("turn:relay.example.org", None)]);
        let username = |room, id| grant(&relays, room, id).servers[0].username.clone().unwrap();
        let all = [username("a", 1), username("a", 2), username("b", 1)];
        let tags = all.each_ref().map(|name| name.rsplit('-').next().unwrap());
        assert_eq!(tags[0], tags[1], "relays may count what a room uses");
        assert_ne!(tags[0], tags[2]);
        assert_ne!(all[0], all[1]);
    }

    #[test]
    fn a_ttl_is_sent_only_with_credentials_that_expire() {
        let fixed = relays(vec![server("turn:relay.example.org", Some("given"))]);
        assert_eq!(grant(&fixed, "a", 1).ttl, None);
        assert_eq!(fixed.urls(&host()), ["turn:relay.example.org"]);
    }

    #[test]
    fn own_servers_have_the_name_of_the_pages() {
        let (has, has_relay) = watch::channel(false);
        let own = OwnServers { port: 3478, is_secure: true, addresses: Vec::new(), has_relay };
        assert_eq!(own.urls(&host()), ["stun:call.example.org:3478"], "there is no relay");
        has.send(true).unwrap();
        assert_eq!(
            own.urls(&host()),
            [
                "stun:call.example.org:3478",
                "turn:call.example.org:3478?transport=udp",
                "turn:call.example.org:3478?transport=tcp",
                "turns:call.example.org:8443?transport=tcp"
            ]
        );
        let plain = OwnServers { is_secure: false, ..own.clone() };
        assert_eq!(plain.urls(&"[::1]:3000".parse().unwrap())[1], "turn:[::1]:3478?transport=udp");
        let known = OwnServers { addresses: vec!["2a00::5".parse().unwrap()], ..own };
        assert_eq!(
            known.urls(&"call.example.org".parse().unwrap())[1..],
            [
                "turn:[2a00::5]:3478?transport=udp",
                "turn:[2a00::5]:3478?transport=tcp",
                "turns:call.example.org:443?transport=tcp"
            ]
        );
    }

    #[test]
    fn debug_output_hides_the_secret() {
        let shown =
            format!("{:?}", relays(vec![server("turn:relay.example.org", Some("hunter2"))]));
        assert!(!shown.contains("north") && !shown.contains("hunter2"), "{shown}");
    }
}

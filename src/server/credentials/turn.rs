//! Short-lived TURN credentials for each participant: the "REST API" of TURN servers
//! (draft-uberti-behave-turn-rest-00), `use-auth-secret` in coturn.

use super::{
    secret_strength::{WeakSecret, strength},
    tokens::TokenSigner,
};
use crate::protocol::{IceGrant, IceServer, PeerId, RoomName, is_relay};
use base64::{Engine, prelude::BASE64_STANDARD};
use hmac::{Hmac, Mac};
use sha1::Sha1;
use std::{fmt, time::Duration};

/// Maximum lifetime of TURN credentials.
pub const TURN_CREDENTIAL_TTL_MAX: Duration = Duration::from_secs(600);

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

    /// Returns the password of a username: base64(HMAC-SHA1(secret, username)), as TURN servers
    /// expect it.
    fn credential(&self, username: &str) -> Option<String> {
        let mut mac = Hmac::<Sha1>::new_from_slice(self.0.as_bytes()).ok()?;
        mac.update(username.as_bytes());
        Some(BASE64_STANDARD.encode(mac.finalize().into_bytes()))
    }
}

/// Issues ICE server lists with TURN credentials.
#[derive(Clone, Debug)]
pub(crate) struct TurnCredentials {
    pub(crate) servers: Vec<IceServer>,
    /// Derives the credentials of TURN servers that have none configured.
    pub(crate) secret: Option<TurnSecret>,
    /// Lifetime of these credentials.
    pub(crate) ttl: Duration,
}

impl TurnCredentials {
    /// Returns the URLs of the servers, without credentials.
    pub(crate) fn urls(&self) -> Vec<String> {
        self.servers.iter().map(|server| server.urls.clone()).collect()
    }

    /// Issues the servers of a participant. `now` is the wall-clock time since the Unix epoch, as TURN
    /// servers check the expiry against theirs. The username contains the id of the seat and a keyed
    /// hash of the room.
    pub(crate) fn issue(
        &self,
        room: &RoomName,
        id: PeerId,
        tags: &TokenSigner,
        now: Duration,
    ) -> IceGrant {
        let user = tags.room_tag(room).map(|tag| format!("{id}-{tag}"));
        self.servers_with(user.as_deref(), now)
    }

    /// Issues the servers for a check outside any room.
    pub(crate) fn preview(&self, now: Duration) -> IceGrant {
        self.servers_with(Some("doctor"), now)
    }

    fn servers_with(&self, user: Option<&str>, now: Duration) -> IceGrant {
        let secret = self.secret.as_ref().filter(|_| self.servers.iter().any(needs_credential));
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
            servers: self.servers.iter().map(with_credentials).collect(),
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

    fn server(urls: &str, given: Option<&str>) -> IceServer {
        let given = given.map(str::to_owned);
        IceServer { urls: urls.to_owned(), username: given.clone(), credential: given }
    }

    fn relays(servers: Vec<IceServer>) -> TurnCredentials {
        let secret = Some(TurnSecret::from("north"));
        TurnCredentials { servers, secret, ttl: Duration::from_secs(600) }
    }

    fn grant(relays: &TurnCredentials, room: &str, id: u64) -> IceGrant {
        let tags = TokenSigner::from("a secret");
        relays.issue(&room.parse().unwrap(), PeerId(id), &tags, NOW)
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
        assert_eq!(fixed.urls(), ["turn:relay.example.org"]);
    }

    #[test]
    fn debug_output_hides_the_secret() {
        let shown =
            format!("{:?}", relays(vec![server("turn:relay.example.org", Some("hunter2"))]));
        assert!(!shown.contains("north") && !shown.contains("hunter2"), "{shown}");
    }
}

//! Time-limited credentials (draft-uberti-behave-turn-rest-00): who may use the relay, and until when
//! they may start to.

use base64::{Engine, prelude::BASE64_STANDARD};
use hmac::{Hmac, Mac};
use salon_core::protocol::PeerId;
use sha1::Sha1;
use std::time::Duration;
use stun_types::message::LongTermKeyCredentials;

/// What a username says: `<Unix time of expiry>:<seat>-<room tag>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Claim {
    /// Whose it is.
    pub(crate) seat: PeerId,
    /// Time since the Unix epoch.
    pub(crate) expires: Duration,
}

impl Claim {
    pub(crate) fn parse(username: &str) -> Option<Self> {
        let (expires, name) = username.split_once(':')?;
        let expires = Duration::from_secs(expires.parse().ok()?);
        let (seat, _) = name.split_once('-')?;
        Some(Self { seat: seat.parse().ok()?, expires })
    }
}

/// The password of a username: base64(HMAC-SHA1(secret, username)).
#[must_use]
pub fn password(secret: &[u8], username: &str) -> Option<String> {
    let mut mac = Hmac::<Sha1>::new_from_slice(secret).ok()?;
    mac.update(username.as_bytes());
    Some(BASE64_STANDARD.encode(mac.finalize().into_bytes()))
}

/// The credentials with which messages of a user are signed.
pub(crate) fn credentials_of(
    username: &str,
    secret: &[u8],
    realm: &str,
) -> Option<LongTermKeyCredentials> {
    let password = password(secret, username)?;
    Some(LongTermKeyCredentials::new(username.to_owned(), password, realm.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_username_names_the_seat_and_the_expiry() {
        let expires = Duration::from_secs(1_800_000_600);
        let claim = Claim { seat: PeerId(7), expires };
        assert_eq!(Claim::parse("1800000600:0000000000000007-abcd"), Some(claim));
        for text in ["", ":", "1800000600", "1:7", "1:x-y", "x:0000000000000007-0", "-1:7-0"] {
            assert_eq!(Claim::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn passwords_are_those_that_participants_are_given() {
        // printf %s 1433895918:user | openssl dgst -sha1 -hmac north -binary | base64
        let credentials = credentials_of("1433895918:user", b"north", "salon").unwrap();
        assert_eq!(credentials.password(), "/gk4t5tUc08OpM3NjrVjHSFVNmY=");
        assert_eq!(credentials.realm(), "salon");
    }
}

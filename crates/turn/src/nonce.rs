//! Nonces that need no memory (RFC 8489, section 9.2).

use hmac::{Hmac, Mac};
use sha2::Sha256;
use std::{fmt::Write, net::SocketAddr, time::Duration};

/// How long a nonce is accepted after the minute in which it was made.
const VALIDITY_MINUTES: u64 = 10;
const MINUTE: u64 = 60;
/// Bytes of the keyed hash in a nonce: four would already be too many to guess in ten minutes.
const TAG_BYTES: usize = 8;
/// Digits of the minute, then of the tag.
const MINUTE_DIGITS: usize = 8;

/// Makes and checks nonces. A nonce is the minute in which it was made and a keyed hash of it and the
/// client's address, so it proves that the client can receive at that address.
#[derive(Clone)]
pub(crate) struct Nonces {
    key: [u8; 32],
}

impl Nonces {
    /// `key`: random, and the same for as long as nonces are to be recognised.
    pub(crate) fn new(key: [u8; 32]) -> Self {
        Self { key }
    }

    /// The nonce of a client in the current minute. `now` is the time since any fixed start.
    pub(crate) fn make(&self, client: SocketAddr, now: Duration) -> String {
        self.in_minute(client, now.as_secs() / MINUTE)
    }

    /// Whether a nonce was made for this client, not too long ago.
    pub(crate) fn accepts(&self, nonce: &str, client: SocketAddr, now: Duration) -> bool {
        let digits = nonce.get(..MINUTE_DIGITS).unwrap_or_default();
        let Ok(minute) = u64::from_str_radix(digits, 16) else { return false };
        let age = (now.as_secs() / MINUTE).checked_sub(minute);
        // The comparison need not take constant time: a nonce is no secret of its client.
        age.is_some_and(|age| age <= VALIDITY_MINUTES) && self.in_minute(client, minute) == nonce
    }

    fn in_minute(&self, client: SocketAddr, minute: u64) -> String {
        let mut text = format!("{minute:0MINUTE_DIGITS$x}");
        // Keys of any length are accepted.
        if let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.key) {
            mac.update(&minute.to_be_bytes());
            match client {
                SocketAddr::V4(v4) => mac.update(&v4.ip().octets()),
                SocketAddr::V6(v6) => mac.update(&v6.ip().octets()),
            }
            mac.update(&client.port().to_be_bytes());
            for byte in mac.finalize().into_bytes().iter().take(TAG_BYTES) {
                // Writing to a string cannot fail.
                let _ = write!(text, "{byte:02x}");
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::from_secs(1_000_000);

    fn client(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_nonce_is_valid_for_its_client_and_ten_minutes() {
        let nonces = Nonces::new([7; 32]);
        let mine = client("192.0.2.1:5000");
        let nonce = nonces.make(mine, NOW);
        assert_eq!(nonce.len(), MINUTE_DIGITS + 2 * TAG_BYTES);
        for (later, is_accepted) in [(0, true), (600, true), (661, false), (86_400, false)] {
            let now = NOW + Duration::from_secs(later);
            assert_eq!(nonces.accepts(&nonce, mine, now), is_accepted, "{later} s later");
        }
        assert!(!nonces.accepts(&nonce, mine, NOW - Duration::from_secs(60)), "of the future");
        for other in ["192.0.2.1:5001", "192.0.2.2:5000", "[2001:db8::1]:5000"] {
            assert!(!nonces.accepts(&nonce, client(other), NOW), "{other}");
        }
        assert!(!Nonces::new([8; 32]).accepts(&nonce, mine, NOW), "of another server");
    }

    #[test]
    fn anything_else_is_refused() {
        let nonces = Nonces::new([7; 32]);
        let mine = client("192.0.2.1:5000");
        let nonce = nonces.make(mine, NOW);
        let longer = format!("{nonce}0");
        let upper = nonce.to_uppercase();
        let cut = nonce.get(..nonce.len() - 1).unwrap();
        for text in ["", "x", "00000000", "ääääää", "+0000000", &longer, cut, &upper] {
            assert!(text == nonce || !nonces.accepts(text, mine, NOW), "{text:?}");
        }
    }
}

//! Signed tokens: seat tokens, host keys and invitations. They stay valid after a restart of the server
//! with the same secret.

use super::secret_strength::{WeakSecret, strength};
pub use crate::room::SEAT_TOKEN_TTL;
use crate::{
    protocol::{PeerId, RoomName},
    room::Identity,
    server::{
        error::ServerError,
        permissions::{OTHERS_READ, OTHERS_WRITE},
    },
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};
use std::{
    fmt,
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    ops::Range,
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::Path,
    str::FromStr,
    time::Duration,
};
use tracing::warn;

/// Name of the secret's file in the data directory.
pub(crate) const FILE: &str = "secret";
const CLAIM_BYTES: usize = 24;
/// Length in bytes of the truncated signatures of tokens in links.
const SHORT: usize = 16;

/// The kind of a token. A signature for one kind is invalid for all others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Purpose {
    Seat,
    HostKey,
    Invitation,
    RoomTag,
}

impl Purpose {
    fn label(self) -> &'static [u8] {
        match self {
            Self::Seat => b"salon seat 2\0",
            Self::HostKey => b"salon host 1\0",
            Self::Invitation => b"salon invitation 1\0",
            Self::RoomTag => b"salon room 1\0",
        }
    }
}

/// Signs and verifies tokens (HMAC-SHA256, RFC 2104). Its key never leaves the server.
#[derive(Clone)]
pub struct TokenSigner([u8; 32]);

impl fmt::Debug for TokenSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenSigner")
    }
}

impl From<&str> for TokenSigner {
    /// Derives the key from any text, also a weak one. Use [`FromStr`] for configured secrets.
    fn from(text: &str) -> Self {
        Self(Sha256::digest(text).into())
    }
}

impl FromStr for TokenSigner {
    type Err = WeakSecret;

    fn from_str(text: &str) -> Result<Self, WeakSecret> {
        strength(text).map(|()| Self::from(text))
    }
}

impl TokenSigner {
    /// Creates a random key, whose tokens are valid until the server ends.
    ///
    /// # Errors
    /// The system gives no randomness.
    pub fn fresh() -> io::Result<Self> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).map_err(io::Error::other)?;
        Ok(Self(bytes))
    }

    /// Reads the key from a file in a directory, or creates the file for the server's user only.
    ///
    /// # Errors
    /// [`ServerError::Data`].
    pub fn kept_in(folder: &Path) -> Result<Self, ServerError> {
        let path = folder.join(FILE);
        let kept = match File::open(&path) {
            Ok(file) => Self::read(&path, file),
            Err(missing) if missing.kind() == io::ErrorKind::NotFound => Self::make(folder, &path),
            Err(other) => Err(other),
        };
        kept.map_err(|error| ServerError::Data { path, error })
    }

    /// Refuses a file that others can write: they may have set the secret, and could impersonate anybody.
    fn read(path: &Path, mut file: File) -> io::Result<Self> {
        let mode = file.metadata()?.mode();
        if mode & OTHERS_WRITE != 0 {
            return Err(io::Error::other(
                "other users of this machine can write it, and could impersonate any participant or host; run chmod 600",
            ));
        }
        if mode & OTHERS_READ != 0 {
            warn!(
                "Other users can read {0}, and could impersonate any participant or host. Run: chmod 600 {0}",
                path.display()
            );
        }
        let mut text = String::new();
        file.read_to_string(&mut text)?;
        let weak = |weak: WeakSecret| format!("{weak}, or remove the file to have one generated");
        text.trim().parse().map_err(|error| io::Error::other(weak(error)))
    }

    fn make(folder: &Path, path: &Path) -> io::Result<Self> {
        let text = BASE64_URL_SAFE_NO_PAD.encode(Self::fresh()?.0);
        fs::create_dir_all(folder)?;
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        Ok(Self::from(text.as_str()))
    }

    fn mac(&self, purpose: Purpose, room: &RoomName, claim: &[u8]) -> Option<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).ok()?;
        mac.update(purpose.label());
        mac.update(claim);
        mac.update(room.as_str().as_bytes());
        Some(mac)
    }

    /// Returns a keyed hash of a room's name, as 16 hexadecimal digits.
    pub(crate) fn room_tag(&self, room: &RoomName) -> Option<String> {
        let mac = self.mac(Purpose::RoomTag, room, b"")?;
        let first = *mac.finalize().into_bytes().first_chunk()?;
        Some(format!("{:016x}", u64::from_be_bytes(first)))
    }

    /// Signs a seat token, which is valid for [`SEAT_TOKEN_TTL`] from `now`. Times are since the Unix epoch.
    pub(crate) fn prove(
        &self,
        room: &RoomName,
        id: PeerId,
        since: Duration,
        now: Duration,
    ) -> Option<String> {
        let mut bytes = Vec::with_capacity(CLAIM_BYTES + 32);
        bytes.extend(id.0.to_be_bytes());
        bytes.extend(nanos(since).to_be_bytes());
        bytes.extend(nanos(now + SEAT_TOKEN_TTL).to_be_bytes());
        let mac = self.mac(Purpose::Seat, room, &bytes)?.finalize().into_bytes();
        bytes.extend(mac);
        Some(BASE64_URL_SAFE_NO_PAD.encode(bytes))
    }

    /// Verifies a seat token, in constant time. Returns none if it is forged, expired, or for another
    /// room.
    pub(crate) fn verify(&self, room: &RoomName, proof: &str, now: Duration) -> Option<Identity> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(proof).ok()?;
        let (claim, signature) = bytes.split_at_checked(CLAIM_BYTES)?;
        self.mac(Purpose::Seat, room, claim)?.verify_slice(signature).ok()?;
        let number =
            |range: Range<usize>| claim.get(range)?.try_into().ok().map(u64::from_be_bytes);
        let (id, since, until) = (number(0..8)?, number(8..16)?, number(16..24)?);
        let fresh = Duration::from_nanos(until) > now;
        let since = Duration::from_nanos(since);
        fresh.then(|| Identity { id: PeerId(id), since, returning: true, ..Identity::default() })
    }

    /// Returns the host key of a room in a generation. The generation precedes the signature without
    /// leading zero bytes, so that generation 0 takes none.
    pub(crate) fn host_key(&self, room: &RoomName, generation: u64) -> Option<String> {
        let number = generation.to_be_bytes();
        let mac = self.mac(Purpose::HostKey, room, &number)?.finalize().into_bytes();
        let zeros = number.iter().take_while(|byte| **byte == 0).count();
        let key = [number.get(zeros..)?, mac.get(..SHORT)?].concat();
        Some(BASE64_URL_SAFE_NO_PAD.encode(key))
    }

    /// Verifies a host key, in constant time, and returns its generation.
    pub(crate) fn host_generation(&self, room: &RoomName, key: &str) -> Option<u64> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(key).ok()?;
        let (digits, signature) = bytes.split_at_checked(bytes.len().checked_sub(SHORT)?)?;
        let mut number = [0; 8];
        let place = number.len().checked_sub(digits.len())?;
        number.get_mut(place..)?.copy_from_slice(digits);
        let mac = self.mac(Purpose::HostKey, room, &number)?;
        mac.verify_truncated_left(signature).ok()?;
        Some(u64::from_be_bytes(number))
    }

    /// Signs an invitation to a room.
    pub(crate) fn invite(&self, room: &RoomName, id: u64) -> Option<String> {
        let id = id.to_be_bytes();
        let mac = self.mac(Purpose::Invitation, room, &id)?.finalize().into_bytes();
        let bytes = [id.as_slice(), mac.get(..SHORT)?].concat();
        Some(BASE64_URL_SAFE_NO_PAD.encode(bytes))
    }

    /// Verifies an invitation, in constant time, and returns its id.
    pub(crate) fn invited(&self, room: &RoomName, token: &str) -> Option<u64> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(token).ok()?;
        let (id, signature) = bytes.split_first_chunk::<8>()?;
        let mac = self.mac(Purpose::Invitation, room, id)?;
        let whole = signature.len() == SHORT && mac.verify_truncated_left(signature).is_ok();
        whole.then(|| u64::from_be_bytes(*id))
    }
}

/// Exact, because participants are ordered by when they came. Enough until the year 2554.
fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::from_secs(1_800_000_000);

    fn room(name: &str) -> RoomName {
        name.parse().unwrap()
    }

    #[test]
    fn a_seat_token_is_for_one_person_one_room_and_a_limited_time() {
        let secret = TokenSigner::from("a secret");
        let since = NOW - Duration::from_nanos(9_000_000_001);
        let proof = secret.prove(&room("123"), PeerId(7), since, NOW).unwrap();
        let identity = secret.verify(&room("123"), &proof, NOW).unwrap();
        assert_eq!((identity.id, identity.since, identity.returning), (PeerId(7), since, true));
        assert_eq!(secret.verify(&room("124"), &proof, NOW), None);
        assert_eq!(secret.verify(&room("123"), &proof, NOW + SEAT_TOKEN_TTL), None);
        assert_eq!(TokenSigner::from("another").verify(&room("123"), &proof, NOW), None);
    }

    #[test]
    fn host_keys_and_invitations_are_for_one_room() {
        let secret = TokenSigner::from("a secret");
        let key = secret.host_key(&room("123"), 0).unwrap();
        assert_eq!(key.len(), 22, "short, as most are");
        for generation in [0, 1, 255, 256, u64::MAX] {
            let key = secret.host_key(&room("123"), generation).unwrap();
            assert_eq!(secret.host_generation(&room("123"), &key), Some(generation));
            assert_eq!(secret.host_generation(&room("124"), &key), None);
        }
        // The generation of another key, with the signature of this one.
        let signature = BASE64_URL_SAFE_NO_PAD.decode(&key).unwrap();
        let raised = BASE64_URL_SAFE_NO_PAD.encode([&[1], signature.as_slice()].concat());
        let long = BASE64_URL_SAFE_NO_PAD.encode([0; 25]);
        for wrong in ["", "AAAA", &key[..8], &format!("{key}AA"), &raised, &long] {
            assert_eq!(secret.host_generation(&room("123"), wrong), None, "{wrong}");
        }
        let token = secret.invite(&room("123"), 7).unwrap();
        assert_eq!(secret.invited(&room("123"), &token), Some(7));
        assert_eq!(secret.invited(&room("124"), &token), None);
        let forged = token.replacen("AAAAAAAAAA", "AAAAAAAAAB", 1);
        assert_eq!(secret.invited(&room("123"), &forged), None);
        assert_eq!(secret.invited(&room("123"), &key), None);
    }

    #[test]
    fn no_bit_of_a_seat_token_can_be_changed() {
        let secret = TokenSigner::fresh().unwrap();
        let proof = secret.prove(&room("123"), PeerId(7), NOW, NOW).unwrap();
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(&proof).unwrap();
        for bit in 0..bytes.len() * 8 {
            let mut forged = bytes.clone();
            forged[bit / 8] ^= 1 << (bit % 8);
            let forged = BASE64_URL_SAFE_NO_PAD.encode(forged);
            assert_eq!(secret.verify(&room("123"), &forged, NOW), None, "bit {bit}");
        }
        for text in ["", "a", "....", &proof[..proof.len() - 4], &format!("{proof}AAAA")] {
            assert_eq!(secret.verify(&room("123"), text, NOW), None, "{text}");
        }
    }

    #[test]
    fn guessable_secrets_sign_nothing() {
        assert!("a".parse::<TokenSigner>().is_err());
    }

    #[test]
    fn a_stored_secret_is_reused_and_private() {
        use std::os::unix::fs::PermissionsExt;
        let folder = std::env::temp_dir().join(format!("salon-{}", getrandom::u64().unwrap()));
        let proof = |secret: TokenSigner| secret.prove(&room("123"), PeerId(7), NOW, NOW);
        let first = proof(TokenSigner::kept_in(&folder).unwrap());
        assert_eq!(proof(TokenSigner::kept_in(&folder).unwrap()), first);
        let mode = fs::metadata(folder.join(FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let mode = |mode| {
            fs::set_permissions(folder.join(FILE), fs::Permissions::from_mode(mode)).unwrap();
        };
        mode(0o620);
        assert!(TokenSigner::kept_in(&folder).is_err(), "another may have written it");
        mode(0o600);
        for weak in ["", "a", "to be made random"] {
            fs::write(folder.join(FILE), weak).unwrap();
            assert!(TokenSigner::kept_in(&folder).is_err(), "who guesses it signs for everybody");
        }
        fs::remove_dir_all(folder).unwrap();
    }
}

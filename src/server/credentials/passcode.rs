//! Passcodes: normalisation and hashing (Argon2id, RFC 9106).

use crate::{
    protocol::{ClientMessage, HostAction, limits::PASSCODE_CHARS},
    room::Checked,
};
use argon2::{
    Algorithm, Argon2, Block, Params, Version,
    password_hash::phc::{Output, ParamsString, PasswordHash, Salt},
};
use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use unicode_normalization::UnicodeNormalization;

/// Normalises the passcode in a message.
pub(crate) fn normalize(message: &mut ClientMessage) {
    let passcode = match message {
        ClientMessage::Join(join) => join.pass.passcode.as_mut(),
        ClientMessage::Host(HostAction::Passcode { passcode }) => passcode.as_mut(),
        _ => None,
    };
    if let Some(passcode) = passcode {
        *passcode = normalized(passcode);
    }
}

/// Normalises what keyboards and programs write differently: NFKC (UAX 15), no surrounding spaces,
/// straight quotation marks, and no invisible characters. A passcode that is too long is cut to one
/// character more than allowed.
fn normalized(passcode: &str) -> String {
    let visible = passcode.chars().filter(|c| !matches!(c, '\u{200b}' | '\u{feff}'));
    // Before NFKC, which decomposes some of these quotation marks into a space and a combining mark.
    let visible = visible.map(straight).collect::<String>();
    let characters = visible.trim().nfkc().map(straight).take(PASSCODE_CHARS + 1);
    characters.collect::<String>().trim().to_owned()
}

fn straight(character: char) -> char {
    match character {
        '\u{2018}'..='\u{201b}' | '\u{2bc}' | '\u{b4}' | '`' => '\'',
        '\u{201c}'..='\u{201f}' => '"',
        other => other,
    }
}

/// Hashes passcodes. It reuses its memory, as allocators retain much of what each thread frees: one block
/// per concurrent check.
#[derive(Clone, Default)]
pub(crate) struct Hasher(Arc<Mutex<Vec<Vec<Block>>>>);

impl fmt::Debug for Hasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hasher")
    }
}

impl Hasher {
    /// Hashes a new passcode, or compares it with a hash.
    pub(crate) fn check(&self, passcode: &str, stored_hash: Option<String>) -> Checked {
        let mut memory = self.free().pop().unwrap_or_default();
        let checked = match stored_hash {
            None => hash(passcode, &mut memory).map_or(Checked::Busy, Checked::Fits),
            Some(hash) if fits(passcode, &hash, &mut memory) => Checked::Fits(hash),
            Some(_) => Checked::Differs,
        };
        self.free().push(memory);
        checked
    }

    fn free(&self) -> MutexGuard<'_, Vec<Vec<Block>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Hashes a passcode with a new salt. Returns none if the system gives no randomness.
fn hash(passcode: &str, memory: &mut Vec<Block>) -> Option<String> {
    let mut salt = [0; 16];
    getrandom::fill(&mut salt).ok()?;
    let (algorithm, version) = (Algorithm::default(), Version::default());
    let argon2 = Argon2::new(algorithm, version, Params::default());
    let output = compute(&argon2, passcode, &salt, Params::DEFAULT_OUTPUT_LEN, memory)?;
    let hash = PasswordHash {
        algorithm: algorithm.ident(),
        version: Some(version.into()),
        params: ParamsString::try_from(argon2.params()).ok()?,
        salt: Some(Salt::new(&salt).ok()?),
        hash: Some(output),
    };
    Some(hash.to_string())
}

fn fits(passcode: &str, hash: &str, memory: &mut Vec<Block>) -> bool {
    let mut compare = || {
        let hash = PasswordHash::new(hash).ok()?;
        let algorithm = Algorithm::try_from(hash.algorithm.as_str()).ok()?;
        let version = Version::try_from(hash.version?).ok()?;
        let argon2 = Argon2::new(algorithm, version, Params::try_from(&hash).ok()?);
        let (salt, output) = (hash.salt?, hash.hash?);
        // Outputs are compared in constant time.
        Some(compute(&argon2, passcode, &salt, output.len(), memory)? == output)
    };
    compare().unwrap_or(false)
}

fn compute(
    argon2: &Argon2<'_>,
    passcode: &str,
    salt: &[u8],
    length: usize,
    memory: &mut Vec<Block>,
) -> Option<Output> {
    let blocks = argon2.params().block_count();
    if memory.len() < blocks {
        memory.resize(blocks, Block::default());
    }
    let mut buffer = [0; Output::MAX_LENGTH];
    let output = buffer.get_mut(..length)?;
    let passcode = passcode.as_bytes();
    argon2.hash_password_into_with_memory(passcode, salt, output, memory.as_mut_slice()).ok()?;
    Output::new(output).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_right_passcode_matches_its_hash() {
        let hasher = Hasher::default();
        let check = |passcode, stored_hash| hasher.check(passcode, stored_hash);
        let Checked::Fits(made) = check("swordfish", None) else { panic!("no hash") };
        assert!(made.starts_with("$argon2id$"), "{made}");
        assert_eq!(check("swordfish", Some(made.clone())), Checked::Fits(made.clone()));
        assert_eq!(check("Swordfish", Some(made.clone())), Checked::Differs);
        assert_ne!(check("swordfish", None), Checked::Fits(made), "each has its own salt");
    }

    #[test]
    fn hashes_equal_those_of_the_library() {
        use argon2::{PasswordHasher, PasswordVerifier};
        let (hasher, argon2) = (Hasher::default(), Argon2::default());
        let Checked::Fits(made) = hasher.check("swordfish", None) else { panic!("no hash") };
        let parsed = PasswordHash::new(&made).unwrap();
        assert_eq!(argon2.verify_password(b"swordfish", &parsed), Ok(()));
        let kept = argon2.hash_password_with_salt(b"swordfish", b"some other salt.").unwrap();
        let kept = kept.to_string();
        assert_eq!(hasher.check("swordfish", Some(kept.clone())), Checked::Fits(kept));
        assert_eq!(hasher.check("swordfish", Some("no hash".to_owned())), Checked::Differs);
    }

    #[test]
    fn t32_memory_is_reused() {
        let hasher = Hasher::default();
        let place = |hasher: &Hasher| hasher.free().iter().map(Vec::as_ptr).collect::<Vec<_>>();
        hasher.check("a", None);
        let first = place(&hasher);
        assert_eq!(first.len(), 1);
        for passcode in ["a", "b", "c"] {
            let of_another_thread = hasher.clone();
            std::thread::spawn(move || of_another_thread.check(passcode, None)).join().unwrap();
            assert_eq!(place(&hasher), first);
        }
    }

    #[test]
    fn equivalent_spellings_are_normalised() {
        for (typed, meant) in [
            ("  swordfish\n", "swordfish"),
            ("Zoe\u{308}", "Zo\u{eb}"),
            ("\u{ff11}\u{ff12}\u{ff13}", "123"),
            ("it\u{2019}s \u{201c}me\u{201d}", "it's \"me\""),
            ("\u{3000}\u{fb01}sh", "fish"),
            ("\u{feff} sword\u{200b}fish\u{200b}", "swordfish"),
            ("it\u{2bc}s it\u{b4}s it`s it\u{ff40}s", "it's it's it's it's"),
        ] {
            assert_eq!(normalized(typed), meant);
            assert_eq!(normalized(meant), meant);
        }
        assert_ne!(normalized("Swordfish"), normalized("swordfish"));
    }

    #[test]
    fn a_passcode_that_grows_when_normalised_is_cut() {
        // One character that NFKC writes as 18.
        let longest = normalized(&"\u{fdfa}".repeat(20_000));
        assert_eq!(longest.chars().count(), PASSCODE_CHARS + 1);
    }
}

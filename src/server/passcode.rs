//! Passcodes: how they are written, and their hashes (Argon2id, RFC 9106).

use crate::{
    protocol::{ClientMessage, HostAction, limits::PASSCODE_CHARS},
    room::Checked,
};
use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use unicode_normalization::UnicodeNormalization;

/// Writes the passcode in a message in the one way in which it is hashed and compared.
pub(super) fn normalize(message: &mut ClientMessage) {
    let passcode = match message {
        ClientMessage::Join(join) => join.pass.passcode.as_mut(),
        ClientMessage::Host(HostAction::Passcode { passcode }) => passcode.as_mut(),
        _ => None,
    };
    if let Some(passcode) = passcode {
        *passcode = normalized(passcode);
    }
}

/// Keyboards differ in how they write the same letters: NFKC (UAX 15), without spaces around, and
/// with straight quotation marks. What is too long is cut to one character too many.
fn normalized(passcode: &str) -> String {
    let characters = passcode.trim().nfkc().map(straight).take(PASSCODE_CHARS + 1);
    characters.collect::<String>().trim().to_owned()
}

fn straight(character: char) -> char {
    match character {
        '\u{2018}'..='\u{201b}' => '\'',
        '\u{201c}'..='\u{201f}' => '"',
        other => other,
    }
}

/// Hashes a new passcode, or compares one with the hash of another.
pub(super) fn check(passcode: &str, against: Option<String>) -> Checked {
    match against {
        None => hash(passcode).map_or(Checked::Busy, Checked::Fits),
        Some(hash) if fits(passcode, &hash) => Checked::Fits(hash),
        Some(_) => Checked::Differs,
    }
}

/// None if the system gives no randomness.
fn hash(passcode: &str) -> Option<String> {
    let mut salt = [0; 16];
    getrandom::fill(&mut salt).ok()?;
    let hash = Argon2::default().hash_password_with_salt(passcode.as_bytes(), &salt).ok()?;
    Some(hash.to_string())
}

fn fits(passcode: &str, hash: &str) -> bool {
    let verify = |hash| Argon2::default().verify_password(passcode.as_bytes(), &hash);
    PasswordHash::new(hash).is_ok_and(|hash| verify(hash).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_passcode_fits_its_hash() {
        let Checked::Fits(made) = check("swordfish", None) else { panic!("no hash") };
        assert!(made.starts_with("$argon2id$"), "{made}");
        assert_eq!(check("swordfish", Some(made.clone())), Checked::Fits(made.clone()));
        assert_eq!(check("Swordfish", Some(made.clone())), Checked::Differs);
        assert_ne!(hash("swordfish").unwrap(), made, "each has its own salt");
    }

    #[test]
    fn the_same_passcode_is_the_same_however_it_is_typed() {
        for (typed, meant) in [
            ("  swordfish\n", "swordfish"),
            ("Zoe\u{308}", "Zo\u{eb}"),
            ("\u{ff11}\u{ff12}\u{ff13}", "123"),
            ("it\u{2019}s \u{201c}me\u{201d}", "it's \"me\""),
            ("\u{3000}\u{fb01}sh", "fish"),
        ] {
            assert_eq!(normalized(typed), meant);
            assert_eq!(normalized(meant), meant);
        }
        assert_ne!(normalized("Swordfish"), normalized("swordfish"));
    }

    #[test]
    fn a_passcode_that_grows_is_cut() {
        // One character that NFKC writes as 18.
        let longest = normalized(&"\u{fdfa}".repeat(20_000));
        assert_eq!(longest.chars().count(), PASSCODE_CHARS + 1);
    }
}

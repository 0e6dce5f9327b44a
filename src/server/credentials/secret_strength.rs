//! Rejects texts that are obviously not random secrets.

use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE},
};
use std::collections::BTreeSet;
use thiserror::Error;

/// Minimum length of a secret in characters, and of one in base64 in bytes.
const LEAST_CHARS: usize = 32;
const LEAST_BYTES: usize = 16;
/// Minimum number of different characters. 32 random hexadecimal digits have fewer once in 100 million
/// times.
const LEAST_DISTINCT: usize = 8;
/// Beginnings of placeholders, with letters and digits only.
const PLACEHOLDERS: [&str; 5] = ["change", "replace", "password", "example", "alongrandom"];

/// Why a text is not a secret. The message does not contain the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum WeakSecret {
    /// It starts or ends with white space, which is easily lost.
    #[error("the secret starts or ends with white space")]
    Spaced,
    /// It can be found by brute force.
    #[error(
        "the secret is too short: it needs at least 32 characters, or 16 random bytes in padded \
         base64. Generate one with: openssl rand -hex 32"
    )]
    Short,
    /// It is a placeholder or has a pattern.
    #[error("the secret is not random. Generate one with: openssl rand -hex 32")]
    NotRandom,
}

/// Checks whether a text may be a random secret. It detects obvious patterns, but cannot measure
/// randomness.
pub(crate) fn strength(text: &str) -> Result<(), WeakSecret> {
    if text.trim() != text {
        return Err(WeakSecret::Spaced);
    }
    let letters: String = text.chars().filter(char::is_ascii_alphanumeric).collect();
    let letters = letters.to_ascii_lowercase();
    let distinct = text.chars().collect::<BTreeSet<_>>().len();
    if PLACEHOLDERS.iter().any(|word| letters.starts_with(word)) {
        return Err(WeakSecret::NotRandom);
    }
    if text.chars().count() < LEAST_CHARS && !is_base64(text) {
        return Err(WeakSecret::Short);
    }
    let is_random = distinct >= LEAST_DISTINCT && !repeats(text);
    if is_random { Ok(()) } else { Err(WeakSecret::NotRandom) }
}

/// Whether a text is padded base64 of enough bytes. Without padding, many words would qualify.
fn is_base64(text: &str) -> bool {
    let bytes = BASE64_STANDARD.decode(text).or_else(|_| BASE64_URL_SAFE.decode(text));
    text.ends_with('=') && bytes.is_ok_and(|bytes| bytes.len() >= LEAST_BYTES)
}

/// Whether a text is a repetition of a shorter one.
fn repeats(text: &str) -> bool {
    let characters: Vec<_> = text.chars().collect();
    let returns = |after: usize| characters.iter().zip(characters.iter().skip(after));
    (1..=characters.len() / 2).any(|after| returns(after).all(|(one, other)| one == other))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guessable_secrets_are_refused() {
        for good in [
            // openssl rand -hex 32, -hex 16, -base64 16 and -base64 32
            "8f9c1b6f0f4f6b1d1c9c3a0b7d2e5f60718293a4b5c6d7e8f9012345678abcde",
            "3b1f0c9d5a7e42688d90b1c2e3f4a5b6",
            "q83vASNFZ4mrze8BI0VniQ==",
            "mG9wQhU0pY3c1sJ7vT5xZ8aB2dE4fK6nL1oR0uW3yXg",
            "the secret of these tests, which is long",
        ] {
            assert_eq!(strength(good), Ok(()), "{good}");
        }
        for (wrong, why) in [
            ("a", WeakSecret::Short),
            ("hunter2", WeakSecret::Short),
            ("my-very-own-password-is-here", WeakSecret::Short),
            ("thirty-one characters are short", WeakSecret::Short),
            ("q83vASNFZ4mrze8BI0Vn", WeakSecret::Short),
            ("MyVeryOwnPassword12345", WeakSecret::Short),
            ("MyVeryOwn-Password-12345", WeakSecret::Short),
            ("123456789012345678901234567890", WeakSecret::Short),
            ("1234567890123456789012345678901234567890", WeakSecret::NotRandom),
            ("abcdefghabcdefghabcdefghabcdefgh", WeakSecret::NotRandom),
            ("abcdefghijkabcdefghijkabcdefghijkabc", WeakSecret::NotRandom),
            ("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", WeakSecret::NotRandom),
            ("0123012301230123012301230123012301230123", WeakSecret::NotRandom),
            ("change-me", WeakSecret::NotRandom),
            ("CHANGEME-CHANGEME-CHANGEME-CHANGEME-1", WeakSecret::NotRandom),
            ("<a long random text>", WeakSecret::NotRandom),
            ("3b1f0c9d5a7e42688d90b1c2e3f4a5b6 ", WeakSecret::Spaced),
            ("                                        ", WeakSecret::Spaced),
        ] {
            assert_eq!(strength(wrong), Err(why), "{wrong}");
        }
    }
}

//! Hashes of passcodes (Argon2id, RFC 9106).

use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use tokio::{sync::Semaphore, task::spawn_blocking};

/// One hash takes some 20 ms and 19 MiB: one at a time leaves the rest of the machine to the calls.
static ONE: Semaphore = Semaphore::const_new(1);

/// The hash of a new passcode; none if the system gives no randomness.
pub(super) async fn hash(passcode: String) -> Option<String> {
    alone(move || {
        let mut salt = [0; 16];
        getrandom::fill(&mut salt).ok()?;
        let hash = Argon2::default().hash_password_with_salt(passcode.as_bytes(), &salt).ok()?;
        Some(hash.to_string())
    })
    .await
}

/// The hash, if the passcode is the one that it is of.
pub(super) async fn verify(passcode: String, hash: String) -> Option<String> {
    alone(move || {
        let parsed = PasswordHash::new(&hash).ok()?;
        Argon2::default().verify_password(passcode.as_bytes(), &parsed).ok()?;
        Some(hash)
    })
    .await
}

async fn alone(work: impl FnOnce() -> Option<String> + Send + 'static) -> Option<String> {
    let _turn = ONE.acquire().await.ok()?;
    spawn_blocking(work).await.ok().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_passcode_fits_its_hash() {
        let made = hash("swordfish".to_owned()).await.unwrap();
        assert!(made.starts_with("$argon2id$"), "{made}");
        assert_eq!(verify("swordfish".to_owned(), made.clone()).await, Some(made.clone()));
        assert_eq!(verify("Swordfish".to_owned(), made.clone()).await, None);
        assert_ne!(hash("swordfish".to_owned()).await.unwrap(), made, "each has its own salt");
    }
}

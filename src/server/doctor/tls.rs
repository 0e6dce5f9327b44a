//! A certificate and its key, as files.

use super::Finding;
use std::{
    fs,
    os::unix::fs::MetadataExt,
    path::Path,
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use x509_parser::{pem::Pem, prelude::X509Certificate};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// Whoever renews certificates by themselves does so 30 days before their end.
const SOON: Duration = Duration::from_secs(14 * 24 * 60 * 60);
/// Rights of everybody but the owner and the group (`chmod`).
const STRANGERS: u32 = 0o007;

/// Looks whether the two PEM files can be read, the certificates are valid at `now`, and nobody else
/// can read the key. Whether the two belong together is not looked at.
pub(super) fn examine(certificate: &Path, key: &Path, now: SystemTime) -> Vec<Finding> {
    vec![certificates(certificate, now), private_key(key)]
}

fn certificates(path: &Path, now: SystemTime) -> Finding {
    let name = path.display();
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) => return Finding::problem(format!("Cannot read {name}: {error}.")),
    };
    let blocks = Pem::iter_from_buffer(&bytes).flatten();
    let ends: Vec<_> = blocks
        .filter(|block| block.label == "CERTIFICATE")
        .filter_map(|block| block.parse_x509().ok().map(|found| validity(&found)))
        .collect();
    let now = now.duration_since(UNIX_EPOCH).unwrap_or_default();
    let Some(end) = ends.iter().map(|(_, end)| *end).min() else {
        return Finding::problem(format!("{name} holds no certificate in PEM."));
    };
    let days = |time: Duration| time.as_secs() / DAY.as_secs();
    let renew = "Renew it; certbot renew and the like do so.";
    if ends.iter().any(|(begin, _)| *begin > now) {
        Finding::problem(format!("{name} is not valid yet. Look at the clock."))
    } else if end <= now {
        let ago = days(now.saturating_sub(end));
        Finding::problem(format!("{name} ended {ago} days ago: browsers refuse it. {renew}"))
    } else if end - now < SOON {
        Finding::warning(format!("{name} ends in {} days. {renew}", days(end - now)))
    } else {
        Finding::fine(format!("{name} is valid for {} more days.", days(end - now)))
    }
}

/// Both ends, since the Unix epoch.
fn validity(certificate: &X509Certificate<'_>) -> (Duration, Duration) {
    let validity = certificate.validity();
    let seconds = |time: i64| Duration::from_secs(u64::try_from(time).unwrap_or_default());
    (seconds(validity.not_before.timestamp()), seconds(validity.not_after.timestamp()))
}

fn private_key(path: &Path) -> Finding {
    let name = path.display();
    let found = fs::metadata(path).and_then(|found| Ok((found.mode(), fs::read(path)?)));
    let (mode, bytes) = match found {
        Ok(found) => found,
        Err(error) => return Finding::problem(format!("Cannot read {name}: {error}.")),
    };
    let is_key = |block: &Pem| block.label.ends_with("PRIVATE KEY");
    if !Pem::iter_from_buffer(&bytes).flatten().any(|block| is_key(&block)) {
        return Finding::problem(format!("{name} holds no private key in PEM."));
    }
    match mode & STRANGERS {
        0 => Finding::fine(format!("{name} holds a key that nobody else can read.")),
        _ => Finding::problem(format!("Everybody can read the key {name}. chmod 600 {name}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::doctor::Verdict;
    use std::{os::unix::fs::PermissionsExt, path::PathBuf};

    /// Valid from the 1st of January to the 1st of April 2025.
    const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----
MIIBHTCBxAIBATAKBggqhkjOPQQDAjAbMRkwFwYDVQQDDBBjYWxsLmV4YW1wbGUu
b3JnMB4XDTI1MDEwMTAwMDAwMFoXDTI1MDQwMTAwMDAwMFowGzEZMBcGA1UEAwwQ
Y2FsbC5leGFtcGxlLm9yZzBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABMF74V6n
E4RRYPGBYHL619NL83sngIajtRSEJzeCFM0fZwj+5AFIRa6prHRxaYjRSPJ4yAS4
l5/rpAbZthFNNHgwCgYIKoZIzj0EAwIDSAAwRQIhAIKu5aG+PLC2IL2x1If8ZEzU
hNKbTFzHtXgDGObKvcJlAiAq923UpiZVn/LZ2jkgHgk/Kc8oLuQn8zYuqxoXPfPy
Iw==
-----END CERTIFICATE-----
";
    const KEY: &str = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
    const BEGIN: Duration = Duration::from_secs(1_735_689_600);

    struct Files {
        folder: PathBuf,
        certificate: PathBuf,
        key: PathBuf,
    }

    impl Files {
        fn new() -> Self {
            let number = getrandom::u64().unwrap();
            let folder = std::env::temp_dir().join(format!("salon-tls-{number}"));
            fs::create_dir(&folder).unwrap();
            let (certificate, key) = (folder.join("cert.pem"), folder.join("key.pem"));
            fs::write(&certificate, CERTIFICATE).unwrap();
            fs::write(&key, KEY).unwrap();
            fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
            Self { folder, certificate, key }
        }

        fn verdicts(&self, days: u64) -> Vec<Verdict> {
            let now = UNIX_EPOCH + BEGIN + Duration::from_secs(days * 24 * 60 * 60);
            let findings = examine(&self.certificate, &self.key, now);
            findings.iter().map(Finding::verdict).collect()
        }
    }

    impl Drop for Files {
        fn drop(&mut self) {
            fs::remove_dir_all(&self.folder).unwrap();
        }
    }

    #[test]
    fn a_certificate_is_missed_before_it_ends() {
        let files = Files::new();
        assert_eq!(files.verdicts(1), [Verdict::Fine; 2]);
        assert_eq!(files.verdicts(75), [Verdict::Fine; 2]);
        assert_eq!(files.verdicts(77), [Verdict::Warning, Verdict::Fine]);
        assert_eq!(files.verdicts(90), [Verdict::Problem, Verdict::Fine]);
        let early = examine(&files.certificate, &files.key, UNIX_EPOCH + BEGIN / 2);
        assert!(early[0].to_string().contains("not valid yet"), "{}", early[0]);
    }

    #[test]
    fn files_that_are_no_certificate_and_no_key_are_told_from_each_other() {
        let files = Files::new();
        fs::set_permissions(&files.key, fs::Permissions::from_mode(0o644)).unwrap();
        assert_eq!(files.verdicts(1), [Verdict::Fine, Verdict::Problem]);
        fs::write(&files.certificate, KEY).unwrap();
        fs::write(&files.key, CERTIFICATE).unwrap();
        assert_eq!(files.verdicts(1), [Verdict::Problem; 2]);
        fs::remove_file(&files.certificate).unwrap();
        fs::write(&files.key, "-----BEGIN").unwrap();
        assert_eq!(files.verdicts(1), [Verdict::Problem; 2]);
    }
}

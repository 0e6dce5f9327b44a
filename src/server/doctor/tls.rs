//! Checks of certificates and of the ACME directory.

use super::finding::{ANSWER_TIMEOUT, Finding, Verdict};
use crate::server::{
    config::Config,
    data::dir::DataDir,
    net::{
        acme::Acme,
        certificate::{self, Lifetime, Validity, days, load},
        tls::{HTTPS_PORT, Https},
    },
};
use axum::http::Uri;
use std::{
    fs, io,
    os::unix::fs::MetadataExt,
    path::Path,
    time::{Duration, SystemTime},
};
use tokio::{net::TcpStream, time::timeout};

/// Remaining lifetime below which the doctor warns. Automatic renewal happens 30 days before the end.
const SOON: Duration = Duration::from_secs(14 * 24 * 60 * 60);
/// Permission bits (`chmod`) of all but the owner and the group.
const STRANGERS: u32 = 0o007;

pub(super) async fn examine(config: &Config, mut tell: impl FnMut(Finding)) {
    match &config.https {
        Https::Off => {}
        Https::Files { certificate, key } => {
            let findings = files(certificate, key, SystemTime::now());
            let is_fine = findings.iter().all(|finding| finding.verdict() != Verdict::Problem);
            findings.into_iter().for_each(&mut tell);
            if is_fine && let Err(error) = load(certificate, key) {
                let fix = "Replace it with the key of this certificate.";
                tell(Finding::problem(format!("{error} {fix}")));
            }
        }
        Https::Acme(acme) => {
            if config.data_dir == DataDir::None {
                tell(Finding::problem(
                    "--acme-domain requires a data directory for its certificates. Choose one with \
                     --data-dir (SALON_DATA_DIR).",
                ));
            }
            if config.listen.port() != HTTPS_PORT {
                tell(Finding::warning(format!(
                    "The authority connects to port 443 of {}. Listen there with --listen \
                     (SALON_LISTEN), or forward that port to {}.",
                    acme.domains.join(" and "),
                    config.listen
                )));
            }
            tell(authority(acme).await);
        }
    }
}

/// Checks whether the server of the ACME directory accepts connections.
async fn authority(acme: &Acme) -> Finding {
    let directory = &acme.directory;
    let connect = async {
        let uri: Uri = directory.parse().map_err(io::Error::other)?;
        let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
        TcpStream::connect((host, uri.port_u16().unwrap_or(HTTPS_PORT))).await
    };
    let problem = match timeout(ANSWER_TIMEOUT, connect).await {
        Ok(Ok(_)) => return Finding::fine(format!("{directory} accepts connections.")),
        Ok(Err(error)) => error.to_string(),
        Err(_) => "no answer within 2 seconds".to_owned(),
    };
    Finding::problem(format!(
        "{directory} cannot be reached: {problem}. Allow this machine to connect to it, or choose \
         another authority with --acme-directory (SALON_ACME_DIRECTORY)."
    ))
}

/// Checks the two PEM files: their contents, the lifetime of the certificates at `now`, and the
/// permissions of the key. It does not check whether they belong together.
fn files(certificate: &Path, key: &Path, now: SystemTime) -> [Finding; 2] {
    [certificates(certificate, now), private_key(key)]
}

fn certificates(path: &Path, now: SystemTime) -> Finding {
    let name = path.display();
    let lifetime = match certificate::certificates(path) {
        Ok(chain) => Lifetime::of(&chain),
        Err(error) => return Finding::problem(error.to_string()),
    };
    let Some(lifetime) = lifetime else {
        return Finding::problem(format!("{name} contains no readable certificate."));
    };
    match (lifetime.doubt(path, now), lifetime.at(now)) {
        (Some(doubt), _) => Finding::problem(doubt),
        (None, Validity::Valid(left)) if left >= SOON => {
            Finding::fine(format!("{name} is valid for {} more days.", days(left)))
        }
        (None, Validity::Valid(left)) => Finding::warning(format!(
            "{name} expires in {} days. Renew it, for example with certbot renew.",
            days(left)
        )),
        (None, Validity::Early | Validity::Expired(_)) => {
            Finding::problem(format!("{name} is not valid now."))
        }
    }
}

fn private_key(path: &Path) -> Finding {
    let name = path.display();
    if let Err(error) = certificate::private_key(path) {
        return Finding::problem(error.to_string());
    }
    match fs::metadata(path).map_or(STRANGERS, |found| found.mode()) & STRANGERS {
        0 => Finding::fine(format!("{name} is a private key that nobody else can read.")),
        _ => Finding::problem(format!("Everybody can read the key {name}. chmod 600 {name}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{os::unix::fs::PermissionsExt, path::PathBuf, time::UNIX_EPOCH};

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
            let findings = super::files(&self.certificate, &self.key, now);
            findings.iter().map(Finding::verdict).collect()
        }
    }

    impl Drop for Files {
        fn drop(&mut self) {
            fs::remove_dir_all(&self.folder).unwrap();
        }
    }

    #[test]
    fn certificates_are_reported_before_they_expire() {
        let files = Files::new();
        assert_eq!(files.verdicts(1), [Verdict::Fine; 2]);
        assert_eq!(files.verdicts(75), [Verdict::Fine; 2]);
        assert_eq!(files.verdicts(77), [Verdict::Warning, Verdict::Fine]);
        assert_eq!(files.verdicts(90), [Verdict::Problem, Verdict::Fine]);
        let early = super::files(&files.certificate, &files.key, UNIX_EPOCH + BEGIN / 2);
        assert!(early[0].to_string().contains("not valid yet"), "{}", early[0]);
    }

    #[test]
    fn invalid_certificate_and_key_files_are_problems() {
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

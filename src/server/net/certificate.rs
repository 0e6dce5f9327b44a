//! Certificates and private keys in PEM files, with errors that say how to fix them.

use super::tls_provider::provider;
use crate::server::error::ServerError;
use std::{
    fs,
    net::IpAddr,
    path::Path,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use tokio_rustls::rustls::{
    Error, ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem, pem::PemObject},
};
use x509_parser::{extensions::GeneralName, parse_x509_certificate};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const MIXED_UP: &str =
    "perhaps --tls-cert (SALON_TLS_CERT) and --tls-key (SALON_TLS_KEY) are mixed up";
/// First byte of a DER file: the tag of an ASN.1 SEQUENCE.
const DER: u8 = 0x30;

/// Loads a certificate chain and its private key.
///
/// # Errors
/// [`ServerError::Certificate`] or [`ServerError::Key`].
pub(crate) fn load(certificate: &Path, key: &Path) -> Result<Loaded, ServerError> {
    let chain = certificates(certificate)?;
    let lifetime = Lifetime::of(&chain);
    let private = private_key(key)?;
    let config = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .and_then(|config| config.with_no_client_auth().with_single_cert(chain, private))
        .map_err(|error| match error {
            Error::InconsistentKeys(_) => ServerError::Key {
                path: key.to_owned(),
                problem: format!(
                    "it does not belong to the certificate in {}, which has to be the first in \
                     the file",
                    certificate.display()
                ),
            },
            error => {
                let (path, problem) = (certificate.to_owned(), error.to_string());
                ServerError::Certificate { path, problem }
            }
        })?;
    Ok(Loaded { config: Arc::new(config), lifetime })
}

/// A certificate in use, and its lifetime.
pub(crate) struct Loaded {
    pub(crate) config: Arc<ServerConfig>,
    pub(crate) lifetime: Option<Lifetime>,
}

/// Reads the certificates of a file. Fails if there are none.
pub(crate) fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, ServerError> {
    let wrong = |problem| ServerError::Certificate { path: path.to_owned(), problem };
    let bytes = fs::read(path).map_err(|error| wrong(error.to_string()))?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        found => Err(wrong(no_certificate(&bytes, found.err()))),
    }
}

/// Reads the subject alternative names of the first certificate in a file; none if it cannot be read.
pub(crate) fn names(path: &Path) -> Vec<String> {
    let first = certificates(path).ok().and_then(|all| all.into_iter().next());
    first.map(|certificate| names_of(&certificate)).unwrap_or_default()
}

fn names_of(certificate: &CertificateDer<'_>) -> Vec<String> {
    let Ok((_, parsed)) = parse_x509_certificate(certificate) else { return Vec::new() };
    let Ok(Some(names)) = parsed.subject_alternative_name() else { return Vec::new() };
    let read = |name: &GeneralName<'_>| match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(bytes) => address(bytes).map(|address| address.to_string()),
        _ => None,
    };
    names.value.general_names.iter().filter_map(read).collect()
}

/// Parses an address of a subject alternative name (RFC 5280, section 4.2.1.6).
fn address(bytes: &[u8]) -> Option<IpAddr> {
    match bytes.len() {
        4 => <[u8; 4]>::try_from(bytes).ok().map(IpAddr::from),
        _ => <[u8; 16]>::try_from(bytes).ok().map(IpAddr::from),
    }
}

fn no_certificate(bytes: &[u8], error: Option<pem::Error>) -> String {
    match Content::of(bytes) {
        Content::Empty => "it is empty".to_owned(),
        Content::Der => {
            "it is not PEM; convert it with: openssl x509 -inform der -in FILE -out cert.pem"
                .to_owned()
        }
        Content::LockedKey | Content::Key => {
            format!("it holds a private key and no certificate; {MIXED_UP}")
        }
        Content::Certificate | Content::Other => {
            let what = "it holds no certificate in PEM";
            error.map_or_else(|| what.to_owned(), |error| format!("{what}: {error}"))
        }
    }
}

/// Reads the private key of a file.
pub(crate) fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, ServerError> {
    let wrong = |problem| ServerError::Key { path: path.to_owned(), problem };
    let bytes = fs::read(path).map_err(|error| wrong(error.to_string()))?;
    // The parser reports an encrypted key in the older form as malformed.
    match (Content::of(&bytes), PrivateKeyDer::from_pem_slice(&bytes)) {
        (content @ Content::LockedKey, _) => Err(wrong(no_key(&content, None))),
        (_, Ok(key)) => Ok(key),
        (content, Err(error)) => Err(wrong(no_key(&content, Some(error)))),
    }
}

fn no_key(content: &Content, error: Option<pem::Error>) -> String {
    match content {
        Content::Empty => "it is empty".to_owned(),
        Content::Der => {
            "it is not PEM; convert it with: openssl pkey -inform der -in FILE -out key.pem"
                .to_owned()
        }
        Content::LockedKey => "it is encrypted with a password; remove the password with: openssl \
                               pkey -in FILE -out key.pem"
            .to_owned(),
        Content::Certificate => format!("it holds a certificate and no key; {MIXED_UP}"),
        Content::Key | Content::Other => {
            let what = "it holds no private key in PEM";
            match error.filter(|error| !matches!(error, pem::Error::NoItemsFound)) {
                Some(error) => format!("{what}: {error}"),
                None => what.to_owned(),
            }
        }
    }
}

/// The apparent content of a file.
enum Content {
    Empty,
    Der,
    /// A private key that is encrypted with a password (RFC 5958, or RFC 1421 as OpenSSL has it).
    LockedKey,
    Key,
    Certificate,
    Other,
}

impl Content {
    fn of(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        if text.trim().is_empty() {
            Self::Empty
        } else if bytes.first() == Some(&DER) {
            Self::Der
        } else if text.contains("ENCRYPTED") {
            Self::LockedKey
        } else if text.contains("PRIVATE KEY-----") {
            Self::Key
        } else if text.contains("-----BEGIN CERTIFICATE-----") {
            Self::Certificate
        } else {
            Self::Other
        }
    }
}

/// Validity period of a certificate chain, since the Unix epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lifetime {
    begin: Duration,
    end: Duration,
}

/// Position of a time relative to a [`Lifetime`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Validity {
    /// Before the period.
    Early,
    /// Within the period; holds the remaining time.
    Valid(Duration),
    /// After the period; holds the time since its end.
    Expired(Duration),
}

impl Lifetime {
    /// The period in which all certificates are valid, ignoring those that cannot be parsed.
    pub(crate) fn of(chain: &[CertificateDer<'_>]) -> Option<Self> {
        let seconds = |time: i64| Duration::from_secs(u64::try_from(time).unwrap_or_default());
        let read = |der: &CertificateDer<'_>| {
            let (_, found) = parse_x509_certificate(der).ok()?;
            let validity = found.validity();
            let (begin, end) = (validity.not_before.timestamp(), validity.not_after.timestamp());
            Some(Self { begin: seconds(begin), end: seconds(end) })
        };
        let both = |one: Self, other: Self| Self {
            begin: one.begin.max(other.begin),
            end: one.end.min(other.end),
        };
        chain.iter().filter_map(read).reduce(both)
    }

    pub(crate) fn at(self, now: SystemTime) -> Validity {
        let now = now.duration_since(UNIX_EPOCH).unwrap_or_default();
        match self {
            Self { begin, .. } if begin > now => Validity::Early,
            Self { end, .. } if end <= now => Validity::Expired(now.saturating_sub(end)),
            Self { end, .. } => Validity::Valid(end.saturating_sub(now)),
        }
    }

    /// Describes why browsers reject the certificates in this file, if they do.
    pub(crate) fn doubt(self, path: &Path, now: SystemTime) -> Option<String> {
        let name = path.display();
        match self.at(now) {
            Validity::Valid(_) => None,
            Validity::Early => Some(format!("{name} is not valid yet. Check the clock.")),
            Validity::Expired(ago) => {
                let ago = days(ago);
                Some(format!(
                    "{name} expired {ago} days ago: browsers refuse it. Renew it, for example with \
                     certbot renew."
                ))
            }
        }
    }
}

/// Rounds down to whole days.
pub(crate) fn days(time: Duration) -> u64 {
    time.as_secs() / DAY.as_secs()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{CertifiedKey, generate_simple_self_signed};

    /// The error that these two files cause.
    fn said(certificate: &[u8], key: &[u8]) -> Option<String> {
        let folder = std::env::temp_dir().join(format!("salon-{}", getrandom::u64().unwrap()));
        fs::create_dir(&folder).unwrap();
        let (cert_path, key_path) = (folder.join("cert.pem"), folder.join("key.pem"));
        fs::write(&cert_path, certificate).unwrap();
        fs::write(&key_path, key).unwrap();
        let said = load(&cert_path, &key_path).err().map(|error| error.to_string());
        fs::remove_dir_all(folder).unwrap();
        said
    }

    #[test]
    fn problems_of_certificate_files_are_explained() {
        let make = || generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let (CertifiedKey { cert, key_pair }, other) = (make(), make());
        let (pem, key) = (cert.pem(), key_pair.serialize_pem());
        let der = cert.der().to_vec();
        assert_eq!(said(pem.as_bytes(), key.as_bytes()), None);
        let both = format!("{key}{pem}");
        assert_eq!(said(both.as_bytes(), both.as_bytes()), None, "one file for both");

        let block = |label: &str| format!("-----BEGIN {label}-----\nAAAA\n-----END {label}-----\n");
        let locked = block("ENCRYPTED PRIVATE KEY");
        let older = block("EC PRIVATE KEY")
            .replace("AAAA", "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nAAAA");
        for (certificate, key, file, part) in [
            (&b""[..], key.as_bytes(), "cert.pem", "it is empty"),
            (b" \n", key.as_bytes(), "cert.pem", "it is empty"),
            (&der, key.as_bytes(), "cert.pem", "openssl x509 -inform der"),
            (b"nothing", key.as_bytes(), "cert.pem", "no certificate in PEM"),
            (key.as_bytes(), pem.as_bytes(), "cert.pem", "are mixed up"),
            (pem.as_bytes(), b"", "key.pem", "it is empty"),
            (pem.as_bytes(), b"nothing", "key.pem", "no private key in PEM"),
            (pem.as_bytes(), pem.as_bytes(), "key.pem", "are mixed up"),
            (pem.as_bytes(), key_pair.serialized_der(), "key.pem", "openssl pkey -inform der"),
            (pem.as_bytes(), locked.as_bytes(), "key.pem", "openssl pkey -in FILE"),
            (pem.as_bytes(), older.as_bytes(), "key.pem", "openssl pkey -in FILE"),
            (other.cert.pem().as_bytes(), key.as_bytes(), "key.pem", "does not belong"),
        ] {
            let said = said(certificate, key).unwrap();
            assert!(said.contains(file) && said.contains(part), "{part} is not in: {said}");
            assert!(!said.contains("no items found"), "{said}");
        }
    }

    #[test]
    fn a_chain_expires_with_its_earliest_certificate() {
        let lifetime = |begin, end| Lifetime {
            begin: Duration::from_secs(begin),
            end: Duration::from_secs(end),
        };
        let at = |seconds| lifetime(100, 200).at(UNIX_EPOCH + Duration::from_secs(seconds));
        assert_eq!(at(99), Validity::Early);
        assert_eq!(at(100), Validity::Valid(Duration::from_secs(100)));
        assert_eq!(at(200), Validity::Expired(Duration::ZERO));
        let cert = generate_simple_self_signed(["localhost".to_owned()]).unwrap().cert;
        let now = SystemTime::now();
        let found = Lifetime::of(&[cert.der().clone()]).unwrap();
        assert_eq!(found.doubt(Path::new("cert.pem"), now), None);
        let late = now + Duration::from_secs(1 << 40);
        assert!(found.doubt(Path::new("cert.pem"), late).unwrap().contains("cert.pem expired"));
    }
}

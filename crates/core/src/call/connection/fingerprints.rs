//! The DTLS fingerprints of a connection. Both sides compare them to detect an interceptor.
//!
//! Media and data are encrypted between the owners of two certificates, whose fingerprints are in
//! the session descriptions (RFC 8122, section 5). A server that forwards the descriptions could
//! replace the fingerprints and intercept the connection; the two sides then see different pairs.

use super::sdp::lines;
use std::sync::Arc;

/// The fingerprints of one description, sorted. `None` if a line looks like a fingerprint but
/// differs from what browsers write: some browsers parse more leniently, and would use a
/// fingerprint that is not shown here.
pub(super) fn fingerprints(sdp: &str) -> Option<String> {
    let attribute = |line: &str| {
        let (algorithm, value) = line.strip_prefix("a=fingerprint:")?.split_once(' ')?;
        let is_plain = |text: &str| {
            let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | ':');
            !text.is_empty() && text.chars().all(allowed)
        };
        let plain = is_plain(algorithm) && is_plain(value);
        plain.then(|| format!("{} {}", algorithm.to_ascii_lowercase(), value.to_ascii_uppercase()))
    };
    let suspects = lines(sdp).filter(|line| line.to_ascii_lowercase().contains("fingerprint"));
    let mut found = suspects.map(attribute).collect::<Option<Vec<_>>>()?;
    found.sort();
    found.dedup();
    (!found.is_empty()).then(|| found.join("\n"))
}

/// The fingerprints of both sides.
#[derive(Clone, Debug, Default)]
pub(super) struct DtlsFingerprints {
    local: Option<String>,
    remote: Option<String>,
    agreed: Option<Arc<str>>,
}

impl DtlsFingerprints {
    /// Reads the fingerprints of this side's description.
    pub(super) fn set_local(&mut self, sdp: &str) {
        self.local = fingerprints(sdp);
    }

    /// Reads the fingerprints of the other side's description.
    pub(super) fn set_remote(&mut self, sdp: &str) {
        self.remote = fingerprints(sdp);
    }

    /// The text that both sides can compare; the same on both. `None` until both descriptions are
    /// known.
    pub(super) fn agreed(&self) -> Option<Arc<str>> {
        self.agreed.clone()
    }

    /// Applies both descriptions. Until they are in force, and if they are rolled back, the
    /// previous fingerprints count.
    pub(super) fn agree(&mut self) {
        self.agreed = match (&self.local, &self.remote) {
            (Some(local), Some(remote)) => {
                let (one, two) = (local.min(remote), local.max(remote));
                Some(format!("{one}\n\n{two}").into())
            }
            _ => None,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADA: &str =
        "v=0\r\na=fingerprint:sha-256 aa:bb\r\nm=audio\r\na=fingerprint:SHA-256 AA:BB\r\n";
    const BOB: &str = "v=0\na=fingerprint:sha-256 CC:DD\n";
    const EVE: &str = "v=0\na=fingerprint:sha-256 EE:FF\n";

    fn agreed(local: &str, remote: &str) -> Option<Arc<str>> {
        let mut fingerprints = DtlsFingerprints::default();
        fingerprints.set_local(local);
        fingerprints.set_remote(remote);
        assert_eq!(fingerprints.agreed(), None);
        fingerprints.agree();
        fingerprints.agreed()
    }

    #[test]
    fn both_sides_see_the_same_fingerprints_unless_a_connection_is_intercepted() {
        assert_eq!(agreed(ADA, BOB).as_deref(), Some("sha-256 AA:BB\n\nsha-256 CC:DD"));
        assert_eq!(agreed(ADA, BOB), agreed(BOB, ADA));
        assert_ne!(agreed(ADA, EVE), agreed(BOB, EVE));
        assert_eq!(agreed(ADA, "v=0\r\n"), None);
    }

    #[test]
    fn fingerprint_lines_that_only_some_browsers_read_are_rejected() {
        for line in [
            "a=fingerprint:sha-256\tEE:FF",
            "a=fingerprint:\tsha-256\tEE:FF",
            "A=Fingerprint:sha-256 EE:FF",
            " a=fingerprint:sha-256 EE:FF",
            "a=x\ra=fingerprint: sha-256 EE:FF",
        ] {
            assert_eq!(agreed(ADA, &format!("{BOB}{line}\r\n")), None, "{line:?}");
        }
    }

    #[test]
    fn a_description_that_is_not_agreed_changes_no_fingerprints() {
        let mut fingerprints = DtlsFingerprints::default();
        fingerprints.set_local(ADA);
        fingerprints.set_remote(BOB);
        fingerprints.agree();
        let before = fingerprints.agreed();
        fingerprints.set_remote(EVE);
        assert_eq!(fingerprints.agreed(), before);
    }
}

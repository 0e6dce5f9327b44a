//! What both ends of a connection can compare, to know that nobody sits between them.
//!
//! Media and data are encrypted between the holders of two certificates, whose fingerprints stand in
//! the descriptions (RFC 8122, section 5). Whoever relays the descriptions could put other ones in
//! their place, and be both holders' other end: then the two see different pairs.

use std::sync::Arc;

/// The fingerprints of one description, in an order that does not depend on who wrote them down.
pub(super) fn fingerprints(sdp: &str) -> Option<String> {
    let attribute = |line: &str| {
        let (algorithm, value) = line.trim_end().strip_prefix("a=fingerprint:")?.split_once(' ')?;
        Some(format!("{} {}", algorithm.to_ascii_lowercase(), value.trim().to_ascii_uppercase()))
    };
    let mut found: Vec<_> = sdp.lines().filter_map(attribute).collect();
    found.sort();
    found.dedup();
    (!found.is_empty()).then(|| found.join("\n"))
}

/// The two ends of a connection, the same text on both sides.
#[derive(Clone, Debug, Default)]
pub(super) struct Ends {
    local: Option<String>,
    remote: Option<String>,
    seal: Option<Arc<str>>,
}

impl Ends {
    pub(super) fn set_local(&mut self, sdp: &str) {
        self.local = fingerprints(sdp);
        self.join();
    }

    pub(super) fn set_remote(&mut self, fingerprints: Option<String>) {
        self.remote = fingerprints;
        self.join();
    }

    /// What both sides can compare, once both are known.
    pub(super) fn seal(&self) -> Option<Arc<str>> {
        self.seal.clone()
    }

    fn join(&mut self) {
        self.seal = match (&self.local, &self.remote) {
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

    fn seal(local: &str, remote: &str) -> Option<Arc<str>> {
        let mut ends = Ends::default();
        ends.set_local(local);
        ends.set_remote(fingerprints(remote));
        ends.seal()
    }

    #[test]
    fn both_sides_see_the_same_unless_somebody_sits_between_them() {
        assert_eq!(seal(ADA, BOB).as_deref(), Some("sha-256 AA:BB\n\nsha-256 CC:DD"));
        assert_eq!(seal(ADA, BOB), seal(BOB, ADA));
        assert_ne!(seal(ADA, EVE), seal(BOB, EVE));
        assert_eq!(seal(ADA, "v=0\r\n"), None);
    }
}

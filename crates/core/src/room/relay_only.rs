//! Removes a participant's addresses from their messages (RFC 8828, mode 4): only relay candidates
//! are forwarded. Anything unknown is dropped as well, so that a client that does not hide its
//! address by itself reveals nothing.

#[cfg(test)]
mod tests;

use crate::protocol::{IceCandidate, SessionDescription, Signal};
use std::{fmt, net::IpAddr};

/// The longest foundation (RFC 8839, section 5.1), in bytes.
const FOUNDATION_BYTES: usize = 32;

/// A message without its sender's addresses; `None` if it contained nothing else.
pub(super) fn strip_addresses(signal: Signal) -> Option<Signal> {
    Some(match signal {
        Signal::Offer(offer) => Signal::Offer(describe(offer)),
        Signal::Answer(answer) => Signal::Answer(describe(answer)),
        // The end of candidates.
        Signal::Candidate(None) => Signal::Candidate(None),
        Signal::Candidate(Some(candidate)) if candidate.candidate.is_empty() => {
            Signal::Candidate(Some(candidate))
        }
        Signal::Candidate(Some(candidate)) => {
            let stripped = RelayCandidate::parse(&candidate.candidate)?.to_string();
            Signal::Candidate(Some(IceCandidate { candidate: stripped, ..candidate }))
        }
        Signal::Reception(reception) => Signal::Reception(reception),
    })
}

/// A candidate attribute (RFC 8839, section 5.1) of type `relay`, without the client's address as
/// seen by the relay. Attributes that describe the client's network are dropped.
struct RelayCandidate<'a> {
    foundation: &'a str,
    component: u16,
    transport: &'a str,
    priority: u32,
    address: IpAddr,
    port: u16,
    /// The remaining attributes that connectivity needs.
    extensions: Vec<(&'a str, &'a str)>,
}

impl<'a> RelayCandidate<'a> {
    const EXTENSIONS: [&'static str; 3] = ["tcptype", "generation", "ufrag"];

    fn parse(text: &'a str) -> Option<Self> {
        let mut words = text.strip_prefix("candidate:")?.split(' ');
        let foundation = words.next().filter(|word| is_foundation(word))?;
        let component = words.next()?.parse().ok()?;
        let transport = words.next().filter(|word| is_token(word))?;
        let priority = words.next()?.parse().ok()?;
        // A host name is never a relay's address, and the other side would have to resolve it.
        let address = words.next()?.parse().ok()?;
        let port = words.next()?.parse().ok()?;
        if (words.next(), words.next()) != (Some("typ"), Some("relay")) {
            return None;
        }
        let mut extensions = Vec::new();
        while let (Some(name), Some(value)) = (words.next(), words.next()) {
            if Self::EXTENSIONS.contains(&name) && is_ice_text(value) {
                extensions.push((name, value));
            }
        }
        Some(Self { foundation, component, transport, priority, address, port, extensions })
    }
}

impl fmt::Display for RelayCandidate<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { foundation, component, transport, priority, address, port, .. } = self;
        let unknown = if address.is_ipv4() { "0.0.0.0" } else { "::" };
        // Port 9 accompanies a withheld address (RFC 8839, section 5.1).
        write!(
            f,
            "candidate:{foundation} {component} {transport} {priority} {address} {port} \
             typ relay raddr {unknown} rport 9"
        )?;
        self.extensions.iter().try_for_each(|(name, value)| write!(f, " {name} {value}"))
    }
}

fn is_foundation(word: &str) -> bool {
    word.len() <= FOUNDATION_BYTES && is_ice_text(word)
}

/// `ice-char` of RFC 8839, section 5.1, and the hyphen of a `tcptype`.
fn is_ice_text(word: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"+/-".contains(&byte);
    !word.is_empty() && word.bytes().all(allowed)
}

fn is_token(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

fn describe(description: SessionDescription) -> SessionDescription {
    SessionDescription { sdp: without_addresses(&description.sdp), ..description }
}

/// A session description (RFC 8866) without its author's addresses, which refers to trickled
/// candidates instead (RFC 8840, section 4.1.1).
fn without_addresses(sdp: &str) -> String {
    let mut clean = String::with_capacity(sdp.len());
    // Some parsers accept either character as the end of a line.
    for line in sdp.split(['\r', '\n']) {
        if let Some(line) = without_address(line) {
            clean.push_str(&line);
            clean.push_str("\r\n");
        }
    }
    clean
}

/// `None` if the line is dropped.
fn without_address(line: &str) -> Option<String> {
    let (field, value) = line.split_once('=')?;
    match field {
        "a" => attribute(value, line),
        "c" => Some("c=IN IP4 0.0.0.0".to_owned()),
        "o" => Some(origin(value)),
        "m" => Some(media(value)),
        _ => is_field(field).then(|| line.to_owned()),
    }
}

fn is_field(name: &str) -> bool {
    name.len() == 1 && name.bytes().all(|byte| byte.is_ascii_lowercase())
}

/// Some parsers ignore case, text before an attribute's name, and its continuation.
fn attribute(value: &str, line: &str) -> Option<String> {
    let value = value.trim_start_matches([' ', '\t', ':']);
    let name = value.split([':', ' ', '\t']).next().unwrap_or_default();
    match name.to_ascii_lowercase().as_str() {
        name if name.starts_with("candidate") => {
            RelayCandidate::parse(value).map(|candidate| format!("a={candidate}"))
        }
        "rtcp" => Some("a=rtcp:9 IN IP4 0.0.0.0".to_owned()),
        // Repeats what was negotiated, which the other side knows.
        "remote-candidates" => None,
        _ => Some(line.to_owned()),
    }
}

/// The origin without its host (RFC 8866, section 5.2).
fn origin(value: &str) -> String {
    let words: Vec<_> = value.split(' ').collect();
    match words.as_slice() {
        [_, id, version, ..] => format!("o=- {id} {version} IN IP4 0.0.0.0"),
        _ => "o=- 0 0 IN IP4 0.0.0.0".to_owned(),
    }
}

/// The media section without the port of its default candidate. Port 0 means that it is rejected.
fn media(value: &str) -> String {
    let mut words: Vec<_> = value.split(' ').collect();
    if let Some(port) = words.get_mut(1).filter(|port| **port != "0") {
        *port = "9";
    }
    format!("m={}", words.join(" "))
}

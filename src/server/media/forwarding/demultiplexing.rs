//! Whom a datagram is for, among the protocols that share the port (RFC 7983).

const MAGIC_COOKIE: [u8; 4] = [0x21, 0x12, 0xa4, 0x42];
const TRANSACTION_ID_BYTES: usize = 12;
const BINDING_REQUEST: u16 = 0x0001;
const USERNAME: u16 = 0x0006;
/// Attributes begin at multiples of this many bytes.
const ALIGNMENT: usize = 4;

/// A protocol, as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protocol {
    /// STUN.
    Stun,
    /// DTLS, SRTP or SRTCP: only participants send these.
    Media,
    /// Anything else, such as TURN channels.
    Other,
}

impl Protocol {
    /// The protocol of a datagram, by its first byte.
    pub(super) fn of(datagram: &[u8]) -> Self {
        match datagram.first() {
            Some(0..=3) => Self::Stun,
            Some(20..=63 | 128..=191) => Self::Media,
            _ => Self::Other,
        }
    }
}

/// The username fragment of the agent that is to answer a connectivity check (RFC 8445, section 7.2.2): the
/// first half of the username in a Binding request (RFC 8489). Nothing for any other message, such as those
/// of TURN, which browsers send from the same port.
pub(super) fn checked_agent(message: &[u8]) -> Option<&str> {
    let (kind, rest) = number(message)?;
    let (length, rest) = number(rest)?;
    let attributes = rest.strip_prefix(&MAGIC_COOKIE)?.get(TRANSACTION_ID_BYTES..)?;
    if kind != BINDING_REQUEST || attributes.len() != usize::from(length) {
        return None;
    }
    let username = str::from_utf8(attribute(attributes, USERNAME)?).ok()?;
    username.split_once(':').map(|(ours, _)| ours)
}

/// The value of the first attribute of this type.
fn attribute(mut attributes: &[u8], wanted: u16) -> Option<&[u8]> {
    loop {
        let (kind, rest) = number(attributes)?;
        let (length, rest) = number(rest)?;
        let length = usize::from(length);
        if kind == wanted {
            return rest.get(..length);
        }
        attributes = rest.get(length.next_multiple_of(ALIGNMENT)..)?;
    }
}

/// The number at the beginning, and what follows it.
fn number(bytes: &[u8]) -> Option<(u16, &[u8])> {
    let (number, rest) = bytes.split_first_chunk()?;
    Some((u16::from_be_bytes(*number), rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A message of this type with these attributes, padded with ones.
    fn message(kind: u16, attributes: &[(u16, &[u8])]) -> Vec<u8> {
        let mut body = Vec::new();
        for (kind, value) in attributes {
            body.extend(kind.to_be_bytes());
            body.extend(u16::try_from(value.len()).unwrap().to_be_bytes());
            body.extend(*value);
            body.resize(body.len().next_multiple_of(ALIGNMENT), 1);
        }
        let length = u16::try_from(body.len()).unwrap();
        let header = [kind.to_be_bytes(), length.to_be_bytes()].concat();
        [&header, &MAGIC_COOKIE[..], &[7; TRANSACTION_ID_BYTES], &body].concat()
    }

    #[test]
    fn the_first_byte_tells_the_protocol() {
        for (byte, expected) in [
            (0, Protocol::Stun),
            (3, Protocol::Stun),
            (4, Protocol::Other),
            (20, Protocol::Media),
            (63, Protocol::Media),
            (64, Protocol::Other),
            (79, Protocol::Other),
            (127, Protocol::Other),
            (128, Protocol::Media),
            (191, Protocol::Media),
            (192, Protocol::Other),
        ] {
            assert_eq!(Protocol::of(&[byte, 1]), expected, "{byte}");
        }
        assert_eq!(Protocol::of(&[]), Protocol::Other);
    }

    #[test]
    fn a_check_names_its_agent() {
        let priority = (0x0024, &[1, 2, 3, 4][..]);
        let odd = (0x8022, &b"x"[..]);
        let username = (USERNAME, &b"ours:theirs"[..]);
        for attributes in [&[username][..], &[priority, username], &[odd, username, priority]] {
            assert_eq!(checked_agent(&message(BINDING_REQUEST, attributes)), Some("ours"));
        }
    }

    #[test]
    fn other_messages_name_none() {
        let username = (USERNAME, &b"ours:theirs"[..]);
        let allocate = 0x0003;
        let response = 0x0101;
        for other in [
            message(allocate, &[username]),
            message(response, &[username]),
            message(BINDING_REQUEST, &[]),
            message(BINDING_REQUEST, &[(USERNAME, b"1700000000")]),
            message(BINDING_REQUEST, &[(USERNAME, &[0xff, b':', b'x'])]),
        ] {
            assert_eq!(checked_agent(&other), None);
        }
        let mut foreign = message(BINDING_REQUEST, &[username]);
        foreign[4] ^= 1;
        assert_eq!(checked_agent(&foreign), None, "without the magic cookie");
    }

    #[test]
    fn what_is_cut_off_or_too_long_names_none() {
        let whole = message(BINDING_REQUEST, &[(USERNAME, b"ours:theirs")]);
        for length in 0..whole.len() {
            assert_eq!(checked_agent(&whole[..length]), None, "{length} bytes");
        }
        assert_eq!(checked_agent(&[&whole[..], &[0; 4]].concat()), None);
        // The attribute claims to be longer than the message.
        let mut longer = whole;
        longer[22] = 0xff;
        assert_eq!(checked_agent(&longer), None);
    }

    proptest! {
        #[test]
        fn anything_is_read_without_a_panic(
            body in prop::collection::vec(any::<u8>(), 0..64),
            length in 0..80_u16,
        ) {
            let header = [BINDING_REQUEST.to_be_bytes(), length.to_be_bytes()].concat();
            let whole = [&header, &MAGIC_COOKIE[..], &[7; TRANSACTION_ID_BYTES], &body].concat();
            checked_agent(&whole);
            checked_agent(&body);
        }
    }
}

//! Messages in a byte stream: STUN and ChannelData over TCP and TLS (RFC 8656, section 12.5).

use stun_types::message::MessageHeader;

/// A channel number and a length.
pub const CHANNEL_HEADER: usize = 4;

/// The largest message that a client may send over a stream. A STUN message with the largest UDP payload
/// in it is smaller than what its length field can say.
const LARGEST: usize = MessageHeader::LENGTH + 2048;

/// The largest first byte of a stream with STUN: the first two bits of a message are 0 (RFC 8489, section
/// 5), and no type of a request is larger. TLS starts with 22 (RFC 8446, section 5.1), HTTP with a letter.
const STUN_MAX: u8 = 3;

/// Whether a stream that starts with this byte is one of STUN and TURN, when other protocols share the port
/// (RFC 7983).
#[must_use]
pub fn starts_stun(first: u8) -> bool {
    first <= STUN_MAX
}

/// What a stream contains that is neither STUN nor ChannelData, or too large.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadStream;

/// The length of the first message in a stream, with and without its padding, once enough of it is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Bytes of the message.
    pub length: usize,
    /// Bytes until the next one: ChannelData is padded to a multiple of four.
    pub padded: usize,
}

/// The first message in what a stream has brought; `None` if more of its header has to come.
///
/// # Errors
///
/// If what follows cannot be a message: the stream is beyond repair.
pub fn first_frame(bytes: &[u8]) -> Result<Option<Frame>, BadStream> {
    let [kind, _, high, low, ..] = *bytes else {
        return match bytes.first() {
            Some(128..) => Err(BadStream),
            _ => Ok(None),
        };
    };
    let length = usize::from(u16::from_be_bytes([high, low]));
    let frame = match kind >> 6 {
        // STUN's length is a multiple of four (RFC 8489, section 5).
        0 if length % 4 == 0 => {
            let length = MessageHeader::LENGTH + length;
            Frame { length, padded: length }
        }
        1 => {
            let length = CHANNEL_HEADER + length;
            Frame { length, padded: length.next_multiple_of(4) }
        }
        _ => return Err(BadStream),
    };
    if frame.length > LARGEST { Err(BadStream) } else { Ok(Some(frame)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t34_protocols_that_share_a_port_start_with_different_bytes() {
        for stream in [&b"\x00\x01\x00\x00"[..], b"\x00\x03\x00\x08", b"\x01\x01"] {
            assert!(starts_stun(stream[0]), "{stream:x?}");
        }
        for stream in [&b"\x16\x03\x01"[..], b"GET / HTTP/1.1", b"\r\n", b"\x40\x00", b"\xff"] {
            assert!(!starts_stun(stream[0]), "{stream:x?}");
        }
    }

    #[test]
    fn stun_and_channel_data_are_told_apart() {
        let stun = [0, 1, 0, 8, 0x21, 0x12];
        assert_eq!(first_frame(&stun), Ok(Some(Frame { length: 28, padded: 28 })));
        let data = [0x40, 1, 0, 5, 9];
        assert_eq!(first_frame(&data), Ok(Some(Frame { length: 9, padded: 12 })));
        for part in [&data[..0], &data[..1], &data[..3]] {
            assert_eq!(first_frame(part), Ok(None));
        }
    }

    #[test]
    fn other_protocols_are_refused_at_once() {
        for bytes in [
            &b"\x16\x03\x01\x02"[..],
            b"GET / HTTP/1.1",
            b"\x80",
            b"\xff\xff\xff\xff",
            // A length that is no multiple of four.
            &[0, 1, 0, 3],
            // Larger than anything that is relayed.
            &[0x40, 0, 0xff, 0xff],
            &[0, 1, 0xff, 0xfc],
        ] {
            assert_eq!(first_frame(bytes), Err(BadStream), "{bytes:x?}");
        }
    }
}

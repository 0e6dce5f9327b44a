//! What a packet of VP8 says about its frame (RFC 7741, section 4).

use crate::packet::Frame;

// The first byte of the payload descriptor.
const EXTENDED: u8 = 0x80;
const STARTS_PARTITION: u8 = 0x10;
const PARTITION: u8 = 0x07;
// The second byte: which fields follow.
const HAS_PICTURE_ID: u8 = 0x80;
const HAS_TL0_PICTURE: u8 = 0x40;
const HAS_TEMPORAL: u8 = 0x20;
const HAS_KEY_INDEX: u8 = 0x10;
/// In the first byte of a picture id: it has 15 bits, not 7.
const IS_LONG: u8 = 0x80;
/// In the byte of the temporal layer: the frame depends on layer 0 only.
const IS_SYNC: u8 = 0x20;
/// In the first byte of a frame: it is no keyframe (RFC 6386, section 9.1).
const IS_INTERFRAME: u8 = 0x01;
/// Follows the three bytes of a keyframe's tag, in front of its size.
const START_CODE: [u8; 3] = [0x9d, 0x01, 0x2a];
/// Width and height have 14 bits; the others are for scaling.
const SIZE: u16 = 0x3fff;

/// Reads the payload descriptor, and of a keyframe's first packet its size. Nothing if it is no VP8.
#[must_use]
pub fn parse(payload: &[u8]) -> Option<Frame> {
    let (&required, mut rest) = payload.split_first()?;
    let mut next = || {
        let (&first, after) = rest.split_first()?;
        rest = after;
        Some(first)
    };
    let extension = if required & EXTENDED != 0 { next()? } else { 0 };
    let has = |field: u8| extension & field != 0;
    let picture_id = if has(HAS_PICTURE_ID) {
        let first = next()?;
        let is_long = first & IS_LONG != 0;
        Some(if is_long { u16::from_be_bytes([first & !IS_LONG, next()?]) } else { first.into() })
    } else {
        None
    };
    let tl0_picture = if has(HAS_TL0_PICTURE) { Some(next()?) } else { None };
    let layers = if has(HAS_TEMPORAL | HAS_KEY_INDEX) { next()? } else { 0 };
    let layers = if has(HAS_TEMPORAL) { layers } else { 0 };
    let is_first = required & STARTS_PARTITION != 0 && required & PARTITION == 0;
    let starts_keyframe = is_first && *rest.first()? & IS_INTERFRAME == 0;
    Some(Frame {
        starts_keyframe,
        size: if starts_keyframe { size(rest) } else { None },
        temporal: layers >> 6,
        is_sync: layers & IS_SYNC != 0,
        picture_id,
        tl0_picture,
    })
}

/// Width and height of a keyframe.
fn size(frame: &[u8]) -> Option<(u16, u16)> {
    let (start_code, rest) = frame.get(3..)?.split_first_chunk::<3>()?;
    let ([a, b, c, d], _) = rest.split_first_chunk::<4>()?;
    let of = |low: &u8, high: &u8| u16::from_le_bytes([*low, *high]) & SIZE;
    (*start_code == START_CODE).then(|| (of(a, b), of(c, d)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const KEYFRAME: [u8; 10] = [0x50, 0x42, 0x00, 0x9d, 0x01, 0x2a, 0x80, 0x02, 0x68, 0x41];
    const EMPTY: Frame = Frame {
        starts_keyframe: false,
        size: None,
        temporal: 0,
        is_sync: false,
        picture_id: None,
        tl0_picture: None,
    };

    #[test]
    fn descriptors_are_read() {
        let key = Frame { starts_keyframe: true, size: Some((640, 360)), ..EMPTY };
        for (descriptor, frame, expected) in [
            (&[0x10][..], &KEYFRAME[..], key),
            (&[0x00], &KEYFRAME, EMPTY),
            (&[0x11], &KEYFRAME, EMPTY),
            (&[0x10], &[0x51, 0, 0], EMPTY),
            (&[0x10], &KEYFRAME[..4], Frame { size: None, ..key }),
            (&[0x90, 0x80, 0x7f], &KEYFRAME, Frame { picture_id: Some(0x7f), ..key }),
            (&[0x80, 0x80, 0xff, 0xff], &[1], Frame { picture_id: Some(0x7fff), ..EMPTY }),
            (
                &[0x80, 0xe0, 0x81, 0x02, 0x09, 0xa0],
                &[1],
                Frame {
                    temporal: 2,
                    is_sync: true,
                    picture_id: Some(0x102),
                    tl0_picture: Some(9),
                    ..EMPTY
                },
            ),
            // The index of a key without a temporal layer.
            (&[0x80, 0x10, 0xff], &[1], EMPTY),
        ] {
            let payload = [descriptor, frame].concat();
            assert_eq!(parse(&payload), Some(expected), "{descriptor:x?}");
        }
    }

    #[test]
    fn what_is_cut_off_is_nothing() {
        let whole = [&[0x90, 0xe0, 0x81, 0x02, 0x09, 0xa0][..], &KEYFRAME].concat();
        for length in 0..=6 {
            assert_eq!(parse(&whole[..length]), None, "{length} bytes");
        }
        assert!(parse(&whole[..7]).is_some_and(|frame| frame.starts_keyframe));
    }

    proptest! {
        #[test]
        fn anything_is_read_without_a_panic(payload in prop::collection::vec(any::<u8>(), 0..24)) {
            let frame = parse(&payload);
            prop_assert!(frame.is_none_or(|frame| frame.temporal < 4 && frame.picture_id.is_none_or(|id| id < 1 << 15)));
        }
    }
}

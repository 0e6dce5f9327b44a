//! Elements of EBML (RFC 8794), the container format of WebM.

/// The header of an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    /// The element's id, including the marker bit.
    pub(super) id: u32,
    /// Size of the data in bytes; `None` if unknown.
    pub(super) size: Option<u64>,
    /// Size of the header itself in bytes.
    pub(super) length: usize,
}

/// Data that is not EBML.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Malformed;

impl Head {
    /// The header at the beginning of `bytes`; `None` if it is incomplete.
    pub(super) fn read(bytes: &[u8]) -> Result<Option<Self>, Malformed> {
        let Some((id, id_length)) = variable(bytes, 4, false)? else { return Ok(None) };
        let after = bytes.get(id_length..).unwrap_or_default();
        let Some((size, size_length)) = variable(after, 8, true)? else { return Ok(None) };
        // All ones: unknown (section 6.2).
        let unknown = (1_u64 << (7 * size_length)) - 1;
        Ok(Some(Self {
            id: u32::try_from(id).map_err(|_| Malformed)?,
            size: (size != unknown).then_some(size),
            length: id_length + size_length,
        }))
    }

    /// The element at the beginning of `bytes`, with all of its data; `None` if it is incomplete.
    pub(super) fn read_whole(bytes: &[u8]) -> Result<Option<(Self, &[u8])>, Malformed> {
        let Some(head) = Self::read(bytes)? else { return Ok(None) };
        let size = usize::try_from(head.size.ok_or(Malformed)?).map_err(|_| Malformed)?;
        let end = head.length.checked_add(size).ok_or(Malformed)?;
        Ok(bytes.get(head.length..end).map(|data| (head, data)))
    }

    /// Size of the element with this header, including its data.
    pub(super) fn whole(&self) -> Option<u64> {
        self.size?.checked_add(self.length as u64)
    }
}

/// A variable-size integer (section 4), with or without its length marker, and its length in bytes.
pub(super) fn variable(
    bytes: &[u8],
    longest: usize,
    unmarked: bool,
) -> Result<Option<(u64, usize)>, Malformed> {
    let Some(first) = bytes.first() else { return Ok(None) };
    let length = first.leading_zeros() as usize + 1;
    if length > longest {
        return Err(Malformed);
    }
    let Some(rest) = bytes.get(1..length) else { return Ok(None) };
    let first =
        if unmarked { u64::from(*first) & ((1 << (8 - length)) - 1) } else { (*first).into() };
    Ok(Some((rest.iter().fold(first, |value, byte| value << 8 | u64::from(*byte)), length)))
}

/// The unsigned integer in an element.
pub(super) fn unsigned(data: &[u8]) -> Option<u64> {
    (data.len() <= 8).then(|| data.iter().fold(0, |value, byte| value << 8 | u64::from(*byte)))
}

/// All complete and well-formed elements in some data.
pub(super) fn children(mut data: &[u8]) -> impl Iterator<Item = (u32, &[u8])> {
    std::iter::from_fn(move || {
        let (head, inner) = Head::read_whole(data).ok()??;
        data = data.get(head.length + inner.len()..)?;
        Some((head.id, inner))
    })
}

/// Writes an id unchanged.
fn put_id(out: &mut Vec<u8>, id: u32) {
    out.extend(id.to_be_bytes().into_iter().skip_while(|byte| *byte == 0));
}

/// Writes the header of an element, with a size field of always eight bytes.
pub(super) fn put_long_head(out: &mut Vec<u8>, id: u32, size: u64) {
    put_id(out, id);
    out.extend((size | 1 << 56).to_be_bytes());
}

/// Writes an element.
pub(super) fn put(out: &mut Vec<u8>, id: u32, data: &[u8]) {
    put_id(out, id);
    let size = data.len() as u64;
    match u8::try_from(size) {
        Ok(size @ 0..=126) => out.push(0x80 | size),
        _ => out.extend((size | 1 << 56).to_be_bytes()),
    }
    out.extend(data);
}

/// Writes an unsigned integer in eight bytes, so that its length is independent of its value.
pub(super) fn put_unsigned(out: &mut Vec<u8>, id: u32, value: u64) {
    put(out, id, &value.to_be_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn element_headers_survive_a_round_trip() {
        let mut out = Vec::new();
        put(&mut out, 0x1A45_DFA3, &[7; 3]);
        let head = Head { id: 0x1A45_DFA3, size: Some(3), length: 5 };
        assert_eq!(Head::read_whole(&out), Ok(Some((head, [7; 3].as_slice()))));
        assert_eq!(head.whole(), Some(8));
        assert_eq!(Head::read(&out[..4]), Ok(None));
        assert_eq!(Head::read_whole(&out[..7]), Ok(None));

        let mut out = Vec::new();
        put(&mut out, 0xA3, &[0; 127]);
        assert_eq!(Head::read(&out), Ok(Some(Head { id: 0xA3, size: Some(127), length: 9 })));
        let mut out = Vec::new();
        put_long_head(&mut out, 0x1F43_B675, 5);
        let head = Head { id: 0x1F43_B675, size: Some(5), length: 12 };
        assert_eq!(Head::read(&out), Ok(Some(head)));
    }

    #[test]
    fn unknown_sizes_are_recognised_in_every_length() {
        let size = |bytes: &[u8]| Head::read(bytes).unwrap().unwrap().size;
        assert_eq!(size(&[0xA3, 0xFF]), None);
        assert_eq!(size(&[0xA3, 0x01, 255, 255, 255, 255, 255, 255, 255]), None);
        assert_eq!(size(&[0xA3, 0x01, 255, 255, 255, 255, 255, 255, 254]), Some((1 << 56) - 2));
        assert_eq!(Head::read(&[0]), Err(Malformed));
        assert_eq!(Head::read(&[0x0F, 1, 1, 1]), Err(Malformed));
    }
}

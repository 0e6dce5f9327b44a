//! The encodings of a camera for a server that forwards one of them to each receiver (W3C WebRTC, section 5.2.5).

/// The encodings, the smallest first. Their names are part of the protocol.
pub(super) const ENCODINGS: &str = r#"[{"rid":"q"},{"rid":"h"},{"rid":"f"}]"#;
/// Maximum bits per second of an encoding, up to this height.
const RATES: [(u32, f64); 3] = [(270, 150_000.0), (540, 500_000.0), (u32::MAX, 1_700_000.0)];
/// Heights of a camera from which it is sent in two and in three encodings. Chromium leaves out the largest ones
/// of smaller cameras.
const TWO_ENCODINGS: u32 = 360;
const THREE_ENCODINGS: u32 = 540;

/// One encoding.
pub(super) struct Encoding {
    /// Its parameters.
    pub(super) limit: [(&'static str, Option<f64>); 2],
    /// Whether a camera of this size is sent in it at all.
    pub(super) is_used: bool,
}

/// The encoding with this number of a camera of this height, if the browser knows that.
pub(super) fn encoding(number: usize, height: Option<u32>) -> Encoding {
    let height = height.unwrap_or(THREE_ENCODINGS);
    let scale = scales(height).get(number).copied();
    let own = (f64::from(height) / scale.unwrap_or(1.0)) as u32;
    let rate = RATES.into_iter().find(|(most, _)| own <= *most).map(|(_, rate)| rate);
    let limit = [("scaleResolutionDownBy", scale.or(Some(1.0))), ("maxBitrate", rate)];
    Encoding { limit, is_used: scale.is_some() }
}

/// By how much the encodings of a camera of this height are smaller.
fn scales(height: u32) -> &'static [f64] {
    match height {
        ..TWO_ENCODINGS => &[1.0],
        TWO_ENCODINGS..THREE_ENCODINGS => &[2.0, 1.0],
        _ => &[4.0, 2.0, 1.0],
    }
}

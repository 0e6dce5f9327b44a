//! Limits that both sides observe. Those that an operator can change are defaults here.

/// Maximum length of a room name in bytes (names are ASCII).
pub const ROOM_NAME_BYTES: usize = 64;
/// Maximum length of a display name in grapheme clusters (UAX #29).
pub const DISPLAY_NAME_CHARS: usize = 48;
/// Maximum length of a display name in bytes: eight per character, the average of Indic scripts. It
/// bounds stacks of combining marks.
pub const DISPLAY_NAME_BYTES: usize = 8 * DISPLAY_NAME_CHARS;
/// Maximum size of a message in either direction in bytes. Larger ones close the connection with code
/// 1009.
pub const MESSAGE_BYTES: usize = 64 * 1024;
/// Maximum size of one upload of the speed test in bytes.
pub const SPEED_BYTES: usize = 32 * 1024;
/// Longest duration that a client may report, in milliseconds.
pub const REPORT_MILLIS: u32 = 10 * 60 * 1000;
/// Maximum size of a session description in bytes. With audio and video it has about 8 KiB; for a forwarding
/// server, with sections to receive 25 videos, up to 46 KiB.
pub const SDP_BYTES: usize = 48 * 1024;
/// Maximum length of a candidate attribute in bytes.
pub const CANDIDATE_BYTES: usize = 1024;
/// Maximum length of a candidate's `sdpMid` and of its username fragment (RFC 8839, section 5.4) in
/// bytes.
pub const CANDIDATE_NAME_BYTES: usize = 256;
/// Maximum length of a `mid` in a list of tracks in characters. Browsers use `0`, `1` and so on.
pub const MID_CHARS: usize = 32;
/// Maximum number of tracks of a description. A call of two with shared screens has up to 8.
pub const TRACKS: usize = 64;
/// Maximum number of candidates after each description, including the end of candidates. Browsers
/// send about 20.
pub const CANDIDATES_PER_DESCRIPTION: usize = 256;
/// Default maximum number of participants in a room.
pub const PARTICIPANTS_PER_ROOM: usize = 4;
/// Highest value that an operator can set for it.
pub const PARTICIPANTS_PER_ROOM_MAX: usize = 250;
/// Maximum number of participants who connect directly to each other: each one's upload grows with their number.
/// With more, the server forwards their media.
pub const DIRECT_PARTICIPANTS: usize = 4;
/// Maximum length of a passcode in Unicode scalar values, after normalisation by the server.
pub const PASSCODE_CHARS: usize = 128;
/// Maximum length of a chat message in Unicode scalar values.
pub const TEXT_CHARS: usize = 4000;
/// Maximum size of a message on a data channel in bytes: a quarter of what browsers accept.
pub const TALK_BYTES: usize = 64 * 1024;
/// Maximum length of the name of an offered file in grapheme clusters (UAX #29).
pub const FILE_NAME_CHARS: usize = 100;
/// Maximum length of a received file name in Unicode scalar values.
pub const FILE_NAME_SCALARS: usize = 4 * FILE_NAME_CHARS;
/// Maximum size of a file in bytes: integers in JavaScript are exact up to this.
pub const FILE_BYTES: u64 = 1 << 53;

//! Sizes and counts that both sides keep to. What an operator may change is a default here.

/// Longest room name, in bytes (names are ASCII).
pub const ROOM_NAME_BYTES: usize = 64;
/// Longest display name, in what people see as characters (grapheme clusters, UAX #29).
pub const DISPLAY_NAME_CHARS: usize = 48;
/// Longest display name, in bytes: eight for each character, which is what those of Indic scripts
/// take on average. It bounds heaps of marks.
pub const DISPLAY_NAME_BYTES: usize = 8 * DISPLAY_NAME_CHARS;
/// Largest message in either direction, in bytes. Larger ones end the connection with code 1009.
pub const MESSAGE_BYTES: usize = 64 * 1024;
/// The most that is taken in at once to find out how fast that goes, in bytes.
pub const SPEED_BYTES: usize = 32 * 1024;
/// The longest wait that a client may report, in milliseconds.
pub const REPORT_MILLIS: u32 = 10 * 60 * 1000;
/// Longest session description, in bytes. A call with sound and picture has about 8 KiB.
pub const SDP_BYTES: usize = 32 * 1024;
/// Longest candidate attribute, in bytes.
pub const CANDIDATE_BYTES: usize = 1024;
/// Longest name of a media section, and longest user name fragment (RFC 8839, section 5.4), in
/// bytes.
pub const CANDIDATE_NAME_BYTES: usize = 256;
/// Longest name of a media section in a list of tracks, in characters. Browsers count: `0`, `1`.
pub const MID_CHARS: usize = 32;
/// How many tracks a description may name. A call of two with screens has up to 8.
pub const TRACKS: usize = 64;
/// How many candidates may follow each description, its end included. Browsers send about 20.
pub const CANDIDATES_PER_DESCRIPTION: usize = 256;
/// How many people fit into one room unless the operator says otherwise.
pub const PEOPLE_PER_ROOM: usize = 4;
/// The most people per room that an operator can ask for: everybody is linked to everybody, so the
/// upload of each person grows with every other one.
pub const PEOPLE_PER_ROOM_MAX: usize = 16;
/// Longest passcode, in Unicode scalar values, as the server takes it.
pub const PASSCODE_CHARS: usize = 128;
/// Longest text of the chat, in Unicode scalar values.
pub const TEXT_CHARS: usize = 4000;
/// Largest message on a data channel between people, in bytes: browsers take four times as much.
pub const TALK_BYTES: usize = 64 * 1024;
/// Longest name of a file that is offered, in what people see as characters (grapheme clusters,
/// UAX #29).
pub const FILE_NAME_CHARS: usize = 100;
/// Longest name of a file that is read, in Unicode scalar values.
pub const FILE_NAME_SCALARS: usize = 4 * FILE_NAME_CHARS;
/// Largest file, in bytes: numbers in JavaScript are exact up to there.
pub const FILE_BYTES: u64 = 1 << 53;

//! Sizes and counts that both sides keep to. What an operator may change is a default here.

/// Longest room name, in bytes (names are ASCII).
pub const ROOM_NAME_BYTES: usize = 64;
/// Longest display name, in Unicode scalar values.
pub const DISPLAY_NAME_CHARS: usize = 48;
/// Largest message in either direction, in bytes. Larger ones end the connection with code 1009.
pub const MESSAGE_BYTES: usize = 64 * 1024;
/// The longest wait that a client may report, in milliseconds.
pub const REPORT_MILLIS: u32 = 10 * 60 * 1000;
/// How many people fit into one room unless the operator says otherwise.
pub const PEOPLE_PER_ROOM: usize = 4;
/// The most people per room that an operator can ask for: everybody is linked to everybody, so the
/// upload of each person grows with every other one.
pub const PEOPLE_PER_ROOM_MAX: usize = 16;

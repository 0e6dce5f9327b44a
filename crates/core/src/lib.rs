//! The pure part of Salon: no socket, clock, randomness or browser.
//!
//! | module | what it holds |
//! |---|---|
//! | [`protocol`] | every message, id and limit that crosses the wire |
//! | [`admission`] | the way into a room, as the lobby shows it and the call decides it |
//! | [`rate_limit`] | token buckets (server) |
//! | [`room`] | who is in which room (server) |
//! | [`call`] | one participant's call: the others, and the connections to them (browser) |
//! | [`content`] | chat and files over data channels (browser) |
//! | [`layout`] | the arrangement of tiles on the stage (browser) |
//! | [`diagnostics`] | connection statistics, and checks of STUN and TURN servers (browser) |
//! | [`devices`] | one person's microphone and camera (browser) |
//! | [`recording`] | the composition of a recording, and the repair of its files (browser) |

pub mod admission;
pub mod call;
pub mod content;
pub mod devices;
pub mod diagnostics;
pub mod layout;
pub mod protocol;
pub mod rate_limit;
pub mod recording;
pub mod room;

//! The pure modules that parse untrusted input and contain the rooms and the call, compiled unchanged.

#[path = "../src/admission.rs"]
pub mod admission;
#[path = "../src/call/mod.rs"]
pub mod call;
#[path = "../src/content/mod.rs"]
pub mod content;
#[path = "../src/protocol/mod.rs"]
pub mod protocol;
#[path = "../src/rate_limit.rs"]
pub mod rate_limit;
#[path = "../src/room/mod.rs"]
pub mod room;

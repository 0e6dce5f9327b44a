//! The part of Salon that reads what strangers write, and that brings people together, and nothing
//! else of it: pure modules, compiled as they are.

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

//! The part of Salon that reads what strangers write, and nothing else of it: pure modules, compiled
//! as they are.

#[path = "../src/protocol/mod.rs"]
pub mod protocol;
#[path = "../src/rate_limit.rs"]
pub mod rate_limit;
#[path = "../src/room/mod.rs"]
pub mod room;

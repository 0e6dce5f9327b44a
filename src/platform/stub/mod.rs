//! The server's side of the switch: the same names, none of which ever runs, because effects and
//! event handlers do not run there.

#![allow(missing_docs, reason = "the browser's side has them")]

mod clock;
mod connection;
mod media;
mod network;
mod page;
mod recording;
mod storage;

use super::Local;
pub use clock::*;
pub use connection::*;
pub use media::*;
pub use network::*;
pub use page::*;
pub use recording::*;
use std::any::Any;
pub use storage::*;

/// What listens until it is dropped.
type Watch = Option<Local<Box<dyn Any>>>;

pub fn spawn_local(_: impl Future<Output = ()> + 'static) {}

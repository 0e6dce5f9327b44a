//! The same names for the server, where they are never called, because effects and event handlers do not
//! run there.

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

/// Values that listen to events until they are dropped.
type Watch = Option<Local<Box<dyn Any>>>;

pub fn spawn_local(_: impl Future<Output = ()> + 'static) {}

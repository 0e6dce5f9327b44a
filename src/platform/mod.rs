//! Everything that needs a browser. [`browser`](self) is the only home of web-sys; on the server the
//! same names exist and do nothing. This module holds the one switch between the two.

mod types;
pub use types::*;

/// Lets a value of the browser's one thread stand in a signal. Never holds anything on the server.
pub use send_wrapper::SendWrapper as Local;

#[cfg(feature = "hydrate")]
mod browser;
#[cfg(feature = "hydrate")]
pub use browser::*;

#[cfg(not(feature = "hydrate"))]
mod stub;
#[cfg(not(feature = "hydrate"))]
pub use stub::*;

//! Access to the browser. web-sys is used only in `browser`; on the server, `stub` has the same names,
//! which do nothing. The switch between the two is here.

mod types;
pub use types::*;

/// Allows a value of the browser's single thread in a signal. Always empty on the server.
pub use send_wrapper::SendWrapper as Local;

#[cfg(feature = "hydrate")]
mod browser;
#[cfg(feature = "hydrate")]
pub use browser::*;

#[cfg(not(feature = "hydrate"))]
mod stub;
#[cfg(not(feature = "hydrate"))]
pub use stub::*;

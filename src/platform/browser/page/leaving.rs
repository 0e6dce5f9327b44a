//! The browser's confirmation before the page is closed.

use crate::platform::browser::Listener;
use send_wrapper::SendWrapper;
use web_sys::window;

/// Makes the browser ask for confirmation before the page is closed, until dropped.
pub struct Leaving(#[allow(dead_code, reason = "held")] SendWrapper<Option<Listener>>);

/// Makes the browser ask for confirmation before the page is closed (HTML, section 7.5.3).
#[must_use]
pub fn ask_before_leaving() -> Leaving {
    let listen = |window: web_sys::Window| {
        Listener::new(&window, "beforeunload", |event| event.prevent_default())
    };
    Leaving(SendWrapper::new(window().map(listen)))
}

//! The page's URL and history.

use crate::platform::browser::Listener;
use std::cell::RefCell;
use wasm_bindgen::JsValue;
use web_sys::window;

thread_local! {
    /// The path of the displayed page.
    static SHOWN: RefCell<String> = const { RefCell::new(String::new()) };
}

fn path() -> Option<String> {
    window()?.location().pathname().ok()
}

/// Shows another path in the address bar.
pub fn push_path(path: &str) {
    if let Some(Ok(history)) = window().map(|window| window.history()) {
        let _ = history.push_state_with_url(&JsValue::NULL, "", Some(path));
    }
    SHOWN.set(path.to_owned());
}

/// Reloads the page whenever Back or Forward has changed the URL, until the result is dropped: for
/// browsers, pages with a [`push_path`] between them are one document, which they keep showing, even after a
/// reload.
#[must_use]
pub fn watch_history() -> Option<HistoryWatch> {
    let window = window()?;
    // The URL may have changed since the page was opened.
    let begun = window.document()?.document_element()?.get_attribute("data-watched");
    SHOWN.set(begun.or_else(path)?);
    show_address();
    Some(HistoryWatch(Listener::new(&window, "popstate", |_| show_address())))
}

fn show_address() {
    let differs = path().is_some_and(|path| SHOWN.with_borrow(|shown| *shown != path));
    if let Some(window) = window().filter(|_| differs) {
        let _ = window.location().reload();
    }
}

/// Watches the URL until dropped.
pub struct HistoryWatch(#[allow(dead_code, reason = "held")] Listener);

/// Calls `handler` whenever the fragment of the URL changes.
#[must_use]
pub fn watch_fragment(handler: impl Fn() + 'static) -> Option<HistoryWatch> {
    let listener = Listener::new(&*window()?, "hashchange", move |_| handler());
    Some(HistoryWatch(listener))
}

/// Removes the fragment from the URL, and returns it.
#[must_use]
pub fn take_fragment() -> Option<String> {
    let window = window()?;
    let fragment = window.location().hash().ok()?.strip_prefix('#')?.to_owned();
    let path = window.location().pathname().ok()?;
    let history = window.history().ok()?;
    history.replace_state_with_url(&JsValue::NULL, "", Some(&path)).ok()?;
    Some(fragment)
}

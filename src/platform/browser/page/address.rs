//! The page's address and history.

use crate::platform::browser::Listener;
use std::cell::RefCell;
use wasm_bindgen::JsValue;
use web_sys::window;

thread_local! {
    /// The path of the page that is shown.
    static SHOWN: RefCell<String> = const { RefCell::new(String::new()) };
}

fn path() -> Option<String> {
    window()?.location().pathname().ok()
}

/// Shows another path of this site in the address bar.
pub fn push_path(path: &str) {
    if let Some(Ok(history)) = window().map(|window| window.history()) {
        let _ = history.push_state_with_url(&JsValue::NULL, "", Some(path));
    }
    SHOWN.set(path.to_owned());
}

/// Loads the page whose address has come back by Back or Forward, until what is returned is dropped:
/// browsers take pages with [`push_path`] between them for the same document, and show the one that is
/// there, also when it was loaded again meanwhile.
#[must_use]
pub fn watch_history() -> Option<HistoryWatch> {
    let window = window()?;
    // The address may have changed since: what is shown is that of the beginning.
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

/// Listens to the address until dropped.
pub struct HistoryWatch(#[allow(dead_code, reason = "held")] Listener);

/// Calls `handler` whenever another fragment stands in the address of the page that is shown.
#[must_use]
pub fn watch_fragment(handler: impl Fn() + 'static) -> Option<HistoryWatch> {
    let listener = Listener::new(&*window()?, "hashchange", move |_| handler());
    Some(HistoryWatch(listener))
}

/// What stands behind the `#` of the address, which is removed from it.
#[must_use]
pub fn take_fragment() -> Option<String> {
    let window = window()?;
    let fragment = window.location().hash().ok()?.strip_prefix('#')?.to_owned();
    let path = window.location().pathname().ok()?;
    let history = window.history().ok()?;
    history.replace_state_with_url(&JsValue::NULL, "", Some(&path)).ok()?;
    Some(fragment)
}

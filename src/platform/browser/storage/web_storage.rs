//! `localStorage` and `sessionStorage` (WHATWG HTML, section 12).

use std::cell::RefCell;
use web_sys::{Storage, window};

thread_local! {
    /// The fallback until the page is closed, where the browser's storage is blocked or full.
    static MEMORY: RefCell<Vec<(String, String)>> = const { RefCell::new(Vec::new()) };
}

fn read(storage: Option<Storage>, key: &str) -> Option<String> {
    let in_memory = MEMORY.with_borrow(|kept| {
        kept.iter().find(|(name, _)| name == key).map(|(_, value)| value.clone())
    });
    // A value that could not be stored is newer than the stored one.
    in_memory.or_else(|| storage?.get_item(key).ok()?)
}

fn write(storage: Option<Storage>, key: &str, value: Option<&str>) {
    let is_taken = storage.is_some_and(|storage| match value {
        Some(value) => storage.set_item(key, value).is_ok(),
        None => storage.remove_item(key).is_ok(),
    });
    MEMORY.with_borrow_mut(|kept| {
        kept.retain(|(name, _)| name != key);
        let left = value.filter(|_| !is_taken);
        kept.extend(left.map(|value| (key.to_owned(), value.to_owned())));
    });
}

/// Whether values outlive the page. It has to be tried, because the storage of some browsers accepts
/// nothing.
#[must_use]
pub fn can_remember() -> bool {
    const TRIAL: &str = "salon.trial";
    local_storage::storage().is_some_and(|storage| {
        let is_taken = storage.set_item(TRIAL, TRIAL).is_ok();
        let _ = storage.remove_item(TRIAL);
        is_taken
    })
}

/// `localStorage`: values of this device.
pub mod local_storage {
    use super::{Storage, read, window, write};

    pub(super) fn storage() -> Option<Storage> {
        window()?.local_storage().ok()?
    }

    /// The value under a key.
    #[must_use]
    pub fn get(key: &str) -> Option<String> {
        read(storage(), key)
    }

    /// Stores a value under a key, where the browser allows it.
    pub fn set(key: &str, value: &str) {
        write(storage(), key, Some(value));
    }
}

/// `sessionStorage`: values of this tab, which outlive a reload.
pub mod session_storage {
    use super::{Storage, read, window, write};

    fn storage() -> Option<Storage> {
        window()?.session_storage().ok()?
    }

    /// The value under a key.
    #[must_use]
    pub fn get(key: &str) -> Option<String> {
        read(storage(), key)
    }

    /// Stores a value under a key until the tab is closed, or removes it.
    pub fn set(key: &str, value: Option<&str>) {
        write(storage(), key, value);
    }
}

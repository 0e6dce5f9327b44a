//! The clipboard and the share sheet.

use super::navigator_has;
use crate::platform::browser::externs;
use js_sys::{Object, Reflect};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::window;

/// Copies text to the clipboard; returns whether that worked.
pub async fn copy(text: &str) -> bool {
    match externs::write_clipboard(text) {
        Ok(promise) => JsFuture::from(promise).await.is_ok(),
        Err(_) => false,
    }
}

/// Whether the system has a share sheet.
#[must_use]
pub fn can_share() -> bool {
    navigator_has("share")
}

/// Opens the system's share sheet with a link. Closing it is not an error.
pub async fn share(url: &str) {
    let Some(window) = window() else { return };
    let data = Object::new();
    let _ = Reflect::set(&data, &"url".into(), &url.into());
    if let Ok(promise) = window.navigator().unchecked_into::<externs::Sharer>().share(&data) {
        let _ = JsFuture::from(promise).await;
    }
}

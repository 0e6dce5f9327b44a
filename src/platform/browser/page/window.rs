//! Full screen, and picture-in-picture windows.

use crate::platform::browser::{Listener, externs};
use js_sys::{Object, Reflect};
use leptos::{
    mount::{UnmountHandle, mount_to},
    prelude::*,
};
use send_wrapper::SendWrapper;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Document, window};

fn document() -> Option<Document> {
    window()?.document()
}

/// Whether the page can fill the screen (WHATWG Fullscreen).
#[must_use]
pub fn can_fill_screen() -> bool {
    document().is_some_and(|document| document.fullscreen_enabled())
}

/// Enters or leaves full screen.
pub fn toggle_full_screen() {
    let Some(document) = document() else { return };
    if document.fullscreen_element().is_some() {
        document.exit_fullscreen();
    } else if let Some(page) = document.document_element() {
        // If it is refused, nothing changes.
        let _ = page.request_fullscreen();
    }
}

/// A picture-in-picture window, which stays above all others. Dropping it closes it.
pub struct SmallWindow {
    window: web_sys::Window,
    _content: Box<dyn std::any::Any>,
    _closed: Listener,
}

impl Drop for SmallWindow {
    fn drop(&mut self) {
        let _ = self.window.close();
    }
}

fn opener() -> Option<externs::WindowOpener> {
    let opener = Reflect::get(&js_sys::global(), &"documentPictureInPicture".into()).ok()?;
    opener.is_object().then(|| opener.unchecked_into())
}

/// Whether this browser supports such windows (W3C Document Picture-in-Picture).
#[must_use]
pub fn can_open_window() -> bool {
    opener().is_some()
}

/// Opens a window of this width and height in CSS pixels, with the style sheets of this page. The content
/// belongs to `owner`. `closed` is called when the person closes it.
pub async fn open_window<V: IntoView + 'static>(
    owner: &Owner,
    (width, height): (u32, u32),
    content: impl FnOnce() -> V + 'static,
    closed: impl FnMut() + 'static,
) -> Option<SendWrapper<SmallWindow>> {
    let options = Object::new();
    let _ = Reflect::set(&options, &"width".into(), &width.into());
    let _ = Reflect::set(&options, &"height".into(), &height.into());
    let opened = JsFuture::from(opener()?.request_window(&options).ok()?).await.ok()?;
    let window: web_sys::Window = opened.unchecked_into();
    let page = window.document()?;
    let opener = document()?;
    page.set_title(&opener.title());
    let language = opener.document_element()?.get_attribute("lang").unwrap_or_default();
    page.document_element()?.set_attribute("lang", &language).ok()?;
    let (head, styles) = (page.head()?, opener.query_selector_all("link[rel=stylesheet]").ok()?);
    for style in (0..styles.length()).filter_map(|index| styles.get(index)) {
        head.append_child(&style.clone_node_with_deep(false).ok()?).ok()?;
    }
    let body = page.body()?;
    let content: UnmountHandle<_> = owner.with(|| mount_to(body, content));
    let mut closed = closed;
    let listener = Listener::new(&window, "pagehide", move |_| closed());
    let content = Box::new(content);
    Some(SendWrapper::new(SmallWindow { window, _content: content, _closed: listener }))
}

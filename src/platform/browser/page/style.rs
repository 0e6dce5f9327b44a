//! The style sheet of the call, which packed builds have apart from that of the pages.

use super::page_data;
use crate::platform::browser::timer::millis;
use js_sys::Promise;
use std::time::Duration;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{HtmlElement, window};

/// The name of the attribute with its address, and the id of the link.
const ID: &str = "call-style";
const APPLIED: &str = "data-applied";

/// Requests the style sheet at once, and resolves to whether it is applied. One that failed, or takes
/// longer than `within`, is removed, and requested again the next time.
pub fn load_call_style(within: Duration) -> impl Future<Output = bool> + use<> {
    let applied = page_data(ID).and_then(|href| request(&href, within));
    async move {
        let Some((link, applied)) = applied else { return true };
        let is_applied = applied.await.is_ok();
        match is_applied {
            true => drop(link.set_attribute(APPLIED, "")),
            false => link.remove(),
        }
        is_applied
    }
}

/// Adds the link, in place of one that was not applied.
fn request(href: &str, within: Duration) -> Option<(HtmlElement, JsFuture)> {
    let window = window()?;
    let document = window.document()?;
    if let Some(before) = document.get_element_by_id(ID) {
        if before.has_attribute(APPLIED) {
            return None;
        }
        before.remove();
    }
    let link: HtmlElement = document.create_element("link").ok()?.unchecked_into();
    for (name, value) in [("id", ID), ("rel", "stylesheet"), ("href", href)] {
        link.set_attribute(name, value).ok()?;
    }
    let promise = Promise::new(&mut |resolve, reject| {
        link.set_onload(Some(&resolve));
        link.set_onerror(Some(&reject));
        let delay = millis(within);
        let _ = window.set_timeout_with_callback_and_timeout_and_arguments_0(&reject, delay);
    });
    document.head()?.append_child(&link).ok()?;
    Some((link, promise.into()))
}

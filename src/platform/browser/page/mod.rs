//! The page: its data from the server, its size, title and elements.

mod address;
mod events;
mod focus;
mod leaving;
mod policy;
mod safety_code;
mod sharing;
mod style;
mod text;
mod wake_lock;
mod window;

use super::{spawn_local, timer::sleep};
use crate::protocol::{Boot, json};
pub use address::{HistoryWatch, push_path, take_fragment, watch_fragment, watch_history};
pub use events::{OnlineWatch, PageWatch, watch_online, watch_page};
pub use focus::{FocusWatch, focus, focus_into, takes_keys, takes_text, watch_focus};
use js_sys::Reflect;
pub use leaving::{Leaving, ask_before_leaving};
pub(super) use policy::{allows, is_framed};
pub use safety_code::safety_code;
pub use sharing::{can_share, copy, share};
use std::time::Duration;
pub use style::load_call_style;
pub use text::{TextWatch, characters, watch_texts};
pub use wake_lock::{WakeLock, keep_awake};
use wasm_bindgen::JsValue;
use web_sys::{HtmlElement, HtmlInputElement, window};
pub use window::{SmallWindow, can_fill_screen, can_open_window, open_window, toggle_full_screen};

/// The data that the server wrote into this page.
#[must_use]
pub fn boot() -> Boot {
    let mut boot: Boot =
        page_data("boot").and_then(|text| json::from_str(&text)).unwrap_or_default();
    if let Some(Ok(origin)) = window().map(|window| window.location().origin()) {
        boot.origin = origin;
    }
    boot
}

/// A `data-` attribute that the server wrote into the page.
pub(in crate::platform) fn page_data(name: &str) -> Option<String> {
    window()?.document()?.document_element()?.get_attribute(&format!("data-{name}"))
}

/// Whether the page was reloaded, by the person or the browser (W3C Navigation Timing, section 4.1).
#[must_use]
pub fn was_reloaded() -> bool {
    let kind = || {
        let entries = window()?.performance()?.get_entries_by_type("navigation");
        Reflect::get(&entries.get(0), &"type".into()).ok()?.as_string()
    };
    kind().is_some_and(|kind| kind == "reload" || kind == "back_forward")
}

/// Whether this is a handheld device, whose browser may suspend a hidden page.
#[must_use]
pub fn is_handheld() -> bool {
    let query = |window: web_sys::Window| window.match_media("(hover: none) and (pointer: coarse)");
    window().and_then(|window| query(window).ok()?).is_some_and(|list| list.matches())
}

/// Sets the title of the page.
pub fn set_title(title: &str) {
    if let Some(document) = window().and_then(|window| window.document()) {
        document.set_title(title);
    }
}

/// Captures a pointer for an element until it is lifted (W3C Pointer Events, section 10).
pub fn capture_pointer(element: &HtmlElement, pointer: i32) {
    let _ = element.set_pointer_capture(pointer);
}

/// Number of device pixels per CSS pixel.
#[must_use]
pub fn pixel_ratio() -> f64 {
    window().map_or(1.0, |window| window.device_pixel_ratio())
}

/// Width and height of the viewport in CSS pixels.
#[must_use]
pub fn page_size() -> (f64, f64) {
    let read = |length: Result<JsValue, JsValue>| length.ok()?.as_f64();
    let size =
        |window: web_sys::Window| Some((read(window.inner_width())?, read(window.inner_height())?));
    window().and_then(size).unwrap_or_default()
}

/// The value of an input; an empty one gets the saved value first.
#[must_use]
pub fn adopt_input(input: &HtmlInputElement, saved: &str) -> String {
    if input.value().is_empty() {
        input.set_value(saved);
    }
    input.value()
}

fn navigator_has(name: &str) -> bool {
    let has = |window: web_sys::Window| Reflect::has(&window.navigator(), &name.into());
    window().and_then(|window| has(window).ok()).unwrap_or_default()
}

/// Tells `public/start.js`, which watches the start of the app, that it has started: once its first
/// effects are done, as the page shows what the server rendered until then.
pub fn tell_live() {
    spawn_local(async {
        sleep(Duration::ZERO).await;
        tell("live");
    });
}

/// Reports panics to the same script, which informs the person.
pub fn add_panic_notice() {
    std::panic::set_hook(Box::new(|_| tell("crash")));
}

/// Tells the same script that another attempt to fetch a part begins: it abandons requests that are not
/// being answered.
pub fn abandon_silent_fetches() {
    tell("retry");
}

fn tell(event: &str) {
    if let (Some(window), Ok(event)) = (window(), web_sys::Event::new(event)) {
        let _ = window.dispatch_event(&event);
    }
}

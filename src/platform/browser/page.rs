//! The page itself: its address, memory, clipboard and clock.

use super::{Listener, externs, spawn_local};
use crate::{platform::PageEvent, protocol::Boot};
use js_sys::{Object, Reflect};
use send_wrapper::SendWrapper;
use std::{cell::RefCell, rc::Rc, time::Duration};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{HtmlElement, HtmlInputElement, PageTransitionEvent, Performance, window};

/// Bytes: fewer say more about the round trip than about the rate.
const WORTH_MEASURING: f64 = 50_000.0;

/// Some browsers' clocks are no finer.
pub(super) const INSTANT: Duration = Duration::from_millis(1);

/// What the server wrote into this page.
#[must_use]
pub fn boot() -> Boot {
    let text = || window()?.document()?.document_element()?.get_attribute("data-boot");
    let mut boot: Boot =
        text().and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
    if let Some(Ok(origin)) = window().map(|window| window.location().origin()) {
        boot.origin = origin;
    }
    boot
}

/// Time since the page was opened.
#[must_use]
pub fn elapsed() -> Duration {
    let millis = externs::CLOCK.with(|clock| clock.as_ref().map(Performance::now));
    Duration::try_from_secs_f64(millis.unwrap_or_default() / 1000.0).unwrap_or_default()
}

/// Whether the page was not opened by the person but loaded again, by them or by the browser
/// (W3C Navigation Timing, section 4.1).
#[must_use]
pub fn was_reloaded() -> bool {
    let kind = || {
        let entries = window()?.performance()?.get_entries_by_type("navigation");
        Reflect::get(&entries.get(0), &"type".into()).ok()?.as_string()
    };
    kind().is_some_and(|kind| kind == "reload" || kind == "back_forward")
}

/// How many bits per second this page's largest file took at least, if it came over the network
/// (W3C Resource Timing, section 4.3).
#[must_use]
pub fn download_rate() -> Option<f64> {
    let entries = window()?.performance()?.get_entries_by_type("resource");
    let measured = entries.iter().filter_map(|entry| {
        let number = |name: &str| Reflect::get(&entry, &name.into()).ok()?.as_f64();
        let (bytes, carried) = (number("encodedBodySize")?, number("transferSize")?);
        let millis = number("responseEnd")? - number("requestStart")?;
        // Rounded, so that a fast one may seem to have taken no time.
        let seconds = millis.max(0.0) / 1000.0 + INSTANT.as_secs_f64();
        (carried >= bytes).then_some((bytes, bytes * 8.0 / seconds))
    });
    let largest = measured.max_by(|(one, _), (other, _)| one.total_cmp(other))?;
    (largest.0 >= WORTH_MEASURING).then_some(largest.1)
}

/// Whether this is a device that is held in the hand: its browser may stop a page that is hidden.
#[must_use]
pub fn is_handheld() -> bool {
    let query = |window: web_sys::Window| window.match_media("(hover: none) and (pointer: coarse)");
    window().and_then(|window| query(window).ok()?).is_some_and(|list| list.matches())
}

/// Time since the Unix epoch, by a clock that the person may set.
#[must_use]
pub fn wall_clock() -> Duration {
    Duration::try_from_secs_f64(js_sys::Date::now() / 1000.0).unwrap_or_default()
}

/// Hours and minutes of a time since the Unix epoch, where this device is.
#[must_use]
pub fn clock_time(at: Duration) -> String {
    let date = js_sys::Date::new(&(at.as_secs_f64() * 1000.0).into());
    format!("{:02}:{:02}", date.get_hours(), date.get_minutes())
}

/// Day and time of a time since the Unix epoch, where this device is: `2026-11-23 22.15`.
#[must_use]
pub fn calendar_time(at: Duration) -> String {
    let date = js_sys::Date::new(&(at.as_secs_f64() * 1000.0).into());
    let (year, month, day) = (date.get_full_year(), date.get_month() + 1, date.get_date());
    format!("{year}-{month:02}-{day:02} {:02}.{:02}", date.get_hours(), date.get_minutes())
}

/// A number from 0 to 1 that need not be hard to guess.
#[must_use]
pub fn random_fraction() -> f32 {
    js_sys::Math::random() as f32
}

/// What was saved under a key on this device.
#[must_use]
pub fn load(key: &str) -> Option<String> {
    window()?.local_storage().ok()??.get_item(key).ok()?
}

/// Saves under a key on this device, where the browser allows it.
pub fn save(key: &str, value: &str) {
    if let Some(Ok(Some(storage))) = window().map(|window| window.local_storage()) {
        let _ = storage.set_item(key, value);
    }
}

fn tab() -> Option<web_sys::Storage> {
    window()?.session_storage().ok()?
}

/// What this tab has kept under a key, before the page was loaded again.
#[must_use]
pub fn recall(key: &str) -> Option<String> {
    tab()?.get_item(key).ok()?
}

/// Keeps under a key for this tab alone, until it is closed; or forgets.
pub fn keep(key: &str, value: Option<&str>) {
    let Some(tab) = tab() else { return };
    let _ = match value {
        Some(value) => tab.set_item(key, value),
        None => tab.remove_item(key),
    };
}

thread_local! {
    static BACK: RefCell<Option<Listener>> = const { RefCell::new(None) };
}

/// Shows another path of this site in the address bar. Going back from there loads the page.
pub fn push_path(path: &str) {
    let Some(window) = window() else { return };
    if let Ok(history) = window.history() {
        let _ = history.push_state_with_url(&JsValue::NULL, "", Some(path));
    }
    let location = window.location();
    let back = Listener::new(&window, "popstate", move |_| {
        let _ = location.reload();
    });
    BACK.with(|slot| slot.replace(Some(back)));
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

/// Names the page in its tab.
pub fn set_title(title: &str) {
    if let Some(document) = window().and_then(|window| window.document()) {
        document.set_title(title);
    }
}

/// Puts text on the clipboard and returns whether that worked.
pub async fn copy(text: &str) -> bool {
    match externs::write_clipboard(text) {
        Ok(promise) => JsFuture::from(promise).await.is_ok(),
        Err(_) => false,
    }
}

fn navigator_has(name: &str) -> bool {
    let has = |window: web_sys::Window| Reflect::has(&window.navigator(), &name.into());
    window().and_then(|window| has(window).ok()).unwrap_or_default()
}

/// Whether the system has a share sheet.
#[must_use]
pub fn can_share() -> bool {
    navigator_has("share")
}

/// Opens the system's share sheet with a link. Closing it is no error.
pub async fn share(url: &str) {
    let Some(window) = window() else { return };
    let data = Object::new();
    let _ = Reflect::set(&data, &"url".into(), &url.into());
    if let Ok(promise) = window.navigator().unchecked_into::<externs::Sharer>().share(&data) {
        let _ = JsFuture::from(promise).await;
    }
}

/// Whether the page can play sound on a device other than the system's choice.
#[must_use]
pub fn can_choose_speaker() -> bool {
    let prototype = || {
        let class = Reflect::get(&js_sys::global(), &"HTMLMediaElement".into()).ok()?;
        Reflect::get(&class, &"prototype".into()).ok()
    };
    prototype()
        .is_some_and(|prototype| Reflect::has(&prototype, &"setSinkId".into()).unwrap_or_default())
}

/// Sends all that a pointer (W3C Pointer Events, section 10) does to one element until it is lifted.
pub fn capture_pointer(element: &HtmlElement, pointer: i32) {
    let _ = element.set_pointer_capture(pointer);
}

/// Width and height of what is seen of the page, in CSS pixels.
#[must_use]
pub fn page_size() -> (f64, f64) {
    let read = |length: Result<JsValue, JsValue>| length.ok()?.as_f64();
    let size =
        |window: web_sys::Window| Some((read(window.inner_width())?, read(window.inner_height())?));
    window().and_then(size).unwrap_or_default()
}

/// What an input holds. One that the person has not filled in yet gets what was saved.
#[must_use]
pub fn adopt_input(input: &HtmlInputElement, saved: &str) -> String {
    if input.value().is_empty() {
        input.set_value(saved);
    }
    input.value()
}

/// Keeps the screen on until dropped. The browser lets go by itself when the page is hidden.
pub struct KeptAwake(SendWrapper<Rc<RefCell<Option<HeldLock>>>>);

struct HeldLock(externs::WakeLock);

impl Drop for HeldLock {
    fn drop(&mut self) {
        let _ = self.0.release();
    }
}

/// Keeps the screen on, where the browser can (W3C Screen Wake Lock).
#[must_use]
pub fn keep_awake() -> KeptAwake {
    let awake = KeptAwake(SendWrapper::new(Rc::default()));
    let slot = Rc::downgrade(&awake.0);
    let request = || externs::request_wake_lock("screen").ok();
    if let Some(promise) = navigator_has("wakeLock").then(request).flatten() {
        spawn_local(async move {
            let lock = JsFuture::from(promise).await.ok();
            let lock = lock.map(|lock| HeldLock(lock.unchecked_into()));
            if let Some(slot) = slot.upgrade() {
                slot.replace(lock);
            }
        });
    }
    awake
}

/// Keeps reporting page events until dropped.
pub struct PageWatch {
    _listeners: Vec<Listener>,
}

/// Reports what happens to the page.
pub fn watch_page(handler: impl Fn(PageEvent) + 'static) -> PageWatch {
    let handler: Rc<dyn Fn(PageEvent)> = Rc::new(handler);
    let on = |target: &web_sys::EventTarget, name, event| {
        let handler = handler.clone();
        Listener::new(target, name, move |_| handler(event))
    };
    let mut listeners = Vec::new();
    if let Some(window) = window() {
        listeners.push(on(&window, "online", PageEvent::NetworkChanged));
        listeners.push(on(&window, "focus", PageEvent::Awake));
        listeners.push(on(&window, "pagehide", PageEvent::Unloading));
        listeners.push(Listener::new(&window, "pageshow", {
            let handler = handler.clone();
            move |event| {
                let event: Option<&PageTransitionEvent> = event.dyn_ref();
                if event.is_some_and(PageTransitionEvent::persisted) {
                    handler(PageEvent::NetworkChanged);
                }
            }
        }));
        if let Some(document) = window.document() {
            let (handler, seen) = (handler.clone(), document.clone());
            listeners.push(Listener::new(&document, "visibilitychange", move |_| {
                handler(if seen.hidden() { PageEvent::Hidden } else { PageEvent::Awake });
            }));
        }
        if let Ok(devices) = window.navigator().media_devices() {
            // Absent on insecure pages, whatever the type says.
            if JsValue::from(devices.clone()).is_object() {
                listeners.push(on(&devices, "devicechange", PageEvent::DevicesChanged));
            }
        }
    }
    PageWatch { _listeners: listeners }
}

/// Should the app ever panic, uncovers the notice that is part of every page.
pub fn add_panic_notice() {
    std::panic::set_hook(Box::new(|_| {
        let document = window().and_then(|window| window.document());
        if let Some(notice) = document.and_then(|document| document.get_element_by_id("crashed")) {
            let _ = notice.remove_attribute("hidden");
        }
    }));
}

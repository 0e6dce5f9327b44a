//! The page itself: its address, memory, clipboard and clock.

use super::{Listener, externs, spawn_local};
use crate::{platform::PageEvent, protocol::Boot};
use js_sys::{Function, Object, Reflect};
use send_wrapper::SendWrapper;
use std::{cell::RefCell, rc::Rc, time::Duration};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    HtmlElement, HtmlInputElement, PageTransitionEvent, Performance, RequestInit, Response, window,
};

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

fn device() -> Option<web_sys::Storage> {
    window()?.local_storage().ok()?
}

fn tab() -> Option<web_sys::Storage> {
    window()?.session_storage().ok()?
}

thread_local! {
    /// Stands in for the browser's storage where that is blocked or takes nothing, until the page is
    /// closed.
    static MEMORY: RefCell<Vec<(String, String)>> = const { RefCell::new(Vec::new()) };
}

fn read(storage: Option<web_sys::Storage>, key: &str) -> Option<String> {
    let in_memory = MEMORY.with_borrow(|kept| {
        kept.iter().find(|(name, _)| name == key).map(|(_, value)| value.clone())
    });
    // What the storage did not take is newer than what it has.
    in_memory.or_else(|| storage?.get_item(key).ok()?)
}

fn write(storage: Option<web_sys::Storage>, key: &str, value: Option<&str>) {
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

/// Whether the browser lets this page keep anything beyond its own time. Some have a storage that takes
/// nothing, so it is tried.
#[must_use]
pub fn can_remember() -> bool {
    const TRIAL: &str = "salon.trial";
    device().is_some_and(|storage| {
        let is_taken = storage.set_item(TRIAL, TRIAL).is_ok();
        let _ = storage.remove_item(TRIAL);
        is_taken
    })
}

/// What was saved under a key on this device.
#[must_use]
pub fn load(key: &str) -> Option<String> {
    read(device(), key)
}

/// Saves under a key on this device, where the browser allows it.
pub fn save(key: &str, value: &str) {
    write(device(), key, Some(value));
}

/// What this tab has kept under a key, before the page was loaded again.
#[must_use]
pub fn recall(key: &str) -> Option<String> {
    read(tab(), key)
}

/// Keeps under a key for this tab alone, until it is closed; or forgets.
pub fn keep(key: &str, value: Option<&str>) {
    write(tab(), key, value);
}

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

/// Whether the page is shown within another one.
#[must_use]
pub fn is_framed() -> bool {
    window().is_some_and(|window| window.parent().ok().flatten().is_none_or(|it| it != window))
}

/// Whether the page may use a feature (W3C Permissions Policy, section 8), where the browser tells.
pub(super) fn allows(feature: &str) -> Option<bool> {
    let document = window()?.document()?;
    let policy = |name: &str| Reflect::get(&document, &name.into()).ok();
    let policies = ["permissionsPolicy", "featurePolicy"].into_iter().filter_map(policy);
    let policy = policies.into_iter().find(JsValue::is_object)?;
    let allows: Function = Reflect::get(&policy, &"allowsFeature".into()).ok()?.dyn_into().ok()?;
    allows.call1(&policy, &feature.into()).ok()?.as_bool()
}

/// The host and port that this page came from.
#[must_use]
pub fn own_host() -> String {
    window().and_then(|window| window.location().host().ok()).unwrap_or_default()
}

/// Asks this server for something. None where nothing but a failure on the way answers; an empty text
/// where the server has no such thing.
pub async fn ask_server(path: &str) -> Option<String> {
    let init = RequestInit::new();
    // With another one, browsers do not say where the page came from.
    init.set_method("POST");
    let answer = JsFuture::from(window()?.fetch_with_str_and_init(path, &init)).await.ok()?;
    let answer: Response = answer.dyn_into().ok()?;
    match answer.status() {
        200 => JsFuture::from(answer.text().ok()?).await.ok()?.as_string(),
        404 | 405 => Some(String::new()),
        _ => None,
    }
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
    // A request that the policy forbids is a line in the console.
    let may = navigator_has("wakeLock") && allows("screen-wake-lock") != Some(false);
    if let Some(promise) = may.then(request).flatten() {
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

/// Tells what watches the start of the app (`public/start.js`) that it is there.
pub fn tell_live() {
    tell("live");
}

/// Should the app ever panic, tells the same script, which says so.
pub fn add_panic_notice() {
    std::panic::set_hook(Box::new(|_| tell("crash")));
}

fn tell(event: &str) {
    if let (Some(window), Ok(event)) = (window(), web_sys::Event::new(event)) {
        let _ = window.dispatch_event(&event);
    }
}

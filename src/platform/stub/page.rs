//! The page itself.

use crate::{
    platform::{Local, PageEvent},
    protocol::Boot,
};
use leptos::prelude::Owner;
use std::time::Duration;

/// See the browser's `PageWatch`.
pub struct PageWatch;

/// See the browser's `OnlineWatch`.
pub struct OnlineWatch;

/// See the browser's `HistoryWatch`.
pub struct HistoryWatch;

/// See the browser's `FocusWatch`.
pub struct FocusWatch;

/// See the browser's `TextWatch`.
pub struct TextWatch;

/// See the browser's `SmallWindow`.
pub struct SmallWindow;

/// See the browser's `Leaving`.
pub struct Leaving;

/// See the browser's `WakeLock`.
pub struct WakeLock;

pub fn boot() -> Boot {
    Boot::default()
}
pub fn was_reloaded() -> bool {
    false
}
pub fn take_fragment() -> Option<String> {
    None
}
pub fn push_path(_: &str) {}
pub fn watch_history() -> Option<HistoryWatch> {
    None
}
pub fn watch_fragment(_: impl Fn() + 'static) -> Option<HistoryWatch> {
    None
}
pub fn watch_online(_: impl Fn() + 'static) -> Option<OnlineWatch> {
    None
}
pub fn watch_page(_: impl Fn(PageEvent) + 'static) -> PageWatch {
    PageWatch
}
pub fn watch_focus() -> Option<FocusWatch> {
    None
}
pub fn watch_texts() -> Option<TextWatch> {
    None
}
pub fn characters(text: &str) -> Vec<String> {
    text.chars().map(String::from).collect()
}
pub fn takes_keys() -> bool {
    false
}
pub fn takes_text() -> bool {
    false
}
pub fn is_handheld() -> bool {
    false
}
pub async fn safety_code(_: &str) -> Option<[u8; 8]> {
    None
}
pub fn set_title(_: &str) {}
pub async fn load_call_style(_: Duration) -> bool {
    true
}
pub async fn copy(_: &str) -> bool {
    false
}
pub fn can_share() -> bool {
    false
}
pub async fn share(_: &str) {}
pub fn capture_pointer<T>(_: &T, _: i32) {}
pub fn page_size() -> (f64, f64) {
    (0.0, 0.0)
}
pub fn pixel_ratio() -> f64 {
    1.0
}
pub fn focus<T>(_: &T) {}
pub fn focus_into<T>(_: &T) {}
pub fn adopt_input<T>(_: &T, saved: &str) -> String {
    saved.to_owned()
}
pub fn add_panic_notice() {}
pub fn tell_live() {}
pub fn abandon_silent_fetches() {}
pub fn ask_before_leaving() -> Leaving {
    Leaving
}
pub fn keep_awake() -> WakeLock {
    WakeLock
}
pub fn can_fill_screen() -> bool {
    false
}
pub fn toggle_full_screen() {}
pub fn can_open_window() -> bool {
    false
}
pub async fn open_window<V>(
    _: &Owner,
    _: (u32, u32),
    _: impl FnOnce() -> V + 'static,
    _: impl FnMut() + 'static,
) -> Option<Local<SmallWindow>> {
    None
}

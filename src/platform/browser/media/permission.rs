//! Permission to use devices.

use crate::platform::{
    Kind, Problem,
    browser::{
        Listener, elapsed,
        page::{allows, is_framed},
    },
};
use js_sys::{Object, Reflect};
use send_wrapper::SendWrapper;
use std::{any::Any, time::Duration};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{MediaDevices, PermissionState, PermissionStatus, window};

/// Watches a permission until dropped.
type Watch = SendWrapper<Box<dyn Any>>;

/// A refusal within this time comes from the browser: people take longer to answer.
const AT_ONCE: Duration = Duration::from_millis(300);

/// The browser's media devices. Absent on pages that are neither https nor localhost.
pub(super) fn media_devices() -> Result<MediaDevices, Problem> {
    let devices = window().and_then(|window| window.navigator().media_devices().ok());
    devices.filter(|devices| devices.is_object()).ok_or(Problem::Insecure)
}

/// Why the page cannot request a kind of device, if so.
#[must_use]
pub fn device_problem(kind: Kind) -> Option<Problem> {
    feature_problem(kind.permission())
}

/// Why the page cannot use a feature (W3C Permissions Policy), if that is known in advance.
pub(super) fn feature_problem(feature: &str) -> Option<Problem> {
    let is_secure = window().and_then(|window| window.location().protocol().ok())? == "https:";
    match media_devices().err() {
        // A page embedded in an insecure one is insecure as well.
        Some(Problem::Insecure) if is_secure && is_framed() => Some(Problem::Framed),
        None if allows(feature) == Some(false) => Some(forbidden()),
        problem => problem,
    }
}

fn forbidden() -> Problem {
    if is_framed() { Problem::Framed } else { Problem::Forbidden }
}

/// Whether a refusal of a request at `asked` came from the policy of an embedding page, in browsers that do
/// not report it: people take longer to refuse.
pub(super) fn is_policy(feature: &str, asked: Duration) -> bool {
    allows(feature).is_none() && is_framed() && elapsed().saturating_sub(asked) < AT_ONCE
}

/// Whether the permission for this kind is known to be granted.
pub async fn is_granted(kind: Kind) -> bool {
    let status = permission(kind).await;
    status.is_some_and(|status| status.state() == PermissionState::Granted)
}

pub(super) async fn permission(kind: Kind) -> Option<PermissionStatus> {
    let descriptor = Object::new();
    Reflect::set(&descriptor, &"name".into(), &kind.permission().into()).ok()?;
    let promise = window()?.navigator().permissions().ok()?.query(&descriptor).ok()?;
    JsFuture::from(promise).await.ok()?.dyn_into().ok()
}

/// Calls `handler` whenever the permission for this kind is granted, until the returned value is dropped,
/// and at once if it already is. `None` if the browser does not report it.
pub async fn watch_grant(kind: Kind, handler: impl Fn() + 'static) -> Option<Watch> {
    watch(kind, PermissionState::Granted, handler).await
}

/// The same for the permission being denied: a device that was being opened meanwhile stays on in Chromium.
pub async fn watch_denial(kind: Kind, handler: impl Fn() + 'static) -> Option<Watch> {
    watch(kind, PermissionState::Denied, handler).await
}

async fn watch(kind: Kind, state: PermissionState, handler: impl Fn() + 'static) -> Option<Watch> {
    let status = permission(kind).await?;
    let seen = status.clone();
    let tell = move || {
        if seen.state() == state {
            handler();
        }
    };
    tell();
    let listener = Listener::new(&status, "change", move |_| tell());
    Some(SendWrapper::new(Box::new(listener)))
}

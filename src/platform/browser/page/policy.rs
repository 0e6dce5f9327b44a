//! Permissions policy of the page.

use js_sys::{Function, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::window;

/// Whether the page is embedded in another one.
pub(in crate::platform::browser) fn is_framed() -> bool {
    window().is_some_and(|window| window.parent().ok().flatten().is_none_or(|it| it != window))
}

/// Whether the page may use a feature (W3C Permissions Policy, section 8), if the browser reports it.
pub(in crate::platform::browser) fn allows(feature: &str) -> Option<bool> {
    let document = window()?.document()?;
    let policy = |name: &str| Reflect::get(&document, &name.into()).ok();
    let policies = ["permissionsPolicy", "featurePolicy"].into_iter().filter_map(policy);
    let policy = policies.into_iter().find(JsValue::is_object)?;
    let allows: Function = Reflect::get(&policy, &"allowsFeature".into()).ok()?.dyn_into().ok()?;
    allows.call1(&policy, &feature.into()).ok()?.as_bool()
}

//! Events of the page.

use crate::platform::{Local, PageEvent, browser::Listener};
use std::rc::Rc;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{PageTransitionEvent, window};

/// Keeps reporting page events until dropped.
pub struct PageWatch {
    _listeners: Vec<Listener>,
}

/// Watches the network until dropped.
pub struct OnlineWatch(#[allow(dead_code, reason = "held")] Local<Listener>);

/// Calls `handler` whenever there is a network again.
#[must_use]
pub fn watch_online(handler: impl Fn() + 'static) -> Option<OnlineWatch> {
    let listener = Listener::new(&*window()?, "online", move |_| handler());
    Some(OnlineWatch(Local::new(listener)))
}

/// Reports events of the page.
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
            // Undefined on insecure pages, despite its type.
            if JsValue::from(devices.clone()).is_object() {
                listeners.push(on(&devices, "devicechange", PageEvent::DevicesChanged));
            }
        }
    }
    PageWatch { _listeners: listeners }
}

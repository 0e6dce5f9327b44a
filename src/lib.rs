//! Salon: a video call from one binary.
//!
//! | module | what it holds |
//! |---|---|
//! | [`protocol`] | every message, id and limit that crosses the wire |
//! | `rate_limit` | pure: how often something may be done (server) |
//! | `room` | pure: who is in which room (server) |
//! | [`call`] | pure: one person's part in a call: who is there, and the connections (browser) |
//! | [`content`] | pure: what people give each other over data channels (browser) |
//! | [`layout`] | pure: where everybody stands on the stage (browser) |
//! | [`diagnostics`] | pure: connections in numbers, and whether servers answer (browser) |
//! | [`devices`] | pure: one person's microphone and camera (browser) |
//! | [`recording`] | pure: what is in a recording, and how its file becomes whole (browser) |
//! | `server` | axum: pages, sockets, configuration |
//! | `embed` | the built pages, where the program carries them |
//! | [`platform`] | the browser behind one switch |
//! | `parts` | where the build cuts the app, if it does |
//! | `reactive` | closures for Leptos, boxed |
//! | [`session`] | runs a call: commands out, events in, signals up |
//! | [`ui`], [`pages`], [`app`] | what people see |
//! | [`i18n`] | what people read |

#![recursion_limit = "256"]

#[macro_use]
#[cfg_attr(feature = "split", path = "parts/split.rs")]
#[cfg_attr(not(feature = "split"), path = "parts/whole.rs")]
mod parts;

pub mod app;
pub mod call;
pub mod content;
pub mod devices;
pub mod diagnostics;
#[cfg(feature = "embed")]
pub mod embed;
pub mod i18n;
pub mod layout;
pub mod pages;
pub mod platform;
pub mod protocol;
#[cfg(feature = "ssr")]
pub mod rate_limit;
mod reactive;
pub mod recording;
#[cfg(feature = "ssr")]
pub mod room;
#[cfg(feature = "ssr")]
pub mod server;
pub mod session;
pub mod ui;

/// Hydrates the page that the server rendered.
#[cfg(feature = "hydrate")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    use leptos::prelude::provide_context;
    platform::add_panic_notice();
    leptos::mount::hydrate_body(|| {
        provide_context(platform::boot());
        leptos::view! { <app::App /> }
    });
    platform::tell_live();
}

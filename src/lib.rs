//! Salon: a video call from one binary.
//!
//! | module | what it holds |
//! |---|---|
//! | [`salon_core`] | pure: the protocol, rooms, calls, and what else needs neither socket nor browser; its modules are also here |
//! | `server` | axum: pages, sockets, configuration |
//! | `embed` | the built pages, if the program includes them |
//! | [`platform`] | the browser's APIs, with stubs on the server |
//! | [`storage`] | what pages store in the browser |
//! | [`notices`] | short messages to the person |
//! | `parts` | where the build splits the app, if it does |
//! | `reactive` | boxed closures for Leptos |
//! | [`lobby`] | what a room's page shows and remembers until the call is loaded |
//! | [`session`] | runs a call: commands out, events in, signals up |
//! | [`ui`], [`pages`], [`app`] | what people see |
//! | [`i18n`] | what people read |

#![recursion_limit = "256"]

#[macro_use]
#[cfg_attr(feature = "split", path = "parts/split.rs")]
#[cfg_attr(not(feature = "split"), path = "parts/whole.rs")]
mod parts;

pub mod app;
#[cfg(feature = "embed")]
pub mod embed;
pub mod i18n;
pub mod lobby;
pub mod notices;
pub mod pages;
pub mod platform;
mod reactive;
#[cfg(feature = "ssr")]
pub mod server;
pub mod session;
pub mod storage;
pub mod ui;

pub use salon_core::{
    admission, call, content, devices, diagnostics, layout, protocol, rate_limit, recording, room,
};

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

//! Salon: a video call from one binary.
//!
//! | module | what it holds |
//! |---|---|
//! | [`protocol`] | every message, id and limit that crosses the wire |
//! | `rate_limit` | pure: token buckets (server) |
//! | `room` | pure: who is in which room (server) |
//! | [`admission`] | pure: the way into a room, as the lobby shows it and the call decides it |
//! | [`call`] | pure: one participant's call: the others, and the connections to them (browser) |
//! | [`content`] | pure: chat and files over data channels (browser) |
//! | [`layout`] | pure: the arrangement of tiles on the stage (browser) |
//! | [`diagnostics`] | pure: connection statistics, and checks of STUN and TURN servers (browser) |
//! | [`devices`] | pure: one person's microphone and camera (browser) |
//! | [`recording`] | pure: the composition of a recording, and the repair of its files (browser) |
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

pub mod admission;
pub mod app;
pub mod call;
pub mod content;
pub mod devices;
pub mod diagnostics;
#[cfg(feature = "embed")]
pub mod embed;
pub mod i18n;
pub mod layout;
pub mod lobby;
pub mod notices;
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
pub mod storage;
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

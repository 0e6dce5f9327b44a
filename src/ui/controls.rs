//! The bar at the bottom of a call.

use crate::{
    i18n::texts,
    platform::Kind,
    session::Session,
    ui::{DeviceChoices, Icon, devices::ProblemNote, icons, preview::Switch, word},
};
use leptos::{ev, prelude::*};

/// Everything one does in a call, one press each.
#[component]
pub fn Controls() -> impl IntoView {
    let t = texts();
    let session = expect_context::<Session>();
    let open = RwSignal::new(false);
    view! {
        <footer class="controls">
            <Show when=move || !open.get()>
                <div class="problems" role="status">
                    <ProblemNote kind=Kind::Camera />
                    <ProblemNote kind=Kind::Microphone />
                </div>
            </Show>
            <Show when=move || open.get()>
                <DevicePanel open />
            </Show>
            <div class="buttons" role="toolbar" aria-label=t.controls>
                <Switch kind=Kind::Microphone />
                <Switch kind=Kind::Camera />
                <button
                    class="control"
                    aria-label=t.devices
                    title=t.devices
                    aria-expanded=word(move || if open.get() { "true" } else { "false" })
                    on:click=move |_| open.update(|open| *open = !*open)
                >
                    <Icon paths=icons::DEVICES />
                </button>
                <button class="control" aria-label=t.copy_link title=t.copy_link on:click=move |_| session.copy_link()>
                    <Icon paths=icons::LINK />
                </button>
                <button class="control leave" aria-label=t.leave title=t.leave on:click=move |_| session.leave()>
                    <Icon paths=icons::LEAVE />
                </button>
            </div>
        </footer>
    }
}

#[component]
fn DevicePanel(open: RwSignal<bool>) -> impl IntoView {
    let t = texts();
    let escape = window_event_listener(ev::keydown, move |event| {
        if event.key() == "Escape" {
            open.set(false);
        }
    });
    on_cleanup(move || escape.remove());
    view! {
        <section class="panel card" role="dialog" aria-label=t.devices>
            <button class="control small close" aria-label=t.close title=t.close on:click=move |_| open.set(false)>
                <Icon paths=icons::CLOSE />
            </button>
            <DeviceChoices />
        </section>
    }
}

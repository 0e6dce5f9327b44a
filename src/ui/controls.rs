//! The bar at the bottom of a call.

use crate::{
    i18n::texts,
    platform::{self, Kind},
    session::Session,
    ui::{
        DeviceChoices, HideAddress, Icon, advice_line::AdviceLine, devices::ProblemNote, icons,
        preview::Switch, word,
    },
};
use leptos::{ev, html, prelude::*};

/// Everything one does in a call, one press each.
#[component]
pub fn Controls() -> impl IntoView {
    let t = texts();
    let session = expect_context::<Session>();
    let open = RwSignal::new(false);
    let (microphone, devices) = (NodeRef::new(), NodeRef::new());
    // The panel is gone with whatever had the focus in it, and so is the advice.
    let close = Callback::new(move |()| {
        open.set(false);
        focus(devices);
    });
    let unmute = Callback::new(move |()| {
        session.media.toggle(Kind::Microphone);
        focus(microphone);
    });
    let choose_device = Callback::new(move |()| {
        open.set(true);
        focus(devices);
    });
    view! {
        <footer class="controls">
            <div class="problems" role="status" hidden=open>
                <AdviceLine unmute choose_device />
                <ProblemNote kind=Kind::Camera />
                <ProblemNote kind=Kind::Microphone />
            </div>
            <Show when=move || open.get()>
                <DevicePanel close />
            </Show>
            <div class="buttons" role="toolbar" aria-label=t.controls>
                <Switch kind=Kind::Microphone button=microphone />
                <Switch kind=Kind::Camera />
                <button
                    class="control"
                    node_ref=devices
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

fn focus(button: NodeRef<html::Button>) {
    if let Some(button) = button.get_untracked() {
        platform::focus(&button);
    }
}

#[component]
fn DevicePanel(close: Callback<()>) -> impl IntoView {
    let t = texts();
    let escape = window_event_listener(ev::keydown, move |event| {
        if event.key() == "Escape" {
            close.run(());
        }
    });
    on_cleanup(move || escape.remove());
    view! {
        <section class="panel card" role="dialog" aria-label=t.devices>
            <button class="control small close" aria-label=t.close title=t.close on:click=move |_| close.run(())>
                <Icon paths=icons::CLOSE />
            </button>
            <DeviceChoices />
            <HideAddress />
        </section>
    }
}

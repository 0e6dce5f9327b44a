//! The bar at the bottom of a call.

use crate::{
    i18n::texts,
    platform::{self, Kind},
    session::Session,
    ui::{
        DeviceChoices, HideAddress, Icon, advice_line::AdviceLine, devices::ProblemNote, flag,
        icons, panel::Panel, people_panel::PeoplePanel, preview::Switch, text, word,
    },
};
use leptos::{html, prelude::*};

/// Everything one does in a call, one press each.
#[component]
pub fn Controls() -> impl IntoView {
    let t = texts();
    let session = expect_context::<Session>();
    let open = RwSignal::new(None);
    let toggle =
        move |panel| open.update(|open| *open = Some(panel).filter(|_| *open != Some(panel)));
    let (microphone, devices, people) = (NodeRef::new(), NodeRef::new(), NodeRef::new());
    // The panel is gone with whatever had the focus in it, and so is the advice.
    let close = Callback::new(move |()| {
        let panel = open.get_untracked();
        open.set(None);
        focus(if panel == Some(Opened::People) { people } else { devices });
    });
    let unmute = Callback::new(move |()| {
        session.media.toggle(Kind::Microphone);
        focus(microphone);
    });
    let choose_device = Callback::new(move |()| {
        open.set(Some(Opened::Devices));
        focus(devices);
    });
    let crowd = text(move || (t.people)(session.view.with(|view| view.tiles.len()) + 1));
    view! {
        <footer class="controls">
            <div class="problems" role="status" hidden=flag(move || open.get().is_some())>
                <AdviceLine unmute choose_device />
                <ProblemNote kind=Kind::Camera />
                <ProblemNote kind=Kind::Microphone />
            </div>
            <Show when=move || open.get() == Some(Opened::Devices)>
                <Panel name=t.devices close>
                    <DeviceChoices />
                    <HideAddress />
                </Panel>
            </Show>
            <Show when=move || open.get() == Some(Opened::People)>
                <PeoplePanel close />
            </Show>
            <div class="buttons" role="toolbar" aria-label=t.controls>
                <Switch kind=Kind::Microphone button=microphone />
                <Switch kind=Kind::Camera />
                <button
                    class="control"
                    node_ref=devices
                    aria-label=t.devices
                    title=t.devices
                    aria-expanded=word(move || expanded(open.get() == Some(Opened::Devices)))
                    on:click=move |_| toggle(Opened::Devices)
                >
                    <Icon paths=icons::DEVICES />
                </button>
                <button
                    class="control"
                    node_ref=people
                    aria-label=crowd
                    title=crowd
                    aria-expanded=word(move || expanded(open.get() == Some(Opened::People)))
                    on:click=move |_| toggle(Opened::People)
                >
                    <Icon paths=icons::PEOPLE />
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

/// What is open above the controls.
#[derive(Clone, Copy, PartialEq)]
enum Opened {
    Devices,
    People,
}

fn expanded(open: bool) -> &'static str {
    if open { "true" } else { "false" }
}

fn focus(button: NodeRef<html::Button>) {
    if let Some(button) = button.get_untracked() {
        platform::focus(&button);
    }
}

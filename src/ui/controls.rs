//! The bar at the bottom of a call.

use crate::{
    call::Contact,
    i18n::texts,
    platform::{self, Kind, Timer},
    reactive::{click, flag, holding, text, word},
    session::Session,
    ui::{
        DeviceChoices, HideAddress, Icon, Show,
        advice_line::AdviceLine,
        devices::ProblemNote,
        icons,
        lazy::{Lazy, LazyPanel, LazySettings, prefetch},
        panel::Panel,
        preview::Switch,
        shortcuts::{Shortcut, listen},
        staging::Staging,
    },
};
use leptos::{html, prelude::*};
use std::time::Duration;

/// So long after coming in, the machine has time for what may be needed later: others who come at the
/// same moment would wait for it.
const CALM: Duration = Duration::from_secs(15);

/// Everything one does in a call, one press each.
#[component]
pub fn Controls(
    /// Counts how often files were given past the chat.
    #[prop(into)]
    given: Signal<u32>,
) -> impl IntoView {
    let t = texts();
    let session = expect_context::<Session>();
    let open = RwSignal::new(None);
    let (microphone, devices) = (NodeRef::new(), NodeRef::new());
    let (people, chat, more) = (NodeRef::new(), NodeRef::new(), NodeRef::new());
    // The panel is gone with whatever had the focus in it, and so is the advice.
    let close = Callback::new(move |()| {
        let panel = open.get_untracked();
        open.set(None);
        focus(match panel {
            Some(Opened::Lazy(Lazy::People)) => people,
            Some(Opened::Lazy(Lazy::Chat)) => chat,
            Some(Opened::Lazy(Lazy::More)) => more,
            _ => devices,
        });
    });
    let toggle = move |panel| match open.get_untracked() == Some(panel) {
        true => close.run(()),
        false => open.set(Some(panel)),
    };
    let staging = expect_context::<Staging>();
    listen(session, staging, move |shortcut| {
        toggle(Opened::Lazy(match shortcut {
            Shortcut::Chat => Lazy::Chat,
            _ => Lazy::People,
        }));
    });
    Effect::new(move |before: Option<u32>| {
        let given = given.get();
        if before.is_some_and(|before| before != given) {
            open.set(Some(Opened::Lazy(Lazy::Chat)));
        }
        given
    });
    let unmute = Callback::new(move |()| {
        session.media.toggle(Kind::Microphone);
        focus(microphone);
    });
    let choose_device = Callback::new(move |()| {
        open.set(Some(Opened::Devices));
        focus(devices);
    });
    let unread = text(move || (t.chat_unread)(session.unread()));
    // Nothing is fetched ahead from a server that is gone: what loads parts reports that as an error.
    let calm = Memo::new(move |_| {
        session.settled.get() && session.view.with(|view| view.contact == Contact::Fine)
    });
    holding(move || calm.get().then(|| Timer::new(CALM, prefetch)));
    // The chat may stay open for the whole call, and hides nothing.
    let covered = move || !matches!(open.get(), None | Some(Opened::Lazy(Lazy::Chat)));
    let sharing = flag(move || session.sharing.is_on());
    let share = word(move || if sharing.get() { t.stop_sharing } else { t.share_screen });
    let crowd = text(move || (t.people)(session.view.with(|view| view.tiles.len()) + 1));
    view! {
        <footer class="controls">
            <div class="problems" role="status" hidden=flag(covered)>
                <AdviceLine unmute choose_device />
                <ProblemNote kind=Kind::Camera />
                <ProblemNote kind=Kind::Microphone />
            </div>
            <div class="notice sharing" role="status" hidden=flag(move || !sharing.get())>
                <p>{t.you_share}</p>
                <button class="button small" on:click=click(move |_| session.sharing.stop())>{t.stop_sharing}</button>
            </div>
            <div class="notice sharing late" role="status" hidden=flag(move || sharing.get() || !session.sharing.is_asking())>
                <p>{t.choosing_screen}</p>
                <button class="button small" on:click=click(move |_| session.sharing.toggle())>{t.ask_again}</button>
                <button class="button small" on:click=click(move |_| session.sharing.stop())>{t.cancel}</button>
            </div>
            <Show when=flag(move || open.get() == Some(Opened::Devices))>
                <Panel name=t.devices close>
                    <DeviceChoices />
                    <LazySettings />
                    <HideAddress />
                </Panel>
            </Show>
            <Show when=flag(move || open.get() == Some(Opened::Lazy(Lazy::People)))>
                <LazyPanel panel=Lazy::People close />
            </Show>
            <Show when=flag(move || open.get() == Some(Opened::Lazy(Lazy::Chat)))>
                <LazyPanel panel=Lazy::Chat close />
            </Show>
            <Show when=flag(move || open.get() == Some(Opened::Lazy(Lazy::More)))>
                <LazyPanel panel=Lazy::More close />
            </Show>
            <div class="buttons" role="toolbar" aria-label=t.controls>
                <Switch kind=Kind::Microphone button=microphone />
                <Switch kind=Kind::Camera />
                <button
                    class="control"
                    class:on=sharing
                    hidden=flag(move || !session.sharing.possible.get())
                    aria-label=share
                    title=share
                    on:click=click(move |_| session.sharing.toggle())
                >
                    <Icon paths=icons::SCREEN />
                </button>
                <button
                    class="control"
                    class:on=flag(move || session.hand.get())
                    node_ref=more
                    aria-label=t.more_panel
                    title=t.more_panel
                    aria-expanded=word(move || expanded(open.get() == Some(Opened::Lazy(Lazy::More))))
                    on:click=click(move |_| toggle(Opened::Lazy(Lazy::More)))
                >
                    <Icon paths=icons::MORE />
                </button>
                <button
                    class="control"
                    node_ref=devices
                    aria-label=t.devices
                    title=t.devices
                    aria-expanded=word(move || expanded(open.get() == Some(Opened::Devices)))
                    on:click=click(move |_| toggle(Opened::Devices))
                >
                    <Icon paths=icons::DEVICES />
                </button>
                <button
                    class="control"
                    node_ref=people
                    aria-label=crowd
                    title=crowd
                    aria-expanded=word(move || expanded(open.get() == Some(Opened::Lazy(Lazy::People))))
                    on:click=click(move |_| toggle(Opened::Lazy(Lazy::People)))
                >
                    <Icon paths=icons::PEOPLE />
                </button>
                <button
                    class="control"
                    node_ref=chat
                    aria-label=unread
                    title=t.chat
                    aria-expanded=word(move || expanded(open.get() == Some(Opened::Lazy(Lazy::Chat))))
                    on:click=click(move |_| toggle(Opened::Lazy(Lazy::Chat)))
                >
                    <Icon paths=icons::CHAT />
                    <span class="badge" aria-hidden="true" hidden=flag(move || session.unread() == 0)>
                        {text(move || session.unread().min(99).to_string())}
                    </span>
                </button>
                <button class="control leave" aria-label=t.leave title=t.leave on:click=click(move |_| session.leave())>
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
    Lazy(Lazy),
}

fn expanded(open: bool) -> &'static str {
    if open { "true" } else { "false" }
}

fn focus(button: NodeRef<html::Button>) {
    if let Some(button) = button.get_untracked() {
        platform::focus(&button);
    }
}

//! Who is in the room, and what a host can do about it.

use crate::{
    i18n::{shown_name, texts},
    protocol::{HostAction, Invitation, MediaKind, PeerId, Person},
    reactive::{click, first_click, flag, text, word},
    session::{Session, invitation_link},
    ui::{
        Icon, Show, connections::ConnectionButton, icons, lock::Lock, panel::Panel, sure::Sure,
        toggle::Toggle, volume::VolumeOf,
    },
};
use leptos::{
    ev::{MouseEvent, SubmitEvent},
    html,
    prelude::*,
};

/// How long an invitation from this panel is good for, in seconds.
const INVITED_FOR: u64 = 24 * 60 * 60;

/// The people, and for hosts the room.
#[component]
pub(super) fn Everybody(close: Callback<()>) -> impl IntoView {
    let t = texts();
    let session = expect_context::<Session>();
    let hosting = flag(move || session.view.with(|view| view.hosting));
    let others = Memo::new(move |_| {
        session.view.with(|view| view.tiles.iter().map(|tile| tile.key.id).collect::<Vec<_>>())
    });
    let count = move || others.get().len() + 1;
    view! {
        <Panel name=text(move || (t.people)(count())) close>
            <button class="button" on:click=click(move |_| session.copy_link())>
                <Icon paths=icons::LINK />
                {t.copy_link}
            </button>
            <ul class="people">
                <li class="person">
                    <span class="name">{t.you}</span>
                    <span class="tag" hidden=flag(move || !hosting.get())>{t.host}</span>
                </li>
                <For each=move || others.get() key=|id| *id let:id>
                    <PersonRow id hosting />
                </For>
            </ul>
            <p class="quiet" hidden=hosting>{word(move || (t.rules)(&session.view.get().rules))}</p>
            <Show when=hosting>
                <WaitingPeople />
                <RoomSettings />
                <Invitations />
                <EndForAll />
            </Show>
        </Panel>
    }
}

#[component]
fn PersonRow(id: PeerId, hosting: Signal<bool>) -> impl IntoView {
    let t = texts();
    let session = expect_context::<Session>();
    let tile = Memo::new(move |_| session.tile(id));
    let presence = Memo::new(move |_| tile.get().map(|tile| tile.presence).unwrap_or_default());
    let name = Signal::derive(move || presence.get().name);
    let path = Signal::derive(move || tile.with(|tile| tile.as_ref().and_then(|tile| tile.path)));
    let seal =
        Signal::derive(move || tile.with(|tile| tile.as_ref().and_then(|tile| tile.seal.clone())));
    let is_host = flag(move || session.view.with(|view| view.rules.hosts.contains(&id)));
    let act = move |action: HostAction| session.act(action);
    let mute = move |what| act(HostAction::Mute { to: id, what });
    view! {
        <li class="person">
            <span class="name">{text(move || shown_name(presence.get()))}</span>
            <span class="tag" hidden=flag(move || !is_host.get())>{t.host}</span>
            <ConnectionButton id name />
            <Show when=hosting>
                <details>
                    <summary class="control small" aria-label=text(move || (t.more)(&presence.get().name))>
                        <Icon paths=icons::MORE />
                    </summary>
                    <div class="row">
                        <button
                            class="button small"
                            disabled=flag(move || !presence.get().mic)
                            on:click=click(move |_| mute(MediaKind::Mic))
                        >
                            {t.mute_person}
                        </button>
                        <button
                            class="button small"
                            disabled=flag(move || !presence.get().camera)
                            on:click=click(move |_| mute(MediaKind::Camera))
                        >
                            {t.stop_camera}
                        </button>
                        <button class="button small" on:click=click(move |_| act(HostAction::HandOver { to: id }))>
                            {t.make_host}
                        </button>
                        <button class="button small danger" on:click=click(move |_| act(HostAction::Remove { to: id }))>
                            {t.remove}
                        </button>
                    </div>
                </details>
            </Show>
            <VolumeOf id name />
            <Lock name path seal />
        </li>
    }
}

#[component]
fn WaitingPeople() -> impl IntoView {
    let t = texts();
    let session = expect_context::<Session>();
    let waiting = Memo::new(move |_| session.view.with(|view| view.desk.waiting.clone()));
    let row = move |Person { id, .. }: Person| {
        // They may still change it.
        let name = text(move || {
            let of = |waiting: &Vec<Person>| {
                let person = waiting.iter().find(|person| person.id == id);
                person.map(|person| shown_name(person.presence.clone())).unwrap_or_default()
            };
            waiting.with(of)
        });
        let act = move |action: HostAction| first_click(move |_| session.act(action.clone()));
        view! {
            <li class="person">
                <span class="name">{name}</span>
                <button class="button small primary" on:click=act(HostAction::Admit { to: Some(id) })>
                    {t.let_in}
                </button>
                <button class="button small" on:click=act(HostAction::TurnAway { to: Some(id) })>
                    {t.turn_away}
                </button>
            </li>
        }
    };
    view! {
        <section hidden=flag(move || waiting.get().is_empty()) aria-labelledby="waiting">
            <h3 id="waiting">{t.waiting_to_come_in}</h3>
            <ul class="people">
                <For each=move || waiting.get() key=|person| person.id children=row />
            </ul>
            <button
                class="button small"
                hidden=flag(move || waiting.get().len() < 2)
                on:click=each(session, waiting, |to| HostAction::Admit { to })
            >
                {t.let_all_in}
            </button>
        </section>
    }
}

#[component]
fn RoomSettings() -> impl IntoView {
    let t = texts();
    let session = expect_context::<Session>();
    let locked = flag(move || session.view.with(|view| view.rules.locked));
    let waits = flag(move || session.view.with(|view| view.rules.waiting_room));
    let has_passcode = flag(move || session.view.with(|view| view.rules.passcode));
    let field = NodeRef::<html::Input>::new();
    let set_passcode = move |event: SubmitEvent| {
        event.prevent_default();
        let Some(field) = field.get_untracked() else { return };
        let passcode = Some(field.value()).filter(|passcode| !passcode.is_empty());
        session.act(HostAction::Passcode { passcode });
        field.set_value("");
    };
    let lock = Callback::new(move |on| session.act(HostAction::Lock { on }));
    let wait = Callback::new(move |on| session.act(HostAction::WaitingRoom { on }));
    view! {
        <section aria-labelledby="room-settings">
            <h3 id="room-settings">{t.room_settings}</h3>
            <Toggle label=t.lock on=locked set=lock />
            <Toggle label=t.waiting_room on=waits set=wait />
            <form class="row passcode" on:submit=set_passcode>
                <label for="new-passcode">{t.passcode}</label>
                <input id="new-passcode" type="text" autocomplete="off" maxlength="128" node_ref=field />
                <button class="button small" type="submit">{t.set_passcode}</button>
            </form>
            <button
                class="button small"
                hidden=flag(move || !has_passcode.get())
                on:click=click(move |_| session.act(HostAction::Passcode { passcode: None }))
            >
                {t.remove_passcode}
            </button>
        </section>
    }
}

#[component]
fn Invitations() -> impl IntoView {
    let t = texts();
    let session = expect_context::<Session>();
    let given = Memo::new(move |_| session.view.with(|view| view.desk.invitations.clone()));
    let invite = move |once| session.act(HostAction::Invite { once, seconds: Some(INVITED_FOR) });
    let row = move |Invitation { token, .. }: Invitation| {
        let link = invitation_link(&session.link.get_value(), &token);
        let sentence = {
            let token = token.clone();
            text(move || {
                let is_it = |given: &&Invitation| given.token == token;
                given.with(|given| given.iter().find(is_it).map(t.invitation).unwrap_or_default())
            })
        };
        let revoke = move |_| session.act(HostAction::Revoke { token: token.clone() });
        view! {
            <li class="person">
                <span class="quiet">{sentence}</span>
                <button class="button small" on:click=click(move |_| session.copy(link.clone()))>{t.copy_link}</button>
                <button class="button small" on:click=first_click(revoke)>{t.revoke}</button>
            </li>
        }
    };
    view! {
        <section aria-labelledby="invitations">
            <h3 id="invitations">{t.invitations}</h3>
            <ul class="people">
                <For each=move || given.get() key=|invitation| invitation.token.clone() children=row />
            </ul>
            <div class="row">
                <button class="button small" on:click=click(move |_| invite(true))>{t.invite_one}</button>
                <button class="button small" on:click=click(move |_| invite(false))>{t.invite_many}</button>
                <button class="button small" on:click=click(move |_| session.copy_host_link())>{t.host_link}</button>
                <RenewKey />
            </div>
            <p class="quiet" id="renew-key">{t.renew_key_why}</p>
        </section>
    }
}

#[component]
fn RenewKey() -> impl IntoView {
    let t = texts();
    let session = expect_context::<Session>();
    let sure = Sure::new();
    view! {
        <button
            class="button small"
            class:danger=flag(move || sure.is_next())
            aria-describedby="renew-key"
            on:click=sure.second(move || session.act(HostAction::RenewKey))
        >
            {word(move || if sure.is_next() { t.renew_key_sure } else { t.renew_key })}
        </button>
    }
}

#[component]
fn EndForAll() -> impl IntoView {
    let t = texts();
    let session = expect_context::<Session>();
    let sure = Sure::new();
    view! {
        <button class="button danger" on:click=sure.second(move || session.act(HostAction::End))>
            {word(move || if sure.is_next() { t.end_call_sure } else { t.end_call })}
        </button>
    }
}

/// Does this about everybody who is shown to wait, and about nobody who has come meanwhile.
fn each(
    session: Session,
    waiting: Memo<Vec<Person>>,
    action: fn(Option<PeerId>) -> HostAction,
) -> Box<dyn FnMut(MouseEvent)> {
    first_click(move |_| {
        let shown = waiting.get_untracked().into_iter();
        shown.for_each(|person| session.act(action(Some(person.id))));
    })
}

/// Who stands at the door, for a host who looks at the call.
#[component]
pub(super) fn Knock() -> impl IntoView {
    let t = texts();
    let session = expect_context::<Session>();
    let waiting = Memo::new(move |_| {
        session.view.with(|view| match view.hosting {
            true => view.desk.waiting.clone(),
            false => Vec::new(),
        })
    });
    let sentence = text(move || {
        let waiting = waiting.get();
        (t.knock)(&waiting.iter().map(|person| &person.presence.name).collect::<Vec<_>>())
    });
    let nobody = flag(move || waiting.get().is_empty());
    let alone = move || waiting.get().len() == 1;
    view! {
        <div class="knock" role="status">
            <div class="notice" data-notice="knock" hidden=nobody>
                <p>{sentence}</p>
                <button class="button small primary" on:click=each(session, waiting, |to| HostAction::Admit { to })>
                    {word(move || if alone() { t.let_in } else { t.let_all_in })}
                </button>
                <button
                    class="button small"
                    hidden=flag(move || !alone())
                    on:click=each(session, waiting, |to| HostAction::TurnAway { to })
                >
                    {t.turn_away}
                </button>
            </div>
        </div>
    }
}

//! The room settings of a host.

use super::join_requests::WaitingPeople;
use crate::{
    i18n::{call_texts, texts},
    protocol::{HostAction, Invitation},
    reactive::{boxed_bool, boxed_str, boxed_text, click, first_click},
    session::Session,
    storage::invitation_link,
    ui::common::{confirm_button::ConfirmButton, toggle::Toggle},
};
use leptos::{ev::SubmitEvent, html, prelude::*};

/// Validity of invitations from this panel, in seconds.
const INVITED_FOR: u64 = 24 * 60 * 60;

/// All settings.
#[component]
pub(super) fn HostTools() -> impl IntoView {
    view! {
        <WaitingPeople />
        <RoomSettings />
        <Invitations />
        <EndForAll />
    }
}

#[component]
fn RoomSettings() -> impl IntoView {
    let t = call_texts();
    let session = expect_context::<Session>();
    let locked = boxed_bool(move || session.view.with(|view| view.hosting.settings.locked));
    let waits = boxed_bool(move || session.view.with(|view| view.hosting.settings.waiting_room));
    let has_passcode = boxed_bool(move || session.view.with(|view| view.hosting.settings.passcode));
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
                <label for="new-passcode">{texts().passcode}</label>
                <input id="new-passcode" type="text" autocomplete="off" maxlength="128" node_ref=field />
                <button class="button small" type="submit">{t.set_passcode}</button>
            </form>
            <button
                class="button small"
                hidden=boxed_bool(move || !has_passcode.get())
                on:click=click(move |_| session.act(HostAction::Passcode { passcode: None }))
            >
                {t.remove_passcode}
            </button>
        </section>
    }
}

#[component]
fn Invitations() -> impl IntoView {
    let t = call_texts();
    let session = expect_context::<Session>();
    let invitations =
        Memo::new(move |_| session.view.with(|view| view.hosting.host_state.invitations.clone()));
    let invite = move |once| session.act(HostAction::Invite { once, ttl: Some(INVITED_FOR) });
    let row = move |Invitation { token, .. }: Invitation| {
        let link = invitation_link(&session.lobby.room.link.get_value(), &token);
        let sentence = {
            let token = token.clone();
            boxed_text(move || {
                let is_it = |invitation: &&Invitation| invitation.token == token;
                invitations.with(|invitations| {
                    invitations.iter().find(is_it).map(t.invitation).unwrap_or_default()
                })
            })
        };
        let revoke = move |_| session.act(HostAction::Revoke { token: token.clone() });
        view! {
            <li class="person">
                <span class="quiet">{sentence}</span>
                <button class="button small" on:click=click(move |_| session.lobby.room.copy(link.clone()))>{texts().copy_link}</button>
                <button class="button small" on:click=first_click(revoke)>{t.revoke}</button>
            </li>
        }
    };
    view! {
        <section aria-labelledby="invitations">
            <h3 id="invitations">{t.invitations}</h3>
            <ul class="people">
                <For each=move || invitations.get() key=|invitation| invitation.token.clone() children=row />
            </ul>
            <div class="row">
                <button class="button small" on:click=click(move |_| invite(true))>{t.invite_one}</button>
                <button class="button small" on:click=click(move |_| invite(false))>{t.invite_many}</button>
                <button class="button small" on:click=click(move |_| session.copy_host_link())>{t.host_link}</button>
                <RenewKey />
            </div>
            <p class="quiet" id="renew-key">{t.renew_host_key_why}</p>
        </section>
    }
}

#[component]
fn RenewKey() -> impl IntoView {
    let t = call_texts();
    let session = expect_context::<Session>();
    let confirm = ConfirmButton::new();
    view! {
        <button
            class="button small"
            class:danger=boxed_bool(move || confirm.is_next())
            aria-describedby="renew-key"
            on:click=confirm.second(move || session.act(HostAction::RenewHostKey))
        >
            {boxed_str(move || if confirm.is_next() { t.renew_host_key_sure } else { t.renew_host_key })}
        </button>
    }
}

#[component]
fn EndForAll() -> impl IntoView {
    let t = call_texts();
    let session = expect_context::<Session>();
    let confirm = ConfirmButton::new();
    view! {
        <button class="button danger" on:click=confirm.second(move || session.act(HostAction::End))>
            {boxed_str(move || if confirm.is_next() { t.end_call_sure } else { t.end_call })}
        </button>
    }
}

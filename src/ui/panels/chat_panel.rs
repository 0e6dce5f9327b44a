//! The chat.

use super::{
    files::{Attach, Files},
    links::{Piece, pieces},
};
use crate::{
    content::{ChatView, Message},
    i18n::call_texts,
    platform,
    protocol::{DisplayName, PeerId, limits::TEXT_CHARS},
    reactive::{boxed_bool, boxed_text, effect},
    session::Session,
    ui::{Icon, common::panel::Panel, icons},
};
use leptos::{ev, html, prelude::*};
use std::time::Duration;

/// Consecutive messages of one person within this time share one heading.
const TOGETHER: Duration = Duration::from_secs(5 * 60);

/// `keyCode` of every key pressed during a composition (W3C UI Events, section 8.3.2).
const COMPOSING: u32 = 229;

/// A message, and whether its author's name is shown above.
#[derive(Clone, PartialEq)]
struct Row {
    message: Message,
    named: bool,
}

/// The chat, with a field to write in.
#[component]
pub(super) fn ChatPanel(close: Callback<()>) -> impl IntoView {
    let t = call_texts();
    let session = expect_context::<Session>();
    session.chat.reading.set(true);
    on_cleanup(move || {
        let _ = session.chat.reading.try_set(false);
    });
    let chat = Memo::new(move |_| session.view.with(|view| view.chat.clone()));
    let rows = Memo::new(move |_| chat.with(|chat| rows(&chat.messages)));
    let empty = boxed_bool(move || rows.with(Vec::is_empty));
    view! {
        <Panel name=t.chat close class="chat">
            <div class="chat-scroll" tabindex="0" role="log" aria-label=t.chat>
                <ol class="chat-log">
                    <For each=move || rows.get() key=|row| (row.message.author, row.message.number, row.named) let:row>
                        <Said row chat />
                    </For>
                </ol>
            </div>
            <p class="quiet chat-hint" hidden=boxed_bool(move || !empty.get())>{t.chat_hint}</p>
            <Files />
            <Composer />
        </Panel>
    }
}

fn rows(messages: &[Message]) -> Vec<Row> {
    let befores = std::iter::once(None).chain(messages.iter().map(Some));
    let rows = messages.iter().zip(befores).map(|(message, before)| {
        let follows = before.is_some_and(|before| {
            before.author == message.author && message.at.saturating_sub(before.at) < TOGETHER
        });
        Row { message: message.clone(), named: !follows }
    });
    rows.collect()
}

#[component]
fn Said(row: Row, chat: Memo<ChatView>) -> impl IntoView {
    let t = call_texts();
    let session = expect_context::<Session>();
    let Row { message, named } = row;
    let (number, hearsay) = (message.number, message.is_hearsay());
    let own = chat.with_untracked(|chat| chat.is_own(&message));
    let name = match &message.name {
        _ if own => t.you.to_owned(),
        name if name.is_empty() => t.unnamed.to_owned(),
        name => name.as_str().to_owned(),
    };
    let delivery =
        boxed_text(move || match chat.with(|chat| delivery(chat, number).filter(|_| own)) {
            None => String::new(),
            Some(Delivery::ToNobody) => t.nobody_to_read.to_owned(),
            Some(Delivery::ToAll) => t.delivered.to_owned(),
            Some(Delivery::NotTo(people)) => session.view.with(|view| {
                let lack = view.tiles.iter().filter(|tile| people.contains(&tile.key.id));
                let names: Vec<&DisplayName> = lack.map(|tile| &tile.presence.name).collect();
                (t.not_delivered)(&names)
            }),
        });
    let shown = message.text.as_str().to_owned();
    let text = pieces(&shown).into_iter().map(|piece| match piece {
        Piece::Text(text) => text.to_owned().into_any(),
        Piece::Link(link) => view! {
            <a href=link.to_owned() target="_blank" rel="noopener noreferrer nofollow">{link.to_owned()}</a>
        }
        .into_any(),
    });
    let text = text.collect_view();
    view! {
        <li class="said" class:own=own data-message=number.to_string()>
            <p class="said-head" hidden=!named>
                <span class="name">{name}</span>
                <span class="quiet" hidden=!hearsay>{t.hearsay}</span>
                <time>{platform::clock_time(message.at)}</time>
            </p>
            <p class="said-text" dir="auto" translate="yes">{text}</p>
            <p class="quiet delivery" hidden=boxed_bool(move || delivery.get().is_empty())>{delivery}</p>
        </li>
    }
}

/// Delivery status of own messages.
enum Delivery {
    ToNobody,
    ToAll,
    NotTo(Vec<PeerId>),
}

/// Shown once for a group of delivered messages: below the last one.
fn delivery(chat: &ChatView, number: u64) -> Option<Delivery> {
    let lack: Vec<_> = chat.lacking(number).collect();
    if !lack.is_empty() {
        return Some(Delivery::NotTo(lack));
    }
    let later = |other: &&Message| chat.is_own(other) && other.number > number;
    let is_last = chat.messages.iter().filter(later).all(|later| chat.missing(later.number) > 0);
    let delivery = if chat.acked.is_empty() { Delivery::ToNobody } else { Delivery::ToAll };
    is_last.then_some(delivery)
}

#[component]
fn Composer() -> impl IntoView {
    let t = call_texts();
    let session = expect_context::<Session>();
    let field = NodeRef::<html::Textarea>::new();
    effect(move || {
        if let Some(field) = field.get() {
            field.set_value(&session.chat.draft.get_value());
            platform::focus(&field);
        }
    });
    let send = move || {
        let Some(field) = field.get_untracked() else { return };
        session.chat.say(&field.value());
        session.chat.draft.set_value(String::new());
        field.set_value("");
        platform::focus(&field);
    };
    let typed = move |event: ev::KeyboardEvent| {
        // Enter also confirms an input method's composition; some browsers report that only by the
        // key code. On-screen keyboards have no Shift to hold at the same time.
        let is_composing = event.is_composing() || event.key_code() == COMPOSING;
        let breaks = event.shift_key() || platform::is_handheld();
        if event.key() == "Enter" && !breaks && !is_composing {
            event.prevent_default();
            send();
        }
    };
    let submitted = move |event: ev::SubmitEvent| {
        event.prevent_default();
        send();
    };
    view! {
        <form class="composer" on:submit=submitted>
            <Attach />
            <textarea
                rows="1"
                maxlength=TEXT_CHARS.to_string()
                aria-label=t.message
                placeholder=t.message
                autocomplete="off"
                node_ref=field
                on:keydown=typed
                on:input=move |event| session.chat.draft.set_value(event_target_value(&event))
            ></textarea>
            <button class="control small primary" type="submit" aria-label=t.send title=t.send>
                <Icon paths=icons::SEND />
            </button>
        </form>
    }
}

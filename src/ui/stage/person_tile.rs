//! Participants: their video or initials, and their state.

use super::{layout_state::LayoutState, pin::Pin, reaction::ShownReaction};
use crate::{
    call::{Link, Path, PeerKey, Tile},
    i18n::{call_texts, shown_name, stopwatch},
    layout::Item,
    platform::{PerSource, Stream},
    protocol::{Grade, PeerId, Presence, TrackSource},
    reactive::{boxed_bool, boxed_str, boxed_text, effect},
    session::{Session, Volume, initials},
    ui::{
        Icon, Show,
        common::playback::{Sound, Video},
        icons,
    },
};
use leptos::prelude::*;

/// One other participant.
#[component]
pub fn PersonTile(
    /// Who.
    id: PeerId,
) -> impl IntoView {
    let t = call_texts();
    let session = expect_context::<Session>();
    let tile = Memo::new(move |_| session.tile(id));
    let presence = Signal::derive(move || tile.get().map(|tile| tile.presence).unwrap_or_default());
    let link = move || tile.get().map(|tile| tile.link).unwrap_or_default();
    let incoming = incoming(session, tile);
    let pictured =
        boxed_bool(move || tile.with(|tile| tile.as_ref().is_some_and(|tile| tile.camera)));
    let volume = session.preferences.volume_of(id);
    let layout_state = expect_context::<LayoutState>();
    let place = layout_state.place(Item::Person(id));
    let frozen = boxed_bool(move || tile.get().is_some_and(|tile| tile.frozen));
    let paused = move || tile.with(|tile| tile.as_ref().is_some_and(|tile| tile.paused));
    let state = boxed_text(move || match link() {
        Link::Connected if presence.get().background => (t.in_background)(&presence.get().name),
        Link::Reconnecting { since } => {
            let time = session.clock.now.get().saturating_sub(since);
            format!("{} {}", (t.link)(link()), stopwatch(time))
        }
        Link::Connected if frozen.get() => t.picture_stopped.to_owned(),
        Link::Connected if paused() => t.picture_paused.to_owned(),
        other => (t.link)(other),
    });
    let path = Signal::derive(move || tile.with(|tile| tile.as_ref().and_then(Tile::protected)));
    let grade = move || tile.get().map(|tile| tile.grade).unwrap_or_default();
    let seen = Callback::new(move |()| session.first_frame_shown());
    // A picture that is waited for does not fade in.
    let calm = !session.clock.settled.get_untracked();
    view! {
        <article
            class="tile"
            class:calm=calm
            class:no-picture=boxed_bool(move || !pictured.get())
            class:frozen=frozen
            class:talking=boxed_bool(move || layout_state.talking.get() == Some(id) && presence.get().mic)
            style:translate=place.translate
            style:width=place.width
            style:height=place.height
            data-tile="remote"
            data-peer=id.to_string()
            data-link=boxed_str(move || link_name(link()))
            data-mic=boxed_str(move || on_off(presence.get().mic))
            data-camera=boxed_str(move || on_off(presence.get().camera))
        >
            <Initials presence />
            <Video
                stream=stream(incoming, TrackSource::Camera)
                gestures=session.playback.gestures
                on_seen=seen
            />
            <Sounds incoming presence volume />
            <p class="link-state late" hidden=boxed_bool(move || state.get().is_empty())>{state}</p>
            <span
                class="grade"
                role="img"
                aria-label=boxed_str(move || (t.grade)(grade()))
                data-grade=boxed_str(move || grade_name(grade()))
                hidden=boxed_bool(move || grade() == Grade::Good)
            >
                <Icon paths=icons::WEAK />
            </span>
            <ShownReaction reaction=Signal::derive(move || tile.with(|tile| tile.as_ref().and_then(|tile| tile.reaction))) />
            <NamePlate presence path silenced=boxed_bool(move || volume.get().muted) />
            <Pin item=Item::Person(id) name=boxed_text(move || shown_name(presence.get())) />
        </article>
    }
}

/// The audio of a participant who has no tile.
#[component]
pub(super) fn Voice(
    /// Who.
    id: PeerId,
) -> impl IntoView {
    let session = expect_context::<Session>();
    let tile = Memo::new(move |_| session.tile(id));
    let presence = Signal::derive(move || tile.get().map(|tile| tile.presence).unwrap_or_default());
    let volume = session.preferences.volume_of(id);
    view! { <Sounds incoming=incoming(session, tile) presence volume /> }
}

/// The audio of a participant and of their screen.
#[component]
fn Sounds(
    /// Their media.
    incoming: RwSignal<Option<PerSource<Stream>>>,
    presence: Signal<Presence>,
    /// Their volume for this person.
    volume: Memo<Volume>,
) -> impl IntoView {
    let session = expect_context::<Session>();
    let speaker = session.media.speaker_in_use();
    let blocked = Callback::new(move |()| session.playback.blocked.set(true));
    view! {
        <Sound
            stream=stream(incoming, TrackSource::Microphone)
            speaker
            heard=boxed_bool(move || presence.get().mic && !volume.get().muted)
            volume=Signal::derive(move || volume.get().level())
            gestures=session.playback.gestures
            on_blocked=blocked
        />
        <Show when=boxed_bool(move || presence.get().screen)>
            <Sound
                stream=stream(incoming, TrackSource::ScreenAudio)
                speaker
                heard=boxed_bool(move || !volume.get().muted)
                volume=Signal::derive(move || volume.get().level())
                gestures=session.playback.gestures
                on_blocked=blocked
            />
        </Show>
    }
}

/// The media of a participant. While a connection is being replaced, the last frame stays.
pub(super) fn incoming(
    session: Session,
    tile: Memo<Option<Tile>>,
) -> RwSignal<Option<PerSource<Stream>>> {
    let shown = Memo::new(move |before: Option<&Option<PeerKey>>| {
        let before = before.copied().flatten();
        match tile.get() {
            Some(Tile { key, up, .. }) if up || before.is_none_or(|before| before.id != key.id) => {
                Some(key)
            }
            _ => before,
        }
    });
    let incoming = RwSignal::new(None);
    effect(move || {
        let mine = |(other, _): &&(PeerKey, _)| Some(*other) == shown.get();
        let found =
            session.streams.with(|all| all.iter().find(mine).map(|(_, found)| found.clone()));
        if found.is_some() {
            incoming.set(found);
        }
    });
    incoming
}

/// One of a participant's streams.
pub(super) fn stream(
    incoming: RwSignal<Option<PerSource<Stream>>>,
    source: TrackSource,
) -> Signal<Option<Stream>> {
    let pick = move |incoming: &PerSource<Stream>| incoming.get(source).cloned();
    Signal::derive(move || incoming.with(|incoming| incoming.as_ref().and_then(pick)))
}

/// Shown while there is no video. Comes before the video, which covers it from the first frame on.
#[component]
pub(super) fn Initials(presence: Signal<Presence>) -> impl IntoView {
    let initials = boxed_text(move || initials(&presence.get()));
    view! { <span class="initials" aria-hidden="true">{initials}</span> }
}

#[component]
pub(super) fn NamePlate(
    presence: Signal<Presence>,
    /// Whether this person has muted them.
    #[prop(optional, into)]
    silenced: Signal<bool>,
    /// The path in use, if the connection is protected.
    #[prop(optional, into)]
    path: Signal<Option<Path>>,
) -> impl IntoView {
    let t = call_texts();
    let name = boxed_text(move || shown_name(presence.get()));
    let session = expect_context::<Session>();
    let protection = boxed_str(move || path.get().map(t.path).unwrap_or_default());
    let place = Memo::new(move |_| {
        presence.get().hand.map(|hand| session.view.with(|view| view.place_of(hand)))
    });
    let hand = boxed_text(move || match place.get() {
        Some(place) => format!("{}, {place}", t.hand_raised),
        None => t.hand_raised.to_owned(),
    });
    view! {
        <p class="name-plate">
            <span
                class="muted-mark"
                role="img"
                aria-label=t.muted
                hidden=boxed_bool(move || presence.get().mic)
            >
                <Icon paths=icons::MICROPHONE_OFF />
            </span>
            <span class="muted-mark" role="img" aria-label=t.silenced hidden=boxed_bool(move || !silenced.get())>
                <Icon paths=icons::SOUND_OFF />
            </span>
            <span class="hand" role="img" aria-label=hand hidden=boxed_bool(move || presence.get().hand.is_none())>
                "✋"
                {boxed_text(move || place.get().map(|place| place.to_string()).unwrap_or_default())}
            </span>
            <span class="name">{name}</span>
            <span class="lock-mark" role="img" aria-label=protection title=protection hidden=boxed_bool(move || path.get().is_none())>
                <Icon paths=icons::LOCK />
            </span>
        </p>
    }
}

fn on_off(on: bool) -> &'static str {
    if on { "on" } else { "off" }
}

fn grade_name(grade: Grade) -> &'static str {
    match grade {
        Grade::Good => "good",
        Grade::Weak => "weak",
        Grade::Poor => "poor",
    }
}

fn link_name(link: Link) -> &'static str {
    match link {
        Link::New => "new",
        Link::Connecting => "connecting",
        Link::Connected => "connected",
        Link::Reconnecting { .. } => "reconnecting",
        Link::Failed(_) => "failed",
    }
}

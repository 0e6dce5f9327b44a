//! Elements that play streams. Audio and video have one each, because audio must not wait for
//! video. They play by themselves when a stream without tracks gets one.

use crate::{
    layout::Fit,
    platform::{self, Player, Stream},
    reactive::{boxed_bool, effect, effect_holding},
};
use leptos::{html, prelude::*};

/// Shows the video of a stream.
#[component]
pub fn Video(
    /// What to show.
    stream: Signal<Option<Stream>>,
    /// Changes after a user gesture that may unblock the video.
    #[prop(optional, into)]
    gestures: Signal<u32>,
    /// Called when the first frame is on the screen.
    #[prop(optional, into)]
    on_seen: Option<Callback<()>>,
) -> impl IntoView {
    let element = NodeRef::<html::Video>::new();
    let player = move || element.get().as_ref().map(Player::of);
    keep_playing(Box::new(player), stream, gestures, None);
    let seen = move |_| on_seen.into_iter().for_each(|on_seen| on_seen.run(()));
    let fit = RwSignal::new(Fit::default());
    let look = move || {
        let Some(element) = element.try_get_untracked().flatten() else { return };
        let now = Fit::of_face(platform::picture_size(&element), platform::size(&element));
        if fit.get_untracked() != now {
            fit.set(now);
        }
    };
    effect_holding(move || {
        let element = element.get()?;
        platform::watch_size(&element, look)
    });
    view! {
        <video
            class:whole=boxed_bool(move || fit.get() == Fit::Contain)
            node_ref=element
            on:loadeddata=seen
            on:resize=move |_| look()
            autoplay
            playsinline
            disablepictureinpicture
        ></video>
    }
}

/// Plays the audio of a stream, and reports if the browser requires a gesture.
#[component]
pub fn Sound(
    /// What to play.
    stream: Signal<Option<Stream>>,
    /// The id of the speaker; empty for the system's choice.
    #[prop(into)]
    speaker: Signal<String>,
    /// Whether it is audible. Audio of a muted participant is not.
    heard: Signal<bool>,
    /// How loud, from 0 to 1.
    volume: Signal<f64>,
    /// Changes after a user gesture that may unblock the audio.
    #[prop(into)]
    gestures: Signal<u32>,
    /// Called if the browser refuses to play.
    on_blocked: Callback<()>,
) -> impl IntoView {
    let element = NodeRef::<html::Audio>::new();
    let player = move || element.get().as_ref().map(Player::of);
    effect(move || {
        if let Some(element) = element.get() {
            Player::of(&element).set_volume(volume.get());
        }
    });
    keep_playing(Box::new(player), stream, gestures, Some(Audible { speaker, heard, on_blocked }));
    view! { <audio autoplay node_ref=element></audio> }
}

/// Settings that only audio has.
#[derive(Clone, Copy)]
struct Audible {
    speaker: Signal<String>,
    heard: Signal<bool>,
    on_blocked: Callback<()>,
}

/// Plays the current stream in an element, muted unless it is to be audible, and retries after
/// every gesture.
fn keep_playing(
    player: Box<dyn Fn() -> Option<Player>>,
    stream: Signal<Option<Stream>>,
    gestures: Signal<u32>,
    audible: Option<Audible>,
) {
    effect(move || {
        let Some(player) = player() else { return };
        gestures.track();
        let Some(stream) = stream.get() else { return player.pause() };
        let heard = audible.filter(|audible| audible.heard.get());
        let speaker = heard.map(|audible| audible.speaker.get());
        platform::spawn_local(async move {
            let played = player.play(&stream, speaker.as_deref()).await;
            if let (false, Some(audible)) = (played, audible) {
                audible.on_blocked.try_run(());
            }
        });
    });
}

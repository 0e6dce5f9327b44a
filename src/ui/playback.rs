//! Elements that play streams. Sound and picture have one each: sound must not wait for a picture.

use crate::platform::{self, Stream};
use leptos::{html, prelude::*};

/// Shows the picture of a stream.
#[component]
pub fn Video(
    /// What to show.
    stream: Signal<Option<Stream>>,
    /// Changes when the person made a gesture that may unblock the picture.
    #[prop(optional, into)]
    gestures: Signal<u32>,
) -> impl IntoView {
    let element = NodeRef::<html::Video>::new();
    Effect::new(move |_| {
        let Some(element) = element.get() else { return };
        gestures.track();
        let Some(stream) = stream.get() else { return platform::pause(&element) };
        platform::spawn_local(async move {
            platform::play(element, &stream, None).await;
        });
    });
    view! { <video node_ref=element playsinline disablepictureinpicture></video> }
}

/// Plays the sound of a stream, and tells if the browser wants a gesture for it.
#[component]
pub fn Sound(
    /// What to play.
    stream: Signal<Option<Stream>>,
    /// The id of the speaker; empty for the system's choice.
    #[prop(into)]
    speaker: Signal<String>,
    /// Changes when the person made a gesture that may unblock the sound.
    #[prop(into)]
    gestures: Signal<u32>,
    /// Called if the browser refuses to play.
    on_blocked: Callback<()>,
) -> impl IntoView {
    let element = NodeRef::<html::Audio>::new();
    Effect::new(move |_| {
        let Some(element) = element.get() else { return };
        gestures.track();
        let Some(stream) = stream.get() else { return platform::pause(&element) };
        let speaker = speaker.get();
        platform::spawn_local(async move {
            if !platform::play(element, &stream, Some(&speaker)).await {
                on_blocked.try_run(());
            }
        });
    });
    view! { <audio node_ref=element></audio> }
}

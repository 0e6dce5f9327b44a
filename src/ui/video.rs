//! An element that plays a stream.

use crate::platform::{self, Stream};
use leptos::{html, prelude::*};

/// Plays what `stream` holds, and tells if the browser wants a gesture for it.
#[component]
pub fn Video(
    /// What to play.
    #[prop(into)]
    stream: Signal<Option<Stream>>,
    /// Whether it is silent: one's own picture always is.
    #[prop(optional)]
    muted: bool,
    /// The id of the speaker; empty for the system's choice.
    #[prop(optional, into)]
    speaker: Signal<String>,
    /// Changes when the person made a gesture that may unblock the sound.
    #[prop(optional, into)]
    gestures: Signal<u32>,
    /// Called if the browser refuses to play.
    #[prop(optional)]
    on_blocked: Option<Callback<()>>,
) -> impl IntoView {
    let element = NodeRef::<html::Video>::new();
    Effect::new(move |_| {
        let Some(element) = element.get() else { return };
        gestures.track();
        let Some(stream) = stream.get() else { return platform::pause(&element) };
        let speaker = speaker.get();
        platform::spawn_local(async move {
            let played = platform::play(element, &stream, &speaker, muted).await;
            if let (false, Some(on_blocked)) = (played, on_blocked) {
                on_blocked.try_run(());
            }
        });
    });
    view! { <video node_ref=element playsinline disablepictureinpicture></video> }
}

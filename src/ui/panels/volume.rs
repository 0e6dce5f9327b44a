//! The volume of one participant, for this person only.

use crate::{
    i18n::choice_texts,
    platform,
    protocol::{DisplayName, PeerId},
    reactive::{boxed_str, boxed_text, click},
    session::{Session, Volume},
    ui::{Icon, icons},
};
use leptos::prelude::*;

/// A volume slider, and a switch that mutes them for this person only.
#[component]
pub(super) fn VolumeOf(
    /// The participant.
    id: PeerId,
    /// Their name.
    name: Signal<DisplayName>,
) -> impl IntoView {
    let t = choice_texts();
    let session = expect_context::<Session>();
    let volume = session.preferences.volume_of(id);
    let silence = move |_| {
        let volume = volume.get_untracked();
        session.preferences.set_volume(id, Volume { muted: !volume.muted, ..volume });
    };
    let slide = move |event| {
        if let Ok(percent) = event_target_value(&event).parse() {
            session.preferences.set_volume(id, Volume { percent, muted: false });
        }
    };
    view! {
        <div class="volume">
            <button
                class="control small"
                aria-label=boxed_text(move || (t.mute_for_me)(&name.get()))
                title=boxed_text(move || (t.mute_for_me)(&name.get()))
                aria-pressed=boxed_str(move || if volume.get().muted { "true" } else { "false" })
                on:click=click(silence)
            >
                <Icon paths=boxed_str(move || if volume.get().muted { icons::SOUND_OFF } else { icons::SOUND }) />
            </button>
            <input
                hidden=!platform::can_set_volume()
                type="range"
                min="0"
                max="100"
                step="5"
                aria-label=boxed_text(move || (t.volume_of)(&name.get()))
                prop:value=boxed_text(move || volume.get().percent.to_string())
                on:input=slide
            />
        </div>
    }
}

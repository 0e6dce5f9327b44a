//! How others will see and hear the person.

use crate::{
    i18n::call_texts,
    platform::Kind,
    reactive::{boxed_bool, boxed_str, click},
    session::{Session, Source},
    ui::{Icon, Show, common::playback::Video, icons},
};
use leptos::{html, prelude::*};

/// The person's own video before the call, once it was asked for.
#[component]
pub fn Preview() -> impl IntoView {
    let t = call_texts();
    let session = expect_context::<Session>();
    let media = session.media;
    let picture = Signal::derive(move || media.own_picture());
    let has_picture = boxed_bool(move || picture.get().is_some());
    view! {
        <section class="preview" class:live=has_picture>
            <Show when=has_picture>
                <div class="mirror" data-preview-box=""><Video stream={picture} {..} data-preview="" /></div>
            </Show>
            <p class="ask late" role="status" hidden=has_picture>
                {boxed_str(move || if media.is_opening() { t.asking } else { t.no_picture })}
            </p>
            <div class="preview-controls">
                <DeviceToggle kind=Kind::Microphone />
                <DeviceToggle kind=Kind::Camera />
            </div>
        </section>
    }
}

/// Turns one kind of device on or off.
#[component]
pub fn DeviceToggle(
    /// The kind of device.
    kind: Kind,
    /// Its button.
    #[prop(optional)]
    button: NodeRef<html::Button>,
) -> impl IntoView {
    let t = call_texts();
    let media = expect_context::<Session>().media;
    let on = boxed_bool(move || media.is_sending(kind));
    let (turn_off, turn_on, icon_on, icon_off) = match kind {
        Kind::Microphone => (t.mute, t.unmute, icons::MICROPHONE, icons::MICROPHONE_OFF),
        Kind::Camera => (t.camera_off, t.camera_on, icons::CAMERA, icons::CAMERA_OFF),
    };
    let name = boxed_str(move || if on.get() { turn_off } else { turn_on });
    let icon = boxed_str(move || if on.get() { icon_on } else { icon_off });
    let failed = boxed_bool(move || matches!(media.source(kind), Source::Failed(_)));
    view! {
        <button
            class="control"
            node_ref=button
            class:off=boxed_bool(move || !on.get())
            class:failed=failed
            aria-label=name
            title=name
            on:click=click(move |_| media.toggle(kind))
        >
            <Icon paths=icon />
        </button>
    }
}

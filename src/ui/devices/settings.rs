//! Audio and video settings apart from the selected devices.

use crate::{
    i18n::choice_texts,
    platform::Processing,
    protocol::Quality,
    reactive::{boxed_bool, boxed_str},
    session::Session,
    ui::{
        Show,
        common::{radio_option::RadioOption, toggle::Toggle},
    },
};
use leptos::prelude::*;

/// Quality, and the processing of microphone and camera by the browser.
#[component]
pub(in crate::ui) fn Settings() -> impl IntoView {
    let t = choice_texts();
    let session = expect_context::<Session>();
    let media = session.media;
    let quality = move |quality, label: &'static str| {
        let chosen = boxed_bool(move || session.preferences.quality.get() == quality);
        let choose = Callback::new(move |()| session.set_quality(quality));
        view! { <RadioOption group="quality" label chosen choose /> }
    };
    let music = boxed_bool(move || media.processing.get().music);
    let step = move |label, read: fn(&Processing) -> bool, write: fn(&mut Processing, bool)| {
        let on = boxed_bool(move || read(&media.processing.get()) && !music.get());
        let set = Callback::new(move |on| {
            let mut processing = media.processing.get_untracked();
            write(&mut processing, on);
            media.process(processing);
        });
        view! { <Toggle label on set disabled=music /> }
    };
    let play = Callback::new(move |music| {
        media.process(Processing { music, ..media.processing.get_untracked() });
    });
    let blur = Callback::new(move |blur| media.set_blur(blur));
    view! {
        <section aria-labelledby="quality-choices">
            <h3 id="quality-choices">{t.quality}</h3>
            <div class="options" role="radiogroup" aria-labelledby="quality-choices">
                {quality(Quality::Auto, t.auto)}
                {quality(Quality::SaveData, t.save_data)}
                {quality(Quality::AudioOnly, t.audio_only)}
            </div>
            <p class="quiet">{boxed_str(move || (t.quality_means)(session.preferences.quality.get()))}</p>
        </section>
        <section aria-labelledby="sound-choices">
            <h3 id="sound-choices">{t.sound_and_picture}</h3>
            <Show when=boxed_bool(move || media.can_blur())>
                <Toggle label=t.blur on=media.blur set=blur />
            </Show>
            {step(t.noise, |wish| wish.noise, |wish, on| wish.noise = on)}
            {step(t.echo, |wish| wish.echo, |wish, on| wish.echo = on)}
            {step(t.gain, |wish| wish.gain, |wish, on| wish.gain = on)}
            <Toggle label=t.music on=music set=play />
            <p class="quiet" hidden=boxed_bool(move || !music.get())>{t.music_means}</p>
        </section>
    }
}

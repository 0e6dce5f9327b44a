//! The most important hint for a person in a call.

use crate::{
    i18n::texts,
    reactive::click,
    session::{Advice, Session},
};
use leptos::prelude::*;

/// One sentence, with one action where there is one.
#[component]
pub fn AdviceLine(
    /// Unmutes the microphone when its button in the hint is pressed.
    unmute: Callback<()>,
    /// Opens the choice of devices.
    choose_device: Callback<()>,
) -> impl IntoView {
    let t = texts();
    let session = expect_context::<Session>();
    let advice = Memo::new(move |_| session.advice());
    let key = move || if session.preferences.shortcuts.get() { t.space } else { "" };
    let action = move |advice: &Advice| match advice {
        Advice::TalkingWhileMuted => Some((t.unmute_short, key(), unmute)),
        Advice::SilentMicrophone | Advice::MutedBySystem(_) => {
            Some((t.choose_another, "", choose_device))
        }
        _ => None,
    };
    view! {
        {move || advice.get().map(|advice| view! {
            <div class="advice late" data-notice="advice" data-advice=advice_name(&advice)>
                <p>{(t.advice)(&advice)}</p>
                {action(&advice).map(|(label, key, act)| view! {
                    <button class="button small" on:click=click(move |_| act.run(()))>
                        {label}
                        {(!key.is_empty()).then(|| view! { <kbd>{key}</kbd> })}
                    </button>
                })}
            </div>
        })}
    }
}

fn advice_name(advice: &Advice) -> &'static str {
    match advice {
        Advice::TalkingWhileMuted => "talking-while-muted",
        Advice::MutedBySystem(_) => "muted-by-system",
        Advice::SilentMicrophone => "silent-microphone",
        Advice::NotHeard(_) => "not-heard",
        Advice::NotSeen(_) => "not-seen",
        Advice::Weak { .. } => "weak",
    }
}

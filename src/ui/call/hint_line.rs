//! The most important hint for a person in a call.

use crate::{
    i18n::call_texts,
    reactive::click,
    session::{CallHint, Session},
};
use leptos::prelude::*;

/// One sentence, with one action where there is one.
#[component]
pub fn HintLine(
    /// Unmutes the microphone when its button in the hint is pressed.
    unmute: Callback<()>,
    /// Opens the choice of devices.
    choose_device: Callback<()>,
) -> impl IntoView {
    let t = call_texts();
    let session = expect_context::<Session>();
    let hint = Memo::new(move |_| session.call_hint());
    let key = move || if session.preferences.shortcuts.get() { t.space } else { "" };
    let action = move |hint: &CallHint| match hint {
        CallHint::TalkingWhileMuted => Some((t.unmute_short, key(), unmute)),
        CallHint::SilentMicrophone | CallHint::MutedBySystem(_) => {
            Some((t.choose_another, "", choose_device))
        }
        _ => None,
    };
    view! {
        {move || hint.get().map(|hint| view! {
            <div class="call-hint late" data-notice="hint" data-hint=hint_name(&hint)>
                <p>{(t.call_hint)(&hint)}</p>
                {action(&hint).map(|(label, key, act)| view! {
                    <button class="button small" on:click=click(move |_| act.run(()))>
                        {label}
                        {(!key.is_empty()).then(|| view! { <kbd>{key}</kbd> })}
                    </button>
                })}
            </div>
        })}
    }
}

fn hint_name(hint: &CallHint) -> &'static str {
    match hint {
        CallHint::TalkingWhileMuted => "talking-while-muted",
        CallHint::MutedBySystem(_) => "muted-by-system",
        CallHint::SilentMicrophone => "silent-microphone",
        CallHint::NotHeard(_) => "not-heard",
        CallHint::NotSeen(_) => "not-seen",
        CallHint::Weak { .. } => "weak",
    }
}

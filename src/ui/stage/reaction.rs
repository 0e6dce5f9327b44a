//! Reactions.

use crate::{
    i18n::texts, platform::Timer, protocol::Reaction, reactive::effect_holding, session::Session,
};
use leptos::prelude::*;
use std::time::Duration;

/// Duration of a reaction. The style sheet contains the same value.
const SHOWN: Duration = Duration::from_secs(5);

/// A participant's reaction on their tile, until it has faded away.
#[component]
pub(super) fn ShownReaction(
    /// Their last reaction, and its time.
    #[prop(into)]
    sign: Signal<Option<(Reaction, Duration)>>,
) -> impl IntoView {
    let t = texts();
    let session = expect_context::<Session>();
    let current =
        Memo::new(move |_| sign.get().filter(|(_, at)| session.clock.now.get() < *at + SHOWN));
    let shown = RwSignal::new(None);
    // A new reaction needs a new element, so that its animation starts from the beginning.
    effect_holding(move || {
        let next = current.get();
        shown.set(None);
        next.map(|(sign, _)| Timer::new(Duration::ZERO, move || shown.set(Some(sign))))
    });
    move || {
        shown.get().map(|sign: Reaction| {
            view! { <span class="sign" role="img" aria-label=(t.sign)(sign)>{sign.emoji()}</span> }
        })
    }
}

//! Reactions.

use crate::{
    i18n::call_texts,
    platform::{self, Timer},
    protocol::Reaction,
    reactive::effect_holding,
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
    reaction: Signal<Option<(Reaction, Duration)>>,
) -> impl IntoView {
    let t = call_texts();
    let last = Memo::new(move |_| reaction.get());
    let shown = RwSignal::new(None);
    effect_holding(move || {
        shown.set(None);
        let (reaction, at) = last.get()?;
        let left = (at + SHOWN).checked_sub(platform::elapsed())?;
        // A new reaction needs a new element, so that its animation starts from the beginning.
        let begin = Timer::new(Duration::ZERO, move || shown.set(Some(reaction)));
        let end = Timer::new(left, move || shown.set(None));
        Some((begin, end))
    });
    move || {
        shown.get().map(|reaction: Reaction| {
            view! { <span class="reaction" role="img" aria-label=(t.reaction)(reaction)>{reaction.emoji()}</span> }
        })
    }
}

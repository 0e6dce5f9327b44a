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
    reaction: Signal<Option<(Reaction, Duration)>>,
) -> impl IntoView {
    let t = texts();
    let session = expect_context::<Session>();
    let current =
        Memo::new(move |_| reaction.get().filter(|(_, at)| session.clock.now.get() < *at + SHOWN));
    let shown = RwSignal::new(None);
    // A new reaction needs a new element, so that its animation starts from the beginning.
    effect_holding(move || {
        let next = current.get();
        shown.set(None);
        next.map(|(reaction, _)| Timer::new(Duration::ZERO, move || shown.set(Some(reaction))))
    });
    move || {
        shown.get().map(|reaction: Reaction| {
            view! { <span class="reaction" role="img" aria-label=(t.reaction)(reaction)>{reaction.emoji()}</span> }
        })
    }
}

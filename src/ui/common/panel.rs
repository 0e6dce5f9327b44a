//! Panels above the controls.

use crate::{
    i18n::call_texts,
    platform,
    reactive::{click, effect},
    ui::{Icon, icons},
};
use leptos::{ev, html, prelude::*};

/// A card with a title, closed by its button or by Escape.
#[component]
pub(in crate::ui) fn Panel(
    /// Its title.
    #[prop(into)]
    name: Signal<String>,
    /// Called when it should close.
    close: Callback<()>,
    /// A further class.
    #[prop(optional)]
    class: &'static str,
    children: Children,
) -> impl IntoView {
    let t = call_texts();
    let escape = window_event_listener(ev::keydown, move |event| {
        // Escape also cancels an input method's composition.
        if event.key() == "Escape" && !event.is_composing() {
            close.run(());
        }
    });
    on_cleanup(move || escape.remove());
    // The element in it that should be focused first may already have the focus.
    let section = NodeRef::<html::Section>::new();
    effect(move || {
        if let Some(section) = section.get() {
            platform::focus_into(&section);
        }
    });
    view! {
        <section class=format!("panel card {class}") role="dialog" tabindex="-1" node_ref=section aria-label=name>
            <header class="row">
                <h2>{name}</h2>
                <button class="control small close" aria-label=t.close title=t.close on:click=click(move |_| close.run(()))>
                    <Icon paths=icons::CLOSE />
                </button>
            </header>
            {children()}
        </section>
    }
}

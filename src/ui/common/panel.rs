//! What opens above the controls.

use crate::{
    i18n::texts,
    platform,
    reactive::{click, effect},
    ui::{Icon, icons},
};
use leptos::{ev, html, prelude::*};

/// A card with a name that is closed by its button or Escape.
#[component]
pub(in crate::ui) fn Panel(
    /// What it is called.
    #[prop(into)]
    name: Signal<String>,
    /// Called when it is to be closed.
    close: Callback<()>,
    /// A further class.
    #[prop(optional)]
    class: &'static str,
    children: Children,
) -> impl IntoView {
    let t = texts();
    let escape = window_event_listener(ev::keydown, move |event| {
        // Escape also ends the choice of a character in many languages.
        if event.key() == "Escape" && !event.is_composing() {
            close.run(());
        }
    });
    on_cleanup(move || escape.remove());
    // What in it is to be used first may have it already.
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

//! What opens above the controls.

use crate::{
    i18n::texts,
    ui::{Icon, icons},
};
use leptos::{ev, prelude::*};

/// A card with a name that is closed by its button or Escape.
#[component]
pub(super) fn Panel(
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
        if event.key() == "Escape" {
            close.run(());
        }
    });
    on_cleanup(move || escape.remove());
    view! {
        <section class=format!("panel card {class}") role="dialog" aria-label=name>
            <header class="row">
                <h2>{name}</h2>
                <button class="control small close" aria-label=t.close title=t.close on:click=move |_| close.run(())>
                    <Icon paths=icons::CLOSE />
                </button>
            </header>
            {children()}
        </section>
    }
}

//! Whether the others learn this person's address.

use crate::{i18n::texts, protocol::Boot, reactive::boxed_bool, session::Session, ui::Show};
use leptos::prelude::*;

/// The switch, where the server has a relay. Where it has none any more, whoever hid their address can
/// switch that off: nobody's address is given away because of it, and nobody is left to wonder why
/// they reach no one.
#[component]
pub fn HideAddress() -> impl IntoView {
    let t = texts();
    let session = expect_context::<Session>();
    let hides = session.preferences.hides_address;
    let has_relay = use_context::<Boot>().is_some_and(|boot| boot.has_relay());
    // Whoever switches it off may think again.
    let offered =
        Memo::new(move |before| before == Some(&true) || has_relay || hides.get() == Some(true));
    view! {
        <Show when=offered>
            <label class="check">
                <input
                    type="checkbox"
                    prop:checked=boxed_bool(move || hides.get() == Some(true))
                    disabled=boxed_bool(move || hides.get().is_none())
                    on:change=move |event| session.preferences.hide_address(event_target_checked(&event))
                />
                <span>
                    {t.hide_address}
                    <small>{if has_relay { t.hide_address_cost } else { t.no_relay }}</small>
                </span>
            </label>
        </Show>
    }
}

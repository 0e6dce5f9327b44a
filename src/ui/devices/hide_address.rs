//! Hiding this person's IP address from the others.

use crate::{
    i18n::texts,
    lobby::{Lobby, Request},
    protocol::Boot,
    reactive::boxed_bool,
    ui::Show,
};
use leptos::prelude::*;

/// The switch, if the server has a relay. If the relay was removed, people who hide their address
/// can still turn the switch off: no address is revealed without their consent, and they learn why
/// nobody is reachable.
#[component]
pub fn HideAddress() -> impl IntoView {
    let t = texts();
    let lobby = expect_context::<Lobby>();
    let hides = lobby.hides_address;
    let has_relay = use_context::<Boot>().is_some_and(|boot| boot.has_relay());
    // Turning it off can be undone.
    let offered =
        Memo::new(move |before| before == Some(&true) || has_relay || hides.get() == Some(true));
    view! {
        <Show when=offered>
            <label class="check">
                <input
                    type="checkbox"
                    prop:checked=boxed_bool(move || hides.get() == Some(true))
                    disabled=boxed_bool(move || hides.get().is_none())
                    on:change=move |event| lobby.ask(Request::HideAddress(event_target_checked(&event)))
                />
                <span>
                    {t.hide_address}
                    <small>{if has_relay { t.hide_address_cost } else { t.no_relay }}</small>
                </span>
            </label>
        </Show>
    }
}

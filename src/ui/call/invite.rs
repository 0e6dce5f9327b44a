//! The stage while nobody else is in the call.

use crate::{
    i18n::{call_texts, texts},
    platform,
    reactive::{boxed_bool, click},
    session::Session,
    ui::{Icon, Show, icons},
};
use leptos::prelude::*;

/// The link: to read, copy, share or scan.
#[component]
pub fn Invite() -> impl IntoView {
    let t = call_texts();
    let session = expect_context::<Session>();
    let link = session.lobby.room.link.get_value();
    let qr = format!("/room/{}/qr.svg", session.lobby.room.name.get_value());
    view! {
        <section class="invite" data-invite="" aria-labelledby="alone">
            <img src=qr alt=t.qr width="160" height="160" />
            <div>
                <h2 id="alone">{t.alone}</h2>
                <p class="quiet">{t.alone_hint}</p>
                <p class="address">{link}</p>
                <div class="row">
                    <button class="button primary" on:click=click(move |_| session.lobby.room.copy_link())>
                        <Icon paths=icons::LINK />
                        {texts().copy_link}
                    </button>
                    <Show when=boxed_bool(platform::can_share)>
                        <button class="button" on:click=click(move |_| session.lobby.room.share_link())>
                            <Icon paths=icons::SHARE />
                            {t.share}
                        </button>
                    </Show>
                </div>
            </div>
        </section>
    }
}

//! After the call.

use crate::{
    i18n::texts,
    platform,
    session::Session,
    ui::{Brand, Icon, Inside, flag, icons, text, word},
};
use leptos::{html, prelude::*};

/// How long the call was, and the way back.
#[component]
pub fn Left() -> impl IntoView {
    let t = texts();
    let session = expect_context::<Session>();
    let moved = flag(move || session.view.get().moved);
    let heading = NodeRef::<html::H1>::new();
    Effect::new(move |_| {
        if let Some(heading) = heading.get() {
            platform::focus(&heading);
        }
    });
    view! {
        <div class="page center">
            <Brand />
            <h1 tabindex="-1" node_ref=heading>
                {word(move || if moved.get() { t.moved_title } else { t.left_title })}
            </h1>
            <p class="lead">{text(move || (t.left_after)(session.time_inside()))}</p>
            <Inside />
            <div class="row">
                <button class="button primary" on:click=move |_| session.join()>
                    <Icon paths=icons::ENTER />
                    {word(move || if moved.get() { t.use_here } else { t.rejoin })}
                </button>
                <a class="button" href="/" rel="external">{t.home}</a>
            </div>
        </div>
    }
}

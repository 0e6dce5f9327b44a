//! After the call.

use crate::{
    admission::AdmissionView,
    i18n::call_texts,
    platform,
    protocol::ErrorCode,
    reactive::{boxed_bool, boxed_str, boxed_text, click, effect},
    session::Session,
    ui::{Brand, Icon, LazyRecordings, RoomStatus, icons},
};
use leptos::{html, prelude::*};

/// The duration of the call, and the button to rejoin.
#[component]
pub fn Left() -> impl IntoView {
    let t = call_texts();
    let session = expect_context::<Session>();
    let moved = boxed_bool(move || session.view.with(|view| view.admission.moved));
    let removed = boxed_bool(move || {
        session.view.with(|view| view.admission.refusal == Some(ErrorCode::Removed))
    });
    let heading = NodeRef::<html::H1>::new();
    effect(move || {
        if let Some(heading) = heading.get() {
            platform::focus(&heading);
        }
    });
    view! {
        <div class="page center">
            <Brand />
            <h1 tabindex="-1" node_ref=heading>
                {boxed_str(move || session.view.with(|view| match view.admission {
                    AdmissionView { moved: true, .. } => t.moved_title,
                    AdmissionView { refusal: Some(ErrorCode::Removed), .. } => t.removed_title,
                    AdmissionView { refusal: Some(ErrorCode::CallEnded), .. } => t.ended_title,
                    _ => t.left_title,
                }))}
            </h1>
            <p class="lead">{boxed_text(move || (t.left_after)(session.time_inside()))}</p>
            <div hidden=removed><RoomStatus /></div>
            <div class="row">
                <button class="button primary" hidden=removed on:click=click(move |_| session.join())>
                    <Icon paths=icons::ENTER />
                    {boxed_str(move || if moved.get() { t.use_here } else { t.rejoin })}
                </button>
                <a class="button" href="/" rel="external">{t.home}</a>
            </div>
            <LazyRecordings />
        </div>
    }
}

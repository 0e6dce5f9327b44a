//! The list of keyboard shortcuts.

use crate::{
    i18n::choice_texts,
    session::{SHORTCUT_KEYS, Session, Shortcut},
    ui::common::toggle::Toggle,
};
use leptos::prelude::*;

/// All shortcuts, and their off switch.
#[component]
pub(super) fn ShortcutList() -> impl IntoView {
    let t = choice_texts();
    let session = expect_context::<Session>();
    let set = Callback::new(move |on| session.preferences.set_shortcuts(on));
    let row = |(key, shortcut): (&'static str, Shortcut)| {
        view! {
            <dt><kbd>"Alt"</kbd>" + "<kbd>{key}</kbd></dt>
            <dd>{(t.shortcut)(shortcut)}</dd>
        }
    };
    view! {
        <section class="shortcuts">
            <details>
                <summary>{t.shortcuts}</summary>
                <dl>
                    {SHORTCUT_KEYS.map(row).collect_view()}
                    <dt><kbd>{t.space}</kbd></dt>
                    <dd>{t.push_to_talk}</dd>
                    <dt><kbd>"Esc"</kbd></dt>
                    <dd>{t.close_panel}</dd>
                </dl>
                <Toggle label=t.use_shortcuts on=session.preferences.shortcuts set />
            </details>
        </section>
    }
}

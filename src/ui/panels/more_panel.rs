//! Occasional actions in a call: reactions and the choice of layout.

use super::shortcut_list::ShortcutList;
use crate::{
    i18n::{call_texts, choice_texts},
    layout::Layout,
    platform,
    protocol::Reaction,
    reactive::{boxed_bool, boxed_str, click},
    session::Session,
    ui::{
        Icon,
        common::{panel::Panel, radio_option::RadioOption, toggle::Toggle},
        icons,
        recording::recordings::RecordingSection,
        stage::{layout_state::LayoutState, small_window::SmallWindowButton},
    },
};
use leptos::prelude::*;

/// The panel.
#[component]
pub(super) fn MorePanel(close: Callback<()>) -> impl IntoView {
    let t = call_texts();
    view! {
        <Panel name=t.more_panel close class="more">
            <Reactions />
            <ViewChoices />
            <RecordingSection />
            <ShortcutList />
        </Panel>
    }
}

#[component]
fn Reactions() -> impl IntoView {
    let t = call_texts();
    let session = expect_context::<Session>();
    let raised = boxed_bool(move || session.own.hand.get());
    let button = move |reaction: Reaction| {
        view! {
            <button
                class="control small reaction"
                aria-label=(t.reaction)(reaction)
                title=(t.reaction)(reaction)
                on:click=click(move |_| session.send_reaction(reaction))
            >
                {reaction.emoji()}
            </button>
        }
    };
    view! {
        <div class="row reactions">{Reaction::ALL.map(button).collect_view()}</div>
        <button
            class="button"
            on:click=click(move |_| session.own.hand.update(|raised| *raised = !*raised))
        >
            <Icon paths=icons::HAND />
            {boxed_str(move || if raised.get() { t.lower_hand } else { t.raise_hand })}
        </button>
    }
}

#[component]
fn ViewChoices() -> impl IntoView {
    let t = choice_texts();
    let layout_state = expect_context::<LayoutState>();
    let hides = Callback::new(move |hide| layout_state.hide_self(hide));
    let layout = move |layout, label: &'static str| {
        let chosen = boxed_bool(move || layout_state.layout.get() == layout);
        let choose = Callback::new(move |()| layout_state.choose(layout));
        view! { <RadioOption group="layout" label chosen choose /> }
    };
    view! {
        <section aria-labelledby="view-choices">
            <h3 id="view-choices">{t.view}</h3>
            <div class="options" role="radiogroup" aria-labelledby="view-choices">
                {layout(Layout::Grid, t.grid)}
                {layout(Layout::Speaker, t.speaker)}
            </div>
            <Toggle label=t.hide_self on=layout_state.hides_self set=hides />
            <div class="row">
                {platform::can_fill_screen().then(|| view! {
                    <button class="button small" on:click=click(move |_| platform::toggle_full_screen())>
                        {t.full_screen}
                    </button>
                })}
                <SmallWindowButton />
            </div>
        </section>
    }
}

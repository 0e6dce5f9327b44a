//! The connection to one person, in numbers and small graphs.

use super::{
    connection_test::Lines,
    graph::{Graph, line},
    report::{Row, Value, listed, probes, report, rows, span},
};
use crate::{
    diagnostics::{StatsHistory, Throughput},
    i18n::statistics_texts,
    platform,
    protocol::PeerId,
    reactive::{boxed_bool, boxed_text, click, effect},
    session::{Probing, Session},
    ui::{Icon, common::panel::Panel, icons},
};
use leptos::{html, prelude::*};

/// The connection to one person, as of this second.
#[component]
pub(in crate::ui) fn ConnectionPanel(
    /// To whom.
    id: PeerId,
    /// Called to go back to the list of people.
    back: Callback<()>,
    /// Called to close the panel.
    close: Callback<()>,
) -> impl IntoView {
    let t = statistics_texts();
    let session = expect_context::<Session>();
    let presence = Memo::new(move |_| session.tile(id).map(|tile| tile.presence));
    let name = boxed_text(move || (t.connection_to)(&presence.get().unwrap_or_default().name));
    let first = NodeRef::<html::Button>::new();
    session.connectivity.measuring.set(true);
    on_cleanup(move || {
        let _ = session.connectivity.measuring.try_set(false);
    });
    effect(move || {
        if let Some(first) = first.get() {
            platform::focus(&first);
        }
    });
    let tests = Tests::default();
    let copy = move |_| {
        let mut text = untrack(|| with_history(session, id, |history| report(history, t)));
        let lines = untrack(|| tests.lines());
        if !lines.is_empty() {
            text.push('\n');
            text.push_str(&listed(t.test_of, &lines));
        }
        session.copy_report(text);
    };
    view! {
        <Panel name close class="connection">
            <div class="row">
                <button class="button small" node_ref=first on:click=click(move |_| back.run(()))>
                    <Icon paths=icons::BACK />
                    {t.back}
                </button>
                <button class="button small" on:click=click(copy)>{t.copy_report}</button>
            </div>
            <table>
                <thead>
                    <tr>
                        <td></td>
                        <th scope="col">{t.received}</th>
                        <th scope="col">{t.sent}</th>
                    </tr>
                </thead>
                <tbody>{move || with_history(session, id, table)}</tbody>
            </table>
            <ServerTests tests />
        </Panel>
    }
}

/// Nothing is known about a person who is not connected yet.
fn with_history<T>(session: Session, id: PeerId, read: impl Fn(&StatsHistory) -> T) -> T {
    session.histories.with(|histories| match histories.iter().find(|(other, _)| *other == id) {
        Some((_, history)) => read(history),
        None => read(&StatsHistory::default()),
    })
}

fn table(history: &StatsHistory) -> Vec<AnyView> {
    let row = |Row { name, values }: Row| {
        let width = if values.len() == 1 { "2" } else { "1" };
        let cells = values.into_iter().map(|value| cell(history, name, width, value));
        let cells = cells.collect_view();
        view! {
            <tr>
                <th scope="row">{name}</th>
                {cells}
            </tr>
        }
        .into_any()
    };
    rows(history, statistics_texts()).into_iter().map(row).collect()
}

fn cell(history: &StatsHistory, name: &str, width: &'static str, value: Value) -> AnyView {
    let t = statistics_texts();
    let Value { text, measure } = value;
    let drawn = measure.and_then(|measure| {
        let says = (t.graph)(name, &span(history, measure, t)?);
        Some(view! { <Graph line=line(history, measure) says /> })
    });
    view! { <td colspan=width>{text} {drawn}</td> }.into_any()
}

/// Results of the checks of STUN and TURN servers, as text.
#[derive(Clone, Copy, Default)]
struct Tests {
    probing: Probing,
    /// Result of the relay throughput test, once it has finished.
    carried: RwSignal<Option<Option<Throughput>>>,
}

impl Tests {
    fn start(self, session: Session) {
        self.carried.set(None);
        let hidden = session.preferences.hides_address.get_untracked() == Some(true);
        self.probing.start(session.ice_servers(), hidden);
    }

    /// Measures a relay's throughput as soon as one is known to work.
    fn go_on(self) {
        let relay = Memo::new(move |_| self.probing.relay());
        effect(move || {
            if !self.probing.is_running() {
                self.probing.stop();
            }
            let Some(relay) = relay.get() else { return };
            platform::spawn_local(async move {
                let carried = platform::measure_relay(&relay).await;
                self.carried.try_set(Some(carried));
            });
        });
    }

    fn lines(self) -> Vec<(&'static str, String)> {
        let t = statistics_texts();
        let mut lines = self.probing.probes.with(|all| probes(all, true, t));
        if let Some(carried) = self.carried.get() {
            let carried = carried.as_ref().map_or_else(|| t.not_carried.to_owned(), t.carried);
            lines.push((t.through_relay, carried));
        }
        lines
    }
}

/// Checks on request whether those servers answer.
#[component]
fn ServerTests(tests: Tests) -> impl IntoView {
    let t = statistics_texts();
    let session = expect_context::<Session>();
    tests.go_on();
    on_cleanup(move || tests.probing.stop());
    let lines = Signal::derive(move || tests.lines());
    view! {
        <section hidden=boxed_bool(move || session.ice_servers().is_empty())>
            <button
                class="button small"
                disabled=boxed_bool(move || tests.probing.is_running())
                on:click=click(move |_| tests.start(session))
            >
                {t.test_relays}
            </button>
            <div aria-live="polite">
                <Lines lines />
            </div>
        </section>
    }
}

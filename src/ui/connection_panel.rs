//! How the connection to one person is, in numbers and small graphs.

use super::{
    graph::{Graph, line},
    panel::Panel,
    report::{Row, Value, probes, report, rows, span},
};
use crate::{
    call::statistics::History,
    i18n::statistics_texts,
    platform,
    protocol::PeerId,
    session::{Probing, Session},
    ui::{Icon, flag, icons, text},
};
use leptos::{html, prelude::*};

/// The connection to one person, as of this second.
#[component]
pub(super) fn ConnectionPanel(
    /// To whom.
    id: PeerId,
    /// Called when the person wants back to everybody.
    back: Callback<()>,
    /// Called when all of it is to be closed.
    close: Callback<()>,
) -> impl IntoView {
    let t = statistics_texts();
    let session = expect_context::<Session>();
    let presence = Memo::new(move |_| session.tile(id).map(|tile| tile.presence));
    let name = text(move || (t.connection_to)(&presence.get().unwrap_or_default().name));
    let first = NodeRef::<html::Button>::new();
    Effect::new(move |_| {
        if let Some(first) = first.get() {
            platform::focus(&first);
        }
    });
    let copy = move |_| session.copy_report(with_history(session, id, |it| report(it, t)));
    view! {
        <Panel name close class="connection">
            <button class="button small back" node_ref=first on:click=move |_| back.run(())>
                <Icon paths=icons::BACK />
                {t.back}
            </button>
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
            <button class="button" on:click=copy>{t.copy_report}</button>
            <ServerTests />
        </Panel>
    }
}

/// Of somebody who is not connected yet, nothing is known.
fn with_history<T>(session: Session, id: PeerId, read: impl Fn(&History) -> T) -> T {
    session.histories.with(|histories| match histories.iter().find(|(other, _)| *other == id) {
        Some((_, history)) => read(history),
        None => read(&History::default()),
    })
}

fn table(history: &History) -> Vec<AnyView> {
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

fn cell(history: &History, name: &str, width: &'static str, value: Value) -> AnyView {
    let t = statistics_texts();
    let Value { text, measure } = value;
    let drawn = measure.and_then(|measure| {
        let says = (t.graph)(name, &span(history, measure, t)?);
        Some(view! { <Graph line=line(history, measure) says /> })
    });
    view! { <td colspan=width>{text} {drawn}</td> }.into_any()
}

/// Whether the servers that connections depend on answer, when it is asked for.
#[component]
fn ServerTests() -> impl IntoView {
    let t = statistics_texts();
    let session = expect_context::<Session>();
    let probing = Probing::default();
    on_cleanup(move || probing.stop());
    let start = move |_| {
        let hidden = session.hides_address.get_untracked() == Some(true);
        probing.start(session.ice_servers(), hidden);
    };
    let lines = move || {
        let line = |(name, text)| view! { <dt>{name}</dt><dd>{text}</dd> };
        probing.probes.with(|all| probes(all, true, t).into_iter().map(line).collect_view())
    };
    view! {
        <section hidden=flag(move || session.ice_servers().is_empty())>
            <button class="button small" disabled=flag(move || probing.is_running()) on:click=start>
                {t.test_relays}
            </button>
            <dl class="findings" aria-live="polite">{lines}</dl>
        </section>
    }
}

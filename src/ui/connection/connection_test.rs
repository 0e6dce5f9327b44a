//! The connection test in the lobby.

use super::report::{Findings, Verdict, listed};
use crate::{
    admission::Phase,
    diagnostics::{CheckResult, CheckTarget, IceServerCheck, UploadResult},
    i18n::{StatisticsTexts, statistics_texts},
    platform::{self, Local, UploadTrial},
    protocol::{Boot, IceServer},
    reactive::{boxed_bool, boxed_str, click, effect},
    session::{Probing, Session},
};
use leptos::prelude::*;

/// User name for relays, which belongs to nobody: a rejection proves that the relay is reachable.
const NOBODY: &str = "salon-test";

/// One line with the result, which expands to the details. Starts by itself, and stops as soon as
/// the person joins.
#[component]
pub(in crate::ui) fn ConnectionTest() -> impl IntoView {
    let t = statistics_texts();
    let session = expect_context::<Session>();
    let probing = Probing::default();
    let urls = StoredValue::new(use_context::<Boot>().unwrap_or_default().ice_urls);
    let upload = RwSignal::new(UploadResult::Waiting);
    let trial = StoredValue::new(None);
    let start = move || {
        trial.set_value(None);
        upload.set(UploadResult::Waiting);
        let servers = urls.get_value().into_iter().map(without_credentials).collect();
        probing.start(servers, session.preferences.hides_address.get_untracked() == Some(true));
    };
    let outside =
        Memo::new(move |_| session.view.with(|view| view.admission.phase == Phase::Lobby));
    effect(move || match outside.get() {
        true => start(),
        false => {
            probing.stop();
            trial.set_value(None);
            if upload.get_untracked() == UploadResult::Waiting {
                upload.set(UploadResult::Dropped);
            }
        }
    });
    let reachable = Memo::new(move |_| {
        // Requested once a second.
        session.clock.now.track();
        session.server_round_trip().is_some()
    });
    effect(move || {
        if probing.is_running() {
            return;
        }
        probing.stop();
        // Last, because the upload would delay the other answers.
        if reachable.get() && upload.get() == UploadResult::Waiting {
            let result = move |found| {
                let _ = upload.try_set(found);
            };
            match UploadTrial::start(result) {
                Some(begun) => trial.set_value(Some(Local::new(begun))),
                None => upload.set(UploadResult::Failed),
            }
        }
    });
    on_cleanup(move || probing.stop());
    let download = platform::download_rate();
    let findings = Memo::new(move |_| {
        // Requested once a second.
        session.clock.now.track();
        let (server, probes) = (session.server_round_trip(), probing.probes.get());
        let barrier = session.connectivity.barriers.found.get();
        Findings { server, barrier, probes, download, upload: upload.get() }
    });
    let verdict = Memo::new(move |_| findings.with(Findings::verdict));
    let has_barrier = move || session.connectivity.barriers.found.get().is_some();
    let summary = boxed_str(move || summary(verdict.get(), has_barrier(), t));
    let abandoned = boxed_bool(move || {
        let dropped = |probe: &IceServerCheck| probe.result == CheckResult::Dropped;
        upload.get() == UploadResult::Dropped
            || probing.probes.with(|probes| probes.iter().any(dropped))
    });
    let copy = move |_| {
        let lines = findings.with_untracked(|findings| findings.lines(t));
        session.copy_report(listed(t.test_of, &lines));
    };
    let lines = Signal::derive(move || findings.with(|findings| findings.lines(t)));
    view! {
        <details class="connection-test" hidden=abandoned data-verdict=boxed_str(move || verdict_name(verdict.get()))>
            <summary><span role="status">{summary}</span></summary>
            <Lines lines />
            <div class="row">
                <button class="button small" type="button" on:click=click(copy)>{t.copy_report}</button>
                <button class="button small" type="button" on:click=click(move |_| start())>{t.test_again}</button>
            </div>
        </details>
    }
}

/// Named values.
#[component]
pub(super) fn Lines(lines: Signal<Vec<(&'static str, String)>>) -> impl IntoView {
    let line = |(name, text)| view! { <dt>{name}</dt><dd>{text}</dd> };
    view! { <dl class="findings">{move || lines.get().into_iter().map(line).collect_view()}</dl> }
}

fn without_credentials(urls: String) -> IceServer {
    let nobody = CheckTarget::of(&urls).filter(|target| *target != CheckTarget::Stun);
    let nobody = nobody.map(|_| NOBODY.to_owned());
    IceServer { urls, username: nobody.clone(), credential: nobody }
}

fn summary(verdict: Verdict, has_barrier: bool, t: &StatisticsTexts) -> &'static str {
    match verdict {
        Verdict::Testing => t.testing,
        Verdict::Good => t.all_well,
        Verdict::NoConnections => t.no_connections,
        Verdict::NoWay => t.no_way,
        Verdict::Limited => t.some_silent,
        Verdict::NoUdp => t.no_udp,
        Verdict::OnlyTls => t.only_tls,
        Verdict::Blocked => t.blocked,
        Verdict::Slow => t.slow,
        Verdict::NoServer if has_barrier => t.no_socket,
        Verdict::NoServer => t.no_server,
    }
}

fn verdict_name(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Testing => "testing",
        Verdict::Good => "good",
        Verdict::NoConnections => "no-connections",
        Verdict::NoWay => "no-way",
        Verdict::Limited => "limited",
        Verdict::NoUdp => "no-udp",
        Verdict::OnlyTls => "only-tls",
        Verdict::Blocked => "blocked",
        Verdict::Slow => "slow",
        Verdict::NoServer => "no-server",
    }
}

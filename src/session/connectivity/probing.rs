//! Tests of the STUN and TURN servers, and of what the browser gathers by itself.

use crate::{
    diagnostics::{CheckResult, CheckTarget, IceServerCheck},
    platform::{Local, ServerProbe, Timer, elapsed},
    protocol::IceServer,
};
use leptos::prelude::*;
use std::time::Duration;

/// The pause between the starts of two tests: browsers freeze for a moment for each.
const BETWEEN: Duration = Duration::from_millis(250);
/// The number of servers at most: more than any operator needs.
const SERVERS: usize = 8;

/// What is tested, and which server.
type Asked = (CheckTarget, Option<IceServer>);

/// Tests that are under way or done.
#[derive(Clone, Copy, Default)]
pub struct Probing {
    /// One for the browser, unless the person hides their address; then one for each server, in the
    /// operator's order.
    pub probes: RwSignal<Vec<IceServerCheck>>,
    asked: StoredValue<Vec<Asked>>,
    running: StoredValue<Vec<Local<ServerProbe>>>,
    next: StoredValue<Option<Timer>>,
}

impl Probing {
    /// Tests these servers; only relays where the person hides their address.
    pub fn start(self, servers: Vec<IceServer>, hidden: bool) {
        self.stop();
        let known = |server: IceServer| Some((CheckTarget::of(&server.urls)?, Some(server)));
        let servers = servers.into_iter().filter_map(known).take(SERVERS);
        // Gathering shows this device to the local network.
        let browser = (!hidden).then_some((CheckTarget::Browser, None));
        let asked: Vec<Asked> = browser.into_iter().chain(servers).collect();
        self.probes.set(asked.iter().map(|(target, _)| IceServerCheck::new(*target)).collect());
        self.asked.set_value(asked);
        self.ask(0, hidden);
    }

    /// The first relay that works, once all servers were asked.
    #[must_use]
    pub fn relay(self) -> Option<IceServer> {
        let works = |probe: &IceServerCheck| {
            matches!((probe.target, probe.result), (CheckTarget::Relay(_), CheckResult::Works(_)))
        };
        let place = self.probes.with(|probes| probes.iter().position(works));
        let place = place.filter(|_| !self.is_running())?;
        self.asked.with_value(|asked| asked.get(place)?.1.clone())
    }

    /// Whether a test is under way.
    #[must_use]
    pub fn is_running(self) -> bool {
        self.probes.with(|probes| probes.iter().any(|probe| probe.result == CheckResult::Waiting))
    }

    /// Stops the tests that are under way.
    pub fn stop(self) {
        self.next.set_value(None);
        self.running.set_value(Vec::new());
        if untrack(|| self.is_running()) {
            self.probes.update(|probes| {
                let waiting =
                    probes.iter_mut().filter(|probe| probe.result == CheckResult::Waiting);
                waiting.for_each(|probe| probe.result = CheckResult::Dropped);
            });
        }
    }

    fn ask(self, place: usize, hidden: bool) {
        let asked = self.asked.with_value(|asked| asked.get(place).cloned());
        let Some((target, server)) = asked else { return };
        let begun = elapsed();
        let note = move |change: &dyn Fn(&mut IceServerCheck)| {
            self.probes.try_update(|probes| probes.get_mut(place).map(change));
        };
        if hidden && target == CheckTarget::Stun {
            note(&|probe| probe.result = CheckResult::Untried);
        } else {
            let handler = move |sign| {
                let after = elapsed().saturating_sub(begun);
                note(&|probe| probe.note(sign, after));
            };
            let relayed = matches!(target, CheckTarget::Relay(_));
            match ServerProbe::start(server.as_ref(), relayed, handler) {
                Some(probe) => self.running.update_value(|running| running.push(Local::new(probe))),
                None => note(&|probe| probe.result = CheckResult::Impossible),
            }
        }
        let next = Timer::new(BETWEEN, move || self.ask(place + 1, hidden));
        self.next.set_value(Some(next));
    }
}

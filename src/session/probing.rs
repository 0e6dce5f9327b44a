//! Asks the servers that connections depend on whether they answer, and the browser whether it finds a way.

use crate::{
    call::probe::{Finding, Probe, Target},
    platform::{Local, ServerProbe, Timer, elapsed},
    protocol::IceServer,
};
use leptos::prelude::*;
use std::time::Duration;

/// One after the other, because browsers stand still for a moment for each.
const BETWEEN: Duration = Duration::from_millis(250);
/// More servers than anybody needs.
const SERVERS: usize = 8;

/// What is asked, and which server.
type Asked = (Target, Option<IceServer>);

/// Tests that are under way or done.
#[derive(Clone, Copy, Default)]
pub struct Probing {
    /// One for the browser, unless the person hides their address; then one for each server, in the
    /// operator's order.
    pub probes: RwSignal<Vec<Probe>>,
    asked: StoredValue<Vec<Asked>>,
    running: StoredValue<Vec<Local<ServerProbe>>>,
    next: StoredValue<Option<Timer>>,
}

impl Probing {
    /// Asks these servers. Who hides their address asks relays only.
    pub fn start(self, servers: Vec<IceServer>, hidden: bool) {
        self.stop();
        let known = |server: IceServer| Some((Target::of(&server.urls)?, Some(server)));
        let servers = servers.into_iter().filter_map(known).take(SERVERS);
        // To look for a way tells the local network who does.
        let browser = (!hidden).then_some((Target::Browser, None));
        let asked: Vec<Asked> = browser.into_iter().chain(servers).collect();
        self.probes.set(asked.iter().map(|(target, _)| Probe::new(*target)).collect());
        self.asked.set_value(asked);
        self.ask(0, hidden);
    }

    /// The first relay that works, once all servers were asked.
    #[must_use]
    pub fn relay(self) -> Option<IceServer> {
        let works = |probe: &Probe| {
            matches!((probe.target, probe.finding), (Target::Relay(_), Finding::Works(_)))
        };
        let place = self.probes.with(|probes| probes.iter().position(works));
        let place = place.filter(|_| !self.is_running())?;
        self.asked.with_value(|asked| asked.get(place)?.1.clone())
    }

    /// Whether something is being waited for.
    #[must_use]
    pub fn is_running(self) -> bool {
        self.probes.with(|probes| probes.iter().any(|probe| probe.finding == Finding::Waiting))
    }

    /// Gives up what is under way.
    pub fn stop(self) {
        self.next.set_value(None);
        self.running.set_value(Vec::new());
        if untrack(|| self.is_running()) {
            self.probes.update(|probes| {
                let waiting = probes.iter_mut().filter(|probe| probe.finding == Finding::Waiting);
                waiting.for_each(|probe| probe.finding = Finding::Dropped);
            });
        }
    }

    fn ask(self, place: usize, hidden: bool) {
        let asked = self.asked.with_value(|asked| asked.get(place).cloned());
        let Some((target, server)) = asked else { return };
        let begun = elapsed();
        let note = move |change: &dyn Fn(&mut Probe)| {
            self.probes.try_update(|probes| probes.get_mut(place).map(change));
        };
        if hidden && target == Target::Stun {
            note(&|probe| probe.finding = Finding::Untried);
        } else {
            let handler = move |sign| {
                let after = elapsed().saturating_sub(begun);
                note(&|probe| probe.note(sign, after));
            };
            let relayed = matches!(target, Target::Relay(_));
            match ServerProbe::start(server.as_ref(), relayed, handler) {
                Some(probe) => self.running.update_value(|running| running.push(Local::new(probe))),
                None => note(&|probe| probe.finding = Finding::Impossible),
            }
        }
        let next = Timer::new(BETWEEN, move || self.ask(place + 1, hidden));
        self.next.set_value(Some(next));
    }
}

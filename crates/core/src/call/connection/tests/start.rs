//! Connections that do not begin: within [`BEGINS_WITHIN`] both sides are told which of it is so, and it is
//! tried again.

use super::*;
use crate::{call::connection::start::BEGINS_WITHIN, protocol::Failure};
use SignalingState::{HaveLocalOffer, HaveRemoteOffer, Stable};

const SECOND: Duration = Duration::from_secs(1);

/// A connection to one person, and what came of it so far.
struct Pair {
    role: Role,
    connection: Connection,
    now: Duration,
}

impl Pair {
    fn new(role: Role) -> Self {
        let mut connection = connection(role, 1, Duration::ZERO);
        connection.update(Duration::ZERO);
        Self { role, connection, now: Duration::ZERO }
    }

    fn handle(&mut self, inputs: impl IntoIterator<Item = PeerInput>) -> &mut Self {
        inputs.into_iter().for_each(|input| self.connection.handle(input, self.now));
        self
    }

    /// Another connection takes the place of this one.
    fn replace(&mut self) {
        let generation = self.connection.key().generation + 1;
        let fresh = connection(self.role, generation, self.now);
        self.connection = fresh.succeed(&self.connection, self.now);
        self.connection.update(self.now);
    }

    /// Lets time pass, and returns when a new connection was asked for, and when something was said again.
    fn wait(&mut self, until: Duration) -> (Vec<u64>, Vec<u64>) {
        let (mut reconnects, mut said) = (Vec::new(), Vec::new());
        while self.now < until {
            let connection = &self.connection;
            let changes = connection.link_changes_at(self.now);
            let due = connection.due().into_iter().chain(changes).min();
            self.now = due.map_or(until, |due| due.clamp(self.now, until));
            if self.connection.step(self.now) {
                reconnects.push(self.now.as_secs());
            }
            let offers = std::iter::from_fn(|| self.connection.poll());
            let is_offer =
                |command: &PeerCommand| matches!(command, PeerCommand::Send(Signal::Offer(_)));
            if offers.filter(is_offer).count() > 0 {
                said.push(self.now.as_secs());
            }
        }
        (reconnects, said)
    }

    fn link(&self) -> Link {
        self.connection.link(self.now)
    }

    fn failure(&mut self) -> Option<Failure> {
        self.connection.repeat();
        while self.connection.poll().is_some() {}
        self.connection.reception_report(&[], self.now).unwrap().failure
    }
}

fn offered() -> [PeerInput; 3] {
    let offer = Some(description(SdpType::Offer));
    [
        PeerInput::NegotiationNeeded,
        PeerInput::LocalDone(Intent::Offer, offer, HaveLocalOffer),
        PeerInput::LocalCandidate(candidate("mine")),
    ]
}

fn remote(failure: Failure) -> PeerInput {
    let reception = Reception { failure: Some(failure), ..Reception::default() };
    PeerInput::Signal(Signal::Reception(reception))
}

#[test]
fn a_missing_answer_is_reported_and_the_offer_repeated() {
    let mut pair = Pair::new(Role::Caller);
    pair.handle(offered()).wait(BEGINS_WITHIN - SECOND);
    assert_eq!((pair.link(), pair.failure()), (Link::New, None));
    assert_eq!(
        pair.connection.link_changes_at(pair.now),
        Some(BEGINS_WITHIN),
        "it is looked at again by then"
    );
    pair.wait(BEGINS_WITHIN);
    let silent = Failure::NoAnswer;
    assert_eq!((pair.link(), pair.failure()), (Link::Failed(Obstacle::Here(silent)), Some(silent)));
    let (reconnects, said) = pair.wait(40 * SECOND);
    assert_eq!(reconnects, [] as [u64; 0], "who asks their person for something still may answer");
    assert_eq!(said, [20, 23, 28, 36]);
    pair.handle([
        PeerInput::Signal(Signal::Answer(description(SdpType::Answer))),
        PeerInput::RemoteDone(true, Stable),
        PeerInput::Connection(ConnectionState::Connected),
    ]);
    assert_eq!((pair.link(), pair.failure()), (Link::Connected, None));
}

#[test]
fn a_missing_offer_is_reported_and_a_new_connection_requested() {
    let mut pair = Pair::new(Role::Callee);
    let (reconnects, _) = pair.wait(19 * SECOND);
    let silent = Failure::NoAnswer;
    assert_eq!((pair.link(), pair.failure()), (Link::Failed(Obstacle::Here(silent)), Some(silent)));
    assert_eq!(reconnects, [] as [u64; 0]);
    let (reconnects, said) = pair.wait(40 * SECOND);
    assert_eq!((reconnects, said), (vec![20, 23, 28, 36], vec![]));
    pair.replace();
    assert_eq!(pair.link(), Link::Failed(Obstacle::Here(silent)), "the text does not start again");
}

#[test]
fn a_browser_without_connections_is_reported_on_both_sides() {
    let off = Failure::NoConnection;
    let mut pair = Pair::new(Role::Caller);
    pair.handle([PeerInput::NotOpened, PeerInput::Signal(Signal::Candidate(candidate("c")))]);
    assert_eq!((pair.link(), pair.failure()), (Link::Failed(Obstacle::Here(off)), Some(off)));
    assert!(
        std::iter::from_fn(|| pair.connection.poll()).next().is_none(),
        "there is nothing to command"
    );
    let mut times = Vec::new();
    for until in [1, 4, 10, 20] {
        times.extend(pair.wait(until * SECOND).0);
        pair.replace();
        pair.handle([PeerInput::NotOpened]);
    }
    assert_eq!(times, [0, 3, 8, 16]);

    let mut other = Pair::new(Role::Callee);
    other.handle([remote(off)]);
    assert_eq!(other.link(), Link::Failed(Obstacle::There(off)));
    other.replace();
    assert_eq!(other.link(), Link::Failed(Obstacle::There(off)));
}

#[test]
fn missing_candidates_are_reported_on_both_sides_even_without_a_report() {
    let lonely = Failure::NoCandidates;
    let gathered = PeerInput::LocalCandidate(None);
    let mut pair = Pair::new(Role::Caller);
    pair.handle(offered()).handle([gathered.clone()]);
    assert_eq!(pair.failure(), None, "one was found");
    let mut pair = Pair::new(Role::Caller);
    pair.handle(offered().into_iter().take(2)).handle([gathered]);
    assert_eq!((pair.link(), pair.failure()), (Link::Failed(Obstacle::Here(lonely)), Some(lonely)));
    assert_eq!(pair.wait(SECOND).0, [0]);

    let answered = |sdp: &str| {
        let answer = SessionDescription::new(SdpType::Answer, sdp);
        let mut other = Pair::new(Role::Caller);
        other.handle(offered()).handle([
            PeerInput::Signal(Signal::Answer(answer)),
            PeerInput::RemoteDone(true, Stable),
            PeerInput::Signal(Signal::Candidate(None)),
            PeerInput::Connection(ConnectionState::Connecting),
        ]);
        other.wait(BEGINS_WITHIN);
        other
    };
    assert_eq!(answered("v=0\r\n").link(), Link::Failed(Obstacle::There(lonely)));
    let named = answered("v=0\r\na=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\n");
    assert_eq!(named.link(), Link::Failed(Obstacle::Between));
}

#[test]
fn a_refused_description_is_reported_on_both_sides_and_retried() {
    let bad = Failure::BadDescription;
    let offer = || PeerInput::Signal(Signal::Offer(description(SdpType::Offer)));
    let refused: [&[PeerInput]; 2] = [
        &[offer(), PeerInput::RemoteDone(false, Stable)],
        &[
            offer(),
            PeerInput::RemoteDone(true, HaveRemoteOffer),
            PeerInput::LocalDone(Intent::Answer, None, HaveRemoteOffer),
        ],
    ];
    for inputs in refused {
        let mut callee = Pair::new(Role::Callee);
        callee.handle(inputs.iter().cloned());
        assert_eq!(
            (callee.link(), callee.failure()),
            (Link::Failed(Obstacle::Here(bad)), Some(bad))
        );
        assert_eq!(callee.wait(SECOND).0, [0]);
    }
    let mut caller = Pair::new(Role::Caller);
    caller.handle(offered()).handle([
        PeerInput::Signal(Signal::Answer(description(SdpType::Answer))),
        PeerInput::RemoteDone(false, HaveLocalOffer),
    ]);
    assert_eq!((caller.link(), caller.failure()), (Link::Failed(Obstacle::Here(bad)), Some(bad)));
    assert_eq!(caller.wait(SECOND).0, [0]);
    caller.replace();
    caller.handle([remote(bad)]);
    assert_eq!(caller.link(), Link::Failed(Obstacle::There(bad)));
}

#[test]
fn a_connection_that_was_up_is_shown_as_reconnecting_not_failed() {
    let mut pair = Pair::new(Role::Caller);
    pair.handle([PeerInput::Connection(ConnectionState::Connected)]);
    pair.replace();
    pair.handle([PeerInput::NotOpened]).wait(20 * SECOND);
    assert_eq!(pair.link(), Link::Reconnecting { since: Duration::ZERO });
    assert_eq!(pair.failure(), Some(Failure::NoConnection), "though the other side is told why");
}

#[test]
fn a_connection_that_was_never_up_reports_no_missing_media() {
    let deaf = Reception { sound: false, picture: false, ..Reception::default() };
    let mut pair = Pair::new(Role::Caller);
    pair.handle(offered()).handle([PeerInput::Signal(Signal::Reception(deaf))]);
    let hears = |pair: &Pair| {
        let me = Presence::default();
        (pair.connection.is_heard(&me), pair.connection.is_seen(&me))
    };
    assert_eq!(hears(&pair), (true, true));
    for _ in 0..20 {
        pair.now += SECOND;
        pair.handle([PeerInput::Reading(Reading::default())]);
    }
    let report = pair.connection.reception_report(&[], pair.now).unwrap();
    assert!(report.sound && report.picture, "nor does this side say so of itself");
    pair.handle([PeerInput::Connection(ConnectionState::Connected)]);
    assert_eq!(hears(&pair), (false, false));
}

//! A peer connection, from its first offer to its end.

mod fingerprints;
mod health;
mod negotiation;
mod pace;
mod quality;
mod reading;
mod recovery;
pub mod sdp;
mod sending;
mod start;
#[cfg(test)]
mod tests;
mod tracks;
mod transport;
mod types;
mod view;

use super::participant::ExpectedTracks;
use crate::{
    content::ChannelInput,
    protocol::{Grade, PeerId, Quality, Reception, Role, Signal},
};
use health::{GAP, Health, SILENT_AFTER};
use negotiation::Negotiation;
pub use pace::Pace;
pub use quality::WeakLink;
use quality::best;
pub(super) use quality::{Pair, weak_link};
pub use reading::{Arrival, Path, Reading, TrackReading};
use recovery::{Recovery, Step};
use sending::Sending;
use start::Start;
use std::time::Duration;
use transport::Transport;
pub use types::{
    ConnectionState, IceConnectionState, Intent, Link, Obstacle, PeerCommand, PeerInput, PeerKey,
    SignalingState,
};

/// Time in which a disconnected connection may recover by itself.
const RECOVERS_WITHIN: Duration = Duration::from_secs(2);
/// Time for the first connection before another attempt is made.
const FIRST_WITHIN: Duration = Duration::from_secs(20);

/// One peer connection.
#[derive(Debug)]
pub(super) struct Connection {
    key: PeerKey,
    role: Role,
    /// The server's number of this connection.
    link: u64,
    negotiation: Negotiation,
    start: Start,
    /// Whether the browser could create it.
    is_open: bool,
    transport: Transport,
    health: Health,
    /// The tracks expected on it.
    expected: ExpectedTracks,
    recovery: Recovery,
    receptions: Receptions,
    sending: Sending,
    channels: Channels,
    /// A signal to the other side could not be sent.
    undelivered: bool,
    /// The current silence has already caused a check of this side's own network.
    doubted: bool,
}

/// The reception reports of both sides.
#[derive(Debug, Default)]
struct Receptions {
    /// The last report sent.
    last_sent: Reception,
    /// That report may have been lost.
    may_be_lost: bool,
    /// The other side's last report.
    remote: Reception,
}

/// The data channels of a connection, as the browser reports them.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Channels {
    /// Messages can be sent.
    pub(super) are_open: bool,
    /// The channel for bytes is open and has little left to send.
    pub(super) are_drained: bool,
}

impl Channels {
    fn note(&mut self, input: &ChannelInput) {
        match input {
            ChannelInput::Opened => self.are_open = true,
            ChannelInput::Drained => self.are_drained = true,
            ChannelInput::Closed => *self = Self::default(),
            ChannelInput::Text(_) | ChannelInput::Bytes(_) => {}
        }
    }
}

impl Connection {
    pub(super) fn new(key: PeerKey, role: Role, link: u64, now: Duration) -> Self {
        Self {
            key,
            role,
            link,
            negotiation: Negotiation::new(role),
            start: Start::new(now),
            is_open: true,
            transport: Transport::default(),
            health: Health::default(),
            expected: ExpectedTracks::default(),
            recovery: Recovery::default(),
            receptions: Receptions::default(),
            sending: Sending::default(),
            channels: Channels::default(),
            undelivered: false,
            doubted: false,
        }
    }

    /// Replaces an earlier connection to the same participant, whose outage continues until this
    /// one is up.
    pub(super) fn succeed(self, before: &Self, now: Duration) -> Self {
        Self {
            transport: Transport::succeed(&before.transport, before.broken().unwrap_or(now)),
            recovery: before.recovery.succeed(),
            start: self.start.succeed(&before.start, now),
            ..self
        }
    }

    pub(super) fn key(&self) -> PeerKey {
        self.key
    }

    pub(super) fn link_number(&self) -> u64 {
        self.link
    }

    /// Whether this connection carries a participant. That to the server carries everyone.
    pub(super) fn carries(&self, id: PeerId) -> bool {
        self.key.id == id || self.is_to_server() && id.is_participant()
    }

    /// Whether the other side is the server, which forwards media.
    pub(super) fn is_to_server(&self) -> bool {
        self.key.id == PeerId::SERVER
    }

    pub(super) fn channels(&self) -> Channels {
        self.channels
    }

    /// Records an event of its data channels.
    pub(super) fn note_channel(&mut self, input: &ChannelInput) {
        self.channels.note(input);
    }

    /// Records that bytes were sent: the channel reports when few of them are left.
    pub(super) fn note_sent_bytes(&mut self) {
        self.channels.are_drained = false;
    }

    /// Records that a signal was lost.
    pub(super) fn note_lost_signal(&mut self) {
        self.undelivered = true;
    }

    /// Sends the last signals again, because the other side may not have received them.
    pub(super) fn repeat(&mut self) {
        self.negotiation.repeat();
        (self.receptions.may_be_lost, self.undelivered) = (true, false);
    }

    /// The server can be reached again. A connection that broke at the same time, or used a network
    /// that is gone, is repaired at once.
    pub(super) fn returned(&mut self, network_changed: bool, now: Duration) {
        self.repeat();
        if self.transport.was_up && (network_changed || !self.is_up() || self.pauses()) {
            self.recovery.repair_now(now);
        } else {
            self.recovery.server_returned(now);
        }
    }

    /// Whether the connection works or can be repaired, and no signal is pending or lost.
    pub(super) fn is_intact(&self) -> bool {
        let lasting = self.transport.was_up && !self.is_beyond_repair();
        lasting && !self.undelivered && self.negotiation.is_at_rest()
    }

    /// Sets the tracks expected from now on, and the video quality that both participants want.
    pub(super) fn expect(&mut self, expected: ExpectedTracks, quality: Quality, now: Duration) {
        self.health.expect(self.expected, expected, now);
        self.expected = expected;
        self.sending.quality = quality;
        self.limit_picture();
    }

    fn limit_picture(&mut self) {
        if let Some(command) = self.sending.limit_picture() {
            self.negotiation.command(command);
        }
    }

    pub(super) fn pair(&self) -> Pair {
        let received = self.health.received();
        Pair { id: self.key.id, received, sent: self.sent(), remote_report: self.receptions.remote }
    }

    /// The grade of sent media. While it is limited, the grade is at most that of the limit.
    fn sent(&self) -> Grade {
        self.receptions.remote.grade.min(self.health.sent()).min(self.sending.limit())
    }

    pub(super) fn poll(&mut self) -> Option<PeerCommand> {
        self.negotiation.poll()
    }

    #[cfg(any(test, fuzzing))]
    pub(super) fn is_negotiating(&self) -> bool {
        self.negotiation.is_busy()
    }

    pub(super) fn handle(&mut self, input: PeerInput, now: Duration) {
        let had_collided = self.negotiation.has_collided();
        self.start.note(&input);
        match input {
            // Without a connection, signals have no effect.
            PeerInput::NotOpened => self.is_open = false,
            PeerInput::NegotiationNeeded => self.negotiation.needed(),
            PeerInput::LocalDone(intent, description, signaling) => {
                self.negotiation.local_done(intent, description, signaling);
            }
            PeerInput::RemoteDone(worked, signaling) => {
                self.negotiation.remote_done(worked, signaling);
            }
            PeerInput::LocalCandidate(candidate) => self.negotiation.local_candidate(candidate),
            PeerInput::Signal(Signal::Reception(reception)) => self.receptions.remote = reception,
            PeerInput::Signal(signal) if self.is_open => self.negotiation.signal(signal),
            PeerInput::Signal(_) => {}
            PeerInput::Connection(state) => self.transport.set_state(state, now),
            PeerInput::IceConnection(state) => self.transport.set_ice(state),
            PeerInput::Reading(reading) => {
                // The connection carries one participant, who owns all tracks.
                self.health.note(reading.counts(|_| true), now);
            }
            PeerInput::Channel(input) => return self.note_channel(&input),
            // It is about content, or about other participants.
            PeerInput::Envelope(..) => return,
        }
        if !had_collided && self.negotiation.has_collided() {
            self.recovery.repair_now(now);
        }
        self.update(now);
    }

    /// Derives what to do from the state of the connection.
    pub(super) fn update(&mut self, now: Duration) {
        self.transport.note(now);
        let silent = self.silent_since();
        if self.is_beyond_repair() {
            self.recovery.want(now, self.role);
        } else if !self.transport.was_up {
            let began = self.transport.began.unwrap_or_else(|| self.start.made());
            self.recovery.want(began + FIRST_WITHIN, self.role);
        } else if let Some(since) = silent {
            self.recovery.want(since + SILENT_AFTER, self.role);
        } else if self.pauses() && self.recovery.take_recent_return(now) {
            // A relay in the server has ended with it.
            self.recovery.repair_now(now);
        } else if let Some(since) = self.transport.down_since {
            self.recovery.want(since + RECOVERS_WITHIN, self.role);
        } else if self.is_up() {
            self.recovery.done();
        }
        self.adapt(now);
    }

    /// Reduces video at once if the connection is weak, and increases it when the smaller video has
    /// arrived well for a while.
    fn adapt(&mut self, now: Duration) {
        let arrives = match self.sending.limit() {
            Grade::Good => self.sent(),
            // Whether more could be sent is known only after trying.
            _ => self.receptions.remote.grade,
        };
        if self.sending.adapt(arrives, now) {
            self.health.try_more();
            self.limit_picture();
        }
    }

    /// When [`Connection::step`] has something to do.
    pub(super) fn due(&self) -> Option<Duration> {
        self.recovery.due()
    }

    /// Repairs the connection if that is due, and returns whether it has to be replaced.
    pub(super) fn step(&mut self, now: Duration) -> bool {
        let failed = self.is_beyond_repair();
        let step = self.recovery.step(failed || !self.transport.was_up, now);
        if step.is_none() {
            return false;
        }
        if self.negotiation.has_open_offer() && !failed && !self.start.is_answered() {
            // The other side may be waiting for its user: the offer stays open. A client that
            // implements only the basic messages would take a new connection for its existing one.
            self.negotiation.repeat();
            self.update(now);
            return false;
        }
        if step == Some(Step::RestartIce) {
            self.negotiation.command(PeerCommand::RestartIce);
        } else if !failed {
            self.transport.failures += 1;
        }
        self.update(now);
        step == Some(Step::Reconnect)
    }

    /// The reception report for the other side, if it has changed.
    pub(super) fn reception_report(&mut self, pairs: &[Pair], now: Duration) -> Option<Reception> {
        if self.is_to_server() {
            return None;
        }
        let (sound, picture) = match self.transport.was_connected {
            true => self.health.arrives(self.expected),
            false => (true, true),
        };
        let failure = self.start.failure(now).filter(|_| !self.transport.was_up);
        let grade = self.health.received();
        // Other pairs matter only if this one is weak.
        let weak = grade < Grade::Good || self.sent() < Grade::Good;
        let others = |grade| best(pairs, self.key.id, grade).filter(|_| weak);
        let best_received = others(|pair: &Pair| pair.received);
        let best_sent = others(|pair: &Pair| pair.sent);
        let reception = Reception { sound, picture, grade, best_received, best_sent, failure };
        let receptions = &mut self.receptions;
        if reception == receptions.last_sent && !receptions.may_be_lost {
            return None;
        }
        (receptions.last_sent, receptions.may_be_lost) = (reception, false);
        Some(reception)
    }

    /// Whether there is reason to check this side's own network; true once for each silence.
    pub(super) fn doubts(&mut self) -> bool {
        let is_down = self.transport.down_since.is_some();
        let doubtful = self.transport.was_up && (is_down || self.pauses());
        let before = std::mem::replace(&mut self.doubted, doubtful);
        doubtful && !before
    }

    /// Whether continuous media has paused.
    fn pauses(&self) -> bool {
        self.health.pause(self.expected).is_some_and(|pause| pause >= GAP)
    }

    fn silent_since(&self) -> Option<Duration> {
        self.health.silent_since(self.expected).filter(|_| self.transport.was_up)
    }

    fn is_beyond_repair(&self) -> bool {
        let stillborn = !self.transport.was_up && self.start.fault().is_some();
        stillborn || self.transport.has_failed() || self.negotiation.has_collided()
    }

    /// Whether media can flow at this moment.
    pub(super) fn is_up(&self) -> bool {
        self.transport.is_up()
    }

    /// Whether anything has arrived recently.
    pub(super) fn is_live(&self) -> bool {
        self.is_up() && self.health.is_live()
    }

    /// Start of the outage, if there is one. A connection that is reported as down but still
    /// delivers data is not an outage.
    pub(super) fn broken(&self) -> Option<Duration> {
        let Transport { was_up, down_since, .. } = self.transport;
        let down = down_since.filter(|_| !was_up || !self.health.is_live());
        self.silent_since().into_iter().chain(down).min()
    }
}

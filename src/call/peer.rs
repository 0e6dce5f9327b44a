//! One other person: their presence, the negotiation with them, and how the connection is.

use super::{
    Generation, Tile,
    health::{GAP, Health, SILENT_AFTER},
    negotiation::{Negotiation, PeerCommand, PeerInput},
    quality::{Pair, best},
    repair::{Repair, Step},
    start::{Obstacle, Start},
};
use crate::protocol::{
    DisplayName, Grade, PeerId, Presence, Quality, Reaction, Reception, Role, Signal,
};
use std::time::Duration;

/// One peer connection to one person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PeerKey {
    /// Who.
    pub id: PeerId,
    /// Which of the connections to them.
    pub generation: Generation,
}

/// `RTCPeerConnectionState` (W3C WebRTC, section 4.3.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ConnectionState {
    /// Nothing has started.
    #[default]
    New,
    /// ICE or DTLS is under way.
    Connecting,
    /// Media can flow.
    Connected,
    /// Contact is lost, perhaps for a moment.
    Disconnected,
    /// Contact is lost and will not come back by itself.
    Failed,
    /// Closed by this side.
    Closed,
}

/// `RTCIceConnectionState` (W3C WebRTC, section 5.6.4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IceConnectionState {
    /// Nothing has started.
    #[default]
    New,
    /// Pairs of candidates are being tried.
    Checking,
    /// A pair works.
    Connected,
    /// A pair works and no more are tried.
    Completed,
    /// The pair stopped working, perhaps for a moment.
    Disconnected,
    /// No pair works.
    Failed,
    /// Closed by this side.
    Closed,
}

/// How the connection to a person is, in the words they are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Link {
    /// Nothing has been tried yet.
    #[default]
    New,
    /// On the way, for the first time.
    Connecting,
    /// Sound and picture can flow.
    Connected,
    /// Was connected, and is being repaired.
    Reconnecting {
        /// When they were last heard.
        since: Duration,
    },
    /// Could not be connected so far. Attempts go on.
    Failed(Obstacle),
}

/// So many failures in a row are repaired without calling the connection failed.
const QUIET_FAILURES: u32 = 1;
/// Time for a disconnected connection to recover by itself.
const RECOVERS_WITHIN: Duration = Duration::from_secs(2);
/// Timeout of a first connection before another one is tried.
const FIRST_WITHIN: Duration = Duration::from_secs(20);
/// Time for which sending has to go well before the quality is raised again.
const MORE_AFTER: Duration = Duration::from_secs(10);

/// One other person in the call.
#[derive(Debug)]
pub struct Peer {
    key: PeerKey,
    role: Role,
    /// What the server calls this connection.
    link: u64,
    presence: Presence,
    /// The server has switched their microphone or camera off, as a host wants: that they say
    /// otherwise themselves does not count before they have switched it off, too.
    barred: (bool, bool),
    /// What is to come of them, which is less where no pictures are wanted.
    expected: Presence,
    /// How much is to be spent on pictures here.
    own_quality: Quality,
    /// The sign they showed last, and when.
    sign: Option<(Reaction, Duration)>,
    negotiation: Negotiation,
    connection: ConnectionState,
    ice: IceConnectionState,
    start: Start,
    /// When the two began to look for ways to each other.
    begun: Option<Duration>,
    /// Whether the browser could make this connection.
    is_open: bool,
    /// Whether this connection has ever been up.
    was_up: bool,
    /// Whether this person was ever connected, by this connection or one before.
    was_connected: bool,
    failures: u32,
    /// Something that was to be said to them could not be.
    unheard: bool,
    /// Since when the connection says that it is not up.
    down: Option<Duration>,
    health: Health,
    repair: Repair,
    /// Their silence has led to doubts about this side's own network.
    doubted: bool,
    /// What they were told last of what arrives from them.
    told: Reception,
    /// They may not have heard it.
    untold: bool,
    /// What they say of what arrives from here.
    theirs: Reception,
    /// How little is sent so that the sound gets through, and since when that need not be.
    limit: (Grade, Option<Duration>),
    /// What of the picture is sent: at most so good, or nothing.
    picture: Option<Grade>,
}

impl Peer {
    pub(super) fn new(
        key: PeerKey,
        role: Role,
        link: u64,
        presence: Presence,
        now: Duration,
    ) -> Self {
        Self {
            key,
            role,
            link,
            expected: presence.clone(),
            presence,
            barred: (false, false),
            own_quality: Quality::Auto,
            sign: None,
            negotiation: Negotiation::new(role),
            connection: ConnectionState::New,
            ice: IceConnectionState::New,
            start: Start::new(now),
            begun: None,
            is_open: true,
            was_up: false,
            was_connected: false,
            failures: 0,
            unheard: false,
            down: None,
            health: Health::default(),
            repair: Repair::default(),
            doubted: false,
            told: Reception::default(),
            untold: false,
            theirs: Reception::default(),
            limit: (Grade::Good, None),
            picture: Some(Grade::Good),
        }
    }

    /// Takes the place of an earlier connection to the same person, whose troubles go on until this
    /// one is up.
    pub(super) fn succeed(self, before: &Self, now: Duration) -> Self {
        Self {
            was_connected: before.was_connected,
            barred: before.barred,
            sign: before.sign,
            failures: before.failures,
            down: before.was_connected.then(|| before.broken().unwrap_or(now)),
            repair: before.repair.succeed(),
            start: self.start.succeed(&before.start, now),
            ..self
        }
    }

    /// What is said to them now is lost.
    pub(super) fn lose_words(&mut self) {
        self.unheard = true;
    }

    /// They may not have heard what was said last.
    pub(super) fn repeat(&mut self) {
        self.negotiation.repeat();
        (self.untold, self.unheard) = (true, false);
    }

    /// The way to the server is there again. A connection that broke with it, or that went through
    /// a network that is gone, is mended at once.
    pub(super) fn returned(&mut self, elsewhere: bool, now: Duration) {
        self.repeat();
        if self.was_up && (elsewhere || !self.is_up() || self.pauses()) {
            self.repair.hurry(now);
        }
    }

    /// Whether the connection can go on as it is, or be mended, and nothing about it is open.
    pub(super) fn is_intact(&self) -> bool {
        let lasting = self.was_up && !self.is_beyond_repair();
        lasting && !self.unheard && self.negotiation.is_at_rest()
    }

    pub(super) fn key(&self) -> PeerKey {
        self.key
    }

    pub(super) fn name(&self) -> &DisplayName {
        &self.presence.name
    }

    pub(super) fn link_number(&self) -> u64 {
        self.link
    }

    /// The server tells of them.
    pub(super) fn set_presence(&mut self, presence: Presence, now: Duration) {
        let (mic, camera) = self.barred;
        self.barred = (
            !presence.mic && (mic || self.presence.mic),
            !presence.camera && (camera || self.presence.camera),
        );
        self.presence = presence;
        self.expect(now);
    }

    /// They have switched something, and say so themselves.
    pub(super) fn switch(&mut self, presence: &Presence, now: Duration) {
        let (name, hand) = (self.presence.name.clone(), self.presence.hand);
        let (mic, camera) = self.barred;
        self.barred = (mic && presence.mic, camera && presence.camera);
        let (mic, camera) = (presence.mic && !mic, presence.camera && !camera);
        self.presence = Presence { name, hand, mic, camera, ..*presence };
        self.expect(now);
    }

    /// Spends so much on pictures.
    pub(super) fn spend(&mut self, quality: Quality, now: Duration) {
        self.own_quality = quality;
        self.expect(now);
    }

    fn expect(&mut self, now: Duration) {
        let pictures = self.own_quality.min(self.presence.quality) != Quality::AudioOnly;
        let camera = self.presence.camera && pictures;
        let screen = self.presence.screen && pictures;
        let expected = Presence { camera, screen, ..self.presence.clone() };
        self.health.expect(&self.expected, &expected, now);
        self.expected = expected;
        self.send_picture();
    }

    /// Sends as much of the picture as the line carries and both people want.
    fn send_picture(&mut self) {
        let picture = match self.own_quality.min(self.presence.quality) {
            Quality::AudioOnly => None,
            Quality::SaveData => Some(self.limit.0.min(Grade::Weak)),
            Quality::Auto => Some(self.limit.0),
        };
        if picture != self.picture {
            self.picture = picture;
            self.negotiation.command(PeerCommand::LimitPicture(picture));
        }
    }

    pub(super) fn tile(&self, me: &Presence, now: Duration) -> Tile {
        Tile {
            key: self.key,
            presence: self.presence.clone(),
            camera: self.expected.camera,
            screen: self.expected.screen,
            sign: self.sign,
            link: self.link(now),
            // Of who was never connected, that is not what there is to say.
            hears: self.theirs.sound || !me.mic || !self.was_connected,
            sees: self.theirs.picture || !me.camera || !self.was_connected,
            up: self.is_up() && (self.health.has_picture() || !self.expected.camera),
            frozen: self.health.has_picture() && !self.health.arrives(&self.expected).1,
            grade: self.health.received().min(self.sent()),
            path: self.health.path().filter(|_| self.is_up()),
            seal: self.negotiation.seal(),
        }
    }

    pub(super) fn show(&mut self, sign: Reaction, now: Duration) {
        self.sign = Some((sign, now));
    }

    pub(super) fn pair(&self) -> Pair {
        let received = self.health.received();
        Pair { id: self.key.id, received, sent: self.sent(), theirs: self.theirs }
    }

    /// How well what is sent arrives, or would, if it were not less because of that.
    fn sent(&self) -> Grade {
        self.theirs.grade.min(self.health.sent()).min(self.limit.0)
    }

    pub(super) fn poll(&mut self) -> Option<PeerCommand> {
        self.negotiation.poll()
    }

    /// Whether the first connection is under way.
    pub(super) fn is_new(&self, now: Duration) -> bool {
        matches!(self.link(now), Link::New | Link::Connecting)
    }

    #[cfg(test)]
    pub(super) fn is_negotiating(&self) -> bool {
        self.negotiation.is_busy()
    }

    pub(super) fn handle(&mut self, input: PeerInput, now: Duration) {
        let had_collided = self.negotiation.has_collided();
        self.start.note(&input);
        match input {
            // There is nothing that could do what they say.
            PeerInput::NotOpened => self.is_open = false,
            PeerInput::NegotiationNeeded => self.negotiation.needed(),
            PeerInput::LocalDone(intent, description, signaling) => {
                self.negotiation.local_done(intent, description, signaling);
            }
            PeerInput::RemoteDone(worked, signaling) => {
                self.negotiation.remote_done(worked, signaling);
            }
            PeerInput::LocalCandidate(candidate) => self.negotiation.local_candidate(candidate),
            PeerInput::Signal(Signal::Reception(reception)) => self.theirs = reception,
            PeerInput::Signal(signal) if self.is_open => self.negotiation.signal(signal),
            PeerInput::Signal(_) => {}
            PeerInput::Connection(state) => {
                if self.connection != state && state == ConnectionState::Failed {
                    self.failures += 1;
                }
                if state == ConnectionState::Connecting {
                    self.begun.get_or_insert(now);
                }
                self.connection = state;
            }
            PeerInput::IceConnection(state) => self.ice = state,
            PeerInput::Reading(reading) => self.health.note(reading, now),
            // No matter of the connection's own.
            PeerInput::Channel(_) => {}
        }
        if !had_collided && self.negotiation.has_collided() {
            self.repair.hurry(now);
        }
        self.look(now);
    }

    /// Draws the conclusions from how the connection is.
    pub(super) fn look(&mut self, now: Duration) {
        if self.is_up() {
            (self.was_up, self.was_connected) = (true, true);
            (self.failures, self.down) = (0, None);
        } else if self.was_connected {
            self.down.get_or_insert(now);
        }
        let silent = self.silent_since();
        if self.is_beyond_repair() {
            self.repair.want(now, self.role);
        } else if !self.was_up {
            let begun = self.begun.unwrap_or_else(|| self.start.made());
            self.repair.want(begun + FIRST_WITHIN, self.role);
        } else if let Some(since) = silent {
            self.repair.want(since + SILENT_AFTER, self.role);
        } else if let Some(since) = self.down {
            self.repair.want(since + RECOVERS_WITHIN, self.role);
        } else if self.is_up() {
            self.repair.done();
        }
        self.adapt(now);
    }

    /// Sends a smaller picture where the connection is weak, at once, and a larger one again when
    /// the smaller one has arrived well for a while.
    fn adapt(&mut self, now: Duration) {
        let sent = match self.limit.0 {
            Grade::Good => self.sent(),
            // How much more could be sent is known only when it is tried.
            _ => self.theirs.grade,
        };
        let (limit, better) = &mut self.limit;
        let since = *better.get_or_insert(now);
        if sent > *limit && now < since + MORE_AFTER {
            return;
        }
        *better = None;
        if sent != *limit {
            *limit = sent;
            self.health.try_more();
            self.send_picture();
        }
    }

    /// When [`Peer::step`] has something to do.
    pub(super) fn due(&self) -> Option<Duration> {
        self.repair.due()
    }

    /// Mends the connection, if it is time to, and returns whether it takes a new one.
    pub(super) fn step(&mut self, now: Duration) -> bool {
        let failed = self.is_beyond_repair();
        let step = self.repair.step(failed || !self.was_up, now);
        if step.is_none() {
            return false;
        }
        if self.negotiation.has_open_offer() && !failed && !self.start.is_answered() {
            // Who has not answered may be asking their person for something: the offer stays open. A
            // plain client would take a new connection for the one that it has.
            self.negotiation.repeat();
            self.look(now);
            return false;
        }
        if step == Some(Step::RestartIce) {
            self.negotiation.command(PeerCommand::RestartIce);
        } else if !failed {
            self.failures += 1;
        }
        self.look(now);
        step == Some(Step::Reconnect)
    }

    /// What to tell them of what arrives from them, if that is news.
    pub(super) fn news(&mut self, pairs: &[Pair], now: Duration) -> Option<Reception> {
        let (sound, picture) = match self.was_connected {
            true => self.health.arrives(&self.expected),
            false => (true, true),
        };
        let failure = self.start.failure(now).filter(|_| !self.was_up);
        let grade = self.health.received();
        // How it goes with others matters only where something is weak.
        let weak = grade < Grade::Good || self.sent() < Grade::Good;
        let others = |grade| best(pairs, self.key.id, grade).filter(|_| weak);
        let best_received = others(|pair: &Pair| pair.received);
        let best_sent = others(|pair: &Pair| pair.sent);
        let reception = Reception { sound, picture, grade, best_received, best_sent, failure };
        if reception == self.told && !self.untold {
            return None;
        }
        (self.told, self.untold) = (reception, false);
        Some(reception)
    }

    /// Whether there is reason to doubt this side's own network, once for each silence.
    pub(super) fn doubts(&mut self) -> bool {
        let doubtful = self.was_up && (self.down.is_some() || self.pauses());
        let before = std::mem::replace(&mut self.doubted, doubtful);
        doubtful && !before
    }

    /// Whether nothing has come for a moment of what should come all the time.
    fn pauses(&self) -> bool {
        self.health.pause(&self.expected).is_some_and(|pause| pause >= GAP)
    }

    fn silent_since(&self) -> Option<Duration> {
        self.health.silent_since(&self.expected).filter(|_| self.was_up)
    }

    fn is_beyond_repair(&self) -> bool {
        let stillborn = !self.was_up && self.start.fault().is_some();
        stillborn || self.connection == ConnectionState::Failed || self.negotiation.has_collided()
    }

    fn is_up(&self) -> bool {
        use IceConnectionState::{Disconnected, Failed};
        self.connection == ConnectionState::Connected && !matches!(self.ice, Disconnected | Failed)
    }

    /// Since when nothing comes through, as far as is known. A connection that says it is down and
    /// still brings something is no loss to this person.
    pub(super) fn broken(&self) -> Option<Duration> {
        let down = self.down.filter(|_| !self.was_up || !self.health.is_live());
        self.silent_since().into_iter().chain(down).min()
    }

    /// When the words for the connection change by themselves.
    pub(super) fn told(&self, now: Duration) -> Option<Duration> {
        let start = self.start.told(now).filter(|_| !self.was_up);
        let silent = self.broken().map(|since| since + SILENT_AFTER);
        start.into_iter().chain(silent.filter(|time| *time > now)).min()
    }

    fn link(&self, now: Duration) -> Link {
        use ConnectionState as C;
        use IceConnectionState as I;
        if self.was_connected {
            return match self.broken() {
                Some(since) if now >= since + SILENT_AFTER => Link::Reconnecting { since },
                _ => Link::Connected,
            };
        }
        let fails = (self.failures > QUIET_FAILURES).then_some(Obstacle::Between);
        match (self.start.obstacle(now).or(fails), self.connection, self.ice) {
            (Some(obstacle), ..) => Link::Failed(obstacle),
            (None, C::New, I::New) => Link::New,
            (None, ..) => Link::Connecting,
        }
    }
}

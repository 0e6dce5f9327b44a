//! One participant of a forwarded room.

use super::{
    leg::{Delivery, Leg},
    talk::TalkLimit,
    told::Told,
    wants::Wants,
};
use crate::protocol::{ControlMessage, PeerId, SessionDescription, TrackSource};
use salon_sfu::{Input, Policing, Source, Want};
use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

/// How long a participant with a data channel may take to say what they want to see.
const PATIENCE: Duration = Duration::from_secs(1);
/// A participant who does not take messages for this long has no use for the connection.
const STUCK_AFTER: Duration = Duration::from_secs(5);

/// A participant.
pub(super) struct Participant {
    pub(super) leg: Leg,
    /// The number of the connection.
    pub(super) link: u64,
    pub(super) policing: Policing,
    pub(super) talk: TalkLimit,
    wants: Wants,
    /// What they have switched on.
    sources: Vec<TrackSource>,
    /// What others can get.
    published: BTreeSet<TrackSource>,
    is_up: bool,
    told: Told,
    /// Since when messages are lost.
    full_since: Option<Instant>,
    /// Whether their description has a data channel, and whether it is open.
    has_channel: bool,
    is_channel_open: bool,
}

/// The number of a connection, and what is known of the participant besides.
#[derive(Debug)]
pub(super) struct Terms {
    pub(super) link: u64,
    pub(super) sources: Vec<TrackSource>,
}

impl Participant {
    /// A participant who is about to connect.
    pub(super) fn new(leg: Leg, offer: &SessionDescription, terms: Terms, now: Instant) -> Self {
        Self {
            leg,
            link: terms.link,
            policing: Policing::default(),
            talk: TalkLimit::default(),
            wants: Wants::Awaited(now),
            sources: terms.sources,
            published: BTreeSet::new(),
            is_up: false,
            told: Told::default(),
            full_since: None,
            has_channel: offer.sdp.lines().any(|line| line.starts_with("m=application")),
            is_channel_open: false,
        }
    }

    /// Sets what they have switched on.
    pub(super) fn set_sources(&mut self, sources: Vec<TrackSource>) {
        self.sources = sources;
    }

    /// They are connected. Returns what the core has to know.
    pub(super) fn up(&mut self, seat: PeerId, now: Instant) -> Input {
        self.is_up = true;
        // A program without a data channel cannot say it.
        let patience = if self.has_channel { PATIENCE } else { Duration::ZERO };
        self.wants = Wants::Awaited(now + patience);
        let (video, audio) = self.leg.slots();
        let mut first = [0; 2];
        // Without randomness, the first sequence number can be guessed, which SRTP does not mind.
        let _ = getrandom::fill(&mut first);
        Input::Joined { seat, video, audio, first: u16::from_be_bytes(first) }
    }

    /// When to look at them if nothing comes.
    pub(super) fn deadline(&self, idle: Instant) -> Instant {
        let wants = self.wants.deadline().filter(|_| self.is_up);
        wants.map_or(idle, |deadline| idle.min(deadline))
    }

    /// Whether it has to be assumed now what they want to see.
    pub(super) fn is_undecided(&self, now: Instant) -> bool {
        self.is_up && self.wants.is_due(now)
    }

    /// Sets what is assumed from now on, unless they have said what they want to see. Returns whether it is news.
    pub(super) fn assume(&mut self, wants: &[Want], now: Instant) -> bool {
        self.is_up && self.wants.assume(wants, now)
    }

    /// They have said what they want to see.
    pub(super) fn decide(&mut self) {
        self.wants = Wants::Known;
    }

    /// What follows for the core from what they send and have switched on.
    pub(super) fn publish(&mut self, seat: PeerId) -> Vec<Input> {
        if !self.is_up {
            return Vec::new();
        }
        let mut tracks = self.leg.tracks();
        tracks.retain(|(track, _)| self.sources.contains(track));
        let now: BTreeSet<TrackSource> = tracks.iter().map(|(track, _)| *track).collect();
        let gone = self.published.difference(&now);
        let gone = gone.map(|track| Input::Unpublished(Source { seat, track: *track }));
        let is_new = |(track, _): &&(TrackSource, u8)| !self.published.contains(track);
        let new = tracks
            .iter()
            .filter(is_new)
            .map(|(track, encodings)| Input::Published(Source { seat, track: *track }, *encodings));
        let inputs = gone.chain(new).collect();
        self.published = now;
        inputs
    }

    /// What others can get.
    pub(super) fn published(&self) -> impl Iterator<Item = TrackSource> {
        self.published.iter().copied()
    }

    /// Tells them something, at once or when there is a channel.
    pub(super) fn tell(&mut self, message: &ControlMessage) -> bool {
        self.told.set(message);
        self.tell_news()
    }

    /// Their channel is open, as those of these others are. Returns whether anything was sent.
    pub(super) fn open_channel(&mut self, others: BTreeSet<PeerId>) -> bool {
        self.is_channel_open = true;
        self.told.begin(others);
        self.tell_news()
    }

    /// Their channel is closed. Returns whether it was open before.
    pub(super) fn close_channel(&mut self) -> bool {
        std::mem::take(&mut self.is_channel_open)
    }

    /// Whether they get messages.
    pub(super) fn is_channel_open(&self) -> bool {
        self.is_channel_open
    }

    /// Tells them that the channel of another participant has opened or closed. Returns whether anything was sent.
    pub(super) fn tell_channel(&mut self, other: PeerId, is_open: bool) -> bool {
        if !self.is_channel_open {
            return false;
        }
        self.told.set_channel(other, is_open);
        self.tell_news()
    }

    /// Few messages are waiting. Returns whether anything was sent.
    pub(super) fn drained(&mut self) -> bool {
        self.full_since = None;
        self.tell_news()
    }

    fn tell_news(&mut self) -> bool {
        let leg = &mut self.leg;
        self.told.send(|message| leg.send(message) == Delivery::Sent)
    }

    /// Sends them a message of another participant.
    pub(super) fn deliver(&mut self, message: &[u8], now: Instant) -> Delivery {
        let delivery = self.leg.send(message);
        match delivery {
            Delivery::Sent => self.full_since = None,
            Delivery::Full => drop(self.full_since.get_or_insert(now)),
            Delivery::NoChannel => {}
        }
        delivery
    }

    /// Whether they have not taken messages for too long.
    pub(super) fn is_stuck(&self, now: Instant) -> bool {
        self.full_since.is_some_and(|since| since + STUCK_AFTER <= now)
    }
}

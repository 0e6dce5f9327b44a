//! A forwarded room: its connections around the pure core, which decides what goes to whom.

mod decisions;
mod messages;

use super::{
    content::Content,
    leg::{LegOutput, NoAnswer},
    participant::Participant,
    timers::Timers,
};
use crate::{
    protocol::{ControlMessage, PeerId, SessionDescription, TrackSource},
    server::{media::udp::Packet, metrics::ForwardingMetrics},
};
use salon_sfu::{Input, Source, Verdict};
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    mem,
    net::SocketAddr,
    time::{Duration, Instant},
};
use tracing::error;

/// The least time between two looks at a connection to which nothing happens: timers of the system are no finer.
const LEAST_WAIT: Duration = Duration::from_millis(1);
/// Maximum number of packets with which a connection says that it ends.
const GOODBYES: usize = 8;

/// What a room does.
#[derive(Debug)]
pub(super) enum RoomOutput {
    /// Send this to a participant.
    Transmit { seat: PeerId, to: SocketAddr, bytes: Vec<u8> },
    /// A participant has not been heard of for a while.
    Unreachable(PeerId),
    /// A connection has ended.
    Gone(PeerId),
}

/// A room.
pub(super) struct Room {
    core: salon_sfu::Room,
    participants: BTreeMap<PeerId, Participant>,
    started: Instant,
    active_speaker: Option<PeerId>,
    /// What is published or who speaks has changed, and with it what is assumed that people want to see.
    is_restless: bool,
    /// Whose connections have something to do.
    touched: BTreeSet<PeerId>,
    timers: Timers<PeerId>,
    outputs: VecDeque<RoomOutput>,
    metrics: ForwardingMetrics,
}

impl Room {
    pub(super) fn new(metrics: ForwardingMetrics, now: Instant) -> Self {
        Self {
            core: salon_sfu::Room::default(),
            participants: BTreeMap::new(),
            started: now,
            active_speaker: None,
            is_restless: false,
            touched: BTreeSet::new(),
            timers: Timers::default(),
            outputs: VecDeque::new(),
            metrics,
        }
    }

    /// Whether nobody is connected, or about to be.
    pub(super) fn is_empty(&self) -> bool {
        self.participants.is_empty()
    }

    /// Whether a participant has the connection with this number.
    pub(super) fn has(&self, seat: PeerId, link: u64) -> bool {
        self.participants.get(&seat).is_some_and(|participant| participant.link == link)
    }

    /// Adds a participant whose offer was answered.
    pub(super) fn add(&mut self, seat: PeerId, participant: Participant) {
        self.participants.insert(seat, participant);
        self.touched.insert(seat);
    }

    /// Answers a further offer on an existing connection. Returns its username fragment as well.
    pub(super) fn renegotiate(
        &mut self,
        seat: PeerId,
        offer: &SessionDescription,
        candidates: &[SocketAddr],
    ) -> Result<(String, String), NoAnswer> {
        let participant = self.participants.get_mut(&seat).ok_or(NoAnswer::Fault)?;
        self.touched.insert(seat);
        let answer = participant.leg.renegotiate(offer, candidates)?;
        let fragment = participant.leg.username_fragment().ok_or(NoAnswer::Fault)?;
        Ok((answer, fragment))
    }

    /// Sets what a participant has switched on: nothing else of them is forwarded.
    pub(super) fn set_sources(&mut self, seat: PeerId, sources: Vec<TrackSource>, now: Instant) {
        if let Some(participant) = self.participants.get_mut(&seat) {
            participant.set_sources(sources);
            self.publish(seat, now);
        }
    }

    /// Ends a connection at once.
    pub(super) fn close(&mut self, seat: PeerId, now: Instant) {
        self.channel_closed(seat);
        let Some(mut participant) = self.participants.remove(&seat) else { return };
        participant.leg.close();
        for _ in 0..GOODBYES {
            match participant.leg.poll() {
                LegOutput::Transmit { to, bytes } => {
                    self.outputs.push_back(RoomOutput::Transmit { seat, to, bytes });
                }
                LegOutput::Idle(_) | LegOutput::Gone | LegOutput::Fault => break,
                _ => {}
            }
        }
        self.timers.set(&seat, None);
        self.touched.remove(&seat);
        self.active_speaker = self.active_speaker.filter(|speaker| *speaker != seat);
        self.is_restless = true;
        self.core(Input::Left(seat), None, now);
        self.outputs.push_back(RoomOutput::Gone(seat));
    }

    /// Handles a datagram of a participant.
    pub(super) fn receive(&mut self, seat: PeerId, packet: &Packet<'_>, now: Instant) {
        let time = self.time(now);
        let Some(participant) = self.participants.get_mut(&seat) else { return };
        let size = u16::try_from(packet.bytes.len()).unwrap_or(u16::MAX);
        match participant.policing.packet(size, time) {
            Verdict::Pass => {
                participant.leg.receive(packet.from, packet.local, packet.bytes, now);
                self.drain(seat, now);
            }
            Verdict::Drop => self.metrics.policed(),
            Verdict::Close => self.close(seat, now),
        }
    }

    /// Lets time pass, and sends what was forwarded. Call it after all datagrams of a wake-up.
    pub(super) fn flush(&mut self, now: Instant) {
        if self.core.poll_timeout().is_some_and(|due| due <= self.time(now)) {
            self.core(Input::Tick, None, now);
        }
        while let Some(seat) = self.timers.pop(now) {
            let participant = self.participants.get(&seat);
            self.is_restless |= participant.is_some_and(|it| it.is_undecided(now));
            self.touched.insert(seat);
        }
        loop {
            if mem::take(&mut self.is_restless) {
                self.assume_wants(now);
            }
            // A keyframe that is asked for touches its publisher as well.
            let Some(seat) = self.touched.pop_first() else { return };
            if let Some(participant) = self.participants.get_mut(&seat) {
                participant.leg.tick(now);
                self.drain(seat, now);
            }
        }
    }

    /// When to call [`Self::flush`] again, unless something comes first.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let core = self.core.poll_timeout().map(|due| self.started + due);
        core.into_iter().chain(self.timers.next()).min()
    }

    /// What to do next.
    pub(super) fn poll(&mut self) -> Option<RoomOutput> {
        self.outputs.pop_front()
    }

    /// Time since the start.
    fn time(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.started)
    }

    /// Does what a connection asks for.
    fn drain(&mut self, seat: PeerId, now: Instant) {
        while let Some(participant) = self.participants.get_mut(&seat) {
            let output = participant.leg.poll();
            if let LegOutput::Idle(at) = output {
                let deadline = participant.deadline(at).max(now + LEAST_WAIT);
                return self.timers.set(&seat, Some(deadline));
            }
            self.follow(seat, output, now);
        }
    }

    fn follow(&mut self, seat: PeerId, output: LegOutput, now: Instant) {
        match output {
            LegOutput::Transmit { to, bytes } => {
                self.outputs.push_back(RoomOutput::Transmit { seat, to, bytes });
            }
            LegOutput::Up => self.up(seat, now),
            LegOutput::Unreachable => self.outputs.push_back(RoomOutput::Unreachable(seat)),
            LegOutput::Gone => self.close(seat, now),
            LegOutput::Fault => {
                error!("the connection of a participant to the forwarding server has failed");
                self.metrics.fault();
                self.close(seat, now);
            }
            LegOutput::Tracks => self.publish(seat, now),
            LegOutput::Packet { packet, content } => {
                self.metrics.received();
                let level = content.level();
                self.core(Input::Packet(packet, level), Some((packet.source, &content)), now);
            }
            LegOutput::KeyframeNeeded(slot) => self.keyframe_needed(seat, slot, now),
            LegOutput::Bandwidth(bits) => self.core(Input::Bandwidth(seat, bits), None, now),
            LegOutput::ChannelOpen => self.channel_open(seat),
            LegOutput::ChannelClosed => self.channel_closed(seat),
            LegOutput::Drained => self.touch_if(seat, Participant::drained),
            LegOutput::Message(message) => self.message(seat, &message, now),
            LegOutput::Idle(_) => {}
        }
    }

    /// Calls a function of a participant, who is touched if it says so.
    fn touch_if(&mut self, seat: PeerId, call: impl FnOnce(&mut Participant) -> bool) {
        if self.participants.get_mut(&seat).is_some_and(call) {
            self.touched.insert(seat);
        }
    }

    fn up(&mut self, seat: PeerId, now: Instant) {
        let Some(participant) = self.participants.get_mut(&seat) else { return };
        let joined = participant.up(seat, now);
        self.core(joined, None, now);
        if let Some(of) = self.active_speaker {
            self.tell(seat, &ControlMessage::ActiveSpeaker { of });
        }
        self.is_restless = true;
    }

    fn publish(&mut self, seat: PeerId, now: Instant) {
        let Some(participant) = self.participants.get_mut(&seat) else { return };
        let inputs = participant.publish(seat);
        self.is_restless |= !inputs.is_empty();
        inputs.into_iter().for_each(|input| self.core(input, None, now));
    }

    fn keyframe_needed(&mut self, seat: PeerId, slot: usize, now: Instant) {
        let time = self.time(now);
        let Some(participant) = self.participants.get_mut(&seat) else { return };
        match participant.policing.request(time) {
            Verdict::Pass => self.core(Input::KeyframeNeeded(seat, slot), None, now),
            Verdict::Drop => self.metrics.policed(),
            Verdict::Close => self.close(seat, now),
        }
    }

    /// Hands something to the core, and does what it says. `of` is the packet that the input is about.
    fn core(&mut self, input: Input, of: Option<(Source, &Content)>, now: Instant) {
        self.core.handle(input, self.time(now));
        while let Some(output) = self.core.poll() {
            self.execute(output, of, now);
        }
    }
}

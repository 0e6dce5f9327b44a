//! The forwarded room of one call: connections around the pure core.

use crate::leg::{Leg, LegError, LegOutput};
use salon_core::protocol::{PeerId, TrackSource};
use salon_sfu::{Input, Output, Policing, Room, Source, Verdict, Want};
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    net::SocketAddr,
    sync::Arc,
    time::Instant,
};

/// What the room does.
#[derive(Debug)]
pub(crate) enum RoomOutput {
    /// Send this to a participant.
    Transmit { to: SocketAddr, bytes: Vec<u8> },
    /// A participant is connected.
    Up(PeerId),
    /// A connection has ended.
    Gone(PeerId),
}

struct Participant {
    leg: Leg,
    policing: Policing,
    tracks: Vec<(TrackSource, u8)>,
    due: Instant,
    /// Random: where the sequence numbers of the slots begin.
    first: u16,
}

/// A room.
pub(crate) struct Forwarding {
    room: Room,
    participants: BTreeMap<PeerId, Participant>,
    started: Instant,
    /// Whose connections have something to do.
    touched: BTreeSet<PeerId>,
    outputs: VecDeque<RoomOutput>,
}

/// What a participant offers.
pub(crate) struct Offer<'a> {
    pub(crate) description: &'a str,
    /// What comes in each section, and in how many encodings.
    pub(crate) tracks: &'a [(String, TrackSource, u8)],
    /// Random.
    pub(crate) first: u16,
}

impl Forwarding {
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            room: Room::default(),
            participants: BTreeMap::new(),
            started: now,
            touched: BTreeSet::new(),
            outputs: VecDeque::new(),
        }
    }

    /// Answers the offer of a participant, who replaces an earlier connection of the same seat.
    pub(crate) fn open(
        &mut self,
        seat: PeerId,
        offer: &Offer<'_>,
        addresses: &[SocketAddr],
        now: Instant,
    ) -> Result<String, LegError> {
        let sections = offer.tracks.iter().map(|(mid, track, _)| (mid.clone(), *track));
        let (leg, answer) = Leg::answer(seat, offer.description, sections, addresses, now)?;
        self.close(seat, now);
        let tracks =
            offer.tracks.iter().map(|(_, track, encodings)| (*track, *encodings)).collect();
        let participant = Participant {
            leg,
            policing: Policing::default(),
            tracks,
            due: now,
            first: offer.first,
        };
        self.participants.insert(seat, participant);
        Ok(answer)
    }

    /// Ends a connection.
    pub(crate) fn close(&mut self, seat: PeerId, now: Instant) {
        if let Some(mut participant) = self.participants.remove(&seat) {
            participant.leg.close();
            self.core(Input::Left(seat), None, now);
        }
    }

    /// Handles a datagram of a participant.
    pub(crate) fn receive(
        &mut self,
        seat: PeerId,
        from: SocketAddr,
        to: SocketAddr,
        bytes: &[u8],
        now: Instant,
    ) {
        let Some(participant) = self.participants.get_mut(&seat) else { return };
        let size = u16::try_from(bytes.len()).unwrap_or(u16::MAX);
        match participant.policing.packet(size, now - self.started) {
            Verdict::Pass => participant.leg.receive(from, to, bytes, now),
            Verdict::Drop => return,
            Verdict::Close => return self.end(seat, now),
        }
        self.drain(seat, now);
    }

    /// Sets what a participant wants to see.
    pub(crate) fn want(&mut self, seat: PeerId, wants: Vec<Want>, now: Instant) {
        self.core(Input::Wants(seat, wants), None, now);
    }

    /// Sends what was forwarded, and lets time pass. Call it after all datagrams of a wake-up.
    pub(crate) fn flush(&mut self, now: Instant) {
        if self.room.poll_timeout().is_some_and(|due| due <= now - self.started) {
            self.core(Input::Tick, None, now);
        }
        let due = self.participants.iter().filter(|(_, participant)| participant.due <= now);
        let due: Vec<PeerId> = due.map(|(seat, _)| *seat).collect();
        self.touched.extend(due);
        // A keyframe that is asked for touches its publisher as well.
        while let Some(seat) = self.touched.pop_first() {
            if let Some(participant) = self.participants.get_mut(&seat) {
                participant.leg.tick(now);
                self.drain(seat, now);
            }
        }
    }

    pub(crate) fn poll(&mut self) -> Option<RoomOutput> {
        self.outputs.pop_front()
    }

    /// Does what a connection asks for.
    fn drain(&mut self, seat: PeerId, now: Instant) {
        while let Some(participant) = self.participants.get_mut(&seat) {
            match participant.leg.poll() {
                LegOutput::Idle(due) => {
                    participant.due = due;
                    return;
                }
                LegOutput::Transmit { to, bytes } => {
                    self.outputs.push_back(RoomOutput::Transmit { to, bytes });
                }
                LegOutput::Up => self.up(seat, now),
                LegOutput::Gone => return self.end(seat, now),
                LegOutput::Packet { packet, level, payload } => {
                    self.core(Input::Packet(packet, level), Some((packet.source, payload)), now);
                }
                LegOutput::KeyframeNeeded(slot) => {
                    if participant.policing.request(now - self.started) == Verdict::Pass {
                        self.core(Input::KeyframeNeeded(seat, slot), None, now);
                    }
                }
                LegOutput::Bandwidth(bits) => self.core(Input::Bandwidth(seat, bits), None, now),
            }
        }
    }

    fn up(&mut self, seat: PeerId, now: Instant) {
        let Some(participant) = self.participants.get(&seat) else { return };
        let ((video, audio), first) = (participant.leg.slots(), participant.first);
        let tracks = participant.tracks.clone();
        self.core(Input::Joined { seat, video, audio, first }, None, now);
        for (track, encodings) in tracks {
            self.core(Input::Published(Source { seat, track }, encodings), None, now);
        }
        self.outputs.push_back(RoomOutput::Up(seat));
    }

    fn end(&mut self, seat: PeerId, now: Instant) {
        self.close(seat, now);
        self.outputs.push_back(RoomOutput::Gone(seat));
    }

    fn core(&mut self, input: Input, payload: Option<(Source, Arc<[u8]>)>, now: Instant) {
        self.room.handle(input, now - self.started);
        while let Some(output) = self.room.poll() {
            match output {
                Output::Forward { seat, slot, rewritten } => {
                    let participant = self.participants.get_mut(&seat);
                    if let Some((participant, (source, payload))) =
                        participant.zip(payload.as_ref())
                    {
                        participant.leg.forward(slot, *source, rewritten, payload, now);
                        self.touched.insert(seat);
                    }
                }
                Output::AskForKeyframe(source, spatial) => {
                    if let Some(participant) = self.participants.get_mut(&source.seat) {
                        participant.leg.ask_for_keyframe(source.track, spatial);
                        self.touched.insert(source.seat);
                    }
                }
                // What participants are told of.
                Output::Slots { .. }
                | Output::Demand(..)
                | Output::Paused(..)
                | Output::ActiveSpeaker(_) => {}
            }
        }
    }
}

//! Whole rooms, with publishers that behave as browsers do.

use super::*;
use proptest::prelude::*;
use salon_core::protocol::{PeerId, TrackSource};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

pub(crate) fn camera(seat: u64) -> Source {
    Source { seat: PeerId(seat), track: TrackSource::Camera }
}

fn microphone(seat: u64) -> Source {
    Source { seat: PeerId(seat), track: TrackSource::Microphone }
}

/// An encoder as Chromium's: three temporal layers, two packets for each frame.
pub(crate) struct Encoder {
    pub(crate) source: Source,
    pub(crate) spatial: u8,
    frames: u16,
    sequence: u64,
    tl0: u8,
}

impl Encoder {
    pub(crate) fn new(seat: u64, spatial: u8) -> Self {
        let (source, frames) = (camera(seat), u16::from(spatial) * 100);
        Self { source, spatial, frames, sequence: seat * 1000, tl0: 0 }
    }

    pub(crate) fn frame(&mut self, is_keyframe: bool) -> [Packet; 2] {
        let number = self.frames;
        self.frames += 1;
        let temporal = if is_keyframe { 0 } else { [0, 2, 1, 2][usize::from(number % 4)] };
        self.tl0 = self.tl0.wrapping_add(u8::from(temporal == 0));
        [false, true].map(|is_last| {
            self.sequence += 1;
            let frame = Frame {
                starts_keyframe: is_keyframe && !is_last,
                size: is_keyframe.then_some((320 << self.spatial, 180 << self.spatial)),
                temporal,
                is_sync: temporal > 0 && number % 4 < 3,
                picture_id: Some(number),
                tl0_picture: Some(self.tl0),
            };
            Packet {
                source: self.source,
                spatial: self.spatial,
                sequence: self.sequence,
                timestamp: u32::from(number) * 3000,
                marker: is_last,
                bytes: 1000,
                frame: Some(frame),
            }
        })
    }
}

/// Time between two packets of a microphone; a camera sends a frame with each other one.
const PACKET: Duration = Duration::from_millis(20);

/// A publisher: a microphone, and a camera in three encodings.
struct Publisher {
    encoders: Vec<Encoder>,
    is_asked: BTreeSet<u8>,
    demand: Vec<bool>,
    audio: u64,
    level: u8,
}

/// What a receiver has seen and heard lately.
#[derive(Debug, Default)]
struct Seen {
    slots: (Vec<Option<Source>>, Vec<Option<Source>>),
    paused: Vec<Source>,
    frames: BTreeMap<Source, (usize, Layer)>,
    packets: BTreeMap<Source, usize>,
}

/// A room with publishers and receivers over time.
struct Call {
    room: Room,
    now: Duration,
    publishers: BTreeMap<u64, Publisher>,
    seen: BTreeMap<u64, Seen>,
    asked: Vec<(Duration, Source, u8)>,
    speaker: Option<PeerId>,
    /// The last packet of each slot.
    last: BTreeMap<(PeerId, Slot), Rewritten>,
}

impl Call {
    fn new() -> Self {
        Self {
            room: Room::default(),
            now: Duration::from_secs(10),
            publishers: BTreeMap::new(),
            seen: BTreeMap::new(),
            asked: Vec::new(),
            speaker: None,
            last: BTreeMap::new(),
        }
    }

    /// Everybody wants to see everybody in tiles of this height.
    fn of(people: u64, height: u16) -> Self {
        let mut call = Self::new();
        (1..=people).for_each(|seat| call.join(seat));
        for seat in 1..=people {
            let others = (1..=people).filter(|other| *other != seat);
            let wants = others.map(|other| (other, Rank::Tile, height)).collect::<Vec<_>>();
            call.want(seat, &wants);
        }
        call
    }

    fn join(&mut self, seat: u64) {
        self.seen.insert(seat, Seen::default());
        self.handle(Input::Joined { seat: PeerId(seat), video: 9, audio: 4, first: 1000 }, None);
        let encoders = (0..3).map(|spatial| Encoder::new(seat, spatial)).collect();
        let publisher = Publisher {
            encoders,
            is_asked: BTreeSet::new(),
            demand: vec![true; 3],
            audio: 0,
            level: 127,
        };
        self.publishers.insert(seat, publisher);
        self.handle(Input::Published(camera(seat), 3), None);
        self.handle(Input::Published(microphone(seat), 1), None);
    }

    fn leave(&mut self, seat: u64) {
        self.publishers.remove(&seat);
        self.seen.remove(&seat);
        self.handle(Input::Left(PeerId(seat)), None);
        // Who comes back is somebody new.
        self.asked.retain(|(_, source, _)| source.seat != PeerId(seat));
        self.last.retain(|(receiver, _), _| *receiver != PeerId(seat));
    }

    fn want(&mut self, seat: u64, wants: &[(u64, Rank, u16)]) {
        let want = |(of, rank, height): &(u64, Rank, u16)| Want {
            source: camera(*of),
            rank: *rank,
            height: *height,
        };
        self.handle(Input::Wants(PeerId(seat), wants.iter().map(want).collect()), None);
    }

    fn bandwidth(&mut self, seat: u64, kilobits: u64) {
        self.handle(Input::Bandwidth(PeerId(seat), kilobits * 1000), None);
    }

    fn handle(&mut self, input: Input, packet: Option<&Packet>) {
        self.room.handle(input, self.now);
        while let Some(output) = self.room.poll() {
            self.output(output, packet);
        }
    }

    fn output(&mut self, output: Output, packet: Option<&Packet>) {
        match output {
            Output::Forward { seat, slot, rewritten } => {
                let packet = packet.expect("only packets are forwarded");
                let seen = self.seen.get_mut(&seat.0).expect("receivers are in the room");
                assert_ne!(packet.source.seat, seat, "nobody gets their own media");
                let in_slot = match slot {
                    Slot::Video(slot) => seen.slots.0[slot],
                    Slot::Audio(slot) => seen.slots.1[slot],
                };
                assert_eq!(in_slot, Some(packet.source), "the hint agrees");
                *seen.packets.entry(packet.source).or_default() += 1;
                if let Some(frame) = packet.frame.filter(|_| packet.marker) {
                    let layer = Layer { spatial: packet.spatial, temporal: frame.temporal };
                    let entry = seen.frames.entry(packet.source).or_insert((0, layer));
                    *entry = (entry.0 + 1, entry.1.max(layer));
                }
                let last = self.last.insert((seat, slot), rewritten);
                assert!(
                    last.is_none_or(|last| last.sequence + 1 == rewritten.sequence),
                    "{last:?} {rewritten:?}"
                );
                assert!(last.is_none_or(|last| last.timestamp <= rewritten.timestamp));
            }
            Output::AskForKeyframe(source, spatial) => {
                self.asked.push((self.now, source, spatial));
                if let Some(publisher) = self.publishers.get_mut(&source.seat.0) {
                    publisher.is_asked.insert(spatial);
                }
            }
            Output::Slots { seat, video, audio } => {
                let slots = (video, audio);
                for sources in [&slots.0, &slots.1] {
                    let filled: Vec<_> = sources.iter().flatten().collect();
                    assert_eq!(
                        filled.iter().collect::<BTreeSet<_>>().len(),
                        filled.len(),
                        "{filled:?}"
                    );
                }
                self.seen.get_mut(&seat.0).expect("a receiver").slots = slots;
            }
            Output::Demand(source, demand) => {
                if let Some(publisher) =
                    self.publishers.get_mut(&source.seat.0).filter(|_| demand.len() == 3)
                {
                    publisher.demand = demand;
                }
            }
            Output::Paused(seat, paused) => {
                self.seen.get_mut(&seat.0).expect("a receiver").paused = paused;
            }
            Output::ActiveSpeaker(seat) => self.speaker = Some(seat),
        }
    }

    /// Lets time pass, and returns what was seen and heard in it.
    fn run(&mut self, seconds: f64) -> &BTreeMap<u64, Seen> {
        for seen in self.seen.values_mut() {
            seen.frames.clear();
            seen.packets.clear();
        }
        let end = self.now + Duration::from_secs_f64(seconds);
        let mut turn = 0;
        while self.now < end {
            self.now += PACKET;
            turn += 1;
            let mut packets = Vec::new();
            for (seat, publisher) in &mut self.publishers {
                publisher.audio += 1;
                let (sequence, timestamp) = (publisher.audio, publisher.audio as u32 * 960);
                let audio = Packet {
                    source: microphone(*seat),
                    spatial: 0,
                    sequence,
                    timestamp,
                    marker: false,
                    bytes: 80,
                    frame: None,
                };
                packets.push((audio, Some(publisher.level)));
                for encoder in publisher.encoders.iter_mut().filter(|_| turn % 2 == 0) {
                    if publisher.demand[usize::from(encoder.spatial)] {
                        let is_keyframe = publisher.is_asked.remove(&encoder.spatial);
                        packets.extend(encoder.frame(is_keyframe).map(|packet| (packet, None)));
                    }
                }
            }
            for (packet, level) in packets {
                self.handle(Input::Packet(packet, level), Some(&packet));
            }
            if self.room.poll_timeout().is_some_and(|due| due <= self.now) {
                self.handle(Input::Tick, None);
            }
        }
        &self.seen
    }
}

#[test]
fn three_people_see_and_hear_each_other() {
    let mut call = Call::of(3, 180);
    (1..=3).for_each(|seat| call.bandwidth(seat, 5000));
    let seen = call.run(2.0);
    for (seat, seen) in seen {
        for other in (1..=3).filter(|other| other != seat) {
            assert!(seen.frames[&camera(other)].0 >= 40, "{seat} sees {other}: {seen:?}");
            assert_eq!(seen.packets[&microphone(other)], 100);
        }
        assert_eq!(seen.frames.len(), 2);
    }
    let asked: BTreeSet<_> =
        call.asked.iter().map(|(_, source, spatial)| (*source, *spatial)).collect();
    assert_eq!(
        asked.len(),
        call.asked.len(),
        "one keyframe of each is enough for all: {:?}",
        call.asked
    );
}

#[test]
fn a_newcomer_hears_everybody_at_once() {
    let mut call = Call::of(3, 180);
    call.run(1.0);
    call.join(4);
    let heard = &call.run(0.1)[&4].packets;
    assert_eq!((1..=3).map(|seat| heard[&microphone(seat)]).collect::<Vec<_>>(), [5, 5, 5]);
}

#[test]
fn encodings_that_are_not_published_are_dropped() {
    let mut call = Call::of(2, 180);
    call.run(1.0);
    let packet = Packet {
        source: microphone(1),
        spatial: 1,
        sequence: 1 << 20,
        timestamp: 0,
        marker: false,
        bytes: 80,
        frame: None,
    };
    let before = call.last.clone();
    call.handle(Input::Packet(packet, None), Some(&packet));
    assert_eq!(call.last, before);
}

#[test]
fn a_tile_gets_what_it_can_show() {
    let mut call = Call::of(2, 180);
    call.bandwidth(1, 5000);
    assert_eq!(call.run(3.0)[&1].frames[&camera(2)].1.spatial, 0);
    call.want(1, &[(2, Rank::Stage, 720)]);
    let asked = call.now;
    let seen = &call.run(1.0)[&1];
    assert_eq!(seen.frames[&camera(2)].1, Layer { spatial: 2, temporal: 2 });
    assert!(
        call.asked
            .iter()
            .any(|(at, source, spatial)| (*at, *source, *spatial) == (asked, camera(2), 2))
    );
    call.want(1, &[(2, Rank::Thumbnail, 90)]);
    call.run(0.5);
    assert_eq!(call.run(1.0)[&1].frames[&camera(2)].1.spatial, 0);
}

#[test]
fn encodings_that_nobody_wants_are_stopped() {
    let mut call = Call::of(3, 180);
    call.run(1.0);
    assert_eq!(call.publishers[&1].demand, [true, false, false]);
    call.bandwidth(2, 5000);
    call.want(2, &[(1, Rank::Stage, 720), (3, Rank::Thumbnail, 90)]);
    assert_eq!(call.publishers[&1].demand, [true, false, true]);
    call.want(2, &[(1, Rank::Thumbnail, 90), (3, Rank::Stage, 720)]);
    call.run(4.0);
    assert!(call.publishers[&1].demand[2], "not at once");
    call.run(3.0);
    assert_eq!(call.publishers[&1].demand, [true, false, false]);
    for seat in 2..=3 {
        call.want(seat, &[]);
    }
    call.run(6.0);
    assert_eq!(call.publishers[&1].demand, [false, false, false]);
}

#[test]
fn a_slow_line_pauses_pictures_by_rank_and_never_voices() {
    let mut call = Call::of(4, 180);
    call.want(1, &[(2, Rank::Stage, 360), (3, Rank::Thumbnail, 90), (4, Rank::Thumbnail, 90)]);
    call.bandwidth(1, 5000);
    assert_eq!(call.run(2.0)[&1].frames.len(), 3);
    call.bandwidth(1, 130);
    call.run(0.5);
    let seen = &call.run(1.0)[&1];
    assert_eq!(seen.frames.keys().copied().collect::<Vec<_>>(), [camera(2)]);
    assert_eq!(seen.paused, [camera(3), camera(4)]);
    assert_eq!(
        (2..=4).map(|seat| seen.packets[&microphone(seat)]).collect::<Vec<_>>(),
        [50, 50, 50]
    );
    call.bandwidth(1, 5000);
    call.run(9.0);
    let seen = &call.run(1.0)[&1];
    assert_eq!((seen.frames.len(), seen.paused.len()), (3, 0));
}

#[test]
fn in_a_large_room_the_three_loudest_are_heard() {
    let mut call = Call::of(8, 180);
    for seat in 1..=4 {
        call.publishers.get_mut(&seat).unwrap().level = 30 + 5 * u8::try_from(seat).unwrap();
    }
    call.run(1.0);
    let seen = call.run(1.0);
    let heard = |seat: u64| {
        seen[&seat].packets.keys().filter(|source| source.track == TrackSource::Microphone)
    };
    assert_eq!(heard(8).copied().collect::<Vec<_>>(), [1, 2, 3].map(microphone));
    assert_eq!(
        heard(1).copied().collect::<Vec<_>>(),
        [2, 3].map(microphone),
        "nobody hears themselves"
    );
    assert_eq!(call.speaker, Some(PeerId(1)));
}

#[test]
fn who_has_left_gets_and_gives_nothing() {
    let mut call = Call::of(3, 180);
    call.run(1.0);
    call.leave(2);
    let seen = call.run(1.0);
    assert!(seen[&1].packets.keys().all(|source| source.seat == PeerId(3)));
    assert!(!seen[&1].slots.0.contains(&Some(camera(2))));
    for seat in [1, 3] {
        call.leave(seat);
    }
    assert_eq!(call.room.poll_timeout(), None, "an empty room costs nothing");
}

#[test]
fn a_lost_picture_is_replaced_and_a_flood_of_requests_is_not() {
    let mut call = Call::of(3, 180);
    call.run(5.0);
    call.asked.clear();
    let slot = call.seen[&1].slots.0.iter().position(|source| *source == Some(camera(2))).unwrap();
    for _ in 0..50 {
        call.handle(Input::KeyframeNeeded(PeerId(1), slot), None);
        call.handle(Input::KeyframeNeeded(PeerId(1), 99), None);
        call.run(0.04);
    }
    let of_two = call.asked.iter().filter(|(_, source, _)| *source == camera(2)).count();
    assert!((2..=4).contains(&of_two), "{:?}", call.asked);
    assert_eq!(call.asked.len(), of_two, "nobody else is asked");
}

#[derive(Clone, Debug)]
enum Act {
    Join(u64),
    Leave(u64),
    Want(u64, Vec<(u64, Rank, u16)>),
    Bandwidth(u64, u64),
    Level(u64, u8),
    Unpublish(u64, bool),
    Keyframe(u64, usize),
    Run(u8),
}

fn act() -> impl Strategy<Value = Act> {
    let seat = || 1..7_u64;
    let rank = prop::sample::select(vec![
        Rank::Screen,
        Rank::Pinned,
        Rank::Stage,
        Rank::Tile,
        Rank::Thumbnail,
    ]);
    let wants = prop::collection::vec((seat(), rank, 50..1000_u16), 0..8);
    prop_oneof![
        seat().prop_map(Act::Join),
        seat().prop_map(Act::Leave),
        (seat(), wants).prop_map(|(seat, wants)| Act::Want(seat, wants)),
        (seat(), 0..8000_u64).prop_map(|(seat, bits)| Act::Bandwidth(seat, bits)),
        (seat(), 0..128_u8).prop_map(|(seat, level)| Act::Level(seat, level)),
        (seat(), any::<bool>()).prop_map(|(seat, is_camera)| Act::Unpublish(seat, is_camera)),
        (seat(), 0..12_usize).prop_map(|(seat, slot)| Act::Keyframe(seat, slot)),
        (1..40_u8).prop_map(Act::Run),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever happens: the assertions of [`Call::output`], and a publisher is asked at most twice a second.
    #[test]
    fn streams_are_whole_in_any_order_of_events(acts in prop::collection::vec(act(), 1..60)) {
        let mut call = Call::new();
        for act in acts {
            match act {
                Act::Join(seat) if !call.publishers.contains_key(&seat) => call.join(seat),
                Act::Join(_) => {}
                Act::Leave(seat) => call.leave(seat),
                Act::Want(seat, wants) => call.want(seat, &wants),
                Act::Bandwidth(seat, bits) => call.bandwidth(seat, bits),
                Act::Level(seat, level) => {
                    if let Some(publisher) = call.publishers.get_mut(&seat) {
                        publisher.level = level;
                    }
                }
                Act::Unpublish(seat, is_camera) => {
                    let source = if is_camera { camera(seat) } else { microphone(seat) };
                    call.handle(Input::Unpublished(source), None);
                    call.asked.retain(|(_, asked, _)| *asked != source);
                }
                Act::Keyframe(seat, slot) => call.handle(Input::KeyframeNeeded(PeerId(seat), slot), None),
                Act::Run(turns) => drop(call.run(f64::from(turns) / 50.0)),
            }
        }
        let mut last = BTreeMap::new();
        for (at, source, spatial) in call.asked {
            if let Some(before) = last.insert((source, spatial), at) {
                prop_assert!(at - before >= Duration::from_millis(500) || at == before);
            }
        }
    }
}

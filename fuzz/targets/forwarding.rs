//! A room whose media is forwarded, with anything that publishers and receivers may send.
//!
//! An input is a sequence of events, each a kind and its parameters. Nothing panics, packets go to receivers in the
//! room only, never back to their sender, and no sequence number of a slot is used for two packets.

#![no_main]

use libfuzzer_sys::fuzz_target;
use salon_core::protocol::{PeerId, TrackSource};
use salon_sfu::{Frame, Input, Output, Packet, Rank, Room, Slot, Source, Want};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

const RANKS: [Rank; 5] = [Rank::Screen, Rank::Pinned, Rank::Stage, Rank::Tile, Rank::Thumbnail];

#[derive(Default)]
struct World {
    room: Room,
    now: Duration,
    receivers: BTreeSet<PeerId>,
    /// Which packet had which number.
    used: BTreeMap<(PeerId, Slot, u64), (Source, u8, u64)>,
}

/// Reads parameters; zeros after the end.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    fn word(&mut self) -> u16 {
        u16::from_be_bytes([self.byte(), self.byte()])
    }

    fn seat(&mut self) -> PeerId {
        PeerId(u64::from(self.byte() % 6))
    }

    fn source(&mut self) -> Source {
        let (seat, track) = (self.seat(), TrackSource::ALL[usize::from(self.byte() % 4)]);
        Source { seat, track }
    }

    fn packet(&mut self) -> Packet {
        let source = self.source();
        let (spatial, flags) = (self.byte() % 4, self.byte());
        let frame = Frame {
            starts_keyframe: flags & 1 != 0,
            size: (flags & 2 != 0).then(|| (self.word(), self.word())),
            temporal: flags >> 5,
            is_sync: flags & 4 != 0,
            picture_id: (flags & 8 != 0).then(|| self.word()),
            tl0_picture: (flags & 8 != 0).then(|| self.byte()),
        };
        Packet {
            source,
            spatial,
            sequence: u64::from(self.word()),
            timestamp: u32::from(self.word()) << 8,
            marker: flags & 16 != 0,
            bytes: self.word(),
            frame: (!source.track.is_audio()).then_some(frame),
        }
    }

    fn wants(&mut self) -> Vec<Want> {
        let count = self.byte() % 16;
        let want = |_| Want {
            source: self.source(),
            rank: RANKS[usize::from(self.byte() % 5)],
            height: self.word(),
        };
        (0..count).map(want).collect()
    }
}

impl World {
    fn step(&mut self, reader: &mut Reader<'_>) {
        let input = match reader.byte() % 12 {
            0 => {
                let seat = reader.seat();
                self.leave(seat);
                self.receivers.insert(seat);
                Input::Joined { seat, video: 9, audio: 4, first: reader.word() }
            }
            1 => return self.leave(reader.seat()),
            2 => Input::Published(reader.source(), reader.byte()),
            3 => Input::Unpublished(reader.source()),
            4 => Input::Wants(reader.seat(), reader.wants()),
            5 => Input::Bandwidth(reader.seat(), u64::from(reader.word()) * 100),
            6 => Input::KeyframeNeeded(reader.seat(), reader.byte().into()),
            7 => {
                self.now += Duration::from_millis(reader.byte().into());
                Input::Tick
            }
            _ => Input::Packet(reader.packet(), Some(reader.byte()).filter(|level| *level < 128)),
        };
        self.handle(input);
    }

    fn leave(&mut self, seat: PeerId) {
        self.receivers.remove(&seat);
        self.used.retain(|(receiver, ..), _| *receiver != seat);
        self.handle(Input::Left(seat));
    }

    fn handle(&mut self, input: Input) {
        let packet = if let Input::Packet(packet, _) = &input { Some(*packet) } else { None };
        self.room.handle(input, self.now);
        while let Some(output) = self.room.poll() {
            match output {
                Output::Forward { seat, slot, rewritten } => {
                    assert!(
                        self.receivers.contains(&seat)
                            && packet.is_some_and(|packet| packet.source.seat != seat)
                    );
                    // A number that is used again is that of the same packet, which came twice.
                    let packet = packet.expect("only packets are forwarded");
                    let number = (seat, slot, rewritten.sequence);
                    let before =
                        self.used.insert(number, (packet.source, packet.spatial, packet.sequence));
                    assert!(before.is_none_or(
                        |before| before == (packet.source, packet.spatial, packet.sequence)
                    ));
                }
                Output::Slots { seat, .. } | Output::Paused(seat, _) => {
                    assert!(self.receivers.contains(&seat));
                }
                Output::AskForKeyframe(..) | Output::Demand(..) | Output::ActiveSpeaker(_) => {}
            }
        }
    }
}

fuzz_target!(|data: &[u8]| {
    let (mut world, mut reader) = (World::default(), Reader(data));
    while !reader.0.is_empty() {
        world.step(&mut reader);
    }
});

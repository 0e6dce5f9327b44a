//! The media sections of a participant's description: what they send, and the slots in which they receive.

use crate::protocol::{PeerId, SLOTS_MAX, TrackInfo, TrackSource};
use salon_sfu::{Slot, Source, Spatial};
use std::{collections::HashMap, time::Duration};
use str0m::{
    Rtc,
    media::{Direction, MediaAdded, MediaChanged, MediaKind, Mid, Pt, Rid, SimulcastLayer},
    rtp::Ssrc,
};

/// The names of the encodings of a camera, from the smallest on.
const RIDS: [&str; 3] = ["q", "h", "f"];
/// Packets of a slot that are kept to be sent again, and for how long.
const VIDEO_CACHE: usize = 512;
const CACHED_FOR: Duration = Duration::from_secs(1);

/// A section. The direction is that of the server.
#[derive(Clone, Debug)]
struct Section {
    mid: Mid,
    kind: MediaKind,
    direction: Direction,
    /// The names of its encodings, from the smallest on; empty without simulcast.
    rids: Vec<Rid>,
}

/// An encoding that comes in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Incoming {
    pub(super) source: Source,
    pub(super) spatial: Spatial,
    pub(super) mid: Mid,
    pub(super) rid: Option<Rid>,
}

/// The stream of a slot.
#[derive(Clone, Copy, Debug)]
pub(super) struct Outgoing {
    pub(super) ssrc: Ssrc,
    pub(super) payload_type: Pt,
    mid: Mid,
}

/// The sections of a participant.
#[derive(Debug)]
pub(super) struct Sections {
    seat: PeerId,
    /// What the participant says that it sends; empty if it says nothing.
    named: Vec<(Mid, TrackSource)>,
    all: Vec<Section>,
    incoming: HashMap<Ssrc, Incoming>,
    slots: HashMap<Slot, Outgoing>,
    /// Whether the number of slots is known to others.
    is_fixed: bool,
    has_changed: bool,
}

impl Sections {
    pub(super) fn new(seat: PeerId) -> Self {
        Self {
            seat,
            named: Vec::new(),
            all: Vec::new(),
            incoming: HashMap::new(),
            slots: HashMap::new(),
            is_fixed: false,
            has_changed: false,
        }
    }

    /// Follows an offer that was accepted, and what it says of its sections.
    pub(super) fn renew(&mut self, tracks: &[TrackInfo], rtc: &Rtc) {
        let named = tracks.iter().map(|track| (Mid::from(track.mid.as_str()), track.source));
        self.named = named.collect();
        // The place of a stopped section can be taken by another one (RFC 8829, section 5.2.2).
        self.all.retain(|section| rtc.media(section.mid).is_some());
        self.note_change();
    }

    /// Adds a section that str0m has accepted.
    pub(super) fn add(&mut self, added: &MediaAdded, rtc: &mut Rtc) {
        if added.direction.is_sending() && !self.is_fixed {
            self.add_slot(added, rtc);
        }
        let rids = added.simulcast.as_ref().map(|simulcast| ordered(&simulcast.recv));
        let (mid, kind, direction) = (added.mid, added.kind, added.direction);
        self.all.push(Section { mid, kind, direction, rids: rids.unwrap_or_default() });
        self.note_change();
    }

    /// Follows a change of a section's direction.
    pub(super) fn change(&mut self, changed: &MediaChanged) {
        if let Some(section) = self.all.iter_mut().find(|section| section.mid == changed.mid) {
            section.direction = changed.direction;
            self.note_change();
        }
    }

    fn note_change(&mut self) {
        self.incoming.clear();
        self.has_changed = true;
    }

    /// Whether what comes in may have changed since this was called before.
    pub(super) fn take_change(&mut self) -> bool {
        std::mem::take(&mut self.has_changed)
    }

    /// What comes in, each with the number of its encodings.
    pub(super) fn tracks(&self) -> Vec<(TrackSource, u8)> {
        let encodings = |section: &Section| u8::try_from(section.rids.len().max(1)).ok();
        let track = |source| Some((source, self.section_of(source).and_then(encodings)?));
        TrackSource::ALL.into_iter().filter_map(track).collect()
    }

    fn section_of(&self, source: TrackSource) -> Option<&Section> {
        self.all.iter().find(|section| self.source(section) == Some(source))
    }

    /// What comes in a section. If sections are not named, the first of each kind counts.
    fn source(&self, section: &Section) -> Option<TrackSource> {
        if !section.direction.is_receiving() {
            return None;
        }
        let source = if self.named.is_empty() {
            let is_like =
                |other: &&Section| other.kind == section.kind && other.direction.is_receiving();
            let is_first = self.all.iter().find(is_like).is_some_and(|it| it.mid == section.mid);
            let usual = match section.kind {
                MediaKind::Audio => TrackSource::Microphone,
                MediaKind::Video => TrackSource::Camera,
            };
            is_first.then_some(usual)
        } else {
            self.named.iter().find(|(mid, _)| *mid == section.mid).map(|(_, source)| *source)
        };
        source.filter(|source| source.is_audio() == section.kind.is_audio())
    }

    /// Which track and encoding an SSRC is, by its section and its name in that.
    pub(super) fn identify(&mut self, ssrc: Ssrc, rtc: &mut Rtc) -> Option<Incoming> {
        if let Some(known) = self.incoming.get(&ssrc) {
            return Some(*known);
        }
        let mut api = rtc.direct_api();
        let stream = api.stream_rx(&ssrc)?;
        let (mid, rid) = (stream.mid(), stream.rid());
        let section = self.all.iter().find(|section| section.mid == mid)?;
        let track = self.source(section)?;
        if self.section_of(track)?.mid != mid {
            return None;
        }
        let spatial = match rid {
            Some(rid) => section.rids.iter().position(|name| *name == rid)?,
            None => 0,
        };
        let source = Source { seat: self.seat, track };
        let incoming = Incoming { source, spatial: u8::try_from(spatial).ok()?, mid, rid };
        // An encoding can come with another SSRC.
        self.incoming.retain(|_, other| (other.mid, other.rid) != (mid, rid));
        self.incoming.insert(ssrc, incoming);
        Some(incoming)
    }

    /// The stream of an encoding that comes in.
    pub(super) fn incoming(&self, track: TrackSource, spatial: Spatial) -> Option<Incoming> {
        let is_meant =
            |incoming: &&Incoming| (incoming.source.track, incoming.spatial) == (track, spatial);
        self.incoming.values().find(is_meant).copied()
    }

    /// A section in which the participant receives is a slot, if str0m has a stream for it.
    fn add_slot(&mut self, added: &MediaAdded, rtc: &mut Rtc) {
        let (video, audio) = self.slots();
        let (slot, number, cached) = match added.kind {
            MediaKind::Video => (Slot::Video(video), video, VIDEO_CACHE),
            MediaKind::Audio => (Slot::Audio(audio), audio, 0),
        };
        let media = rtc.media(added.mid);
        let payload_type = media.and_then(|media| media.remote_pts().first().copied());
        let mut api = rtc.direct_api();
        let stream = api.stream_tx_by_mid(added.mid, None);
        let (Some(payload_type), Some(stream)) = (payload_type, stream) else { return };
        if number < SLOTS_MAX {
            stream.set_rtx_cache(cached, CACHED_FOR, None);
            let outgoing = Outgoing { ssrc: stream.ssrc(), payload_type, mid: added.mid };
            self.slots.insert(slot, outgoing);
        }
    }

    /// The number of slots for video and for audio.
    pub(super) fn slots(&self) -> (usize, usize) {
        let video = self.slots.keys().filter(|slot| matches!(slot, Slot::Video(_))).count();
        (video, self.slots.len() - video)
    }

    /// From now on, further sections are no slots.
    pub(super) fn fix_slots(&mut self) {
        self.is_fixed = true;
    }

    /// The stream of a slot.
    pub(super) fn outgoing(&self, slot: Slot) -> Option<Outgoing> {
        self.slots.get(&slot).copied()
    }

    /// The number of a slot for video.
    pub(super) fn video_slot(&self, mid: Mid) -> Option<usize> {
        self.slots.iter().find_map(|(slot, outgoing)| match slot {
            Slot::Video(number) if outgoing.mid == mid => Some(*number),
            Slot::Video(_) | Slot::Audio(_) => None,
        })
    }
}

/// The names of encodings, from the smallest on: Firefox lists them in the order in which it likes to. Unknown
/// names are in that order already.
fn ordered(layers: &[SimulcastLayer]) -> Vec<Rid> {
    let place = |rid: &Rid| RIDS.iter().position(|name| **rid == **name);
    let mut rids: Vec<Rid> = layers.iter().map(|layer| layer.rid).collect();
    if rids.iter().all(|rid| place(rid).is_some()) {
        rids.sort_by_key(place);
    }
    rids
}

#[cfg(test)]
mod tests {
    use super::*;

    fn section(mid: &str, kind: MediaKind, direction: Direction, rids: usize) -> Section {
        let rids = RIDS.iter().take(rids).map(|name| Rid::from(*name)).collect();
        Section { mid: Mid::from(mid), kind, direction, rids }
    }

    fn sections(all: Vec<Section>, named: &[(&str, TrackSource)]) -> Sections {
        let named = named.iter().map(|(mid, source)| (Mid::from(*mid), *source)).collect();
        Sections { all, named, ..Sections::new(PeerId(1)) }
    }

    #[test]
    fn sections_are_what_the_participant_says() {
        let all = vec![
            section("0", MediaKind::Audio, Direction::RecvOnly, 0),
            section("1", MediaKind::Video, Direction::RecvOnly, 3),
            section("2", MediaKind::Video, Direction::RecvOnly, 0),
            section("3", MediaKind::Audio, Direction::RecvOnly, 0),
            section("4", MediaKind::Audio, Direction::SendOnly, 0),
        ];
        let named = [
            ("0", TrackSource::Microphone),
            ("1", TrackSource::Camera),
            ("2", TrackSource::Microphone),
            ("4", TrackSource::ScreenAudio),
        ];
        let mut named = sections(all, &named);
        let both = [(TrackSource::Microphone, 1), (TrackSource::Camera, 3)];
        assert_eq!(named.tracks(), both, "a video is no microphone");
        let stopped = MediaChanged { mid: Mid::from("1"), direction: Direction::Inactive };
        named.change(&stopped);
        assert!(named.take_change() && !named.take_change());
        assert_eq!(named.tracks(), both[..1]);
    }

    #[test]
    fn sections_without_names_count_by_their_order() {
        let all = vec![
            section("0", MediaKind::Audio, Direction::SendOnly, 0),
            section("1", MediaKind::Audio, Direction::SendRecv, 0),
            section("2", MediaKind::Audio, Direction::SendRecv, 0),
            section("3", MediaKind::Video, Direction::SendRecv, 0),
        ];
        let both = [(TrackSource::Microphone, 1), (TrackSource::Camera, 1)];
        let unnamed = sections(all, &[]);
        assert_eq!(unnamed.tracks(), both);
        assert_eq!(unnamed.section_of(TrackSource::Microphone).unwrap().mid, Mid::from("1"));
    }

    #[test]
    fn encodings_are_ordered_by_size() {
        let names = |names: &[&str]| {
            let layers: Vec<_> = names.iter().map(|name| SimulcastLayer::new(name)).collect();
            ordered(&layers).iter().map(Rid::to_string).collect::<Vec<_>>()
        };
        assert_eq!(names(&["f", "q", "h"]), RIDS);
        assert_eq!(names(&["hi", "lo"]), ["hi", "lo"]);
        assert_eq!(names(&[]), [""; 0]);
    }
}

//! What the browser counts of a connection, as it comes, and what health is judged by.

use crate::protocol::Mid;
use std::time::Duration;

/// Counters of one track, or of one kind of media, since the connection was made (W3C WebRTC
/// Statistics, section 7.4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Arrival {
    /// Packets that arrived.
    pub packets: u64,
    /// Packets that did not.
    pub lost: u64,
}

impl Arrival {
    fn and(self, more: Self) -> Self {
        Self {
            packets: self.packets.saturating_add(more.packets),
            lost: self.lost.saturating_add(more.lost),
        }
    }
}

/// The way between two people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Path {
    /// From one to the other.
    Direct,
    /// Through a relay, of this person's or of the other's.
    Relayed,
    /// What is at the other end was never named; it may be a relay.
    Unknown,
}

/// What has arrived of one track.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrackReading {
    /// Its media section, where the browser names it.
    pub mid: Option<Mid>,
    /// Whether it is sound, not a picture.
    pub is_audio: bool,
    /// What has arrived.
    pub arrival: Arrival,
}

/// The statistics of a connection at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// Bytes and connectivity checks that arrived by the ways that are known at this moment.
    pub heard: u64,
    /// What arrived, track by track.
    pub tracks: Vec<TrackReading>,
    /// Time there and back.
    pub round_trip: Option<Duration>,
    /// What the browser thinks can be sent, in bits per second, if a picture is sent.
    pub for_picture: Option<u64>,
    /// The way that is in use, if one is.
    pub path: Option<Path>,
}

/// What a reading comes to for one participant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    /// All that arrived: bytes, checks, and packets, for not every browser counts the bytes of a path.
    pub(super) heard: u64,
    /// All of their sound.
    pub(super) sound: Arrival,
    /// All of their pictures.
    pub(super) picture: Arrival,
    pub(super) round_trip: Option<Duration>,
    pub(super) for_picture: Option<u64>,
    pub(super) path: Option<Path>,
}

impl Reading {
    /// All that arrived: see [`Counts::heard`].
    #[must_use]
    pub fn heard(&self) -> u64 {
        let packets = self.tracks.iter().map(|track| track.arrival.packets);
        packets.fold(self.heard, u64::saturating_add)
    }

    /// What it comes to for somebody whose tracks these are.
    pub(super) fn counts(&self, is_theirs: impl Fn(&TrackReading) -> bool) -> Counts {
        let of = |is_audio: bool| {
            let tracks = self.tracks.iter().filter(|track| is_theirs(track));
            let arrivals = tracks.filter(|track| track.is_audio == is_audio);
            arrivals.fold(Arrival::default(), |sum, track| sum.and(track.arrival))
        };
        Counts {
            heard: self.heard(),
            sound: of(true),
            picture: of(false),
            round_trip: self.round_trip,
            for_picture: self.for_picture,
            path: self.path,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_arrived_is_summed_up_by_kind() {
        let track = |mid: &str, is_audio, packets, lost| TrackReading {
            mid: mid.to_owned().try_into().ok(),
            is_audio,
            arrival: Arrival { packets, lost },
        };
        let tracks =
            vec![track("0", true, 10, 1), track("1", false, 20, 2), track("3", true, 5, 0)];
        let reading = Reading { heard: 1000, tracks, ..Reading::default() };
        let counts = reading.counts(|_| true);
        assert_eq!(counts.heard, 1035);
        assert_eq!(counts.sound, Arrival { packets: 15, lost: 1 });
        assert_eq!(counts.picture, Arrival { packets: 20, lost: 2 });
        let counts = reading.counts(|track| track.mid == "3".to_owned().try_into().ok());
        assert_eq!(counts.heard, 1035, "the connection brings something for somebody");
        assert_eq!((counts.sound.packets, counts.picture.packets), (5, 0));
    }
}

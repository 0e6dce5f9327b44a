//! The browser's statistics of a connection, and the counters derived from them.

use crate::protocol::Mid;
use std::time::Duration;

/// Packet counters of one track, or of one kind of media, since the connection was created (W3C
/// WebRTC Statistics, section 7.4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Arrival {
    /// Packets received.
    pub packets: u64,
    /// Packets lost.
    pub lost: u64,
    /// When the last packet arrived, if the browser reports it.
    pub last: Option<Duration>,
}

impl Arrival {
    fn and(self, more: Self) -> Self {
        Self {
            packets: self.packets.saturating_add(more.packets),
            lost: self.lost.saturating_add(more.lost),
            last: self.last.max(more.last),
        }
    }

    /// When the last packet arrived, if that is between two readings: the clocks of some browsers
    /// differ.
    pub(super) fn arrived_within(self, since: Duration, now: Duration) -> Option<Duration> {
        self.last.filter(|last| (since..=now).contains(last))
    }
}

/// The network path between two participants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Path {
    /// Without a relay.
    Direct,
    /// Through a relay of either side.
    Relayed,
    /// The remote candidate was never signalled; it may be a relay.
    Unknown,
    /// Through the server, which forwards the media and could see it.
    Server,
}

/// The statistics of one received track.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrackReading {
    /// Its media section, if the browser names it.
    pub mid: Option<Mid>,
    /// Whether it is audio, not video.
    pub is_audio: bool,
    /// Its packet counters.
    pub arrival: Arrival,
}

/// The statistics of a connection at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// Number of bytes and connectivity checks received over the current candidate pairs.
    pub received: u64,
    /// The received tracks.
    pub tracks: Vec<TrackReading>,
    /// The round-trip time.
    pub round_trip: Option<Duration>,
    /// The browser's estimate of the send bandwidth in bits per second, if video is sent.
    pub for_picture: Option<u64>,
    /// The network path in use, if there is one.
    pub path: Option<Path>,
}

/// The counters of one participant in a reading.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    /// Sum of all received bytes, checks and packets: not every browser counts the bytes of a path.
    pub(super) received: u64,
    /// All of their audio.
    pub(super) sound: Arrival,
    /// All of their video.
    pub(super) picture: Arrival,
    pub(super) round_trip: Option<Duration>,
    pub(super) for_picture: Option<u64>,
    pub(super) path: Option<Path>,
}

impl Reading {
    /// Sum of everything received: see [`Counts::received`].
    #[must_use]
    pub fn received(&self) -> u64 {
        let packets = self.tracks.iter().map(|track| track.arrival.packets);
        packets.fold(self.received, u64::saturating_add)
    }

    /// The counters of the participant to whom these tracks belong.
    pub(super) fn counts(&self, is_theirs: impl Fn(&TrackReading) -> bool) -> Counts {
        let of = |is_audio: bool| {
            let tracks = self.tracks.iter().filter(|track| is_theirs(track));
            let arrivals = tracks.filter(|track| track.is_audio == is_audio);
            arrivals.fold(Arrival::default(), |sum, track| sum.and(track.arrival))
        };
        Counts {
            received: self.received(),
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
    fn arrivals_are_summed_up_by_kind() {
        let track = |mid: &str, is_audio, packets, lost| TrackReading {
            mid: mid.to_owned().try_into().ok(),
            is_audio,
            arrival: Arrival { packets, lost, last: Some(Duration::from_secs(packets)) },
        };
        let tracks =
            vec![track("0", true, 10, 1), track("1", false, 20, 2), track("3", true, 5, 0)];
        let reading = Reading { received: 1000, tracks, ..Reading::default() };
        let counts = reading.counts(|_| true);
        assert_eq!(counts.received, 1035);
        let seconds = |time| Some(Duration::from_secs(time));
        assert_eq!(counts.sound, Arrival { packets: 15, lost: 1, last: seconds(10) });
        assert_eq!(counts.picture, Arrival { packets: 20, lost: 2, last: seconds(20) });
        let counts = reading.counts(|track| track.mid == "3".to_owned().try_into().ok());
        assert_eq!(counts.received, 1035, "the connection brings something for somebody");
        assert_eq!((counts.sound.packets, counts.picture.packets), (5, 0));
    }
}

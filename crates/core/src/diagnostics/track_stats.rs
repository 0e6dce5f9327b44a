//! Statistics per track of a connection, and their sum for one participant.

use super::{CandidatePair, Picture, StatsSnapshot, Traffic};
use crate::protocol::Mid;
use std::time::Duration;

/// Statistics of one track in one direction (W3C WebRTC Statistics, section 7.4). Values that the browser
/// does not report are `None`. The other side's report about a sent track may be a separate value.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TrackStats {
    /// Its media section.
    pub mid: Option<Mid>,
    /// Whether it is audio, not video.
    pub is_audio: bool,
    /// Bytes since the connection was created.
    pub bytes: Option<u64>,
    /// Packets received and lost since then. Received tracks only.
    pub packets: Option<(u64, u64)>,
    /// The fraction of packets, 0 to 1, that the other side lost recently. Sent tracks only.
    pub loss: Option<f64>,
    /// Jitter of the packets (RFC 3550, section 6.4.1).
    pub jitter: Option<Duration>,
    /// The name of its codec, as in `audio/<name>`; `None` before the first packet.
    pub codec: Option<String>,
    /// Further statistics of a video track.
    pub picture: Option<Picture>,
}

/// The browser's statistics of a connection at one moment, track by track.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ConnectionStats {
    /// Time since the page was opened.
    pub at: Duration,
    /// The selected candidate pair.
    pub candidate_pair: Option<CandidatePair>,
    /// Round-trip time.
    pub round_trip: Option<Duration>,
    /// Received tracks.
    pub received: Vec<TrackStats>,
    /// Sent tracks.
    pub sent: Vec<TrackStats>,
}

impl ConnectionStats {
    /// The part of one participant: their tracks of what is received, and all that is sent.
    #[must_use]
    pub fn of(&self, is_theirs: impl Fn(&TrackStats) -> bool) -> StatsSnapshot {
        StatsSnapshot {
            at: self.at,
            candidate_pair: self.candidate_pair,
            round_trip: self.round_trip,
            received: Traffic::of(self.received.iter().filter(|track| is_theirs(track))),
            sent: Traffic::of(&self.sent),
        }
    }
}

impl Traffic {
    /// The sum of some tracks.
    fn of<'a>(tracks: impl IntoIterator<Item = &'a TrackStats>) -> Self {
        let mut traffic = Self::default();
        tracks.into_iter().for_each(|track| traffic.add(track));
        traffic
    }

    fn add(&mut self, track: &TrackStats) {
        self.bytes = both(self.bytes, track.bytes, u64::saturating_add);
        self.packets = both(self.packets, track.packets, |(arrived, lost), (more, more_lost)| {
            (arrived.saturating_add(more), lost.saturating_add(more_lost))
        });
        self.loss = both(self.loss, track.loss, f64::max);
        if track.is_audio || self.jitter.is_none() {
            self.jitter = track.jitter.or(self.jitter);
        }
        if track.is_audio {
            self.sound = track.codec.clone().or(self.sound.take());
        } else {
            self.add_picture(track);
        }
    }

    /// The largest of the pictures counts. One that was never there is none.
    fn add_picture(&mut self, track: &TrackStats) {
        let area = |picture: &Picture| {
            picture.size.map(|(width, height)| u64::from(width) * u64::from(height))
        };
        let picture =
            Picture { codec: track.codec.clone(), ..track.picture.clone().unwrap_or_default() };
        let is_larger = self.picture.as_ref().is_none_or(|before| area(&picture) > area(before));
        if picture.codec.is_some() && is_larger {
            self.picture = Some(picture);
        }
    }
}

fn both<T>(one: Option<T>, other: Option<T>, sum: impl FnOnce(T, T) -> T) -> Option<T> {
    match (one, other) {
        (Some(one), Some(other)) => Some(sum(one, other)),
        (one, other) => one.or(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mid(mid: &str) -> Option<Mid> {
        mid.to_owned().try_into().ok()
    }

    fn sound(name: &str, bytes: u64, jitter: u64) -> TrackStats {
        TrackStats {
            mid: mid(name),
            is_audio: true,
            bytes: Some(bytes),
            packets: Some((bytes / 100, 1)),
            jitter: Some(Duration::from_millis(jitter)),
            codec: Some("opus".to_owned()),
            ..TrackStats::default()
        }
    }

    fn picture(name: &str, bytes: u64, width: u32) -> TrackStats {
        let size = Some((width, width / 2)).filter(|_| width > 0);
        TrackStats {
            mid: mid(name),
            bytes: Some(bytes),
            packets: Some((bytes / 100, 2)),
            jitter: Some(Duration::from_millis(99)),
            codec: Some(format!("VP{width}")),
            picture: Some(Picture { size, ..Picture::default() }),
            ..TrackStats::default()
        }
    }

    #[test]
    fn the_tracks_of_a_participant_are_summed_up() {
        let unused = TrackStats { codec: None, ..picture("4", 0, 2000) };
        let stats = ConnectionStats {
            received: vec![
                picture("1", 1000, 640),
                sound("0", 300, 7),
                picture("3", 500, 1280),
                unused,
            ],
            sent: vec![TrackStats { loss: Some(0.1), ..sound("0", 50, 3) }],
            ..ConnectionStats::default()
        };
        let StatsSnapshot { received, sent, .. } = stats.of(|_| true);
        assert_eq!((received.bytes, received.packets), (Some(1800), Some((18, 7))));
        assert_eq!(received.jitter, Some(Duration::from_millis(7)), "that of the sound");
        assert_eq!(received.sound.as_deref(), Some("opus"));
        let largest = received.picture.unwrap();
        assert_eq!((largest.codec.as_deref(), largest.size), (Some("VP1280"), Some((1280, 640))));
        assert_eq!((sent.loss, sent.packets), (Some(0.1), Some((0, 1))));
        assert_eq!(stats.of(|_| false).received, Traffic::default(), "what is not told is no zero");
    }

    #[test]
    fn each_participant_of_a_connection_has_tracks_of_their_own() {
        let stats = ConnectionStats {
            received: vec![sound("3", 100, 1), sound("4", 200, 2), picture("7", 4000, 320)],
            sent: vec![sound("0", 50, 3)],
            ..ConnectionStats::default()
        };
        let of = |mids: &[&str]| {
            let snapshot = stats.of(|track| mids.iter().any(|name| mid(name) == track.mid));
            assert_eq!(snapshot.sent.bytes, Some(50), "what goes, goes to all of them");
            (snapshot.received.bytes, snapshot.received.picture.is_some())
        };
        assert_eq!(of(&["3", "7"]), (Some(4100), true));
        assert_eq!(of(&["4"]), (Some(200), false));
    }
}

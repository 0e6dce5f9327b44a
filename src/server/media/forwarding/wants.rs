//! What is sent to participants who do not say what they want to see, such as simple programs.

use crate::protocol::{PeerId, Rank, TrackSource};
use salon_sfu::{Source, Want};
use std::time::Instant;

/// The height that is assumed, in pixels.
const HEIGHT: u16 = 720;

/// What is known of the wants of a participant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Wants {
    /// They may say it until this time.
    Awaited(Instant),
    /// They have not said it, and get these.
    Assumed(Vec<Want>),
    /// They have said it.
    Known,
}

impl Wants {
    /// When wants have to be assumed.
    pub(super) fn deadline(&self) -> Option<Instant> {
        match self {
            Self::Awaited(until) => Some(*until),
            Self::Assumed(_) | Self::Known => None,
        }
    }

    /// Whether wants have to be assumed now.
    pub(super) fn is_due(&self, now: Instant) -> bool {
        self.deadline().is_some_and(|deadline| deadline <= now)
    }

    /// Sets what is assumed from now on. Returns whether it replaces what was known before.
    pub(super) fn assume(&mut self, wants: &[Want], now: Instant) -> bool {
        let is_news = match self {
            Self::Awaited(until) => *until <= now,
            Self::Assumed(before) => before != wants,
            Self::Known => false,
        };
        if is_news {
            *self = Self::Assumed(wants.to_vec());
        }
        is_news
    }
}

/// What a participant sees who does not choose: a shared screen, and the active speaker or somebody else with
/// a camera. The first one goes into the only slot if there is no other.
pub(super) fn default_wants(
    seat: PeerId,
    published: &[Source],
    active_speaker: Option<PeerId>,
) -> Vec<Want> {
    let others = |track: TrackSource| {
        let is_meant = move |source: &&Source| source.seat != seat && source.track == track;
        published.iter().filter(is_meant).copied()
    };
    let is_active = |source: &Source| Some(source.seat) == active_speaker;
    let screen = others(TrackSource::Screen).next();
    let speaker = others(TrackSource::Camera).find(is_active);
    let camera = speaker.or_else(|| others(TrackSource::Camera).next());
    let want = |rank| move |source| Want { source, rank, height: HEIGHT };
    screen.map(want(Rank::Screen)).into_iter().chain(camera.map(want(Rank::Stage))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn source(seat: u64, track: TrackSource) -> Source {
        Source { seat: PeerId(seat), track }
    }

    fn seen(seat: u64, published: &[Source], speaker: Option<u64>) -> Vec<Source> {
        let wants = default_wants(PeerId(seat), published, speaker.map(PeerId));
        assert!(wants.is_sorted_by_key(|want| want.rank));
        wants.iter().map(|want| want.source).collect()
    }

    #[test]
    fn the_active_speaker_is_seen_after_a_screen() {
        let camera = |seat| source(seat, TrackSource::Camera);
        let screen = source(3, TrackSource::Screen);
        let microphone = source(5, TrackSource::Microphone);
        let published = [camera(1), camera(2), camera(3), screen, microphone];
        assert_eq!(seen(9, &published, Some(2)), [screen, camera(2)]);
        assert_eq!(seen(9, &published[..3], None), [camera(1)], "nobody has spoken");
        assert_eq!(seen(9, &published[..3], Some(5)), [camera(1)], "the speaker has no camera");
        assert_eq!(seen(1, &published[..3], Some(1)), [camera(2)], "nobody sees themselves");
        assert_eq!(seen(3, &published[3..], None), []);
    }

    #[test]
    fn wants_are_assumed_when_nobody_says_them() {
        let start = Instant::now();
        let later = start + Duration::from_secs(1);
        let wants = |seat| default_wants(PeerId(9), &[source(seat, TrackSource::Camera)], None);
        let mut unknown = Wants::Awaited(later);
        assert!(!unknown.assume(&wants(1), start) && !unknown.is_due(start));
        assert!(unknown.is_due(later) && unknown.assume(&wants(1), later));
        assert!(!unknown.assume(&wants(1), later) && unknown.assume(&wants(2), later));
        assert!(!Wants::Known.assume(&wants(1), later));
    }
}

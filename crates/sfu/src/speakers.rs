//! Which microphones are forwarded, and which participant is the active speaker: the loudest, with hysteresis.

use salon_core::protocol::PeerId;
use std::{cmp::Ordering, collections::BTreeMap, time::Duration};

/// Number of voices that everybody gets. More at once are not understood in any case.
const VOICES: usize = 3;
/// Up to this number of microphones, all are forwarded, and nobody's first syllable is missing.
const ALL_UP_TO: usize = 4;
/// Time over which levels are averaged.
const WINDOW: Duration = Duration::from_millis(150);
/// How long a voice keeps its place: pauses between sentences are shorter.
const HOLD: Duration = Duration::from_secs(2);
/// By how much another voice has to be louder to take the place of one that speaks, in decibels.
const LOUDER_DB: f32 = 6.0;
/// The level from which on somebody speaks, in dBov. Rooms are about 20 decibels below.
const SPEAKS_DBOV: f32 = -50.0;
/// Digital silence, in dBov (RFC 6464).
const SILENCE_DBOV: f32 = -127.0;

#[derive(Clone, Copy, Debug)]
struct Voice {
    /// The averaged power: 1 is the loudest.
    power: f32,
    /// When it was last heard of.
    at: Duration,
    /// When it last spoke.
    spoke: Option<Duration>,
}

impl Voice {
    /// The averaged level in dBov.
    fn level(&self) -> f32 {
        (10.0 * self.power.log10()).max(SILENCE_DBOV)
    }
}

/// The microphones of a room.
#[derive(Debug)]
pub(crate) struct Speakers {
    voices: BTreeMap<PeerId, Voice>,
    forwarded: Loudest,
    speaker: Loudest,
}

/// The loudest voices, in the order in which they came.
#[derive(Debug)]
struct Loudest {
    limit: usize,
    members: Vec<(PeerId, Duration)>,
}

impl Default for Speakers {
    fn default() -> Self {
        let loudest = |limit| Loudest { limit, members: Vec::new() };
        Self { voices: BTreeMap::new(), forwarded: loudest(VOICES), speaker: loudest(1) }
    }
}

impl Speakers {
    /// Somebody publishes a microphone.
    pub(crate) fn add(&mut self, seat: PeerId, now: Duration) {
        self.voices.entry(seat).or_insert(Voice { power: 0.0, at: now, spoke: None });
    }

    /// Nobody publishes this microphone any more.
    pub(crate) fn remove(&mut self, seat: PeerId) {
        self.voices.remove(&seat);
        for loudest in [&mut self.forwarded, &mut self.speaker] {
            loudest.members.retain(|(member, _)| *member != seat);
        }
    }

    /// A packet of a microphone has come, of this level: 0 is the loudest, 127 silence (RFC 6464).
    pub(crate) fn hear(&mut self, seat: PeerId, level: u8, now: Duration) {
        let Some(voice) = self.voices.get_mut(&seat) else { return };
        let passed = now.saturating_sub(voice.at).as_secs_f32() / WINDOW.as_secs_f32();
        let level = -f32::from(level.min(127));
        let power = 10_f32.powf(level / 10.0);
        voice.power += (power - voice.power) * passed.min(1.0);
        voice.at = now;
        if level < SPEAKS_DBOV {
            return;
        }
        voice.spoke = Some(now);
        for loudest in [&mut self.forwarded, &mut self.speaker] {
            loudest.consider(seat, &self.voices, now);
        }
    }

    /// Whether the audio of a microphone goes to the others.
    pub(crate) fn is_forwarded(&self, seat: PeerId) -> bool {
        self.voices.len() <= ALL_UP_TO || self.forwarded.has(seat)
    }

    /// The active speaker: the last one, while nobody talks.
    pub(crate) fn active_speaker(&self) -> Option<PeerId> {
        self.speaker.members.first().map(|(seat, _)| *seat)
    }
}

impl Loudest {
    fn has(&self, seat: PeerId) -> bool {
        self.members.iter().any(|(member, _)| *member == seat)
    }

    /// Admits a participant who speaks, if there is a place, or if another one is silent or much less loud.
    fn consider(&mut self, seat: PeerId, voices: &BTreeMap<PeerId, Voice>, now: Duration) {
        if self.has(seat) {
            return;
        }
        if self.members.len() >= self.limit {
            let Some(place) = self.weakest(seat, voices, now) else { return };
            self.members.remove(place);
        }
        self.members.push((seat, now));
    }

    /// The place of the member that `seat` may replace: the one silent for longest, else the least loud of those
    /// who speak. A pause does not cost the place.
    fn weakest(
        &self,
        seat: PeerId,
        voices: &BTreeMap<PeerId, Voice>,
        now: Duration,
    ) -> Option<usize> {
        let of = |seat: &PeerId| voices.get(seat);
        let silent = |seat: &PeerId| {
            of(seat).and_then(|voice| voice.spoke).map_or(now, |spoke| now.saturating_sub(spoke))
        };
        let level = |seat: &PeerId| of(seat).map_or(SILENCE_DBOV, Voice::level);
        let members = || self.members.iter().enumerate();
        let longest = members().max_by_key(|(_, (member, _))| silent(member))?;
        if silent(&longest.1.0) >= HOLD {
            return Some(longest.0);
        }
        let is_louder = |member: &PeerId| level(&seat) >= level(member) + LOUDER_DB;
        let least = members()
            .filter(|(_, (member, _))| silent(member) <= WINDOW && is_louder(member))
            .filter(|(_, (_, since))| now.saturating_sub(*since) >= HOLD)
            .min_by(|one, other| {
                level(&one.1.0).partial_cmp(&level(&other.1.0)).unwrap_or(Ordering::Equal)
            });
        least.map(|(place, _)| place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PACKET: Duration = Duration::from_millis(20);

    fn room(people: u64) -> Speakers {
        let mut speakers = Speakers::default();
        (1..=people).for_each(|seat| speakers.add(PeerId(seat), Duration::ZERO));
        speakers
    }

    /// Everybody who is named speaks this loud for a time; the others are silent.
    fn talk(speakers: &mut Speakers, now: &mut Duration, seconds: f64, levels: &[(u64, u8)]) {
        let end = *now + Duration::from_secs_f64(seconds);
        while *now < end {
            *now += PACKET;
            let seats: Vec<_> = speakers.voices.keys().copied().collect();
            for seat in seats {
                let level = levels
                    .iter()
                    .find(|(who, _)| PeerId(*who) == seat)
                    .map_or(127, |(_, level)| *level);
                speakers.hear(seat, level, *now);
            }
        }
    }

    fn forwarded(speakers: &Speakers) -> Vec<u64> {
        speakers
            .voices
            .keys()
            .filter(|seat| speakers.is_forwarded(**seat))
            .map(|seat| seat.0)
            .collect()
    }

    #[test]
    fn everybody_is_forwarded_in_a_small_room() {
        assert_eq!(forwarded(&room(4)), [1, 2, 3, 4]);
        assert_eq!(forwarded(&room(5)), [0_u64; 0]);
    }

    #[test]
    fn the_three_loudest_are_forwarded() {
        let (mut speakers, mut now) = (room(6), Duration::ZERO);
        talk(&mut speakers, &mut now, 0.2, &[(1, 30), (2, 35)]);
        assert_eq!(
            (forwarded(&speakers), speakers.active_speaker()),
            (vec![1, 2], Some(PeerId(1)))
        );
        talk(&mut speakers, &mut now, 3.0, &[(1, 30), (2, 35), (3, 40), (4, 41), (5, 60)]);
        assert_eq!(forwarded(&speakers), [1, 2, 3], "a little louder is not enough");
        talk(&mut speakers, &mut now, 1.0, &[(1, 30), (2, 35), (3, 40), (4, 20)]);
        assert_eq!(forwarded(&speakers), [1, 2, 4], "much louder is");
        assert_eq!(speakers.active_speaker(), Some(PeerId(4)));
        talk(&mut speakers, &mut now, 1.5, &[(2, 35), (4, 20), (5, 45)]);
        assert_eq!(forwarded(&speakers), [1, 2, 4], "a pause keeps the place");
        talk(&mut speakers, &mut now, 1.0, &[(2, 35), (4, 20), (5, 45)]);
        assert_eq!(forwarded(&speakers), [2, 4, 5]);
        speakers.remove(PeerId(4));
        assert_eq!((forwarded(&speakers), speakers.active_speaker()), (vec![2, 5], None));
    }

    proptest! {
        /// Never more than three, and a participant who speaks alone for longer than a pause is heard.
        #[test]
        fn places_are_few_and_last(turns in prop::collection::vec((prop::collection::vec((1..9_u64, 0..127_u8), 0..6), 0.1..3.0), 1..8)) {
            let (mut speakers, mut now) = (room(8), Duration::ZERO);
            for (levels, seconds) in turns {
                talk(&mut speakers, &mut now, seconds, &levels);
                prop_assert!(forwarded(&speakers).len() <= VOICES);
            }
            talk(&mut speakers, &mut now, 2.5, &[(8, 30)]);
            prop_assert!(speakers.is_forwarded(PeerId(8)));
            prop_assert_eq!(speakers.active_speaker(), Some(PeerId(8)));
        }
    }
}

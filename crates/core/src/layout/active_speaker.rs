//! Detects the active speaker from the audio levels of all participants.

use std::time::Duration;

/// Audio level above which a participant counts as talking; 1 is the maximum (W3C WebRTC, section
/// 5.3, `audioLevel`).
const TALKS: f64 = 0.015;
/// Fraction of the smoothed level that is left after a tenth of a second: speech has gaps.
const DECAY: f64 = 0.75;
/// A new speaker must talk for this long while nobody else does: a cough is shorter.
const TAKES: Duration = Duration::from_millis(500);
/// A new speaker must talk for this long, and be this much louder, while the current one keeps
/// talking.
const INTERRUPTS: Duration = Duration::from_millis(1500);
const LOUDER: f64 = 1.5;
/// Minimum time on the stage: faces that change faster are hard to follow.
const STAYS: Duration = Duration::from_secs(2);

/// Detects the active speaker with hysteresis. A speaker who falls silent stays until another one
/// talks.
#[derive(Debug)]
pub struct ActiveSpeaker<Id> {
    loudness: Vec<(Id, f64)>,
    now: Duration,
    current: Option<(Id, Duration)>,
    /// The candidate for the next speaker, and since when.
    next: Option<(Id, Duration)>,
}

impl<Id> Default for ActiveSpeaker<Id> {
    fn default() -> Self {
        Self { loudness: Vec::new(), now: Duration::ZERO, current: None, next: None }
    }
}

impl<Id: Copy + PartialEq> ActiveSpeaker<Id> {
    /// Takes the audio levels of all participants at `now`, from 0 to 1, and returns the current or
    /// last speaker.
    pub fn note(&mut self, levels: &[(Id, f64)], now: Duration) -> Option<Id> {
        let tenths = now.saturating_sub(self.now).as_secs_f64() * 10.0;
        let rest = DECAY.powf(tenths);
        self.now = now;
        let smooth = |(id, level): &(Id, f64)| {
            let before = self.loudness.iter().find(|(other, _)| other == id);
            (*id, level.max(before.map_or(0.0, |(_, loudness)| loudness * rest)))
        };
        self.loudness = levels.iter().map(smooth).collect();
        self.current = self.current.filter(|(id, _)| levels.iter().any(|(other, _)| other == id));
        self.next = self.challenger().map(|id| match self.next {
            Some((before, since)) if before == id => (id, since),
            _ => (id, now),
        });
        if let Some((id, since)) = self.next
            && now >= since + self.patience()
            && self.current.is_none_or(|(_, begun)| now >= begun + STAYS)
        {
            self.current = Some((id, now));
            self.next = None;
        }
        self.current.map(|(id, _)| id)
    }

    /// Whether the active speaker is talking at this moment.
    #[must_use]
    pub fn talks(&self) -> bool {
        self.stands() >= TALKS
    }

    fn loudness(&self, id: Id) -> f64 {
        let found = self.loudness.iter().find(|(other, _)| *other == id);
        found.map_or(0.0, |(_, loudness)| *loudness)
    }

    fn stands(&self) -> f64 {
        self.current.map_or(0.0, |(id, _)| self.loudness(id))
    }

    /// The loudest candidate.
    fn challenger(&self) -> Option<Id> {
        let least = TALKS.max(if self.stands() < TALKS { 0.0 } else { self.stands() * LOUDER });
        let others = self.loudness.iter();
        let others = others.filter(|(id, _)| self.current.is_none_or(|(on, _)| on != *id));
        let loudest = others.max_by(|(_, one), (_, two)| one.total_cmp(two))?;
        // The earlier of two equally loud candidates wins: two who talk at once must not keep
        // resetting each other.
        let first = self.next.map(|(id, _)| (id, self.loudness(id)));
        let first = first.filter(|(_, level)| *level >= least && level * LOUDER > loudest.1);
        Some(first.unwrap_or(*loudest)).filter(|(_, level)| *level >= least).map(|(id, _)| id)
    }

    fn patience(&self) -> Duration {
        if self.stands() < TALKS { TAKES } else { INTERRUPTS }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Plays a score: each participant's level, and for how many tenths of a second.
    fn play(score: &[([f64; 3], u64)]) -> Vec<Option<usize>> {
        let (mut speaker, mut now, mut seen) =
            (ActiveSpeaker::default(), Duration::ZERO, Vec::new());
        for (levels, tenths) in score {
            for _ in 0..*tenths {
                now += Duration::from_millis(100);
                let levels: Vec<_> = levels.iter().copied().enumerate().collect();
                seen.push(speaker.note(&levels, now));
            }
        }
        seen
    }

    #[test]
    fn the_last_speaker_stays_active_in_silence() {
        let seen = play(&[([0.2, 0.0, 0.0], 20), ([0.0; 3], 50), ([0.0, 0.0, 0.1], 20)]);
        assert_eq!(seen.first(), Some(&None));
        assert_eq!(seen.get(10), Some(&Some(0)));
        assert_eq!(seen.get(69), Some(&Some(0)));
        assert_eq!(seen.last(), Some(&Some(2)));
    }

    #[test]
    fn short_noises_and_pauses_do_not_change_the_speaker() {
        let talk = ([0.2, 0.0, 0.0], 3);
        let cough = ([0.0, 0.3, 0.0], 2);
        let score: Vec<_> = (0..20).flat_map(|_| [talk, talk, talk, cough]).collect();
        assert!(play(&score).into_iter().skip(30).all(|seen| seen == Some(0)));
    }

    #[test]
    fn a_louder_speaker_takes_over_after_a_while() {
        let seen = play(&[([0.1, 0.0, 0.0], 40), ([0.1, 0.12, 0.0], 40), ([0.1, 0.3, 0.0], 40)]);
        assert_eq!(seen.get(79), Some(&Some(0)), "about as loud is no reason");
        assert_eq!(seen.last(), Some(&Some(1)));
    }

    #[test]
    fn two_simultaneous_speakers_do_not_block_each_other() {
        let both: Vec<_> =
            (0..10).flat_map(|_| [([0.0, 0.2, 0.18], 2), ([0.0, 0.18, 0.2], 2)]).collect();
        let score: Vec<_> =
            [([0.2, 0.0, 0.0], 30), ([0.0; 3], 10)].into_iter().chain(both).collect();
        assert_eq!(play(&score).last(), Some(&Some(1)));
    }

    #[test]
    fn a_participant_who_left_is_not_active() {
        let mut speaker = ActiveSpeaker::default();
        for tenth in 1..=20 {
            speaker.note(&[(1, 0.2), (2, 0.0)], Duration::from_millis(100 * tenth));
        }
        assert_eq!(speaker.note(&[(2, 0.0)], Duration::from_millis(2100)), None);
    }

    proptest! {
        #[test]
        fn every_active_speaker_stays_for_the_minimum_time(
            score in prop::collection::vec(([0.0..0.4, 0.0..0.4, 0.0..0.4], 1..30u64), 1..30)
        ) {
            let seen = play(&score);
            let changes = seen.windows(2).enumerate().filter(|(_, pair)| pair[0] != pair[1]);
            let changes: Vec<_> = changes.map(|(place, _)| place).collect();
            prop_assert!(changes.windows(2).all(|pair| pair[1] - pair[0] >= 20));
        }
    }
}

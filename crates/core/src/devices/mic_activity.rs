//! What the person's own microphone reveals: that it is silent, or that they are talking while
//! muted.

use std::time::Duration;

/// A microphone without any signal for this long, and at this many levels in a row, counts as silent.
/// A working one always has some noise, but noise suppression can remove it for moments, and each level
/// covers only a moment.
const SILENT_AFTER: Duration = Duration::from_secs(10);
const SILENT_LEVELS: u32 = 25;
/// Level in percent above which a person is talking.
const TALKING: u32 = 55;
/// Mask of the most recent 200 ms intervals, one bit each. Several of them have to be loud: a cough is
/// shorter than speech.
const MOMENTS: u32 = 0b11_1111_1111;
const LOUD_MOMENTS: u32 = 3;
/// The hint is shown until this long after the last word.
const TALKED_WITHIN: Duration = Duration::from_secs(4);

/// Detects activity of the person's own microphone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MicActivity {
    /// Since when there has been no signal, and at how many levels.
    nothing: Option<(Duration, u32)>,
    /// Whether that is long enough for the microphone to count as silent.
    silent: bool,
    /// Which of the most recent intervals were loud, the newest in the lowest bit.
    loud: u32,
    talked: Option<Duration>,
}

/// Findings worth a hint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MicWarning {
    /// No signal at all for a while.
    pub silent: bool,
    /// The person is talking although they are muted.
    pub talking_while_muted: bool,
}

impl MicActivity {
    /// Takes the level of the last interval in percent; `None` without any signal, not even the
    /// noise of every working microphone. Call it every 200 ms while muted or
    /// [undecided](Self::is_undecided), otherwise occasionally.
    pub fn listen(&mut self, level: Option<u32>, muted: bool, now: Duration) -> MicWarning {
        self.nothing = match level {
            None => {
                let (since, levels) = self.nothing.unwrap_or((now, 0));
                Some((since, levels.saturating_add(1)))
            }
            Some(_) => None,
        };
        self.silent = self
            .nothing
            .is_some_and(|(since, levels)| levels >= SILENT_LEVELS && now >= since + SILENT_AFTER);
        let loud = level.is_some_and(|level| level >= TALKING);
        match muted {
            true => self.loud = self.loud << 1 | u32::from(loud),
            false => (self.loud, self.talked) = (0, None),
        }
        if loud && (self.loud & MOMENTS).count_ones() >= LOUD_MOMENTS {
            self.talked = Some(now);
        }
        MicWarning {
            silent: !muted && self.silent,
            talking_while_muted: self.talked.is_some_and(|talked| now < talked + TALKED_WITHIN),
        }
    }

    /// Whether there is no signal, and it is not known yet whether the microphone is silent.
    #[must_use]
    pub fn is_undecided(&self) -> bool {
        self.nothing.is_some() && !self.silent
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The finding after the same level every 200 ms for a while.
    fn hear(
        activity: &mut MicActivity,
        level: Option<u32>,
        muted: bool,
        millis: std::ops::Range<u64>,
    ) -> MicWarning {
        let times = millis.step_by(200).map(Duration::from_millis);
        times.map(|now| activity.listen(level, muted, now)).last().unwrap()
    }

    #[test]
    fn a_dead_microphone_differs_from_a_quiet_room() {
        let mut activity = MicActivity::default();
        assert!(!hear(&mut activity, Some(0), false, 0..20_000).silent);
        assert!(!hear(&mut activity, None, false, 20_000..30_000).silent);
        assert!(hear(&mut activity, None, false, 30_000..30_400).silent);
        assert!(
            !hear(&mut activity, None, true, 30_400..30_600).silent,
            "muted is meant to be silent"
        );
        assert!(!hear(&mut activity, Some(3), false, 30_600..30_800).silent);
    }

    #[test]
    fn a_few_moments_without_a_signal_do_not_make_a_microphone_silent() {
        for (period, silent_at) in [(200, 10_000), (1000, 24_000), (2000, 48_000)] {
            let mut activity = MicActivity::default();
            let mut silent = (0..60_000)
                .step_by(period)
                .filter(|time| activity.listen(None, false, Duration::from_millis(*time)).silent);
            assert_eq!(silent.next(), Some(silent_at), "a level every {period} ms");
        }
    }

    #[test]
    fn without_a_signal_it_is_undecided_until_the_microphone_counts_as_silent() {
        let mut activity = MicActivity::default();
        hear(&mut activity, Some(0), false, 0..1000);
        assert!(!activity.is_undecided());
        hear(&mut activity, None, false, 1000..5000);
        assert!(activity.is_undecided());
        hear(&mut activity, None, false, 5000..12_000);
        assert!(!activity.is_undecided(), "it is silent");
        hear(&mut activity, Some(0), false, 12_000..12_200);
        assert!(!activity.is_undecided(), "it works");
    }

    #[test]
    fn talking_while_muted_is_reported_for_a_moment() {
        let mut activity = MicActivity::default();
        let talks = |warning: MicWarning| warning.talking_while_muted;
        assert!(!talks(hear(&mut activity, Some(80), false, 0..2000)));
        assert!(!talks(hear(&mut activity, Some(80), true, 2000..2400)), "that was a cough");
        assert!(!talks(hear(&mut activity, Some(10), true, 2400..3000)));
        assert!(talks(hear(&mut activity, Some(80), true, 3000..3600)));
        assert!(talks(hear(&mut activity, Some(10), true, 3600..7000)));
        assert!(!talks(hear(&mut activity, Some(10), true, 7000..8000)));
        assert!(talks(hear(&mut activity, Some(80), true, 8000..9000)));
        assert!(!talks(hear(&mut activity, Some(80), false, 9000..9200)), "they are heard now");
    }
}

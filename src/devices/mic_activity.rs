//! What the own microphone tells of a person: that nothing comes from it, or that they talk though
//! they are muted.

use std::time::Duration;

/// So long a microphone may give nothing at all. One that works is never perfectly silent.
const SILENT_AFTER: Duration = Duration::from_secs(10);
/// From this loudness on, in percent, somebody talks.
const TALKING: u32 = 55;
/// So many of the last moments have to be loud, one for each bit: speech has gaps, a cough has none.
const MOMENTS: u32 = 0b11_1111_1111;
const LOUD_MOMENTS: u32 = 3;
/// So long after the last word they are told.
const TALKED_WITHIN: Duration = Duration::from_secs(4);

/// Listens to the own microphone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MicActivity {
    nothing_since: Option<Duration>,
    /// Whether the last moments were loud, the newest in the lowest bit.
    loud: u32,
    talked: Option<Duration>,
}

/// What is worth a word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MicWarning {
    /// Nothing at all has come for a while.
    pub silent: bool,
    /// The person talks and nobody hears it, because they are muted.
    pub talking_while_muted: bool,
}

impl MicActivity {
    /// Takes in the loudness of the last moment in percent; none if there was nothing at all, not
    /// even the noise that every microphone makes. To be called every 200 ms; while they are not
    /// muted, now and then is enough.
    pub fn listen(&mut self, level: Option<u32>, muted: bool, now: Duration) -> MicWarning {
        match level {
            None => _ = self.nothing_since.get_or_insert(now),
            Some(_) => self.nothing_since = None,
        }
        let loud = level.is_some_and(|level| level >= TALKING);
        match muted {
            true => self.loud = self.loud << 1 | u32::from(loud),
            false => (self.loud, self.talked) = (0, None),
        }
        if loud && (self.loud & MOMENTS).count_ones() >= LOUD_MOMENTS {
            self.talked = Some(now);
        }
        let over = |since: Option<Duration>, limit| since.is_some_and(|since| now >= since + limit);
        MicWarning {
            silent: !muted && over(self.nothing_since, SILENT_AFTER),
            talking_while_muted: self.talked.is_some_and(|talked| now < talked + TALKED_WITHIN),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is told at the end of a time in which the same was heard every 200 ms.
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
    fn a_microphone_that_gives_nothing_is_told_from_a_quiet_room() {
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
    fn who_talks_while_muted_is_told_for_a_moment() {
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

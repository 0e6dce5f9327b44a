//! What the person's own microphone reveals: that it is silent, or that they are talking while
//! muted.

use std::time::Duration;

/// A microphone without any signal for this long counts as silent. A working one always has some
/// noise.
const SILENT_AFTER: Duration = Duration::from_secs(10);
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
    nothing_since: Option<Duration>,
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
    /// noise of every working microphone. Call it every 200 ms while muted, otherwise occasionally.
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

//! What one participant may send: more is dropped before it costs anything else, and if it does not end, the
//! connection is closed.

use salon_core::rate_limit::{Bucket, Rate};
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);
/// Packets: all encodings of a camera, a screen and audio, twice.
const PACKETS: Rate = Rate::new(2500, SECOND);
/// Bytes: 12 Mbit/s.
const BYTES: Rate = Rate::new(1_500_000, SECOND);
/// Requests for keyframes and for lost packets.
const REQUESTS: Rate = Rate::new(100, SECOND);
/// Excess for this long is no burst.
const PATIENCE: Duration = Duration::from_secs(10);
/// Excess ends when there was none for this long.
const CALM: Duration = Duration::from_secs(1);

/// What to do with a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Handle it.
    Pass,
    /// Drop it.
    Drop,
    /// Close the connection.
    Close,
}

/// Limits what one participant sends.
#[derive(Debug, Default)]
pub struct Policing {
    packets: Bucket,
    bytes: Bucket,
    requests: Bucket,
    /// When excess began, and when it was last seen.
    excess: Option<(Duration, Duration)>,
}

impl Policing {
    /// A packet of this size has come.
    pub fn packet(&mut self, bytes: u16, now: Duration) -> Verdict {
        let may = self.packets.take(PACKETS, now).is_ok()
            && self.bytes.take_many(bytes.into(), BYTES, now).is_ok();
        self.judge(may, now)
    }

    /// A request of a receiver has come.
    pub fn request(&mut self, now: Duration) -> Verdict {
        let may = self.requests.take(REQUESTS, now).is_ok();
        self.judge(may, now)
    }

    fn judge(&mut self, may: bool, now: Duration) -> Verdict {
        if may {
            return Verdict::Pass;
        }
        let since = match self.excess {
            Some((since, last)) if now < last + CALM => since,
            _ => now,
        };
        self.excess = Some((since, now));
        if now < since + PATIENCE { Verdict::Drop } else { Verdict::Close }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    /// The verdicts of this many packets a second.
    fn flood(policing: &mut Policing, from: u64, seconds: u64, rate: u64) -> Vec<Verdict> {
        (0..seconds * rate)
            .map(|number| policing.packet(1000, at(from + number * 1000 / rate)))
            .collect()
    }

    #[test]
    fn t21_a_flood_is_cut_and_then_ended() {
        let mut policing = Policing::default();
        let verdicts = flood(&mut policing, 0, 12, 12_500);
        let passed = verdicts[..12_500].iter().filter(|verdict| **verdict == Verdict::Pass).count();
        assert!(
            (1500..=3000).contains(&passed),
            "{passed} in the first second, with a burst of one"
        );
        let first = verdicts.iter().position(|verdict| *verdict == Verdict::Close).unwrap() as u64;
        assert!((10_000..11_000).contains(&(first * 1000 / 12_500)), "{first}");
    }

    #[test]
    fn bursts_and_the_usual_pass() {
        let mut policing = Policing::default();
        assert!(flood(&mut policing, 0, 60, 1000).iter().all(|verdict| *verdict == Verdict::Pass));
        // A second of excess each time.
        for start in (100..200).step_by(3) {
            assert!(!flood(&mut policing, start * 1000, 1, 20_000).contains(&Verdict::Close));
        }
    }

    #[test]
    fn t20_requests_are_limited() {
        let mut policing = Policing::default();
        let passed = (0..1000).filter(|_| policing.request(at(5)) == Verdict::Pass).count();
        assert_eq!(passed, 100);
        assert_eq!(policing.request(at(6000)), Verdict::Pass);
    }
}

//! How long the person waited, for the operator's figures.

use crate::protocol::{ClientMetrics, limits::REPORT_MILLIS};
use std::time::Duration;

/// A picture that has not come by then is waited for no longer.
const PICTURE_WITHIN: Duration = Duration::from_secs(10);

#[derive(Debug, Default)]
pub(super) struct Waits {
    /// When Join was pressed, until that is reported.
    pressed: Option<Duration>,
    /// How long the server took to answer.
    join: Option<Duration>,
    /// Since when somebody inside has no connection to the server.
    lost: Option<Duration>,
}

impl Waits {
    pub(super) fn press(&mut self, now: Duration) {
        *self = Self { pressed: Some(now), ..Self::default() };
    }

    pub(super) fn lose(&mut self, now: Duration) {
        self.lost.get_or_insert(now);
    }

    /// The person has a seat. Who is alone is shown no picture.
    pub(super) fn sit(&mut self, alone: bool, now: Duration) -> Option<ClientMetrics> {
        if let Some(lost) = self.lost.take() {
            return Some(ClientMetrics {
                reconnect: millis(now.saturating_sub(lost)),
                ..ClientMetrics::default()
            });
        }
        self.join = Some(now.saturating_sub(self.pressed?));
        if alone { self.report(None) } else { None }
    }

    /// A picture is seen.
    pub(super) fn see(&mut self, now: Duration) -> Option<ClientMetrics> {
        let picture = now.saturating_sub(self.pressed?);
        self.report(Some(picture))
    }

    /// When [`Waits::end`] has something to report.
    pub(super) fn due(&self) -> Option<Duration> {
        self.join.and(self.pressed).map(|pressed| pressed + PICTURE_WITHIN)
    }

    pub(super) fn end(&mut self, now: Duration) -> Option<ClientMetrics> {
        self.due().filter(|due| *due <= now)?;
        self.report(None)
    }

    fn report(&mut self, picture: Option<Duration>) -> Option<ClientMetrics> {
        let join = millis(self.join.take()?);
        self.pressed = None;
        Some(ClientMetrics { join, first_frame: picture.and_then(millis), reconnect: None })
    }
}

fn millis(wait: Duration) -> Option<u32> {
    u32::try_from(wait.as_millis()).ok().filter(|millis| *millis <= REPORT_MILLIS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(time: u64) -> Duration {
        Duration::from_millis(time)
    }

    #[test]
    fn a_join_is_reported_once_with_the_first_picture() {
        let mut waits = Waits::default();
        waits.press(at(1000));
        assert_eq!(waits.see(at(1100)), None, "of another call");
        assert_eq!(waits.sit(false, at(1412)), None);
        let report = ClientMetrics { join: Some(412), first_frame: Some(530), reconnect: None };
        assert_eq!(waits.see(at(1530)), Some(report));
        assert_eq!((waits.see(at(1600)), waits.due()), (None, None));
    }

    #[test]
    fn no_picture_is_waited_for_in_vain() {
        let report = Some(ClientMetrics { join: Some(50), ..ClientMetrics::default() });
        let mut waits = Waits::default();
        waits.press(at(0));
        assert_eq!(waits.sit(true, at(50)), report, "nobody is there to be seen");
        waits.press(at(0));
        assert_eq!(waits.sit(false, at(50)), None);
        assert_eq!((waits.due(), waits.end(at(9_999))), (Some(at(10_000)), None));
        assert_eq!(waits.end(at(10_000)), report);
        assert_eq!(waits.due(), None);
    }

    #[test]
    fn a_return_is_measured_from_the_loss() {
        let mut waits = Waits::default();
        waits.lose(at(1000));
        waits.lose(at(2000));
        let report = ClientMetrics { reconnect: Some(1500), ..ClientMetrics::default() };
        assert_eq!(waits.sit(false, at(2500)), Some(report));
        assert_eq!(waits.sit(false, at(2600)), None);
        waits.lose(at(0));
        assert_eq!(
            waits.sit(false, at(700_000)),
            Some(ClientMetrics::default()),
            "who would believe it"
        );
    }
}

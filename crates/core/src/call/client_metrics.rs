//! Times of joining and reconnecting, for the operator's metrics.

use crate::protocol::{ClientMetrics, limits::REPORT_MILLIS};
use std::time::Duration;

/// Time after Join was pressed at which the report is sent without a first frame.
const FIRST_FRAME_WITHIN: Duration = Duration::from_secs(10);

/// Measures how long the person waits.
#[derive(Debug, Default)]
pub(super) struct JoinTimer {
    /// When Join was pressed, until that is reported.
    pressed: Option<Duration>,
    /// The time from then to the answer of the server.
    join: Option<Duration>,
    /// When the connection to the server was lost in a call.
    disconnected_at: Option<Duration>,
}

impl JoinTimer {
    pub(super) fn join_pressed(&mut self, now: Duration) {
        *self = Self { pressed: Some(now), ..Self::default() };
    }

    pub(super) fn disconnected(&mut self, now: Duration) {
        self.disconnected_at.get_or_insert(now);
    }

    /// The person has a seat. `alone`: there is no video to wait for.
    pub(super) fn joined(&mut self, alone: bool, now: Duration) -> Option<ClientMetrics> {
        if let Some(since) = self.disconnected_at.take() {
            return Some(ClientMetrics {
                reconnect: millis(now.saturating_sub(since)),
                ..ClientMetrics::default()
            });
        }
        self.join = Some(now.saturating_sub(self.pressed?));
        if alone { self.report(None) } else { None }
    }

    /// The first frame of a video is shown.
    pub(super) fn first_frame(&mut self, now: Duration) -> Option<ClientMetrics> {
        let first_frame = now.saturating_sub(self.pressed?);
        self.report(Some(first_frame))
    }

    /// When [`JoinTimer::step`] has something to report.
    pub(super) fn due(&self) -> Option<Duration> {
        self.join.and(self.pressed).map(|pressed| pressed + FIRST_FRAME_WITHIN)
    }

    /// The report without a first frame, if it is due.
    pub(super) fn step(&mut self, now: Duration) -> Option<ClientMetrics> {
        self.due().filter(|due| *due <= now)?;
        self.report(None)
    }

    fn report(&mut self, first_frame: Option<Duration>) -> Option<ClientMetrics> {
        let join = millis(self.join.take()?);
        self.pressed = None;
        Some(ClientMetrics { join, first_frame: first_frame.and_then(millis), reconnect: None })
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
    fn a_join_is_reported_once_with_the_first_frame() {
        let mut timer = JoinTimer::default();
        timer.join_pressed(at(1000));
        assert_eq!(timer.first_frame(at(1100)), None, "of another call");
        assert_eq!(timer.joined(false, at(1412)), None);
        let report = ClientMetrics { join: Some(412), first_frame: Some(530), reconnect: None };
        assert_eq!(timer.first_frame(at(1530)), Some(report));
        assert_eq!((timer.first_frame(at(1600)), timer.due()), (None, None));
    }

    #[test]
    fn a_join_without_video_is_reported_after_a_timeout() {
        let report = Some(ClientMetrics { join: Some(50), ..ClientMetrics::default() });
        let mut timer = JoinTimer::default();
        timer.join_pressed(at(0));
        assert_eq!(timer.joined(true, at(50)), report, "nobody is there to be seen");
        timer.join_pressed(at(0));
        assert_eq!(timer.joined(false, at(50)), None);
        assert_eq!((timer.due(), timer.step(at(9_999))), (Some(at(10_000)), None));
        assert_eq!(timer.step(at(10_000)), report);
        assert_eq!(timer.due(), None);
    }

    #[test]
    fn reconnecting_is_measured_from_the_loss() {
        let mut timer = JoinTimer::default();
        timer.disconnected(at(1000));
        timer.disconnected(at(2000));
        let report = ClientMetrics { reconnect: Some(1500), ..ClientMetrics::default() };
        assert_eq!(timer.joined(false, at(2500)), Some(report));
        assert_eq!(timer.joined(false, at(2600)), None);
        timer.disconnected(at(0));
        assert_eq!(
            timer.joined(false, at(700_000)),
            Some(ClientMetrics::default()),
            "who would believe it"
        );
    }
}

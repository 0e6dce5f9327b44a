//! The clocks of a session: that of the page, and the calendar.

use super::engine::Inputs;
use crate::{call::Input, lobby::Lobby, platform};
use leptos::prelude::*;
use std::time::Duration;

/// The drift between the two clocks above which their offset is taken again: less is mere jitter.
const DRIFT: Duration = Duration::from_secs(1);

/// The gap between two ticks above which the device is taken to have slept: timers are rarely this
/// late.
const ASLEEP: Duration = Duration::from_secs(10);

/// The time in the call that is shown to the second. Running seconds show that the call has begun; after
/// that, painting them would be most of the cost of an idle call.
pub const SECONDS_SHOWN: Duration = Duration::from_secs(60);

/// The time, as the page shows it. Cheap to copy.
#[derive(Clone, Copy)]
pub struct Clock {
    /// Time since the page was opened, at least every two seconds.
    pub now: RwSignal<Duration>,
    /// When the list of people outside was received.
    pub state_at: RwSignal<Duration>,
    /// Whether the person has been in the call for a moment, so that nothing is urgent any more.
    pub settled: RwSignal<bool>,
    /// The calendar time at which the page was opened.
    epoch: StoredValue<Duration>,
    /// The calendar time of the last tick: unlike the page's clock, it goes on while the device sleeps.
    ticked: RwSignal<Option<Duration>>,
    inputs: Inputs,
}

impl Clock {
    pub(super) fn new(lobby: Lobby, inputs: Inputs) -> Self {
        Self {
            now: lobby.now,
            state_at: lobby.state_at,
            settled: RwSignal::new(false),
            epoch: StoredValue::new(Duration::ZERO),
            ticked: RwSignal::new(None),
            inputs,
        }
    }

    /// The calendar time of the last tick, which changes with each.
    pub(super) fn ticks(self) -> RwSignal<Option<Duration>> {
        self.ticked
    }

    /// Notes a tick, and returns whether the device has slept before it.
    pub(super) fn tick(self) -> bool {
        let today = platform::wall_clock();
        let before = self.ticked.get_untracked();
        self.ticked.set(Some(today));
        before.is_some_and(|before| today > before + ASLEEP)
    }

    /// Compares the clocks again, as the page's own stands while the device sleeps.
    pub(super) fn set_epoch(self, now: Duration) {
        let epoch = platform::wall_clock().saturating_sub(now);
        if epoch.abs_diff(self.epoch.get_value()) > DRIFT {
            self.epoch.set_value(epoch);
            self.inputs.send(Input::Epoch(epoch));
        }
    }

    /// Time since a moment of the calendar.
    pub(super) fn since(self, moment: Duration) -> Duration {
        (self.epoch.get_value() + self.now.get()).saturating_sub(moment)
    }
}

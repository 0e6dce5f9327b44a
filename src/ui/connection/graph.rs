//! A small graph of the last two minutes.

use crate::diagnostics::{Measure, StatsHistory};
use leptos::prelude::*;
use std::fmt::Write;

/// In tenths of a pixel at its natural size, so that all numbers are integers: the code that
/// formats fractions is large.
const WIDTH: f64 = 1200.0;
const HEIGHT: f64 = 280.0;
const VIEW_BOX: &str = "0 0 1200 280";
/// Room for the stroke.
const EDGE: f64 = 15.0;

/// Minimum value of the top of the graph, so that noise does not fill its height.
fn least_top(measure: Measure) -> f64 {
    match measure {
        Measure::RoundTrip => 0.05,
        Measure::Rate(_) => 100_000.0,
        Measure::Loss(_) => 0.05,
        Measure::Jitter(_) => 0.02,
    }
}

/// The `d` attribute of the path in [`Graph`] (SVG 2, section 9.3).
pub(super) fn line(history: &StatsHistory, measure: Measure) -> String {
    let most = history.range(measure).map(|(_, most)| most).unwrap_or_default();
    let top = most.max(least_top(measure));
    let mut path = String::new();
    for line in history.lines(measure) {
        for (index, (place, value)) in line.into_iter().enumerate() {
            let step = if index == 0 { 'M' } else { 'L' };
            let (x, y) = (place * WIDTH, HEIGHT - EDGE - value / top * (HEIGHT - 2.0 * EDGE));
            // Writing to a string cannot fail.
            let _ = write!(path, "{step}{} {}", x.round() as u32, y.round() as u32);
            if index == 0 {
                // A single point is drawn as well.
                path.push_str("h0");
            }
        }
    }
    path
}

/// The line of one measure.
#[component]
pub(super) fn Graph(
    /// What to draw.
    line: String,
    /// Its description in words.
    says: String,
) -> impl IntoView {
    view! {
        <svg class="graph" viewBox=VIEW_BOX preserveAspectRatio="none" role="img" aria-label=says>
            <path d=line />
        </svg>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostics::StatsSnapshot;
    use std::time::Duration;

    #[test]
    fn the_newest_value_is_at_the_right_and_higher_values_are_higher() {
        let mut history = StatsHistory::default();
        for (second, millis) in [(60, 50), (119, 100), (120, 0)] {
            let (at, round_trip) = (Duration::from_secs(second), Duration::from_millis(millis));
            history.note(
                1,
                StatsSnapshot { at, round_trip: Some(round_trip), ..StatsSnapshot::default() },
            );
        }
        assert_eq!(line(&history, Measure::RoundTrip), "M600 140h0M1190 15h0L1200 265");
        assert_eq!(line(&StatsHistory::default(), Measure::RoundTrip), "");
    }
}

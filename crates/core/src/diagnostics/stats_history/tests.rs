use super::*;
use proptest::prelude::*;

const RECEIVED: Measure = Measure::Rate(Direction::Received);

/// A snapshot after this many seconds, with bytes received and packets received and lost.
fn received(seconds: u64, bytes: u64, packets: (u64, u64)) -> StatsSnapshot {
    let received = Traffic { bytes: Some(bytes), packets: Some(packets), ..Traffic::default() };
    StatsSnapshot { at: Duration::from_secs(seconds), received, ..StatsSnapshot::default() }
}

#[test]
fn rates_and_losses_come_from_two_snapshots() {
    let mut history = StatsHistory::default();
    history.note(1, received(1, 1000, (100, 0)));
    assert_eq!(history.now(RECEIVED), None, "one counter alone says nothing");
    history.note(1, received(3, 2000, (175, 25)));
    assert_eq!(history.now(RECEIVED), Some(4000.0));
    assert_eq!(history.now(Measure::Loss(Direction::Received)), Some(0.25));
    assert_eq!(history.now(Measure::Loss(Direction::Sent)), None);
    assert_eq!(history.now(Measure::RoundTrip), None, "what is not told is no zero");
    assert_eq!(history.range(RECEIVED), Some((4000.0, 4000.0)));
}

#[test]
fn two_minutes_are_remembered_at_any_period() {
    for period in [1, 4] {
        let mut history = StatsHistory::default();
        for at in (0..300).step_by(period) {
            history.note(1, received(at, 1000 * at, (1, 0)));
        }
        let lines = history.lines(RECEIVED);
        let [line] = &lines[..] else { panic!("one line without gaps") };
        assert!(line.first().is_some_and(|(place, _)| *place < 0.04), "{line:?}");
        assert!(line.iter().all(|(_, rate)| *rate == 8000.0));
    }
}

#[test]
fn counters_of_another_connection_give_no_rate() {
    let mut history = StatsHistory::default();
    history.note(1, received(1, 1000, (1, 0)));
    history.note(2, received(2, 5000, (2, 0)));
    assert_eq!(history.now(RECEIVED), None);
    history.note(2, received(3, 6000, (2, 0)));
    assert_eq!(history.now(RECEIVED), Some(8000.0));
    assert_eq!(history.now(Measure::Loss(Direction::Received)), None, "no packets, no share");
    history.note(2, received(4, 10, (3, 0)));
    assert_eq!(history.now(RECEIVED), None, "a counter that shrank");
    history.note(2, received(60, 10_000_000, (9, 0)));
    assert_eq!(history.now(RECEIVED), None, "after a break");
    history.note(2, received(60, 20_000_000, (9, 0)));
    assert_eq!(history.latest().unwrap().received.bytes, Some(10_000_000), "nothing newer");
}

#[test]
fn lines_have_gaps_where_values_are_missing() {
    let mut history = StatsHistory::default();
    for second in [0, 1, 2, 3, 30, 31, 120] {
        history.note(1, received(second, 1000 * second, (1, 0)));
    }
    let lines = history.lines(RECEIVED);
    let places: Vec<Vec<_>> = lines
        .iter()
        .map(|line| line.iter().map(|(place, _)| (place * 120.0).round()).collect())
        .collect();
    assert_eq!(places, [vec![1.0, 2.0, 3.0], vec![31.0]]);
    assert!(lines.iter().flatten().all(|(_, rate)| *rate == 8000.0));
}

#[test]
fn names_of_families_and_protocols() {
    let family = ["192.0.2.1", "2001:db8::1", "", "a3f0.local", "relay.example.org"];
    let expected = [Some(Family::V4), Some(Family::V6), None, None, None];
    assert_eq!(family.map(Family::of), expected);
    assert_eq!(
        ["udp", "tls", "sctp"].map(Protocol::parse)[..2],
        [Some(Protocol::Udp), Some(Protocol::Tls)]
    );
    assert_eq!(Protocol::parse("sctp"), None);
}

proptest! {
    /// Whatever a browser reports, the history stays within its bounds and its values are numbers.
    #[test]
    fn a_history_has_a_maximum_length(
        steps in prop::collection::vec((0u64..8000, 0u64..3, any::<[u64; 3]>()), 0..400),
    ) {
        let (mut history, mut now) = (StatsHistory::default(), Duration::ZERO);
        for (millis, connection, [bytes, arrived, lost]) in steps {
            now += Duration::from_millis(millis);
            let packets = (arrived >> 2, lost >> 2);
            let snapshot = StatsSnapshot { at: now, ..received(0, bytes, packets) };
            history.note(connection, snapshot);
            prop_assert!(history.samples.len() <= SAMPLES);
            for measure in [RECEIVED, Measure::Loss(Direction::Received)] {
                let points: Vec<_> = history.lines(measure).concat();
                let is_sound = |(place, value): &(f64, f64)| {
                    (0.0..=1.0).contains(place) && value.is_finite() && *value >= 0.0
                };
                prop_assert!(points.iter().all(is_sound));
                prop_assert!(points.is_sorted_by(|one, next| one.0 < next.0));
                prop_assert_eq!(history.range(measure).is_some(), !points.is_empty());
            }
        }
    }
}

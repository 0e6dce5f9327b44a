//! The WebSocket to the server: whether it is alive, when it is opened again, and what the person is
//! shown about that.

use super::{backoff::backoff, generation::Generation};
use std::time::Duration;

/// Upper ends of the waits before each attempt, in milliseconds; the last one repeats. The actual
/// wait is a random part of it, so that clients of a restarted server do not come in step.
const LADDER: [u64; 6] = [0, 300, 1200, 2700, 4800, 7000];

/// Where the ladder begins after the server said that it restarts: everybody hears that at once.
const RESTART_RUNG: usize = 2;

/// Silence after which a ping is sent to the server.
const PING_AFTER: Duration = Duration::from_secs(5);
/// The same while media arrives from the others: then this side's network works, and that it does not
/// is noticed by the media first. The server may have heard the last sign of life 4 seconds earlier and
/// keeps a seat for 15: 7 seconds and those for the answer are less than the remaining 11.
const PING_AFTER_WITH_MEDIA: Duration = Duration::from_secs(7);
/// Time to wait for the answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(3);
/// The same where there is reason to doubt the socket, unless the connection to the server is slow.
const DOUBT_WITHIN: Duration = Duration::from_millis(700);
/// Timeout for opening a socket.
const OPEN_WITHIN: Duration = Duration::from_secs(5);

/// Time after which a loss is shown to the person.
const SHOWN_AFTER: Duration = Duration::from_secs(3);
/// Time after which the person can retry manually.
const RETRY_OFFERED_AFTER: Duration = Duration::from_secs(30);

/// How the server can be reached, as shown to the person.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ServerStatus {
    /// Reachable, or not known to be unreachable.
    #[default]
    Reachable,
    /// It has announced that it restarts, and has not come back yet.
    Restarting,
    /// It does not answer.
    Unreachable {
        /// For long enough to offer the person an immediate attempt.
        long: bool,
    },
    /// Neither the server nor any participant answers.
    Offline {
        /// For long enough to offer the person an immediate attempt.
        long: bool,
    },
}

impl ServerStatus {
    /// Whether nothing is heard from the server.
    #[must_use]
    pub fn is_unreachable(self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::Offline { .. })
    }
}

/// What is to be done with the socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Send a ping to the server.
    Ping,
    /// Open another socket in its place.
    Open,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Unused,
    Opening {
        generation: Generation,
        give_up: Duration,
    },
    Open {
        generation: Generation,
        heard: Duration,
        pending: Option<PendingAnswer>,
    },
    Lost {
        retry: Duration,
    },
}

/// An answer that the server owes: to a ping, or to the first message.
#[derive(Clone, Copy, Debug)]
struct PendingAnswer {
    since: Duration,
    until: Duration,
}

/// The socket's side of the call.
#[derive(Debug, Default)]
pub(super) struct Socket {
    state: State,
    attempts: usize,
    lost: Option<Duration>,
    restarting: bool,
    /// Whether media arrives from the others.
    has_media: bool,
    /// How long the server took for its last answer. Zero with the coarse clocks of some browsers.
    round_trip: Option<Duration>,
}

impl Socket {
    /// Sets whether media arrives from the others.
    pub(super) fn set_media(&mut self, arrives: bool) {
        self.has_media = arrives;
    }

    pub(super) fn open(&mut self, generation: Generation, now: Duration) {
        self.state = State::Opening { generation, give_up: now + OPEN_WITHIN };
    }

    /// Returns whether this is the socket that was waited for. The first message is sent at once, and
    /// the server answers it.
    pub(super) fn opened(&mut self, generation: Generation, now: Duration) -> bool {
        let expected = matches!(self.state, State::Opening { generation: current, .. } if current == generation);
        if expected {
            let pending = Some(PendingAnswer { since: now, until: now + ANSWER_WITHIN });
            self.state = State::Open { generation, heard: now, pending };
            self.round_trip = None;
        }
        expected
    }

    /// The server has said something, perhaps as an answer; returns whether through the socket in use.
    /// Only now is it known to be of use: one that is opened and closed again and again is not tried
    /// in a hurry.
    pub(super) fn received(
        &mut self,
        generation: Generation,
        answers: bool,
        now: Duration,
    ) -> bool {
        match &mut self.state {
            State::Open { generation: current, heard, pending } if *current == generation => {
                if let Some(pending) = pending.take_if(|_| answers) {
                    self.round_trip = Some(now.saturating_sub(pending.since));
                }
                *heard = now;
                (self.attempts, self.lost, self.restarting) = (0, None, false);
                true
            }
            _ => false,
        }
    }

    pub(super) fn closed(
        &mut self,
        generation: Generation,
        restarting: bool,
        jitter: f32,
        now: Duration,
    ) {
        let (State::Opening { generation: current, .. } | State::Open { generation: current, .. }) =
            self.state
        else {
            return;
        };
        if current == generation {
            if restarting {
                self.restarting = true;
                self.attempts = self.attempts.max(RESTART_RUNG);
            }
            let longest = Duration::from_millis(backoff(&LADDER, self.attempts));
            let wait = longest.mul_f32(jitter.clamp(0.0, 1.0));
            self.lose(now + wait, now);
        }
    }

    fn lose(&mut self, retry: Duration, now: Duration) {
        self.attempts += 1;
        self.lost.get_or_insert(now);
        self.state = State::Lost { retry };
    }

    /// How long the server took for its last answer, through a socket that is open.
    pub(super) fn round_trip(&self) -> Option<Duration> {
        self.round_trip.filter(|_| matches!(self.state, State::Open { .. }))
    }

    /// Whether the server has answered all requests.
    pub(super) fn answers(&self) -> bool {
        matches!(self.state, State::Open { pending: None, .. })
    }

    /// Makes a scheduled attempt due now, and has an open socket checked.
    pub(super) fn check(&mut self, now: Duration) -> Option<Step> {
        match &mut self.state {
            State::Lost { retry } => {
                *retry = (*retry).min(now);
                None
            }
            State::Open { pending, .. } => {
                let until = now + DOUBT_WITHIN.max(3 * self.round_trip.unwrap_or_default());
                let is_new = pending.is_none();
                let pending = pending.get_or_insert(PendingAnswer { since: now, until });
                pending.until = pending.until.min(until);
                is_new.then_some(Step::Ping)
            }
            State::Unused | State::Opening { .. } => None,
        }
    }

    /// Gives up the socket, for example because it went through a network that is gone, and opens
    /// another one now.
    pub(super) fn abandon(&mut self, now: Duration) {
        if !matches!(self.state, State::Unused) {
            self.attempts = 0;
            self.lose(now, now);
        }
    }

    /// When [`Socket::step`] has something to do.
    pub(super) fn due(&self) -> Option<Duration> {
        match self.state {
            State::Unused => None,
            State::Opening { give_up, .. } => Some(give_up),
            State::Open { pending: Some(pending), .. } => Some(pending.until),
            State::Open { heard, .. } if self.has_media => Some(heard + PING_AFTER_WITH_MEDIA),
            State::Open { heard, .. } => Some(heard + PING_AFTER),
            State::Lost { retry } => Some(retry),
        }
    }

    pub(super) fn step(&mut self, now: Duration) -> Option<Step> {
        if self.due().is_none_or(|due| due > now) {
            return None;
        }
        match &mut self.state {
            State::Open { pending: pending @ None, .. } => {
                *pending = Some(PendingAnswer { since: now, until: now + ANSWER_WITHIN });
                Some(Step::Ping)
            }
            State::Lost { .. } => Some(Step::Open),
            _ => {
                // It has waited long enough already.
                self.lose(now, now);
                Some(Step::Open)
            }
        }
    }

    /// When [`Socket::status`] changes by itself.
    pub(super) fn status_changes_at(&self, now: Duration) -> Option<Duration> {
        let times = [SHOWN_AFTER, RETRY_OFFERED_AFTER];
        let times = self.lost.into_iter().flat_map(|lost| times.map(|after| lost + after));
        times.filter(|time| *time > now).min()
    }

    /// How the server can be reached. `alone`: nobody in the call can be reached either.
    pub(super) fn status(&self, alone: bool, now: Duration) -> ServerStatus {
        let since = self.lost.map(|lost| now.saturating_sub(lost)).unwrap_or_default();
        let long = since >= RETRY_OFFERED_AFTER;
        match () {
            () if since < SHOWN_AFTER => ServerStatus::Reachable,
            // What the server said of itself is certain; that it is the network is a guess.
            () if self.restarting && !long => ServerStatus::Restarting,
            () if alone => ServerStatus::Offline { long },
            () => ServerStatus::Unreachable { long },
        }
    }

    pub(super) fn is_connected(&self) -> bool {
        matches!(self.state, State::Open { .. })
    }

    pub(super) fn is_lost(&self) -> bool {
        self.lost.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn millis(time: u64) -> Duration {
        Duration::from_millis(time)
    }

    /// A socket that was open and has just been heard.
    fn open() -> Socket {
        let mut socket = Socket::default();
        socket.open(1, millis(0));
        assert!(socket.opened(1, millis(0)));
        assert!(socket.received(1, true, millis(0)));
        socket
    }

    #[test]
    fn delays_grow_and_start_higher_after_a_restart() {
        for (restarting, expected) in [
            (false, [0, 300, 1200, 2700, 4800, 7000, 7000]),
            (true, [1200, 2700, 4800, 7000, 7000, 7000, 7000]),
        ] {
            let mut socket = open();
            let (mut now, mut waits) = (millis(0), Vec::new());
            for generation in 1..8 {
                socket.closed(generation, restarting && generation == 1, 1.0, now);
                let due = socket.due().unwrap();
                waits.push((due - now).as_millis());
                now = due;
                assert_eq!(socket.step(now), Some(Step::Open));
                socket.open(generation + 1, now);
            }
            assert_eq!(waits, expected);
        }
        let mut socket = open();
        socket.closed(1, true, 0.5, millis(0));
        assert_eq!(socket.due().map(|due| due.as_millis()), Some(600), "a random part of it");
    }

    #[test]
    fn a_silent_socket_is_pinged_and_then_replaced() {
        let mut socket = open();
        assert_eq!((socket.due(), socket.step(millis(4999))), (Some(PING_AFTER), None));
        assert_eq!(socket.step(PING_AFTER), Some(Step::Ping));
        assert!(socket.received(1, true, millis(5100)));
        assert_eq!(socket.round_trip(), Some(millis(100)));
        assert_eq!(socket.step(millis(10_100)), Some(Step::Ping));
        assert_eq!(socket.step(millis(13_099)), None);
        assert_eq!(socket.step(millis(13_100)), Some(Step::Open));
        assert_eq!(socket.round_trip(), None);
        socket.open(2, millis(13_100));
        assert_eq!(socket.step(millis(13_100) + OPEN_WITHIN), Some(Step::Open), "it hangs");
        assert!(!socket.received(1, true, millis(20_000)), "the old one is of no use any more");
    }

    #[test]
    fn a_socket_is_trusted_longer_while_media_arrives() {
        let mut socket = open();
        socket.set_media(true);
        assert_eq!(socket.step(PING_AFTER), None);
        assert_eq!(socket.step(PING_AFTER_WITH_MEDIA), Some(Step::Ping));
        let mut socket = open();
        socket.set_media(true);
        socket.set_media(false);
        assert_eq!(socket.step(PING_AFTER), Some(Step::Ping));
    }

    #[test]
    fn a_check_shortens_the_timeout_and_pings_once() {
        let mut socket = open();
        assert!(socket.answers());
        assert_eq!(socket.check(millis(1000)), Some(Step::Ping));
        assert_eq!(socket.check(millis(1100)), None);
        assert!(!socket.answers());
        assert!(socket.received(1, false, millis(1200)));
        assert!(!socket.answers(), "something that was under way answers nothing");
        assert_eq!(socket.step(millis(1000) + DOUBT_WITHIN), Some(Step::Open));
    }

    #[test]
    fn without_any_answer_the_status_is_offline() {
        let mut socket = open();
        socket.closed(1, false, 1.0, millis(0));
        assert_eq!(socket.status(true, millis(3000)), ServerStatus::Offline { long: false });
    }

    #[test]
    fn lasting_losses_are_shown_with_their_reason() {
        let mut socket = open();
        socket.closed(1, true, 1.0, millis(0));
        let at = |socket: &Socket, alone, time| socket.status(alone, millis(time));
        assert_eq!(at(&socket, false, 2999), ServerStatus::Reachable);
        assert_eq!(at(&socket, false, 3000), ServerStatus::Restarting);
        assert_eq!(at(&socket, true, 3000), ServerStatus::Restarting, "also where a peer is lost");
        assert_eq!(at(&socket, false, 30_000), ServerStatus::Unreachable { long: true });
        assert_eq!(at(&socket, true, 30_000), ServerStatus::Offline { long: true });
        assert_eq!(socket.status_changes_at(millis(0)), Some(SHOWN_AFTER));
        assert_eq!(socket.status_changes_at(SHOWN_AFTER), Some(RETRY_OFFERED_AFTER));
        socket.open(2, millis(31_000));
        socket.opened(2, millis(31_000));
        assert_eq!(
            at(&socket, false, 31_000),
            ServerStatus::Unreachable { long: true },
            "not heard yet"
        );
        socket.received(2, true, millis(31_000));
        assert_eq!(socket.round_trip(), Some(millis(0)), "some clocks are coarse");
        assert_eq!(at(&socket, false, 31_001), ServerStatus::Reachable);
    }
}

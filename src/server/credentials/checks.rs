//! Schedules passcode checks. A check takes about 20 ms of a core and 19 MiB, and anyone can cause one.
//! Addresses and rooms with few recent checks come first, so that an attacker delays nobody else,
//! however many addresses and rooms they use.

use super::passcode::Hasher;
use crate::{
    protocol::RoomName,
    room::{Check, Checked, Input},
};
use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashMap},
    hash::Hash,
    num::NonZeroUsize,
    thread::available_parallelism,
    time::Duration,
};
use tokio::{sync::mpsc::UnboundedSender, task::spawn_blocking};

/// Maximum number of queued checks per address: a group may share one.
const QUEUED_PER_ADDRESS: usize = 16;
/// Maximum number of queued checks.
const QUEUED: usize = 256;
/// Time by which a check lowers the priority of its address. In the long run, an address has one check
/// in this time without a penalty.
const COST_OF_ADDRESS: Duration = Duration::from_secs(6);
/// The same for a room.
const COST_OF_ROOM: Duration = Duration::from_secs(1);
/// Cost of a room that does not lower its priority: guests of one call arrive together.
const FREE_FOR_ROOM: Duration = Duration::from_secs(16);
/// Number of addresses and of rooms at which those without a penalty are removed.
const REMEMBERED: usize = 1024;

/// The time until which each key has a low priority.
#[derive(Debug)]
struct Shares<K>(HashMap<K, Duration>);

impl<K: Hash + Eq + Clone> Shares<K> {
    fn of(&self, key: &K) -> Duration {
        self.0.get(key).copied().unwrap_or_default()
    }

    fn spend(&mut self, key: K, cost: Duration, now: Duration) {
        if self.0.len() >= REMEMBERED {
            self.0.retain(|_, behind| *behind > now);
        }
        let behind = self.0.entry(key).or_default();
        *behind = now.max(*behind) + cost;
    }
}

/// The queued checks, the next one first. Without penalties it is the newest, so that a flood of old
/// ones does not delay it.
#[derive(Debug)]
struct Queue {
    waiting: BTreeMap<(Duration, Reverse<u64>), Check>,
    addresses: Shares<u64>,
    rooms: Shares<RoomName>,
}

impl Queue {
    fn new() -> Self {
        let (addresses, rooms) = (Shares(HashMap::new()), Shares(HashMap::new()));
        Self { waiting: BTreeMap::new(), addresses, rooms }
    }

    /// Queues a check. Returns the check that is dropped if the queue is full.
    fn push(&mut self, check: Check, now: Duration) -> Option<Check> {
        let address = check.address;
        let neighbours = self.waiting.values().filter(|other| other.address == address);
        if neighbours.count() >= QUEUED_PER_ADDRESS {
            return Some(check);
        }
        let room = self.rooms.of(&check.room).saturating_sub(FREE_FOR_ROOM);
        let behind = self.addresses.of(&address).max(room);
        let behind = if behind <= now { Duration::ZERO } else { behind };
        self.addresses.spend(address, COST_OF_ADDRESS, now);
        self.rooms.spend(check.room.clone(), COST_OF_ROOM, now);
        self.waiting.insert((behind, Reverse(check.ticket)), check);
        if self.waiting.len() <= QUEUED {
            return None;
        }
        self.waiting.pop_last().map(|(_, last)| last)
    }

    fn pop(&mut self) -> Option<Check> {
        self.waiting.pop_first().map(|(_, check)| check)
    }
}

/// Runs passcode checks on threads, a few at a time.
#[derive(Debug)]
pub(crate) struct Checks {
    queue: Queue,
    running: usize,
    most: usize,
    hasher: Hasher,
    results: UnboundedSender<Input>,
}

impl Checks {
    /// Uses all cores but one, or the only one.
    pub(crate) fn new(results: UnboundedSender<Input>) -> Self {
        let cores = available_parallelism().map_or(1, NonZeroUsize::get);
        let most = cores.saturating_sub(1).max(1);
        Self { queue: Queue::new(), running: 0, most, hasher: Hasher::default(), results }
    }

    /// Queues a check. Returns the result of a check that was dropped.
    pub(crate) fn begin(&mut self, check: Check, now: Duration) -> Option<Input> {
        let refused = self.queue.push(check, now);
        self.go_on();
        refused.map(|refused| Input::Checked(refused.ticket, Checked::Busy))
    }

    /// Starts the next check after one is done.
    pub(crate) fn done(&mut self) {
        self.running = self.running.saturating_sub(1);
        self.go_on();
    }

    fn go_on(&mut self) {
        while self.running < self.most {
            let Some(Check { ticket, passcode, stored_hash, .. }) = self.queue.pop() else {
                return;
            };
            self.running += 1;
            let (results, hasher) = (self.results.clone(), self.hasher.clone());
            let work = spawn_blocking(move || hasher.check(&passcode, stored_hash));
            tokio::spawn(async move {
                let checked = work.await.unwrap_or(Checked::Busy);
                // Fails only if the hub has ended.
                let _ = results.send(Input::Checked(ticket, checked));
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(ticket: u64, address: u64, room: &str) -> Check {
        let (room, passcode) = (room.parse().unwrap(), "p".to_owned());
        Check { ticket, address, room, passcode, stored_hash: None }
    }

    #[test]
    fn t32_the_first_check_of_an_address_comes_first() {
        let mut queue = Queue::new();
        let mut now = Duration::from_secs(1_800_000_000);
        let mut ticket = 10_000;
        // 80 addresses, each with its own room, keep the queue full.
        for _ in 0..500 {
            for address in 0..80 {
                ticket += 1;
                let _ = queue.push(check(ticket, address, &format!("room-{address}")), now);
            }
            queue.pop();
            now += Duration::from_millis(20);
        }
        assert!(queue.waiting.len() <= QUEUED);
        // Then several new addresses join one room; then another 80 new addresses, and one more.
        let mut is_next = |queue: &mut Queue, address: u64| {
            ticket += 1;
            let refused = queue.push(check(ticket, address, "victim"), now);
            assert!(refused.is_none_or(|refused| refused.address < 80));
            assert_eq!(queue.pop().unwrap().ticket, ticket);
        };
        (1000..1008).for_each(|guest| is_next(&mut queue, guest));
        for address in 2000..2080 {
            let _ = queue.push(check(address, address, &format!("room-{address}")), now);
        }
        is_next(&mut queue, 3000);
    }

    #[test]
    fn queued_checks_per_address_are_limited() {
        let mut queue = Queue::new();
        let refused =
            (0..20).filter_map(|ticket| queue.push(check(ticket, 1, "a"), Duration::ZERO));
        assert_eq!(refused.count(), 20 - QUEUED_PER_ADDRESS);
        assert_eq!(queue.push(check(100, 2, "b"), Duration::ZERO), None);
        let order: Vec<_> = std::iter::from_fn(|| queue.pop()).map(|check| check.ticket).collect();
        assert_eq!(order[..3], [100, 0, 1]);
    }

    #[test]
    fn old_counts_are_forgotten() {
        let mut queue = Queue::new();
        for address in 0..10_000 {
            let now = COST_OF_ADDRESS * u32::try_from(address / 100).unwrap();
            let _ = queue.push(check(address, address, &format!("r{address}")), now);
        }
        assert!(queue.addresses.0.len() <= REMEMBERED && queue.rooms.0.len() <= REMEMBERED);
    }
}

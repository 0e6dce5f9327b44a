//! When each of many things is due.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Instant,
};

/// The times at which things are due, at most one for each.
#[derive(Debug)]
pub(super) struct Timers<K> {
    queue: BTreeSet<(Instant, K)>,
    times: BTreeMap<K, Instant>,
}

impl<K> Default for Timers<K> {
    fn default() -> Self {
        Self { queue: BTreeSet::new(), times: BTreeMap::new() }
    }
}

impl<K: Clone + Ord> Timers<K> {
    /// Sets when something is due, instead of before; `None` if it is not.
    pub(super) fn set(&mut self, key: &K, due: Option<Instant>) {
        if self.times.get(key).copied() == due {
            return;
        }
        if let Some(before) = self.times.remove(key) {
            self.queue.remove(&(before, key.clone()));
        }
        if let Some(due) = due {
            self.times.insert(key.clone(), due);
            self.queue.insert((due, key.clone()));
        }
    }

    /// When the first is due.
    pub(super) fn next(&self) -> Option<Instant> {
        self.queue.first().map(|(due, _)| *due)
    }

    /// Removes the first that is due.
    pub(super) fn pop(&mut self, now: Instant) -> Option<K> {
        let (due, _) = self.queue.first()?;
        if *due > now {
            return None;
        }
        let (_, key) = self.queue.pop_first()?;
        self.times.remove(&key);
        Some(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn what_is_due_comes_in_order() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut timers = Timers::default();
        timers.set(&"a", Some(at(3)));
        timers.set(&"b", Some(at(2)));
        timers.set(&"c", Some(at(2)));
        timers.set(&"a", Some(at(1)));
        timers.set(&"c", None);
        assert_eq!((timers.next(), timers.pop(start)), (Some(at(1)), None));
        assert_eq!((timers.pop(at(9)), timers.pop(at(9))), (Some("a"), Some("b")));
        assert_eq!((timers.next(), timers.pop(at(9))), (None, None));
        timers.set(&"a", Some(at(4)));
        assert_eq!(timers.next(), Some(at(4)));
    }
}

//! A queue for what happens while something else is being handled.

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
};

/// Hands over one item after the other, in the order they came, and none while another is being handled.
#[derive(Debug)]
pub(super) struct Inbox<T> {
    waiting: RefCell<VecDeque<T>>,
    busy: Cell<bool>,
}

impl<T> Default for Inbox<T> {
    fn default() -> Self {
        Self { waiting: RefCell::default(), busy: Cell::new(false) }
    }
}

impl<T> Inbox<T> {
    /// Has `take` handle this item, and those that come meanwhile; or leaves it to the call that is handling
    /// others.
    pub(super) fn put(&self, item: T, take: impl Fn(T)) {
        self.waiting.borrow_mut().push_back(item);
        if self.busy.replace(true) {
            return;
        }
        while let Some(next) = self.next() {
            take(next);
        }
        self.busy.set(false);
    }

    fn next(&self) -> Option<T> {
        self.waiting.borrow_mut().pop_front()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(inbox: &Inbox<u32>, taken: &RefCell<Vec<(u32, &str)>>, item: u32) {
        taken.borrow_mut().push((item, "begun"));
        // 1 causes 2 and 3, and 2 causes 4.
        let caused: &[u32] = match item {
            1 => &[2, 3],
            2 => &[4],
            _ => &[],
        };
        for item in caused {
            inbox.put(*item, |item| take(inbox, taken, item));
        }
        taken.borrow_mut().push((item, "done"));
    }

    #[test]
    fn items_added_during_handling_keep_their_order() {
        let (inbox, taken) = (Inbox::default(), RefCell::default());
        for item in [1, 5] {
            inbox.put(item, |item| take(&inbox, &taken, item));
        }
        let taken = taken.into_inner();
        let expected = [1, 2, 3, 4, 5].map(|item| [(item, "begun"), (item, "done")]);
        assert_eq!(taken, expected.concat());
    }
}

//! The send queue of a client. It is bounded, so that a slow client costs the server little memory and
//! never delays the others.

use std::{
    collections::{BTreeMap, VecDeque},
    future::poll_fn,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};
use tungstenite::Utf8Bytes;

/// Maximum number of queued bytes of the server's own messages. A client that keeps up with its room
/// never has more than a few messages queued.
const OUTBOX_BYTES: usize = 512 * 1024;
/// Maximum number of queued bytes of forwarded signals. Each address may use as many of them as remain
/// free: a single sender gets half, and there is always space for another one.
const FORWARDED_BYTES: usize = 1024 * 1024;
/// Approximate size in bytes of a batch, which a slow connection has to take within the write timeout.
const BATCH_BYTES: usize = 64 * 1024;
/// Minimum weight of a message in bytes. 512 messages fit, so that a participant can send another one
/// a full burst at once (400 messages by default).
const MESSAGE_WEIGHT: usize = OUTBOX_BYTES / 512;

/// An item to write to a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outgoing {
    Text(Utf8Bytes),
    Ping,
}

impl Outgoing {
    fn weight(&self) -> usize {
        match self {
            Self::Text(text) => text.len().max(MESSAGE_WEIGHT),
            Self::Ping => MESSAGE_WEIGHT,
        }
    }
}

/// The hub's end of a send queue.
#[derive(Debug)]
pub(super) struct Outbox(Arc<Mutex<Queue>>);

/// The WebSocket's end of a send queue.
#[derive(Debug)]
pub(crate) struct Inbox(Arc<Mutex<Queue>>);

/// A send queue. It takes almost no memory while it is empty.
#[derive(Debug, Default)]
struct Queue {
    items: VecDeque<Queued>,
    /// Queued bytes of the server's own messages.
    own: usize,
    /// Queued bytes of forwarded signals. By address, so that rejoining or reconnecting gains a sender
    /// nothing.
    forwarded: BTreeMap<u64, usize>,
    /// The WebSocket's task, while it waits for items.
    waker: Option<Waker>,
    /// Whether the outbox was dropped.
    is_closed: bool,
}

/// A queued item.
#[derive(Debug)]
struct Queued {
    item: Outgoing,
    /// Address of the sender of a forwarded signal; `None` for the server.
    from: Option<u64>,
}

/// The queue is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Full;

/// Creates a send queue.
pub(super) fn queue() -> (Outbox, Inbox) {
    let queue = Arc::<Mutex<Queue>>::default();
    (Outbox(queue.clone()), Inbox(queue))
}

fn lock(queue: &Mutex<Queue>) -> MutexGuard<'_, Queue> {
    queue.lock().unwrap_or_else(PoisonError::into_inner)
}

fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        waker.wake();
    }
}

impl Outbox {
    /// Queues an item of the server. Never waits.
    pub(super) fn push(&self, item: Outgoing) -> Result<(), Full> {
        self.queue(Queued { item, from: None })
    }

    /// Queues a signal from the address `from`. [`Full`] means that too much from that address is queued
    /// already. Never waits.
    pub(super) fn forward(&self, from: u64, text: Utf8Bytes) -> Result<(), Full> {
        self.queue(Queued { item: Outgoing::Text(text), from: Some(from) })
    }

    fn queue(&self, queued: Queued) -> Result<(), Full> {
        let waker = lock(&self.0).push(queued)?;
        wake(waker);
        Ok(())
    }
}

impl Drop for Outbox {
    fn drop(&mut self) {
        let mut queue = lock(&self.0);
        queue.is_closed = true;
        let waker = queue.waker.take();
        drop(queue);
        wake(waker);
    }
}

impl Queue {
    /// Adds an item, and returns who waits for it.
    fn push(&mut self, queued: Queued) -> Result<Option<Waker>, Full> {
        let weight = queued.item.weight();
        let (account, most) = match queued.from {
            None => (self.own, OUTBOX_BYTES),
            Some(from) => {
                let all = self.forwarded.values().sum::<usize>();
                let account = self.forwarded.get(&from).copied().unwrap_or_default();
                (account, FORWARDED_BYTES.saturating_sub(all + weight))
            }
        };
        if account + weight > most {
            return Err(Full);
        }
        *self.account(queued.from) += weight;
        self.items.push_back(queued);
        Ok(self.waker.take())
    }

    fn pop(&mut self) -> Option<Outgoing> {
        let Queued { item, from } = self.items.pop_front()?;
        let account = self.account(from);
        *account -= item.weight();
        if let Some(from) = from.filter(|_| *account == 0) {
            self.forwarded.remove(&from);
        }
        Some(item)
    }

    /// The bytes that are charged to a sender.
    fn account(&mut self, from: Option<u64>) -> &mut usize {
        match from {
            None => &mut self.own,
            Some(from) => self.forwarded.entry(from).or_default(),
        }
    }

    fn poll_take(
        &mut self,
        cx: &Context<'_>,
        batch: &mut Vec<Outgoing>,
        most: usize,
    ) -> Poll<usize> {
        let (mut taken, mut weight) = (0, 0);
        while taken < most
            && weight < BATCH_BYTES
            && let Some(item) = self.pop()
        {
            taken += 1;
            weight += item.weight();
            batch.push(item);
        }
        if self.items.is_empty() {
            self.items = VecDeque::new();
        }
        if taken > 0 || self.is_closed {
            return Poll::Ready(taken);
        }
        if !self.waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
            self.waker = Some(cx.waker().clone());
        }
        Poll::Pending
    }
}

impl Inbox {
    /// Waits for queued items and moves up to `most` of them to `batch`. Returns 0 once the outbox was
    /// dropped and the queue is empty.
    pub(crate) async fn take(&mut self, batch: &mut Vec<Outgoing>, most: usize) -> usize {
        poll_fn(|cx| lock(&self.0).poll_take(cx, batch, most)).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: usize) -> Outgoing {
        Outgoing::Text("a".repeat(bytes).into())
    }

    #[tokio::test]
    async fn a_queue_is_bounded_in_messages_and_in_bytes() {
        let (outbox, mut inbox) = queue();
        for _ in 0..OUTBOX_BYTES / MESSAGE_WEIGHT {
            assert_eq!(outbox.push(Outgoing::Ping), Ok(()));
        }
        assert_eq!(outbox.push(Outgoing::Ping), Err(Full));

        let mut taken = 0;
        while taken < OUTBOX_BYTES / MESSAGE_WEIGHT {
            taken += inbox.take(&mut Vec::new(), 1000).await;
        }
        assert_eq!(outbox.push(text(OUTBOX_BYTES)), Ok(()));
        assert_eq!(outbox.push(text(1)), Err(Full));
    }

    #[tokio::test]
    async fn t31_one_sender_leaves_space_for_others() {
        let (outbox, mut inbox) = queue();
        let offer = || Utf8Bytes::from("a".repeat(32 * 1024));
        let flood = |outbox: &Outbox, from: u64| {
            (0..1000).take_while(|_| outbox.forward(from, offer()).is_ok()).count()
        };
        assert_eq!(flood(&outbox, 1), 16, "half a MiB");
        assert_eq!(flood(&outbox, 1), 0);
        let all = (2..16).map(|from| flood(&outbox, from)).sum::<usize>();
        assert!(all < 16, "never more than a MiB: {all}");
        assert_eq!(outbox.push(text(OUTBOX_BYTES)), Ok(()), "the server's own has its place");
        // One small message fits even beside fifteen floods.
        assert_eq!(outbox.forward(99, "a".into()), Ok(()));
        for _ in 0..8 {
            inbox.take(&mut Vec::new(), 1000).await;
        }
        assert!(flood(&outbox, 1) > 0, "what is written makes place");
    }

    #[tokio::test]
    async fn a_burst_of_small_messages_fits() {
        let (outbox, _inbox) = queue();
        for _ in 0..400 {
            assert_eq!(outbox.forward(1, "a".into()), Ok(()));
        }
    }

    #[tokio::test]
    async fn taken_messages_free_space() {
        let (outbox, mut inbox) = queue();
        for _ in 0..10 {
            assert_eq!(outbox.push(text(OUTBOX_BYTES)), Ok(()));
            let mut batch = Vec::new();
            assert_eq!(inbox.take(&mut batch, 8).await, 1);
            assert_eq!(batch, [text(OUTBOX_BYTES)]);
        }
    }
}

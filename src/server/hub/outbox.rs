//! The send queue of a client. It is bounded, so that a slow client costs the server little memory and
//! never delays the others.

use futures_channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded};
use futures_util::StreamExt;
use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
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
pub(super) struct Outbox {
    queue: UnboundedSender<Queued>,
    own: Arc<AtomicUsize>,
    /// By address, so that rejoining or reconnecting gains a sender nothing.
    forwarded: BTreeMap<u64, Arc<AtomicUsize>>,
}

/// The WebSocket's end of a send queue.
#[derive(Debug)]
pub(crate) struct Inbox {
    queue: UnboundedReceiver<Queued>,
}

/// A queued item and the account that its weight is charged to.
#[derive(Debug)]
struct Queued {
    item: Outgoing,
    account: Arc<AtomicUsize>,
}

/// The queue is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Full;

/// Creates a send queue. It is bounded by its accounts and takes almost no memory while it is empty.
pub(super) fn queue() -> (Outbox, Inbox) {
    let (sender, receiver) = unbounded();
    let outbox = Outbox { queue: sender, own: Arc::default(), forwarded: BTreeMap::new() };
    (outbox, Inbox { queue: receiver })
}

impl Outbox {
    /// Queues an item of the server. Never waits.
    pub(super) fn push(&self, item: Outgoing) -> Result<(), Full> {
        self.queue(item, self.own.clone(), OUTBOX_BYTES)
    }

    /// Queues a signal from the address `from`. [`Full`] means that too much from that address is queued
    /// already. Never waits.
    pub(super) fn forward(&mut self, from: u64, text: Utf8Bytes) -> Result<(), Full> {
        self.forwarded.retain(|_, account| account.load(Ordering::Relaxed) > 0);
        let queued = self.forwarded.values().map(|account| account.load(Ordering::Relaxed));
        let item = Outgoing::Text(text);
        let free = FORWARDED_BYTES.saturating_sub(queued.sum::<usize>() + item.weight());
        let account = self.forwarded.entry(from).or_default().clone();
        self.queue(item, account, free)
    }

    fn queue(&self, item: Outgoing, account: Arc<AtomicUsize>, most: usize) -> Result<(), Full> {
        let weight = item.weight();
        // Only this side adds to the account.
        if account.load(Ordering::Relaxed) + weight > most {
            return Err(Full);
        }
        account.fetch_add(weight, Ordering::Relaxed);
        // Fails only if the WebSocket's task has ended, which is being reported.
        let _ = self.queue.unbounded_send(Queued { item, account });
        Ok(())
    }
}

impl Inbox {
    /// Waits for queued items and moves up to `most` of them to `batch`. Returns 0 once the outbox was
    /// dropped and the queue is empty.
    pub(crate) async fn take(&mut self, batch: &mut Vec<Outgoing>, most: usize) -> usize {
        let (mut taken, mut weight) = (0, 0);
        let mut next = self.queue.next().await;
        while let Some(Queued { item, account }) = next {
            taken += 1;
            weight += item.weight();
            account.fetch_sub(item.weight(), Ordering::Relaxed);
            batch.push(item);
            let is_full = taken >= most || weight >= BATCH_BYTES;
            next = if is_full { None } else { self.queue.try_recv().ok() };
        }
        taken
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
        let (mut outbox, mut inbox) = queue();
        let offer = || Utf8Bytes::from("a".repeat(32 * 1024));
        let flood = |outbox: &mut Outbox, from: u64| {
            (0..1000).take_while(|_| outbox.forward(from, offer()).is_ok()).count()
        };
        assert_eq!(flood(&mut outbox, 1), 16, "half a MiB");
        assert_eq!(flood(&mut outbox, 1), 0);
        let all = (2..16).map(|from| flood(&mut outbox, from)).sum::<usize>();
        assert!(all < 16, "never more than a MiB: {all}");
        assert_eq!(outbox.push(text(OUTBOX_BYTES)), Ok(()), "the server's own has its place");
        // One small message fits even beside fifteen floods.
        assert_eq!(outbox.forward(99, "a".into()), Ok(()));
        for _ in 0..8 {
            inbox.take(&mut Vec::new(), 1000).await;
        }
        assert!(flood(&mut outbox, 1) > 0, "what is written makes place");
    }

    #[tokio::test]
    async fn a_burst_of_small_messages_fits() {
        let (mut outbox, _inbox) = queue();
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

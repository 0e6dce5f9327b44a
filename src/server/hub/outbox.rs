//! What waits for a client: bounded, so that one that reads slowly costs the server little and the
//! others nothing.

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

/// The most bytes of the server's own that wait for one client, who has never more than a few
/// messages waiting if it keeps up with its room.
const OUTBOX_BYTES: usize = 512 * 1024;
/// The most bytes that wait for one client and come from others. Each address may use no more of
/// them than stay free: one alone half of them, and there is place for who comes next.
const RELAYED_BYTES: usize = 1024 * 1024;
/// About as many bytes are written at a time, so that a slow line has the time for each of them.
const BATCH_BYTES: usize = 64 * 1024;
/// What a message weighs at least: so many may wait that one person can send another all that the
/// rate allows at once, 400 by default.
const MESSAGE_WEIGHT: usize = OUTBOX_BYTES / 512;

/// Something to write to a client.
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

/// The hub's end of what waits for a client.
#[derive(Debug)]
pub(super) struct Outbox {
    queue: UnboundedSender<Queued>,
    own: Arc<AtomicUsize>,
    /// By address: who joins or connects again has no more than before.
    relayed: BTreeMap<u64, Arc<AtomicUsize>>,
}

/// The client's end of it.
#[derive(Debug)]
pub(crate) struct Inbox {
    queue: UnboundedReceiver<Queued>,
}

/// What waits for a client, and where its weight counts.
#[derive(Debug)]
struct Queued {
    item: Outgoing,
    account: Arc<AtomicUsize>,
}

/// More waits for the client than may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Full;

/// Bounded by what waits in it, and next to nothing as long as it is empty.
pub(super) fn queue() -> (Outbox, Inbox) {
    let (sender, receiver) = unbounded();
    let outbox = Outbox { queue: sender, own: Arc::default(), relayed: BTreeMap::new() };
    (outbox, Inbox { queue: receiver })
}

impl Outbox {
    /// Queues something of the server's own. Never waits.
    pub(super) fn push(&self, item: Outgoing) -> Result<(), Full> {
        self.queue(item, self.own.clone(), OUTBOX_BYTES)
    }

    /// Queues what somebody else says, from this address. [`Full`] means that there is too much of
    /// theirs already. Never waits.
    pub(super) fn relay(&mut self, from: u64, text: Utf8Bytes) -> Result<(), Full> {
        self.relayed.retain(|_, account| account.load(Ordering::Relaxed) > 0);
        let waiting = self.relayed.values().map(|account| account.load(Ordering::Relaxed));
        let item = Outgoing::Text(text);
        let free = RELAYED_BYTES.saturating_sub(waiting.sum::<usize>() + item.weight());
        let account = self.relayed.entry(from).or_default().clone();
        self.queue(item, account, free)
    }

    fn queue(&self, item: Outgoing, account: Arc<AtomicUsize>, most: usize) -> Result<(), Full> {
        let weight = item.weight();
        // Only this end adds to it.
        if account.load(Ordering::Relaxed) + weight > most {
            return Err(Full);
        }
        account.fetch_add(weight, Ordering::Relaxed);
        // If nobody takes it any more, it is on its way that the connection has ended.
        let _ = self.queue.unbounded_send(Queued { item, account });
        Ok(())
    }
}

impl Inbox {
    /// Waits for something to write and takes up to `most` of it; nothing once the hub let go.
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
    async fn t31_who_sends_much_takes_no_place_from_others() {
        let (mut outbox, mut inbox) = queue();
        let offer = || Utf8Bytes::from("a".repeat(32 * 1024));
        let flood = |outbox: &mut Outbox, from: u64| {
            (0..1000).take_while(|_| outbox.relay(from, offer()).is_ok()).count()
        };
        assert_eq!(flood(&mut outbox, 1), 16, "half a MiB");
        assert_eq!(flood(&mut outbox, 1), 0);
        let all = (2..16).map(|from| flood(&mut outbox, from)).sum::<usize>();
        assert!(all < 16, "never more than a MiB: {all}");
        assert_eq!(outbox.push(text(OUTBOX_BYTES)), Ok(()), "the server's own has its place");
        // One small message fits even beside fifteen floods.
        assert_eq!(outbox.relay(99, "a".into()), Ok(()));
        for _ in 0..8 {
            inbox.take(&mut Vec::new(), 1000).await;
        }
        assert!(flood(&mut outbox, 1) > 0, "what is written makes place");
    }

    #[tokio::test]
    async fn a_burst_of_small_messages_fits() {
        let (mut outbox, _inbox) = queue();
        for _ in 0..400 {
            assert_eq!(outbox.relay(1, "a".into()), Ok(()));
        }
    }

    #[tokio::test]
    async fn what_is_taken_makes_room() {
        let (outbox, mut inbox) = queue();
        for _ in 0..10 {
            assert_eq!(outbox.push(text(OUTBOX_BYTES)), Ok(()));
            let mut batch = Vec::new();
            assert_eq!(inbox.take(&mut batch, 8).await, 1);
            assert_eq!(batch, [text(OUTBOX_BYTES)]);
        }
    }
}

//! The thread that waits for the disk, so that the hub never does. It writes what is kept of rooms
//! in the order in which it was decided, many changes at once if they came while it was busy, and
//! reads what is asked for after that.

use super::store::{Changes, Store};
use crate::{
    protocol::RoomName,
    room::{Input, Keeping},
    server::error::ServerError,
};
use std::{
    mem,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};
use tokio::sync::mpsc::UnboundedSender;
use tracing::{error, info};

/// When what could not be written is tried again.
const AGAIN: Duration = Duration::from_secs(5);
/// How long the end of the server waits for what is not written yet.
const LAST: Duration = Duration::from_millis(1500);

/// What there is to do. Bounded by the rooms of which something is kept, as only the last of what was
/// decided about a room counts, and by those that may be loaded at once.
#[derive(Debug, Default)]
struct Tasks {
    changes: Changes,
    /// Up to which [`crate::room::Command::Sync`] that is.
    sync: Option<u64>,
    loads: Vec<RoomName>,
    sweep: Option<Duration>,
    ends: bool,
}

impl Tasks {
    fn are_none(&self) -> bool {
        let nothing_to_write = self.changes.is_empty() && self.sync.is_none();
        nothing_to_write && self.loads.is_empty() && self.sweep.is_none() && !self.ends
    }
}

#[derive(Debug, Default)]
struct Desk {
    tasks: Mutex<Tasks>,
    news: Condvar,
}

impl Desk {
    fn lock(&self) -> MutexGuard<'_, Tasks> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for something to do, with an optional timeout.
    fn wait(&self, most: Option<Duration>) -> Tasks {
        let tasks = self.lock();
        let mut tasks = match most {
            None => {
                let waited = self.news.wait_while(tasks, |tasks| tasks.are_none());
                waited.unwrap_or_else(PoisonError::into_inner)
            }
            Some(most) => {
                let waited = self.news.wait_timeout_while(tasks, most, |tasks| tasks.are_none());
                waited.unwrap_or_else(PoisonError::into_inner).0
            }
        };
        mem::take(&mut tasks)
    }
}

/// Tells the thread what to do. It ends when this is dropped, after it has written what it can.
#[derive(Debug)]
pub(crate) struct Writer(Arc<Desk>);

impl Writer {
    /// Starts the thread. It says what came of its work to `results`, which it drops when it ends.
    pub(crate) fn start(
        store: Store,
        results: UnboundedSender<Input>,
    ) -> Result<Self, ServerError> {
        let desk = Arc::new(Desk::default());
        let worker = Worker { desk: desk.clone(), store, unwritten: Changes::new(), results };
        thread::Builder::new().name("rooms".to_owned()).spawn(move || worker.run())?;
        Ok(Self(desk))
    }

    /// Stores the decisions about a room, or deletes them.
    pub(crate) fn keep(&self, room: RoomName, kept: Option<Keeping>) {
        self.tell(|tasks| drop(tasks.changes.insert(room, kept)));
    }

    /// Asks for [`Input::Synced`].
    pub(crate) fn sync(&self, number: u64) {
        self.tell(|tasks| tasks.sync = Some(number));
    }

    /// Asks for [`Input::Loaded`].
    pub(crate) fn load(&self, room: RoomName) {
        self.tell(|tasks| tasks.loads.push(room));
    }

    /// Asks for [`Input::Swept`].
    pub(crate) fn sweep(&self, now: Duration) {
        self.tell(|tasks| tasks.sweep = Some(now));
    }

    fn tell(&self, task: impl FnOnce(&mut Tasks)) {
        task(&mut self.0.lock());
        self.0.news.notify_one();
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.tell(|tasks| tasks.ends = true);
    }
}

struct Worker {
    desk: Arc<Desk>,
    store: Store,
    /// What could not be written so far. It counts when a room is loaded.
    unwritten: Changes,
    results: UnboundedSender<Input>,
}

impl Worker {
    fn run(mut self) {
        loop {
            let again = (!self.unwritten.is_empty()).then_some(AGAIN);
            let Tasks { changes, sync, loads, sweep, ends } = self.desk.wait(again);
            self.unwritten.extend(changes);
            let written = self.write();
            if let Some(number) = sync {
                self.say(Input::Synced(number, written));
            }
            loads.into_iter().for_each(|room| self.load(room));
            if let Some(now) = sweep.filter(|_| written) {
                self.sweep(now);
            }
            if ends {
                return self.end();
            }
        }
    }

    fn say(&self, result: Input) {
        // The hub may have ended.
        let _ = self.results.send(result);
    }

    /// Returns whether everything is written.
    fn write(&mut self) -> bool {
        if self.unwritten.is_empty() {
            return true;
        }
        match self.store.write(&self.unwritten) {
            Ok(()) => self.unwritten.clear(),
            Err(error) => {
                let rooms = self.unwritten.len();
                error!(%error, rooms, "what hosts decided could not be written down");
            }
        }
        self.unwritten.is_empty()
    }

    fn load(&self, room: RoomName) {
        let kept = match self.unwritten.get(&room) {
            Some(kept) => Ok(kept.clone()),
            None => self.store.read(&room),
        };
        match kept {
            Ok(kept) => self.say(Input::Loaded(room, kept)),
            // Who waits for it is told that in time.
            Err(error) => error!(%error, "what a host decided could not be read"),
        }
    }

    fn sweep(&self, now: Duration) {
        match self.store.sweep(now) {
            Ok(rooms) => {
                info!(rooms = rooms.len(), "rooms that nobody uses are forgotten");
                self.say(Input::Swept(rooms));
            }
            Err(error) => error!(%error, "rooms that nobody uses could not be forgotten"),
        }
    }

    fn end(mut self) {
        let begun = Instant::now();
        while !self.write() && begun.elapsed() < LAST {
            thread::sleep(Duration::from_millis(100));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rusqlite::Connection;
    use tokio::sync::mpsc::unbounded_channel;

    fn room(name: &str) -> RoomName {
        name.parse().unwrap()
    }

    fn locked() -> Keeping {
        Keeping { locked: true, used: Duration::from_secs(7), ..Keeping::default() }
    }

    #[tokio::test]
    async fn what_is_decided_is_written_in_order_and_read_after_that() {
        let (results, mut inputs) = unbounded_channel();
        let writer = Writer::start(Store::in_memory().unwrap(), results).unwrap();
        writer.keep(room("a"), Some(locked()));
        writer.keep(room("b"), Some(locked()));
        writer.keep(room("b"), None);
        writer.sync(7);
        writer.load(room("a"));
        writer.load(room("b"));
        let mut said = Vec::new();
        while said.len() < 3 {
            said.push(inputs.recv().await.unwrap());
        }
        assert_eq!(
            said,
            [
                Input::Synced(7, true),
                Input::Loaded(room("a"), Some(locked())),
                Input::Loaded(room("b"), None),
            ]
        );
        writer.sweep(locked().expires() * 2);
        assert_eq!(inputs.recv().await, Some(Input::Swept(vec![room("a")])));
        drop(writer);
        assert_eq!(inputs.recv().await, None);
    }

    #[tokio::test]
    async fn t30_what_a_full_disk_does_not_take_is_said_and_known_all_the_same() {
        let folder = std::env::temp_dir().join(format!("salon-{}", getrandom::u64().unwrap()));
        let (results, mut inputs) = unbounded_channel();
        let writer = Writer::start(Store::kept_in(&folder).unwrap(), results).unwrap();
        // For the store, a disk that takes nothing: others write.
        let other = Connection::open(folder.join("rooms.db")).unwrap();
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        writer.keep(room("a"), Some(locked()));
        writer.sync(1);
        writer.load(room("a"));
        assert_eq!(inputs.recv().await, Some(Input::Synced(1, false)));
        assert_eq!(inputs.recv().await, Some(Input::Loaded(room("a"), Some(locked()))));
        other.execute_batch("COMMIT").unwrap();
        // At the end it is tried again.
        drop(writer);
        assert_eq!(inputs.recv().await, None);
        let store = Store::kept_in(&folder).unwrap();
        assert_eq!(store.read(&room("a")).unwrap(), Some(locked()));
        std::fs::remove_dir_all(folder).unwrap();
    }
}

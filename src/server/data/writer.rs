//! The thread for disk access, so that the hub never waits for the disk. It writes changed settings
//! before it loads others, and batches the changes that arrive while it is busy.

use super::store::{Changes, Store};
use crate::{
    protocol::RoomName,
    room::{Decisions, Input},
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

/// Interval for retrying failed writes.
const RETRY_INTERVAL: Duration = Duration::from_secs(5);
/// Timeout for the last writes at shutdown.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_millis(1500);

/// Pending tasks. They are bounded by the number of stored rooms, as only the latest settings of a room
/// count, and by the number of concurrent loads.
#[derive(Debug, Default)]
struct Tasks {
    changes: Changes,
    /// Number of the latest [`crate::room::Command::Sync`].
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

/// The pending tasks, shared with the thread.
#[derive(Debug, Default)]
struct TaskQueue {
    tasks: Mutex<Tasks>,
    changed: Condvar,
}

impl TaskQueue {
    fn lock(&self) -> MutexGuard<'_, Tasks> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for tasks, for at most `most` if given, and takes them.
    fn wait(&self, most: Option<Duration>) -> Tasks {
        let tasks = self.lock();
        let mut tasks = match most {
            None => {
                let waited = self.changed.wait_while(tasks, |tasks| tasks.are_none());
                waited.unwrap_or_else(PoisonError::into_inner)
            }
            Some(most) => {
                let waited = self.changed.wait_timeout_while(tasks, most, |tasks| tasks.are_none());
                waited.unwrap_or_else(PoisonError::into_inner).0
            }
        };
        mem::take(&mut tasks)
    }
}

/// Handle to the thread, which ends after the last writes when this is dropped.
#[derive(Debug)]
pub(crate) struct Writer(Arc<TaskQueue>);

impl Writer {
    /// Starts the thread, which sends its results to `results` and drops it at its end.
    pub(crate) fn start(
        store: Store,
        results: UnboundedSender<Input>,
    ) -> Result<Self, ServerError> {
        let queue = Arc::new(TaskQueue::default());
        let worker = Worker { queue: queue.clone(), store, unwritten: Changes::new(), results };
        thread::Builder::new().name("rooms".to_owned()).spawn(move || worker.run())?;
        Ok(Self(queue))
    }

    /// Stores the settings of a room, or removes them.
    pub(crate) fn store(&self, room: RoomName, decisions: Option<Decisions>) {
        self.tell(|tasks| drop(tasks.changes.insert(room, decisions)));
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
        self.0.changed.notify_one();
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.tell(|tasks| tasks.ends = true);
    }
}

struct Worker {
    queue: Arc<TaskQueue>,
    store: Store,
    /// Changes whose writing failed. Loads take them into account.
    unwritten: Changes,
    results: UnboundedSender<Input>,
}

impl Worker {
    fn run(mut self) {
        loop {
            let retry = (!self.unwritten.is_empty()).then_some(RETRY_INTERVAL);
            let Tasks { changes, sync, loads, sweep, ends } = self.queue.wait(retry);
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
        // Fails only if the hub has ended.
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
                error!(%error, rooms, "cannot write the settings of rooms; trying again");
            }
        }
        self.unwritten.is_empty()
    }

    fn load(&self, room: RoomName) {
        let decisions = match self.unwritten.get(&room) {
            Some(decisions) => Ok(decisions.clone()),
            None => self.store.read(&room),
        };
        match decisions {
            Ok(decisions) => self.say(Input::Loaded(room, decisions)),
            // The rooms time out and answer those who wait.
            Err(error) => error!(%error, "cannot read the settings of a room"),
        }
    }

    fn sweep(&self, now: Duration) {
        match self.store.sweep(now) {
            Ok(rooms) => {
                info!(rooms = rooms.len(), "removed expired rooms");
                self.say(Input::Swept(rooms));
            }
            Err(error) => error!(%error, "cannot remove expired rooms"),
        }
    }

    fn end(mut self) {
        let begun = Instant::now();
        while !self.write() && begun.elapsed() < SHUTDOWN_TIMEOUT {
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

    fn locked() -> Decisions {
        Decisions { locked: true, used: Duration::from_secs(7), ..Decisions::default() }
    }

    #[tokio::test]
    async fn writes_are_ordered_and_read_back() {
        let (results, mut inputs) = unbounded_channel();
        let writer = Writer::start(Store::in_memory().unwrap(), results).unwrap();
        writer.store(room("a"), Some(locked()));
        writer.store(room("b"), Some(locked()));
        writer.store(room("b"), None);
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
    async fn t30_failed_writes_are_reported_and_retried() {
        let folder = std::env::temp_dir().join(format!("salon-{}", getrandom::u64().unwrap()));
        let (results, mut inputs) = unbounded_channel();
        let writer = Writer::start(Store::kept_in(&folder).unwrap(), results).unwrap();
        // For the store, a disk that takes nothing: others write.
        let other = Connection::open(folder.join("rooms.db")).unwrap();
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        writer.store(room("a"), Some(locked()));
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

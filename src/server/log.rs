//! The log: lines on standard error for which nothing ever waits, and of which no kind drowns the
//! others.

use std::{
    collections::HashMap,
    convert::Infallible,
    fmt,
    io::{self, IsTerminal},
    mem, panic,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, mpsc},
    thread,
    time::Duration,
};
use tokio::time::sleep;
use tracing::{
    Event, Level, Metadata, Subscriber,
    callsite::Identifier,
    error,
    field::{Field, Visit},
    info,
    level_filters::LevelFilter,
    warn,
};
use tracing_appender::non_blocking::{ErrorCounter, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::{Layer, filter::Targets, layer::Context, prelude::*};

/// How many lines may wait to be written. Further ones are dropped and counted.
const WAITING: usize = 4096;
/// How many lines of one kind are written in a minute. Of the rest, the number is.
const PER_MINUTE: u64 = 100;
/// How often is looked whether lines were dropped.
const LOOK: Duration = Duration::from_secs(1);
const LOOKS_PER_MINUTE: u32 = 60;
/// How long the end waits for these lines to be read.
const FLUSH: Duration = Duration::from_secs(1);

/// There is one log in a process, as there is one standard error.
static DROPPED: OnceLock<ErrorCounter> = OnceLock::new();

/// How many lines were dropped because nobody took them in time.
pub(super) fn dropped() -> u64 {
    let lines = DROPPED.get().map(ErrorCounter::dropped_lines).unwrap_or_default();
    u64::try_from(lines).unwrap_or(u64::MAX)
}

/// Runs `work`, which may never end, on a thread of its own, and waits for it up to `limit`.
pub fn within(limit: Duration, work: impl FnOnce() + Send + 'static) {
    let (working, done) = mpsc::channel::<()>();
    let work = move || {
        work();
        drop(working);
    };
    if thread::Builder::new().spawn(work).is_ok() {
        // Nothing is ever sent: the end of the work is the end of the channel.
        let _ = done.recv_timeout(limit);
    }
}

/// How a line of the log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For programs: an object of JSON.
    Json,
}

/// The log of this process, until it is closed.
#[derive(Debug)]
pub struct Log {
    throttle: Throttle,
    writer: WorkerGuard,
}

impl Log {
    /// Begins to write. Other crates only warn: at finer levels they write whole messages, and
    /// addresses with them. At `debug` and `trace` no line is held back.
    #[must_use]
    pub fn start(level: Level, format: LogFormat) -> Self {
        let others = LevelFilter::from_level(level.min(Level::WARN));
        let targets = Targets::new().with_default(others).with_target("salon", level);
        let (writer, guard) =
            NonBlockingBuilder::default().buffered_lines_limit(WAITING).finish(io::stderr());
        let _ = DROPPED.set(writer.error_counter());
        let lines = tracing_subscriber::fmt::layer().with_writer(writer);
        let lines = lines.with_ansi(io::stderr().is_terminal());
        let lines = match format {
            LogFormat::Text => lines.boxed(),
            LogFormat::Json => lines.json().flatten_event(true).with_span_list(false).boxed(),
        };
        let throttle = Throttle::new(if level <= Level::INFO { PER_MINUTE } else { u64::MAX });
        tracing_subscriber::registry().with(lines).with(targets).with(throttle.clone()).init();
        // Else what is said of a panic is written at once, and waited for.
        panic::set_hook(Box::new(|panic| error!("{panic}")));
        Self { throttle, writer: guard }
    }

    /// Says every minute what was held back, and what was lost as soon as lines get through again.
    pub async fn keep(&self) -> Infallible {
        let mut told = 0;
        loop {
            for _ in 0..LOOKS_PER_MINUTE {
                sleep(LOOK).await;
                tell_of_lost(&mut told);
            }
            self.throttle.sum_up();
        }
    }

    /// Writes the lines that still wait, for at most a second.
    pub fn close(self) {
        self.throttle.sum_up();
        within(FLUSH, move || drop(self.writer));
    }
}

/// The line may be lost as well, and is tried again then.
fn tell_of_lost(told: &mut u64) {
    let before = dropped();
    if before > *told {
        warn!(lines = before - *told, "lines of the log were lost, because nobody took them");
        if dropped() == before {
            *told = before;
        }
    }
}

/// Holds back what comes too often, and counts it. A kind of line is a place in the code.
#[derive(Clone, Debug)]
struct Throttle {
    per_minute: u64,
    kinds: Arc<Mutex<HashMap<Identifier, Kind>>>,
}

/// What came of one kind in this minute.
#[derive(Debug)]
struct Kind {
    level: Level,
    /// What its first line said.
    line: String,
    count: u64,
}

impl Throttle {
    fn new(per_minute: u64) -> Self {
        Self { per_minute, kinds: Arc::default() }
    }

    fn kinds(&self) -> MutexGuard<'_, HashMap<Identifier, Kind>> {
        self.kinds.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn admits(&self, event: &Event<'_>) -> bool {
        let mut kinds = self.kinds();
        let kind =
            kinds.entry(event.metadata().callsite()).or_insert_with(|| Kind::begun_by(event));
        kind.count += 1;
        kind.count <= self.per_minute
    }

    /// Says how many lines were held back, and begins a new minute.
    fn sum_up(&self) {
        let kinds = mem::take(&mut *self.kinds());
        for kind in kinds.into_values() {
            let held = kind.count.saturating_sub(self.per_minute);
            if held > 0 {
                kind.tell(held);
            }
        }
    }
}

impl<S: Subscriber> Layer<S> for Throttle {
    fn event_enabled(&self, event: &Event<'_>, _: Context<'_, S>) -> bool {
        self.admits(event)
    }
}

impl Kind {
    fn begun_by(event: &Event<'_>) -> Self {
        let mut message = Message(String::new());
        event.record(&mut message);
        let metadata: &Metadata<'_> = event.metadata();
        Self { level: *metadata.level(), line: message.0, count: 0 }
    }

    /// As loud as what it stands for.
    fn tell(&self, held: u64) {
        const TEXT: &str = "more lines of a kind were held back within a minute";
        let line = &self.line;
        match self.level {
            Level::ERROR => error!(line, held, "{TEXT}"),
            Level::WARN => warn!(line, held, "{TEXT}"),
            _ => info!(line, held, "{TEXT}"),
        }
    }
}

/// The text of an event, without its fields.
struct Message(String);

impl Visit for Message {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.0 = format!("{value:?}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use tracing::subscriber::with_default;

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// What is written of what happens, with 3 lines of a kind in a minute.
    fn written(work: impl FnOnce(&Throttle)) -> Vec<String> {
        let (written, throttle) = (Written::default(), Throttle::new(3));
        let writer = written.clone();
        let lines = tracing_subscriber::fmt::layer().with_ansi(false).without_time();
        let lines = lines.with_writer(move || writer.clone());
        let log = tracing_subscriber::registry().with(lines).with(throttle.clone());
        with_default(log, || work(&throttle));
        let bytes = written.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap().lines().map(str::to_owned).collect()
    }

    fn of<'a>(lines: &'a [String], part: &str) -> Vec<&'a str> {
        lines.iter().map(String::as_str).filter(|line| line.contains(part)).collect()
    }

    #[test]
    fn what_comes_too_often_is_summed_up_and_drowns_nothing_else() {
        let lines = written(|throttle| {
            for number in 0..1000 {
                info!(number, "joined");
                warn!(number, "broken");
            }
            info!("open");
            throttle.sum_up();
            throttle.sum_up();
        });
        assert_eq!(of(&lines, "joined number=").len(), 3, "{lines:#?}");
        assert_eq!(of(&lines, "broken number=").len(), 3, "{lines:#?}");
        assert_eq!(of(&lines, "open").len(), 1, "{lines:#?}");
        let held = of(&lines, "held=997");
        assert_eq!(held.len(), 2, "{lines:#?}");
        assert!(of(&lines, "WARN")[3].contains("line=\"broken\""), "{lines:#?}");
    }

    #[test]
    fn every_minute_is_a_new_one() {
        let lines = written(|throttle| {
            for _ in 0..2 {
                for number in 0..4 {
                    info!(number, "joined");
                }
                throttle.sum_up();
            }
        });
        assert_eq!(of(&lines, "joined number=").len(), 6, "{lines:#?}");
        assert_eq!(of(&lines, "held=1").len(), 2, "{lines:#?}");
    }

    #[test]
    fn what_never_ends_is_not_waited_for() {
        let (still, gone) = mpsc::channel::<()>();
        within(Duration::ZERO, move || assert!(gone.recv().is_err()));
        drop(still);
    }
}

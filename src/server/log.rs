//! The log on standard error. It never blocks the server, and limits the rate of each kind of line.

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

/// Maximum number of buffered lines. Further ones are dropped and counted.
const BUFFERED: usize = 4096;
/// Maximum number of lines of one kind per minute. The number of suppressed lines is logged.
const PER_MINUTE: u64 = 100;
/// Interval for checking whether lines were dropped.
const CHECK_INTERVAL: Duration = Duration::from_secs(1);
const CHECKS_PER_MINUTE: u32 = 60;
/// Timeout for writing the buffered lines at exit.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(1);

/// A process has one log, as it has one standard error.
static DROPPED: OnceLock<ErrorCounter> = OnceLock::new();

/// Returns the number of lines dropped because standard error was blocked.
pub(super) fn dropped() -> u64 {
    let lines = DROPPED.get().map(ErrorCounter::dropped_lines).unwrap_or_default();
    u64::try_from(lines).unwrap_or(u64::MAX)
}

/// Runs `work` on a new thread and waits for it for at most `limit`.
pub fn within(limit: Duration, work: impl FnOnce() + Send + 'static) {
    let (working, done) = mpsc::channel::<()>();
    let work = move || {
        work();
        drop(working);
    };
    if thread::Builder::new().spawn(work).is_ok() {
        // Nothing is sent: the channel is closed when the work is done.
        let _ = done.recv_timeout(limit);
    }
}

/// Format of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// Text for humans.
    Text,
    /// A JSON object per line.
    Json,
}

/// The log of this process.
#[derive(Debug)]
pub struct Log {
    throttle: Throttle,
    writer: WorkerGuard,
}

impl Log {
    /// Starts the log. Other crates log at `warn` at most: below that they log whole messages, with
    /// addresses in them. At `debug` and `trace` no line is suppressed.
    #[must_use]
    pub fn start(level: Level, format: LogFormat) -> Self {
        let others = LevelFilter::from_level(level.min(Level::WARN));
        let targets = Targets::new().with_default(others).with_target("salon", level);
        // They warn of what strangers send.
        let targets = ["dimpl", "is", "sctp_proto", "str0m", "stun_types", "turn_types"]
            .into_iter()
            .fold(targets, |targets, name| targets.with_target(name, LevelFilter::OFF));
        let (writer, guard) =
            NonBlockingBuilder::default().buffered_lines_limit(BUFFERED).finish(io::stderr());
        let _ = DROPPED.set(writer.error_counter());
        let lines = tracing_subscriber::fmt::layer().with_writer(writer);
        let lines = lines.with_ansi(io::stderr().is_terminal());
        let lines = match format {
            LogFormat::Text => lines.boxed(),
            LogFormat::Json => lines.json().flatten_event(true).with_span_list(false).boxed(),
        };
        let throttle = Throttle::new(if level <= Level::INFO { PER_MINUTE } else { u64::MAX });
        tracing_subscriber::registry().with(lines).with(targets).with(throttle.clone()).init();
        // The default hook would write to standard error directly, and could block.
        panic::set_hook(Box::new(|panic| error!("{panic}")));
        Self { throttle, writer: guard }
    }

    /// Logs the number of suppressed lines every minute, and the number of dropped lines once lines get
    /// through again.
    pub async fn keep(&self) -> Infallible {
        let mut reported = 0;
        loop {
            for _ in 0..CHECKS_PER_MINUTE {
                sleep(CHECK_INTERVAL).await;
                report_dropped(&mut reported);
            }
            self.throttle.sum_up();
        }
    }

    /// Writes the buffered lines, for at most a second.
    pub fn close(self) {
        self.throttle.sum_up();
        within(FLUSH_TIMEOUT, move || drop(self.writer));
    }
}

/// Logs the number of lines dropped since the last report. If that line is dropped as well, it is
/// repeated the next time.
fn report_dropped(reported: &mut u64) {
    let before = dropped();
    if before > *reported {
        warn!(lines = before - *reported, "log lines dropped: standard error was blocked");
        if dropped() == before {
            *reported = before;
        }
    }
}

/// Limits the rate of each kind of line, which is a place in the code.
#[derive(Clone, Debug)]
struct Throttle {
    per_minute: u64,
    kinds: Arc<Mutex<HashMap<Identifier, Kind>>>,
}

/// The lines of one kind in the current minute.
#[derive(Debug)]
struct Kind {
    level: Level,
    /// Message of the first line.
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

    /// Logs how many lines were suppressed, and starts a new minute.
    fn sum_up(&self) {
        let kinds = mem::take(&mut *self.kinds());
        for kind in kinds.into_values() {
            let suppressed = kind.count.saturating_sub(self.per_minute);
            if suppressed > 0 {
                kind.report(suppressed);
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

    /// Logs at the level of the suppressed lines.
    fn report(&self, suppressed: u64) {
        const TEXT: &str = "further lines of this kind were suppressed within a minute";
        let line = &self.line;
        match self.level {
            Level::ERROR => error!(line, suppressed, "{TEXT}"),
            Level::WARN => warn!(line, suppressed, "{TEXT}"),
            _ => info!(line, suppressed, "{TEXT}"),
        }
    }
}

/// The message of an event, without its fields.
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

    /// The lines that `work` logs, with a limit of 3 per kind and minute.
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
    fn frequent_lines_are_summarised_and_hide_no_others() {
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
        let suppressed = of(&lines, "suppressed=997");
        assert_eq!(suppressed.len(), 2, "{lines:#?}");
        assert!(of(&lines, "WARN")[3].contains("line=\"broken\""), "{lines:#?}");
    }

    #[test]
    fn counts_restart_every_minute() {
        let lines = written(|throttle| {
            for _ in 0..2 {
                for number in 0..4 {
                    info!(number, "joined");
                }
                throttle.sum_up();
            }
        });
        assert_eq!(of(&lines, "joined number=").len(), 6, "{lines:#?}");
        assert_eq!(of(&lines, "suppressed=1").len(), 2, "{lines:#?}");
    }

    #[test]
    fn endless_work_is_abandoned() {
        let (still, gone) = mpsc::channel::<()>();
        within(Duration::ZERO, move || assert!(gone.recv().is_err()));
        drop(still);
    }
}

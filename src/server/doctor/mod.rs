//! `salon doctor`: looks at everything the server needs, with the options that the server would run
//! with, and says of each problem what to do about it.

mod anyone;
mod folder;
mod front;
mod ice;
mod port;
mod stun;
mod tls;
mod turn;

use super::{
    address::TrustedProxies,
    config::{Config, DataFolder},
    hub::time_of_day,
    origin::WebOrigin,
    site::Site,
    tls::Https,
};
use std::{
    env, fmt, fs,
    path::Path,
    time::{Duration, Instant, SystemTime},
};
use tokio::time::sleep;

/// Everybody in a call takes one descriptor; this is enough for a town.
const MANY_DESCRIPTORS: u64 = 4096;
/// The server itself takes about a dozen.
const FEW_DESCRIPTORS: u64 = 64;
/// For so long the two clocks of the system are compared.
const CLOCK_WATCH: Duration = Duration::from_millis(200);
/// So much they may differ after that, and a file system's clock from the system's.
const CLOCK_TOLERANCE: Duration = Duration::from_secs(2);
/// How long another program may take to say what it is.
const ANSWER_WITHIN: Duration = Duration::from_secs(2);

/// What a check says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// As it should be.
    Fine,
    /// The server runs, but something will be missed.
    Warning,
    /// The server does not run, or not safely, or calls will fail.
    Problem,
}

/// One line of the report.
#[derive(Clone, Debug)]
pub struct Finding {
    verdict: Verdict,
    /// Sentences: what is the case and, unless it is fine, what to do.
    text: String,
}

impl Finding {
    fn fine(text: impl Into<String>) -> Self {
        Self { verdict: Verdict::Fine, text: text.into() }
    }

    fn warning(text: impl Into<String>) -> Self {
        Self { verdict: Verdict::Warning, text: text.into() }
    }

    fn problem(text: impl Into<String>) -> Self {
        Self { verdict: Verdict::Problem, text: text.into() }
    }

    /// How bad it is.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        self.verdict
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = match self.verdict {
            Verdict::Fine => "ok",
            Verdict::Warning => "warning",
            Verdict::Problem => "problem",
        };
        write!(f, "{verdict:<8} {}", self.text)
    }
}

/// Runs all checks and hands over each finding as soon as it is known. Takes up to two seconds for
/// every STUN or TURN server that is silent. `origin` is where people's browsers find a server that
/// runs.
pub async fn examine(config: &Config, origin: Option<&WebOrigin>, mut tell: impl FnMut(Finding)) {
    let serving = port::examine(config, &mut tell).await;
    tls::examine(config, &mut tell).await;
    if let Some(origin) = origin {
        tell(front::examine(origin).await);
    }
    proxy(config).into_iter().for_each(&mut tell);
    tell(pages(&config.site));
    config.doubts().into_iter().map(Finding::warning).for_each(&mut tell);
    data(config, serving).into_iter().for_each(&mut tell);
    tell(descriptors());
    tell(clock().await);
    ice::examine(&config.relays().sample(time_of_day()).servers, tell).await;
}

fn pages(site: &Site) -> Finding {
    let name = site.to_string();
    let missing = |files: &[&'static str]| files.iter().copied().find(|file| !site.has(file));
    if let Some(file) = missing(&["pkg/salon.js", "pkg/salon.wasm", "pkg/salon.css"]) {
        return Finding::problem(format!(
            "The pages are not built: {name} has no {file}. Build them with make release, or say \
             where they are with --site (SALON_SITE)."
        ));
    }
    match missing(&["pkg/salon.wasm.br", "pkg/salon.wasm.gz"]) {
        None => Finding::fine(format!("The pages come from {name}.")),
        Some(file) => Finding::warning(format!(
            "The pages come from {name}, which has no {file}: everybody downloads three times as \
             much. Build them with make release."
        )),
    }
}

fn data(config: &Config, serving: bool) -> Vec<Finding> {
    let examine = |path| {
        let occupied = folder::occupied(path, serving);
        folder::examine(path).into_iter().chain(occupied)
    };
    match &config.data {
        DataFolder::Chosen(path) => examine(path).collect(),
        DataFolder::Usual(path) => examine(path)
            // The server does without it.
            .map(|finding| Finding { verdict: finding.verdict.min(Verdict::Warning), ..finding })
            .collect(),
        DataFolder::None => vec![Finding::warning(
            "There is no data folder: calls, and what hosts decide about their rooms, do not \
             outlive a restart. Choose one with --data (SALON_DATA).",
        )],
    }
}

/// Behind a proxy everybody comes from its address, and the limits of one are soon reached.
fn proxy(config: &Config) -> Option<Finding> {
    let alone = config.listen.ip().is_loopback() && config.https == Https::Off;
    (alone && config.proxies == TrustedProxies::default()).then(|| {
        Finding::warning(format!(
            "Only this machine reaches {}, so a proxy leads there, and all people count as one \
             address. Name the proxy with --trust-proxy (SALON_TRUST_PROXY), such as 127.0.0.1.",
            config.listen
        ))
    })
}

fn descriptors() -> Finding {
    let Some(limit) = descriptor_limit() else {
        return Finding::warning(
            "How many files the server may open is not to be seen here. See that it is 4096 or \
             more (ulimit -n).",
        );
    };
    let text = format!("The server may open {limit} files, one for each person and a few more.");
    let fix = "Raise that: LimitNOFILE= in a systemd unit, ulimit -n in a shell.";
    match limit {
        0..FEW_DESCRIPTORS => Finding::problem(format!("{text} {fix}")),
        FEW_DESCRIPTORS..MANY_DESCRIPTORS => Finding::warning(format!("{text} {fix}")),
        _ => Finding::fine(text),
    }
}

/// Linux only: the soft limit of this process.
fn descriptor_limit() -> Option<u64> {
    let limits = fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    match line.split_whitespace().next()? {
        "unlimited" => Some(u64::MAX),
        number => number.parse().ok(),
    }
}

/// Seats and credentials carry times. Nobody tells a program whether the time is right, so this
/// looks for signs that it is wrong.
async fn clock() -> Finding {
    let fix = "Set it, and let it be kept: timedatectl set-ntp true.";
    let (wall, steady) = (SystemTime::now(), Instant::now());
    sleep(CLOCK_WATCH).await;
    let steady = steady.elapsed();
    let drift = match wall.elapsed() {
        Ok(wall) => wall.abs_diff(steady),
        Err(backwards) => backwards.duration() + steady,
    };
    if drift > CLOCK_TOLERANCE {
        return Finding::problem(format!("The clock jumps, by {drift:.1?} just now. {fix}"));
    }
    let built = env::current_exe().and_then(fs::metadata).and_then(|file| file.modified());
    if built.is_ok_and(|built| built > SystemTime::now() + CLOCK_TOLERANCE) {
        return Finding::problem(format!("The clock is earlier than this program's file. {fix}"));
    }
    // Made by systemd-timesyncd once it has heard a time server.
    if Path::new("/run/systemd/timesync/synchronized").exists() {
        return Finding::fine("The clock runs steadily and was set by a time server.");
    }
    Finding::fine(
        "The clock runs steadily. Whether a time server keeps it is not to be seen from here \
         (timedatectl and chronyc tracking know).",
    )
}

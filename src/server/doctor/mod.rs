//! `salon doctor`: checks everything that a server with the same options needs, and says how to fix each
//! problem.

mod data_dir;
mod finding;
mod ice;
mod insecure_tls;
mod machine;
mod media;
mod port;
mod public_origin;
mod stun;
mod tls;
mod turn;

pub use finding::{Finding, Verdict};

use super::{
    clock::unix_time,
    config::Config,
    data::dir::DataDir,
    net::{client_ip::TrustedProxies, origin::WebOrigin, tls::Https},
    site::Site,
};

/// Runs all checks and passes each finding to `tell` at once. Takes up to two seconds for each STUN or
/// TURN server that does not answer. `origin` is the public origin of a running server.
pub async fn examine(config: &Config, origin: Option<&WebOrigin>, mut tell: impl FnMut(Finding)) {
    let serving = port::examine(config, &mut tell).await;
    tls::examine(config, &mut tell).await;
    if let Some(origin) = origin {
        tell(public_origin::examine(origin).await);
    }
    proxy(config).into_iter().for_each(&mut tell);
    tell(pages(&config.site));
    config.doubts().into_iter().map(Finding::warning).for_each(&mut tell);
    data(config, serving).into_iter().for_each(&mut tell);
    tell(machine::descriptors());
    tell(machine::clock().await);
    match config.turn_credentials() {
        Some(credentials) => ice::examine(&credentials.listed(unix_time()), tell).await,
        None => media::examine(config, serving, tell).await,
    }
}

fn pages(site: &Site) -> Finding {
    let name = site.to_string();
    let names = site.names();
    let missing = |end: &str, files: &[&str]| {
        let mut paths = files.iter().map(|file| format!("{}{end}", names.path(file)));
        paths.find(|path| !site.has(path))
    };
    if let Some(file) = missing("", &["pkg/salon.js", "pkg/salon.wasm", "pkg/salon.css"]) {
        return Finding::problem(format!(
            "The pages are not built: {name} has no {file}. Build them with make release, or set \
             their directory with --static-dir (SALON_STATIC_DIR)."
        ));
    }
    let app = ["pkg/salon.wasm"];
    match missing(".br", &app).or_else(|| missing(".gz", &app)) {
        None => Finding::fine(format!("The pages come from {name}.")),
        Some(file) => Finding::warning(format!(
            "The pages come from {name}, which has no {file}: downloads are three times as large. \
             Build them with make release."
        )),
    }
}

fn data(config: &Config, serving: bool) -> Vec<Finding> {
    let examine = |path| {
        let occupied = data_dir::occupied(path, serving);
        data_dir::examine(path).into_iter().chain(occupied)
    };
    match &config.data_dir {
        DataDir::Chosen(path) => examine(path).collect(),
        DataDir::Usual(path) => examine(path)
            // The server runs without it.
            .map(|finding| finding.at_most(Verdict::Warning))
            .collect(),
        DataDir::None => vec![Finding::warning(
            "There is no data directory: seats and settings of rooms are lost on restart. Choose \
             one with --data-dir (SALON_DATA_DIR).",
        )],
    }
}

/// Warns of a missing `--trusted-proxies`: all clients behind a proxy share the limits of one address.
fn proxy(config: &Config) -> Option<Finding> {
    let alone = config.listen.ip().is_loopback() && config.https == Https::Off;
    (alone && config.trusted_proxies == TrustedProxies::default()).then(|| {
        Finding::warning(format!(
            "Only this machine can reach {}, so there has to be a proxy, and all clients count as \
             one address. Add the proxy to --trusted-proxies (SALON_TRUSTED_PROXIES), such as \
             127.0.0.1.",
            config.listen
        ))
    })
}

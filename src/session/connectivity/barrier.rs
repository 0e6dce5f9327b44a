//! What lies between this page and the socket of a server that answers.

use crate::{
    platform,
    protocol::json::{self, object},
};
use leptos::prelude::*;

/// The path at which the server tells what has reached it.
const CHECK_PATH: &str = "/ws/check";
/// The number of sockets in a row that did not open after which the server is asked over HTTP: one may
/// fail because the network is just changing.
const DOUBTFUL: u32 = 2;

/// Why no socket opens, as far as known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Barrier {
    /// A proxy tells the server another host than the one of this page, so that it takes the page for
    /// somebody else's.
    Host {
        /// The host that the server receives; empty without one.
        received: String,
        /// What stands in the address of the page.
        own: String,
    },
    /// The headers that request a WebSocket (RFC 6455, section 4.1) do not arrive.
    Upgrade,
    /// The server takes no more sockets from this address for now.
    Limit,
    /// Nothing of the request has reached the server, or the server cannot tell.
    Unknown,
}

/// What the server says of the request that asks for it, and of the last socket that it refused to this
/// address.
struct Check {
    host: Option<String>,
    origin: String,
    refused: Option<Refused>,
}

object!(Check { host, origin, refused });

struct Refused {
    reason: String,
}

object!(Refused { reason });

impl Barrier {
    fn of(answer: &str, own: String) -> Self {
        let Some(check) = json::from_str::<Check>(answer) else { return Self::Unknown };
        let host = || Self::Host { received: check.host.unwrap_or_default(), own };
        match check.refused.as_ref().map(|refused| refused.reason.as_str()) {
            Some("sockets" | "connections") => Self::Limit,
            Some("no-upgrade" | "handshake") => Self::Upgrade,
            Some("no-host" | "origin") => host(),
            _ if check.origin == "foreign" => host(),
            _ => Self::Unknown,
        }
    }
}

/// The search for the barrier, until a socket has opened once. Cheap to copy.
#[derive(Clone, Copy, Default)]
pub struct Barriers {
    /// The one that was found.
    pub found: RwSignal<Option<Barrier>>,
    /// What it is, unless the next socket opens: the server may just have come back.
    suspected: StoredValue<Option<Barrier>>,
    /// The number of sockets that did not open.
    unopened: StoredValue<u32>,
    /// Whether a socket has opened: later failures are not a barrier.
    passable: StoredValue<bool>,
}

impl Barriers {
    /// Notes that another socket is tried.
    pub(in crate::session) fn opening(self) {
        if self.passable.get_value() {
            return;
        }
        self.show(self.suspected.get_value());
        if self.unopened.get_value() >= DOUBTFUL {
            platform::spawn_local(async move {
                let answer = platform::ask_server(CHECK_PATH).await;
                if self.passable.try_get_value() == Some(false) {
                    let found = answer.map(|answer| Barrier::of(&answer, platform::own_host()));
                    self.suspected.set_value(found);
                }
            });
        }
        self.unopened.update_value(|count| *count += 1);
    }

    /// Notes that a socket is open.
    pub(in crate::session) fn opened(self) {
        self.passable.set_value(true);
        self.show(None);
    }

    fn show(self, found: Option<Barrier>) {
        if self.found.with_untracked(|shown| *shown != found) {
            self.found.set(found);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_barrier_follows_from_what_the_server_received() {
        let own = || "call.example.org".to_owned();
        let of = |answer: &str| Barrier::of(answer, own());
        let refused = |reason| {
            let refused = format!(r#"{{"reason":"{reason}","secondsAgo":2}}"#);
            let rest = r#""upgrade":false,"origin":"ok","forwarded":true"#;
            let answer = format!(r#"{{"host":"call.example.org",{rest},"refused":{refused}}}"#);
            of(&answer)
        };
        assert_eq!(refused("no-upgrade"), Barrier::Upgrade);
        assert_eq!(refused("connections"), Barrier::Limit);
        assert_eq!(refused("something-new"), Barrier::Unknown);
        let host = |received: &str| Barrier::Host { received: received.to_owned(), own: own() };
        let foreign = r#"{"host":"app:3000","origin":"foreign","refused":null}"#;
        assert_eq!(of(foreign), host("app:3000"));
        let none =
            r#"{"host":null,"origin":"foreign","refused":{"reason":"no-host","secondsAgo":0}}"#;
        assert_eq!(of(none), host(""));
        let unseen = r#"{"host":"call.example.org","origin":"ok","refused":null}"#;
        assert_eq!(of(unseen), Barrier::Unknown, "it never came so far");
        assert_eq!(of(""), Barrier::Unknown, "an older server");
        assert_eq!(of("<!DOCTYPE html>"), Barrier::Unknown);
    }
}

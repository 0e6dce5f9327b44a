//! English texts about the state of a call and of the connections to its participants.

use super::words::{capital, listed, someone};
use crate::{
    call::{Link, Obstacle, ServerStatus, Tile, WeakLink},
    platform::Kind,
    protocol::{DisplayName, Failure, Presence},
    session::CallHint,
};

pub(super) fn server_status(status: ServerStatus, inside: bool) -> &'static str {
    match (status, inside) {
        (ServerStatus::Reachable, _) => "",
        (ServerStatus::Restarting, true) => "The server is restarting. Your call continues.",
        (ServerStatus::Restarting, false) => "The server is restarting.",
        (ServerStatus::Unreachable { .. }, true) => {
            "The server cannot be reached. Your call continues. Salon keeps trying."
        }
        (ServerStatus::Unreachable { .. }, false) => {
            "The server cannot be reached. Salon keeps trying."
        }
        (ServerStatus::Offline { .. }, _) => "You seem to be offline. Salon keeps trying.",
    }
}

/// The state on a participant's tile, for screen readers.
pub(super) fn state(tile: &Tile) -> String {
    let Presence { name, background, .. } = &tile.presence;
    let who = someone(name.as_str());
    match tile.link {
        Link::Connected if *background => format!("{}.", in_background(name)),
        Link::Connected if tile.frozen => format!("{}'s video has stopped.", capital(who)),
        Link::New | Link::Connecting | Link::Connected => String::new(),
        Link::Reconnecting { .. } => format!("Lost the connection to {who}. Reconnecting."),
        Link::Failed(obstacle) => format!("No connection to {who}: {}", why(obstacle)),
    }
}

pub(super) fn in_background(name: &DisplayName) -> String {
    match name.as_str() {
        "" => "Their phone is in the background".to_owned(),
        name => format!("{name}'s phone is in the background"),
    }
}

pub(super) fn link(link: Link) -> String {
    match link {
        Link::New | Link::Connecting => "Connecting".to_owned(),
        Link::Connected => String::new(),
        Link::Reconnecting { .. } => "Reconnecting".to_owned(),
        Link::Failed(obstacle) => format!("No connection: {}", why(obstacle)),
    }
}

/// Why two people cannot connect, and what helps.
fn why(obstacle: Obstacle) -> &'static str {
    match obstacle {
        Obstacle::Here(Failure::NoConnection) => {
            "WebRTC may be turned off in your browser. Allow it and reload."
        }
        Obstacle::There(Failure::NoConnection) => {
            "WebRTC may be turned off in their browser. Ask them to allow it and reload."
        }
        Obstacle::Here(Failure::NoCandidates) => {
            "your browser found no network path. A VPN, an extension or a setting may block it, or the relay is down."
        }
        Obstacle::There(Failure::NoCandidates) => {
            "their browser found no network path. A VPN, an extension or a setting on their side may block it."
        }
        Obstacle::Here(Failure::BadDescription) | Obstacle::There(Failure::BadDescription) => {
            "your browsers are not compatible. Update both, or use different ones."
        }
        Obstacle::Here(Failure::NoAnswer) => {
            "their device does not respond. Ask them to reload the page. Still trying."
        }
        Obstacle::Between
        | Obstacle::Here(Failure::Other)
        | Obstacle::There(Failure::NoAnswer | Failure::Other) => {
            "a network between you may be blocking calls. Still trying."
        }
    }
}

pub(super) fn call_hint(hint: &CallHint) -> String {
    match hint {
        CallHint::TalkingWhileMuted => "You are muted. Nobody can hear you.".to_owned(),
        CallHint::MutedBySystem(Kind::Microphone) => {
            "Your system has muted the microphone. Check for a mute switch or key.".to_owned()
        }
        CallHint::MutedBySystem(Kind::Camera) => {
            "Your system has blocked the camera. Check for a cover, switch or key.".to_owned()
        }
        CallHint::SilentMicrophone => {
            "No sound from your microphone. It may be muted, unplugged or the wrong one.".to_owned()
        }
        CallHint::NotHeard(name) => format!("{} cannot hear you.", capital(someone(name))),
        CallHint::NotSeen(name) => format!("{} cannot see you.", capital(someone(name))),
        CallHint::Weak { weak_link, name, picture } => {
            weak(*weak_link, &capital(someone(name)), *picture)
        }
    }
}

fn weak(weak_link: WeakLink, who: &str, picture: bool) -> String {
    match (weak_link, picture) {
        (WeakLink::None, _) => String::new(),
        (WeakLink::MyUpload, true) => {
            "Your upload is slow. Your video quality is reduced so that others can hear you."
                .to_owned()
        }
        (WeakLink::MyUpload, false) => "Your upload is slow. Others may miss words.".to_owned(),
        (WeakLink::MyDownload, _) => {
            "Your download is slow. Audio and video may break up.".to_owned()
        }
        (WeakLink::Download(_), true) => {
            format!("{who}'s download is slow. They get your video in lower quality.")
        }
        (WeakLink::Download(_), false) => {
            format!("{who}'s download is slow. They may miss words.")
        }
        (WeakLink::Upload(_), true) => {
            format!("{who}'s upload is slow. Their video quality is reduced.")
        }
        (WeakLink::Upload(_), false) => {
            format!("{who}'s upload is slow. Their audio may break up.")
        }
    }
}

pub(super) fn recorded_by(names: &[&DisplayName]) -> String {
    let names: Vec<_> = names.iter().map(|name| someone(name.as_str())).collect();
    match names.is_empty() {
        true => String::new(),
        false => format!("This call is being recorded by {}.", listed(&names)),
    }
}

pub(super) fn not_delivered(names: &[&DisplayName]) -> String {
    let names: Vec<_> = names.iter().map(|name| someone(name.as_str())).collect();
    format!("Waiting for {}", listed(&names))
}

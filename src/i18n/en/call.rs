//! English texts of a call.

use super::{
    devices::problem,
    notices::notice,
    room::{ENDED, REMOVED, invitation, knock},
    words::{capital, listed, someone, spoken},
};
use crate::{
    call::{Link, Obstacle, Path, ServerStatus, Tile, WeakLink},
    i18n::CallTexts,
    platform::Kind,
    protocol::{DisplayName, Failure, Grade, Presence, Reaction, RoomSettings},
    session::{Barrier, CallHint},
};

pub(in crate::i18n) static TEXTS: CallTexts = CallTexts {
    home: "Home",
    asking: "Your browser is asking. Choose Allow to be seen and heard.",
    no_picture: "Your camera is off.",

    camera: "Camera",
    microphone: "Microphone",
    speaker: "Speaker",
    system_choice: "System default",
    unnamed_device: |number| format!("Device {number}"),
    level: "Microphone level",
    problem,
    try_again: "Try again",

    controls: "Call controls",
    mute: "Mute microphone",
    unmute: "Unmute microphone",
    camera_off: "Turn camera off",
    camera_on: "Turn camera on",
    devices: "Settings",
    close: "Close",
    not_loaded: "Could not load",
    not_loaded_hint: "The server did not deliver this part. Close it and try again.",
    share: "Share",
    leave: "Leave",
    you: "You",
    move_picture: "Your video. Drag it or move it with the arrow keys.",
    unnamed: "Guest",
    stage: "People in the call",
    page_of: |number, count| format!("Page {number} of {count}"),
    more_people: |count| match count {
        1 => "1 more person".to_owned(),
        _ => format!("{count} more people"),
    },
    previous_page: "Previous page of people",
    next_page: "Next page of people",
    muted: "muted",
    link,
    alone: "You are the only one here",
    alone_hint: "Send this link to the people you want to talk to.",
    qr: "QR code with the link to this room",
    tap_to_hear: "Tap to hear",
    server_status,
    barrier: |barrier| match barrier {
        Barrier::Limit => "There are too many connections from your network. Salon keeps trying.",
        _ => {
            "The server answers, but something between you and the server blocks WebSocket connections. Try another network, or tell the person who runs this server. Salon keeps trying."
        }
    },
    in_background,
    state,
    grade: |grade| match grade {
        Grade::Good => "good connection",
        Grade::Weak => "weak connection",
        Grade::Poor => "very weak connection",
    },
    call_hint,
    unmute_short: "Unmute",
    space: "Space",
    picture_stopped: "The video has stopped",
    picture_paused: "Video paused: your connection is too slow for all",
    picture_to_come: "No video yet",
    choose_another: "Choose another",
    undo: "Undo",
    use_it: "Use it",
    people: |count| format!("People ({count})"),
    share_screen: "Share your screen",
    choosing_screen: "Choose what to share in your browser's window.",
    ask_again: "Ask again",
    cancel: "Cancel",
    stop_sharing: "Stop sharing",
    you_share: "You are sharing your screen.",
    screen_of: |name| format!("{name}'s screen"),
    chat: "Chat",
    chat_unread: |count| match count {
        0 => "Chat".to_owned(),
        1 => "Chat, 1 new message".to_owned(),
        _ => format!("Chat, {count} new messages"),
    },
    chat_hint: "Everyone in this call can read this, including people who join later. It is gone when everyone has left.",
    drop_here: "Drop files here to share them with everyone",
    more_panel: "More",
    pin: |name| format!("Pin {name}"),
    silenced: "Muted for you",
    reaction: |reaction| match reaction {
        Reaction::ThumbsUp => "Thumbs up",
        Reaction::Heart => "Heart",
        Reaction::Clap => "Applause",
        Reaction::Laugh => "Laughter",
        Reaction::Surprise => "Surprise",
        Reaction::Party => "Party",
    },
    raise_hand: "Raise your hand",
    lower_hand: "Lower your hand",
    hand_raised: "Hand raised",
    message: "Message",
    send: "Send",
    hearsay: "passed on by others",
    delivered: "Delivered",
    not_delivered,
    nobody_to_read: "Nobody else is here. People who join will see it.",
    knock,
    let_in: "Let in",
    let_all_in: "Let all in",
    deny: "Deny",
    waiting_to_come_in: "Waiting to join",
    host: "Host",
    more: |name| format!("More options for {}", someone(name.as_str())),
    path: |path| match path {
        Path::Direct => "Direct, end-to-end encrypted",
        Path::Relayed => "Relayed, end-to-end encrypted",
        Path::Unknown => "End-to-end encrypted",
        Path::Server => "Through the server, which could see and hear it",
    },
    forwarded: "Through the server",
    forwarded_why: "More than four people are in this call, or were: audio, video and chat go through the server. They are encrypted on the way, but the server could see and hear them.",
    no_code: "There is no code to compare. Verify each other in another way.",
    unsure: "This connection may be intercepted",
    unsure_why: "The connection data that your browsers exchanged through the server was changed, so there is no code to compare. Do not share anything confidential here.",
    compare: |name| {
        let name = someone(name.as_str());
        format!(
            "Read this code to each other. If {name} sees the same code, nobody is intercepting the connection."
        )
    },
    mute_person: "Mute",
    stop_camera: "Stop camera",
    make_host: "Make host",
    remove: "Remove",
    room_settings: "Room",
    lock: "Lock: nobody else can join",
    waiting_room: "Waiting room: I let people in",
    set_passcode: "Set",
    remove_passcode: "Remove passcode",
    settings: |settings| match settings {
        RoomSettings { locked: true, .. } => "The room is locked.",
        RoomSettings { waiting_room: true, .. } => "The host lets people in.",
        RoomSettings { passcode: true, .. } => "The room has a passcode.",
        RoomSettings { .. } => "Anyone with the link can join.",
    },
    invitations: "Invitations",
    invite_one: "For one person",
    invite_many: "For a day",
    invitation,
    revoke: "Revoke",
    host_link: "Copy host link for my other device",
    renew_host_key: "New host link",
    renew_host_key_sure: "Press again for a new host link",
    renew_host_key_why: "A new host link replaces all earlier ones. Hosts who are here stay hosts.",
    end_call: "End call for all",
    end_call_sure: "Press again to end it for all",
    time_in_call: "Time in the call",
    minutes: |time| match (time.as_secs() / 3600, time.as_secs() / 60 % 60) {
        (0, minutes) => format!("{minutes} min"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    },
    recording_by: |names| {
        format!("Recording: {}", listed(&names.iter().map(String::as_str).collect::<Vec<_>>()))
    },
    you_record: "you",
    notice,
    host_link_renewed: "New host link copied. Earlier ones no longer work.",
    host_link_not_copied: "There is a new host link. Copy it.",
    report_copied: "Report copied. It contains no names or addresses.",
    report_not_copied: "Your browser did not allow copying.",

    left_title: "You left the call",
    removed_title: REMOVED,
    ended_title: ENDED,
    moved_title: "You moved to another tab.",
    use_here: "Use here",
    left_after: |time| format!("You were in the call for {}.", spoken(time)),
    rejoin: "Rejoin",
};

fn server_status(status: ServerStatus, inside: bool) -> &'static str {
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
fn state(tile: &Tile) -> String {
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

fn in_background(name: &DisplayName) -> String {
    match name.as_str() {
        "" => "They switched to another app".to_owned(),
        name => format!("{name} switched to another app"),
    }
}

fn link(link: Link) -> String {
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

fn call_hint(hint: &CallHint) -> String {
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

fn not_delivered(names: &[&DisplayName]) -> String {
    let names: Vec<_> = names.iter().map(|name| someone(name.as_str())).collect();
    format!("Waiting for {}", listed(&names))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn minutes_have_no_seconds() {
        let minutes = |seconds| (TEXTS.minutes)(Duration::from_secs(seconds));
        assert_eq!([119, 3600].map(minutes), ["1 min", "1 h 0 min"]);
    }
}

//! English.

mod call;
pub(super) mod choices;
mod devices;
pub(super) mod files;
mod notices;
pub(super) mod recording;
mod room;
pub(super) mod start;
pub(super) mod statistics;
mod words;

use super::Texts;
use crate::{
    call::Path,
    protocol::{Gate, Grade, Reaction, RoomSettings},
    session::Barrier,
};
use call::{call_hint, in_background, link, not_delivered, recorded_by, server_status, state};
use devices::problem;
use notices::notice;
use room::{LOCKED, inside, invitation, knock, knocking, no_room, refusal};
use words::{listed, someone, spoken};

pub(super) static TEXTS: Texts = Texts {
    home_description: "Video calls in your browser, no account needed. Start a call, share the link, and talk.",
    room_title: "Video call",
    room_description: "You are invited to a video call in your browser. No account needed.",
    tagline: "Video calls that are yours",
    privacy: "No account. Audio and video go straight from person to person.",
    start_call: "Start a call",
    start_hint: "Creates a room and copies its link.",
    link_or_name: "Link or room name",
    go: "Go",
    no_room,
    take_name: |room| format!("Go to {room}"),
    open_elsewhere: "Open it there",
    recent_rooms: "Recent rooms",
    home: "Home",

    room: "Room",
    nobody_inside: "Nobody is here yet.",
    inside,
    room_full: "The room is full.",
    full: |inside, limit| format!("{inside} of {limit} people are here."),
    full_hint: "Press Join to wait. You join as soon as someone leaves.",
    host_for_now: "Your browser does not save data for this page. You are the host only until you close or reload it.",
    your_name: "Your name",
    name_hint: "(optional)",
    turn_on: "Turn on camera and microphone",
    turn_on_hint: "See yourself first, or just join.",
    asking: "Your browser is asking. Choose Allow to be seen and heard.",
    no_picture: "Your camera is off.",
    join: "Join",
    joining: "Joining",
    no_connections: "Calls do not work in this browser because WebRTC is turned off. Allow it in the browser's settings or extensions and reload, or open the link in another browser.",
    no_script: "Calls need JavaScript. Allow it for this site, or open the link in another browser.",
    ask_to_join: "Ask to join",
    passcode: "Passcode",
    gate: |gate| match gate {
        Gate::Locked => LOCKED,
        Gate::Passcode => "Anyone with the passcode can join.",
        Gate::WaitingRoom => "The host lets people in.",
    },
    until_unlocked: "The room is locked. You join when the host unlocks it.",
    refusal,
    knocking,
    waiting_title: "You are next.",
    stop_waiting: "Stop waiting",

    camera: "Camera",
    microphone: "Microphone",
    speaker: "Speaker",
    system_choice: "System default",
    unnamed_device: |number| format!("Device {number}"),
    level: "Microphone level",
    hide_address: "Hide my IP address",
    hide_address_cost: "Your call goes through a relay. The others cannot see your IP address, but audio and video are slightly delayed.",
    no_relay: "This server no longer has a relay. Nobody can connect to you while this is on.",
    problem,
    try_again: "Try again",
    open_in_tab: "Open in a tab",

    controls: "Call controls",
    mute: "Mute microphone",
    unmute: "Unmute microphone",
    camera_off: "Turn camera off",
    camera_on: "Turn camera on",
    devices: "Settings",
    close: "Close",
    loading: "Loading…",
    not_loaded: "Could not load",
    not_loaded_hint: "The server did not deliver this part. Close it and try again.",
    copy_link: "Copy link",
    share: "Share",
    leave: "Leave",
    you: "You",
    move_picture: "Your video. Drag it or move it with the arrow keys.",
    unnamed: "Guest",
    stage: "People in the call",
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
    try_now: "Try now",
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
    },
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
    recorded_by,
    notice,

    left_title: "You left the call",
    removed_title: "A host removed you from the call.",
    ended_title: "A host ended the call.",
    moved_title: "You moved to another tab.",
    use_here: "Use here",
    left_after: |time| format!("You were in the call for {}.", spoken(time)),
    rejoin: "Rejoin",
    not_found: "Page not found",
    not_found_hint: "The link may be incomplete or mistyped.",
    to_start: "Go to the home page",
};

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

//! English.

pub(super) mod call;
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
use crate::protocol::Gate;
use room::{LOCKED, inside, knocking, no_room, recorded_by, refusal};

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
    hide_address: "Hide my IP address",
    hide_address_cost: "Your call goes through a relay. The others cannot see your IP address, but audio and video are slightly delayed.",
    no_relay: "This server no longer has a relay. Nobody can connect to you while this is on.",
    open_in_tab: "Open in a tab",
    loading: "Loading…",
    copy_link: "Copy link",
    link_copied: "Link copied.",
    link_not_copied: "Your browser did not allow copying. Select the link instead.",
    call_not_loaded: "The call could not be loaded. Check your network. Salon keeps trying.",
    try_now: "Try now",
    recorded_by,
    not_found: "Page not found",
    not_found_hint: "The link may be incomplete or mistyped.",
    to_start: "Go to the home page",
};

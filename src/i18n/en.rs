//! English.

pub(super) mod choices;
pub(super) mod files;
pub(super) mod recording;
pub(super) mod start;
pub(super) mod statistics;

use super::Texts;
use crate::{
    call::{Contact, Link, Obstacle, Path, Tile, Verdict},
    content::{FileState, OFFERS},
    platform::{Kind, Problem},
    protocol::{
        DisplayName, ErrorCode, Failure, FileName, Gate, Grade, Invitation, NoRoom, Presence,
        Reaction, RoomSettings, limits::ROOM_NAME_BYTES,
    },
    session::{Advice, Barrier, Notice},
};
use std::time::Duration;

/// Maximum length of a message in a notice, in characters.
const EXCERPT: usize = 80;
/// Shown both before and after asking to join.
const LOCKED: &str = "The room is locked. Nobody else can join.";

pub(super) static TEXTS: Texts = Texts {
    home_description: "Video calls in your browser, no account needed. Start a call, share the link, and talk.",
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
    contact,
    barred: |barrier| match barrier {
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
    advice,
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
    sign: |sign| match sign {
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
    turn_away: "Deny",
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
    rules: |rules| match rules {
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
    renew_key: "New host link",
    renew_key_sure: "Press again for a new host link",
    renew_key_why: "A new host link replaces all earlier ones. Hosts who are here stay hosts.",
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

fn plural(count: u64, unit: &str) -> String {
    match count {
        1 => format!("1 {unit}"),
        _ => format!("{count} {unit}s"),
    }
}

fn spoken(time: Duration) -> String {
    let seconds = time.as_secs();
    match (seconds / 3600, seconds / 60 % 60) {
        (0, 0) => plural(seconds, "second"),
        (0, minutes) => plural(minutes, "minute"),
        (hours, 0) => plural(hours, "hour"),
        (hours, minutes) => format!("{} and {}", plural(hours, "hour"), plural(minutes, "minute")),
    }
}

fn no_room(problem: &NoRoom) -> String {
    match problem {
        NoRoom::Empty => "Enter a room name or paste a link.".to_owned(),
        NoRoom::TooLong => {
            format!("That name is too long. Room names have at most {ROOM_NAME_BYTES} characters.")
        }
        NoRoom::Name { .. } => {
            "That is not a room name. Use only letters a to z, digits, hyphens and underscores."
                .to_owned()
        }
        NoRoom::Here => "That link leads to this server, but not to a room.".to_owned(),
        NoRoom::Elsewhere { host, .. } if host.is_empty() => {
            "That link leads to another server.".to_owned()
        }
        NoRoom::Elsewhere { host, .. } => format!("That link leads to {host}, another server."),
    }
}

fn refusal(code: ErrorCode) -> &'static str {
    match code {
        ErrorCode::RoomLocked => LOCKED,
        ErrorCode::PasscodeRequired => {
            "This room has a passcode. Ask the person who sent you the link."
        }
        ErrorCode::BadPasscode => "Wrong passcode.",
        ErrorCode::TryLater => "Too many attempts. Try again in a minute.",
        ErrorCode::BadHostKey => "This host link was replaced. Ask the host for the new one.",
        ErrorCode::BadInvitation => "This invitation has expired or was already used.",
        ErrorCode::RoomFull => "The room is full. Nobody else can join.",
        ErrorCode::TooMany => "There are too many invitations. Revoke one first.",
        ErrorCode::ThisCallOnly => {
            "Done, but only for this call. It is reset when everyone has left."
        }
        ErrorCode::NotKept => {
            "Done, but the server could not save it yet. A restart would undo it."
        }
        ErrorCode::TooManyRooms => "This server has reached its limit of rooms. Try again later.",
        ErrorCode::WaitingRoomFull => "Too many people are waiting already. Try again later.",
        ErrorCode::EntryDenied => "The host did not let you in.",
        ErrorCode::Removed => TEXTS.removed_title,
        ErrorCode::CallEnded => TEXTS.ended_title,
        _ => "",
    }
}

fn knocking(place: usize, hosted: bool) -> String {
    let line = match place {
        1 => "You are next.".to_owned(),
        2 => "One person is ahead of you.".to_owned(),
        place => format!("{} people are ahead of you.", place.saturating_sub(1)),
    };
    match hosted {
        true => format!("The host knows you are waiting. {line}"),
        false => format!("The host is not here yet. {line}"),
    }
}

fn knock(names: &[&DisplayName]) -> String {
    match names {
        [only] => format!("{} wants to join.", capital(someone(only.as_str()))),
        names => format!("{} people want to join.", names.len()),
    }
}

fn invitation(invitation: &Invitation) -> String {
    let who = if invitation.once { "For one person" } else { "For anyone with the link" };
    let left = match invitation.ttl.map(Duration::from_secs) {
        Some(left) if left < Duration::from_secs(60) => "about to expire".to_owned(),
        Some(left) => format!("{} left", spoken(left)),
        None => "no expiry".to_owned(),
    };
    match &invitation.used_by {
        Some(name) => format!("{who}, {left}. Used by {}.", someone(name.as_str())),
        None => format!("{who}, {left}. Not used yet."),
    }
}

fn someone(name: &str) -> &str {
    if name.is_empty() { "a guest" } else { name }
}

/// With one decimal place. Computed with integers: the code that formats other floats is as large
/// as a panel.
fn tenths(value: f64) -> String {
    let tenths = (value * 10.0).round() as u64;
    format!("{}.{}", tenths / 10, tenths % 10)
}

/// Capitalised for the start of a sentence. People's own names stay unchanged.
fn capital(text: &str) -> String {
    text.strip_prefix("a guest").map_or_else(|| text.to_owned(), |rest| format!("A guest{rest}"))
}

/// A list of names within a sentence.
fn listed(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [others @ .., last] => format!("{} and {last}", others.join(", ")),
    }
}

fn recorded_by(names: &[&DisplayName]) -> String {
    let names: Vec<_> = names.iter().map(|name| someone(name.as_str())).collect();
    match names.is_empty() {
        true => String::new(),
        false => format!("This call is being recorded by {}.", listed(&names)),
    }
}

fn not_delivered(names: &[&DisplayName]) -> String {
    let names: Vec<_> = names.iter().map(|name| someone(name.as_str())).collect();
    format!("Waiting for {}", listed(&names))
}

/// Rounded to minutes, so that the text does not change while it is read.
fn inside(people: &[(String, u64)]) -> String {
    let names: Vec<_> = people.iter().map(|(name, _)| someone(name)).collect();
    let seconds = people.iter().map(|(_, seconds)| *seconds).max().unwrap_or_default();
    let who = capital(&listed(&names));
    let have = match names.len() {
        0 => return TEXTS.nobody_inside.to_owned(),
        1 => "has",
        _ => "have",
    };
    match seconds {
        0..60 => format!("{who} just joined."),
        _ => format!("{who} {have} been here for {}.", spoken(Duration::from_secs(seconds))),
    }
}

fn problem(kind: Kind, problem: Problem) -> &'static str {
    match (kind, problem) {
        (Kind::Camera, Problem::Dismissed) => "You closed the camera permission request.",
        (Kind::Microphone, Problem::Dismissed) => "You closed the microphone permission request.",
        (Kind::Camera, Problem::Denied) => {
            "Your browser blocks the camera here. Click the icon next to the address, then allow the camera."
        }
        (Kind::Microphone, Problem::Denied) => {
            "Your browser blocks the microphone here. Click the icon next to the address, then allow the microphone."
        }
        (Kind::Camera, Problem::DeniedBySystem) => {
            "Your system blocks the camera for this browser. Allow it in the system's privacy settings."
        }
        (Kind::Microphone, Problem::DeniedBySystem) => {
            "Your system blocks the microphone for this browser. Allow it in the system's privacy settings."
        }
        (Kind::Camera, Problem::Missing) => "No camera found. The others see your name.",
        (Kind::Microphone, Problem::Missing) => "No microphone found. You can listen.",
        (Kind::Camera, Problem::Busy) => "Another app or tab is using your camera.",
        (Kind::Microphone, Problem::Busy) => "Another app or tab is using your microphone.",
        (_, Problem::Insecure) => {
            "Browsers allow camera and microphone only on secure pages. Open this room over https."
        }
        (Kind::Camera, Problem::Framed) => {
            "The page that embeds this call does not allow your camera. Open the room in its own tab."
        }
        (Kind::Microphone, Problem::Framed) => {
            "The page that embeds this call does not allow your microphone. Open the room in its own tab."
        }
        (_, Problem::Forbidden) => {
            "A policy of this server or of a proxy blocks the camera or microphone on this page. Tell the person who runs this server."
        }
        (Kind::Camera, Problem::Failed) => "Your camera did not start.",
        (Kind::Microphone, Problem::Failed) => "Your microphone did not start.",
    }
}

fn contact(contact: Contact, inside: bool) -> &'static str {
    match (contact, inside) {
        (Contact::Fine, _) => "",
        (Contact::Restarting, true) => "The server is restarting. Your call continues.",
        (Contact::Restarting, false) => "The server is restarting.",
        (Contact::Lost { .. }, true) => {
            "The server cannot be reached. Your call continues. Salon keeps trying."
        }
        (Contact::Lost { .. }, false) => "The server cannot be reached. Salon keeps trying.",
        (Contact::Offline { .. }, _) => "You seem to be offline. Salon keeps trying.",
    }
}

fn in_background(name: &DisplayName) -> String {
    match name.as_str() {
        "" => "Their phone is in the background".to_owned(),
        name => format!("{name}'s phone is in the background"),
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

fn advice(advice: &Advice) -> String {
    match advice {
        Advice::TalkingWhileMuted => "You are muted. Nobody can hear you.".to_owned(),
        Advice::MutedBySystem(Kind::Microphone) => {
            "Your system has muted the microphone. Check for a mute switch or key.".to_owned()
        }
        Advice::MutedBySystem(Kind::Camera) => {
            "Your system has blocked the camera. Check for a cover, switch or key.".to_owned()
        }
        Advice::SilentMicrophone => {
            "No sound from your microphone. It may be muted, unplugged or the wrong one.".to_owned()
        }
        Advice::NotHeard(name) => format!("{} cannot hear you.", capital(someone(name))),
        Advice::NotSeen(name) => format!("{} cannot see you.", capital(someone(name))),
        Advice::Weak { verdict, name, picture } => {
            weak(*verdict, &capital(someone(name)), *picture)
        }
    }
}

fn weak(verdict: Verdict, who: &str, picture: bool) -> String {
    match (verdict, picture) {
        (Verdict::Good, _) => String::new(),
        (Verdict::MyUpload, true) => {
            "Your upload is slow. Your video quality is reduced so that others can hear you."
                .to_owned()
        }
        (Verdict::MyUpload, false) => "Your upload is slow. Others may miss words.".to_owned(),
        (Verdict::MyDownload, _) => {
            "Your download is slow. Audio and video may break up.".to_owned()
        }
        (Verdict::Download(_), true) => {
            format!("{who}'s download is slow. They get your video in lower quality.")
        }
        (Verdict::Download(_), false) => {
            format!("{who}'s download is slow. They may miss words.")
        }
        (Verdict::Upload(_), true) => {
            format!("{who}'s upload is slow. Their video quality is reduced.")
        }
        (Verdict::Upload(_), false) => {
            format!("{who}'s upload is slow. Their audio may break up.")
        }
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

fn file_ended(name: &str, state: FileState) -> String {
    match state {
        FileState::Kept => format!("{name} is saved."),
        FileState::Held(_) => format!("{name} is paused."),
        FileState::NotWritten => format!("{name} could not be saved on this device."),
        FileState::Damaged => format!("{name} is damaged. Ask for it again."),
        _ => format!("{name} is no longer available."),
    }
}

fn folders(names: &[FileName]) -> String {
    let listed = listed(&names.iter().map(FileName::as_str).collect::<Vec<_>>());
    match names.len() {
        1 => format!("Folders cannot be shared: {listed}. Share it as an archive."),
        _ => format!("Folders cannot be shared: {listed}. Share them as an archive."),
    }
}

fn notice(notice: &Notice) -> String {
    match notice {
        Notice::Came(name) => format!("{} joined.", capital(someone(name))),
        Notice::Went(name) => format!("{} left.", capital(someone(name))),
        Notice::Said(name, text) => {
            let name = capital(someone(name.as_str()));
            let line = text.as_str().lines().next().unwrap_or_default();
            match line.char_indices().nth(EXCERPT) {
                Some((end, _)) => format!("{name}: {}…", line.split_at(end).0),
                None => format!("{name}: {line}"),
            }
        }
        Notice::Raised(name) => format!("{} raised a hand.", capital(someone(name))),
        Notice::Offers(name, file) => {
            let name = capital(someone(name.as_str()));
            format!("{name} shared a file: {}", file.as_str())
        }
        Notice::FileEnded(name, state) => file_ended(name.as_str(), *state),
        Notice::TooManyFiles => {
            format!("Only {OFFERS} files can be shared at a time. Share the rest as an archive.")
        }
        Notice::Folders(names) => folders(names),
        Notice::Records(name) => {
            format!("{} is about to record this call.", capital(someone(name.as_str())))
        }
        Notice::StopsRecording(name) => {
            format!("{} stopped recording.", capital(someone(name.as_str())))
        }
        Notice::NotRecorded(problem) => recording::problem(*problem).to_owned(),
        Notice::LinkCopied => "Link copied.".to_owned(),
        Notice::LinkNotCopied => {
            "Your browser did not allow copying. Select the link instead.".to_owned()
        }
        Notice::HostLinkRenewed => {
            "New host link copied. Earlier ones no longer work.".to_owned()
        }
        Notice::HostLinkNotCopied => "There is a new host link. Copy it.".to_owned(),
        Notice::ReportCopied => "Report copied. It contains no names or addresses.".to_owned(),
        Notice::ReportNotCopied => "Your browser did not allow copying.".to_owned(),
        Notice::Replaced { gone, now, .. } if gone.label == *now => format!("{now} was restarted."),
        Notice::Replaced { gone, now, .. } => {
            format!("{} was disconnected. Now using {now}.", gone.label)
        }
        Notice::Offered(device) if device.label.is_empty() => "New device connected.".to_owned(),
        Notice::Offered(device) => format!("{} is available.", device.label),
        Notice::Refused(code) => refusal(*code).to_owned(),
        Notice::MutedByHost(Kind::Microphone) => "A host muted you.".to_owned(),
        Notice::MutedByHost(Kind::Camera) => "A host turned your camera off.".to_owned(),
        Notice::NotShared(Problem::DeniedBySystem) => {
            "Your system does not let the browser capture the screen. Allow it in the system's privacy \
             settings."
                .to_owned()
        }
        Notice::NotShared(Problem::Framed) => {
            "The page that embeds this call does not allow screen sharing. Open the room in its own tab."
                .to_owned()
        }
        Notice::NotShared(Problem::Forbidden) => {
            "A policy of this server or of a proxy blocks screen sharing.".to_owned()
        }
        Notice::NotShared(_) => "The screen could not be shared. Try another one.".to_owned(),
        Notice::Unplugged(Kind::Camera) => {
            "Your camera was disconnected. The others see your name.".to_owned()
        }
        Notice::Unplugged(Kind::Microphone) => {
            "Your microphone was disconnected. Plug one in to be heard.".to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_inside_reads_as_a_sentence() {
        let people = |people: &[(&str, u64)]| {
            inside(
                &people
                    .iter()
                    .map(|(name, seconds)| ((*name).into(), *seconds))
                    .collect::<Vec<_>>(),
            )
        };
        assert_eq!(people(&[]), "Nobody is here yet.");
        assert_eq!(people(&[("Ada", 3)]), "Ada just joined.");
        assert_eq!(
            people(&[("Ada", 130), ("", 5)]),
            "Ada and a guest have been here for 2 minutes."
        );
        let three = people(&[("Ada", 3700), ("Bo", 5), ("Cy", 5)]);
        assert_eq!(three, "Ada, Bo and Cy have been here for 1 hour and 1 minute.");
    }

    #[test]
    fn folders_are_named() {
        let named = |names: &[&str]| {
            folders(&names.iter().map(|name| FileName::from(*name)).collect::<Vec<_>>())
        };
        assert_eq!(named(&["plans"]), "Folders cannot be shared: plans. Share it as an archive.");
        let two = "Folders cannot be shared: a and b. Share them as an archive.";
        assert_eq!(named(&["a", "b"]), two);
    }

    #[test]
    fn durations_are_spoken() {
        assert_eq!(spoken(Duration::from_secs(1)), "1 second");
        assert_eq!(spoken(Duration::from_secs(7200)), "2 hours");
        let minutes = |seconds| (TEXTS.minutes)(Duration::from_secs(seconds));
        assert_eq!([119, 3600].map(minutes), ["1 min", "1 h 0 min"]);
    }
}

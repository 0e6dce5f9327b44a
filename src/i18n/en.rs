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

/// How many characters of a message a notice shows.
const EXCERPT: usize = 80;

pub(super) static TEXTS: Texts = Texts {
    home_description: "Video calls in the browser, without an account. Start a call, send its link, and talk.",
    room_description: "An invitation to a video call in the browser. No account is needed.",
    tagline: "Video calls that are yours",
    privacy: "No account. Sound and picture go straight from person to person.",
    start_call: "Start a call",
    start_hint: "Makes a room of your own and copies its link.",
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
    full: |inside, limit| format!("{inside} of {limit} are inside."),
    full_hint: "Press Join to wait: you come in as soon as somebody leaves.",
    host_for_now: "Your browser stores nothing for this page: you are the host of this room only until you close or reload it.",
    your_name: "Your name",
    name_hint: "(optional)",
    turn_on: "Turn on camera and microphone",
    turn_on_hint: "See yourself first, or join as you are.",
    asking: "Your browser is asking: choose Allow to be seen and heard.",
    no_picture: "Your camera is off.",
    join: "Join",
    joining: "Joining",
    no_connections: "Calls do not work in this browser: WebRTC is switched off. Allow it in the browser's settings or extensions and reload, or open the link in another browser.",
    no_script: "A call needs JavaScript. Allow it for this site, or open the link in another browser.",
    ask_to_join: "Ask to join",
    passcode: "Passcode",
    gate: |gate| match gate {
        Gate::Locked => "The room is locked: nobody is let in any more.",
        Gate::Passcode => "Whoever knows the passcode comes in.",
        Gate::WaitingRoom => "The host lets people in.",
    },
    until_unlocked: "The room is locked: you come in when the host unlocks it.",
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
    hide_address: "Hide my address",
    hide_address_cost: "Everything then goes through a relay: the others do not see from which internet address you call, and sound and picture take a little longer.",
    no_relay: "This server has no relay any more: nobody can reach you while this is on.",
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
    loading: "One moment",
    not_loaded: "Not loaded",
    not_loaded_hint: "This part could not be fetched from the server. Close it and try again.",
    copy_link: "Copy link",
    share: "Share",
    leave: "Leave",
    you: "You",
    move_picture: "Your picture. Drag it, or move it with the arrow keys.",
    unnamed: "Guest",
    stage: "People in the call",
    muted: "muted",
    link,
    alone: "You are the only one here",
    alone_hint: "Send this link to whoever you want to talk to.",
    qr: "QR code of the link to this room",
    tap_to_hear: "Tap to hear",
    contact,
    barred: |barrier| match barrier {
        Barrier::Limit => {
            "The server takes no more connections from your network for now. Salon keeps trying."
        }
        _ => {
            "The server answers, but something between you and it does not let the call's connection (WebSocket) through. Try another network, or tell the person who runs this server. Salon keeps trying."
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
    picture_stopped: "The picture has stopped",
    picture_to_come: "Nothing of it has come yet",
    choose_another: "Choose another",
    undo: "Undo",
    use_it: "Use it",
    people: |count| format!("People ({count})"),
    share_screen: "Share your screen",
    choosing_screen: "Choose in your browser's window what to share.",
    ask_again: "Ask again",
    cancel: "Cancel",
    stop_sharing: "Stop sharing",
    you_share: "You are sharing your screen.",
    screen_of: |name| format!("Screen of {name}"),
    chat: "Chat",
    chat_unread: |count| match count {
        0 => "Chat".to_owned(),
        1 => "Chat, 1 new message".to_owned(),
        _ => format!("Chat, {count} new messages"),
    },
    chat_hint: "The people in this call read what you write here, and who joins later. It is gone when they leave.",
    drop_here: "Drop files here to offer them to everybody",
    more_panel: "More",
    pin: |name| format!("Keep {name} large"),
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
    hearsay: "told by others",
    delivered: "Delivered",
    not_delivered,
    nobody_to_read: "Nobody else is here. Whoever comes will read it.",
    knock,
    let_in: "Let in",
    let_all_in: "Let all in",
    turn_away: "Turn away",
    waiting_to_come_in: "Waiting to come in",
    host: "Host",
    more: |name| format!("More for {}", someone(name.as_str())),
    path: |path| match path {
        Path::Direct => "Direct, end-to-end encrypted",
        Path::Relayed => "Relayed, end-to-end encrypted",
        Path::Unknown => "End-to-end encrypted",
    },
    no_code: "There is no code to compare: make sure of each other in another way.",
    unsure: "Somebody may sit between you",
    unsure_why: "What your browsers sent each other through the server was changed, so that there is no code to compare. Say nothing here that others must not hear.",
    compare: |name| {
        let name = someone(name.as_str());
        format!("Read this to each other. If {name} sees the same, nobody sits between you.")
    },
    mute_person: "Mute",
    stop_camera: "Stop camera",
    make_host: "Make host",
    remove: "Remove",
    room_settings: "Room",
    lock: "Lock: nobody else comes in",
    waiting_room: "Waiting room: I let people in",
    set_passcode: "Set",
    remove_passcode: "Remove passcode",
    rules: |rules| match rules {
        RoomSettings { locked: true, .. } => "The room is locked.",
        RoomSettings { waiting_room: true, .. } => "The host lets people in.",
        RoomSettings { passcode: true, .. } => "The room has a passcode.",
        RoomSettings { .. } => "Whoever has the link comes in.",
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
    removed_title: "A host has put you out of the call.",
    ended_title: "A host has ended the call.",
    moved_title: "You moved to another tab.",
    use_here: "Use here",
    left_after: |time| format!("You were in for {}.", spoken(time)),
    rejoin: "Rejoin",
    not_found: "There is nothing here",
    not_found_hint: "The link may be cut off or mistyped.",
    to_start: "Go to the start page",
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
        NoRoom::Empty => "Type the name of a room, or paste a link.".to_owned(),
        NoRoom::TooLong => {
            format!("That is too long: names have at most {ROOM_NAME_BYTES} characters.")
        }
        NoRoom::Name { .. } => {
            "That is no room: names have only letters a to z, digits, hyphens and underscores."
                .to_owned()
        }
        NoRoom::Here => "That link leads here, but to no room.".to_owned(),
        NoRoom::Elsewhere { host, .. } if host.is_empty() => {
            "That link leads to another server.".to_owned()
        }
        NoRoom::Elsewhere { host, .. } => format!("That link leads to {host}, another server."),
    }
}

fn refusal(code: ErrorCode) -> &'static str {
    match code {
        ErrorCode::RoomLocked => "The room is locked: nobody is let in any more.",
        ErrorCode::PasscodeRequired => "This room has a passcode. Ask whoever sent you the link.",
        ErrorCode::BadPasscode => "That is not the passcode.",
        ErrorCode::TryLater => "That was tried too often. Try again in a minute.",
        ErrorCode::BadHostKey => "This host link was replaced. Ask the host for the new one.",
        ErrorCode::BadInvitation => "Your invitation is over, or was used by somebody else.",
        ErrorCode::RoomFull => "The room is full: nobody else can be let in.",
        ErrorCode::TooMany => "There are as many invitations as there may be: revoke one first.",
        ErrorCode::ThisCallOnly => "Done, for this call only: it ends when everybody has left.",
        ErrorCode::NotKept => {
            "Done, but the server could not save it yet: a restart now would undo it."
        }
        ErrorCode::TooManyRooms => "This server has as many rooms as it can hold. Try again later.",
        ErrorCode::WaitingRoomFull => "Too many people wait already. Try again later.",
        ErrorCode::EntryDenied => "The host did not let you in.",
        ErrorCode::Removed => TEXTS.removed_title,
        ErrorCode::CallEnded => TEXTS.ended_title,
        _ => "",
    }
}

fn knocking(place: usize, hosted: bool) -> String {
    let line = match place {
        1 => "You are next.".to_owned(),
        2 => "One person is before you.".to_owned(),
        place => format!("{} people are before you.", place.saturating_sub(1)),
    };
    match hosted {
        true => format!("The host sees that you are here. {line}"),
        false => format!("The host is not here yet. {line}"),
    }
}

fn knock(names: &[&DisplayName]) -> String {
    match names {
        [only] => format!("{} wants to come in.", capital(someone(only.as_str()))),
        names => format!("{} people want to come in.", names.len()),
    }
}

fn invitation(invitation: &Invitation) -> String {
    let who = if invitation.once { "For one person" } else { "For whoever has it" };
    let left = match invitation.ttl.map(Duration::from_secs) {
        Some(left) if left < Duration::from_secs(60) => "about to end".to_owned(),
        Some(left) => format!("{} left", spoken(left)),
        None => "without an end".to_owned(),
    };
    match &invitation.used_by {
        Some(name) => format!("{who}, {left}. Used by {}.", someone(name.as_str())),
        None => format!("{who}, {left}. Not used yet."),
    }
}

fn someone(name: &str) -> &str {
    if name.is_empty() { "a guest" } else { name }
}

/// With one digit behind the point. By whole numbers: the code that writes any other is as large as a
/// panel.
fn tenths(value: f64) -> String {
    let tenths = (value * 10.0).round() as u64;
    format!("{}.{}", tenths / 10, tenths % 10)
}

/// For the beginning of a sentence. What people call themselves stays as it is.
fn capital(text: &str) -> String {
    text.strip_prefix("a guest").map_or_else(|| text.to_owned(), |rest| format!("A guest{rest}"))
}

/// Names as they stand in a sentence.
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

/// Coarser than a stopwatch, so that it does not tick under the reader's eyes.
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
        0..60 => format!("{who} just came in."),
        _ => format!("{who} {have} been here for {}.", spoken(Duration::from_secs(seconds))),
    }
}

fn problem(kind: Kind, problem: Problem) -> &'static str {
    match (kind, problem) {
        (Kind::Camera, Problem::Dismissed) => "You closed the question about your camera.",
        (Kind::Microphone, Problem::Dismissed) => "You closed the question about your microphone.",
        (Kind::Camera, Problem::Denied) => {
            "Your browser blocks the camera here. Click the icon beside the address, then allow the camera."
        }
        (Kind::Microphone, Problem::Denied) => {
            "Your browser blocks the microphone here. Click the icon beside the address, then allow the microphone."
        }
        (Kind::Camera, Problem::DeniedBySystem) => {
            "Your system blocks the camera for this browser. Allow it in the system's privacy settings."
        }
        (Kind::Microphone, Problem::DeniedBySystem) => {
            "Your system blocks the microphone for this browser. Allow it in the system's privacy settings."
        }
        (Kind::Camera, Problem::Missing) => "No camera found. The others see your name.",
        (Kind::Microphone, Problem::Missing) => "No microphone found. You can listen.",
        (Kind::Camera, Problem::Busy) => "Your camera is used by another app or tab.",
        (Kind::Microphone, Problem::Busy) => "Your microphone is used by another app or tab.",
        (_, Problem::Insecure) => {
            "Browsers give camera and microphone only to secure pages. Open this room through https."
        }
        (Kind::Camera, Problem::Framed) => {
            "The page around this one does not pass your camera on. Open the room in a tab of its own."
        }
        (Kind::Microphone, Problem::Framed) => {
            "The page around this one does not pass your microphone on. Open the room in a tab of its own."
        }
        (_, Problem::Forbidden) => {
            "A policy of this server, or one that was added on the way, forbids camera or microphone on this page. Tell the person who runs this server."
        }
        (Kind::Camera, Problem::Failed) => "Your camera did not start.",
        (Kind::Microphone, Problem::Failed) => "Your microphone did not start.",
    }
}

fn contact(contact: Contact, inside: bool) -> &'static str {
    match (contact, inside) {
        (Contact::Fine, _) => "",
        (Contact::Restarting, true) => "The server is restarting, your call continues.",
        (Contact::Restarting, false) => "The server is restarting.",
        (Contact::Lost { .. }, true) => {
            "The server cannot be reached. Your call continues; Salon keeps trying."
        }
        (Contact::Lost { .. }, false) => "The server cannot be reached. Salon keeps trying.",
        (Contact::Offline { .. }, _) => {
            "Nobody can be reached through your network. Salon keeps trying."
        }
    }
}

fn in_background(name: &DisplayName) -> String {
    match name.as_str() {
        "" => "Their phone is in the background".to_owned(),
        name => format!("{name}'s phone is in the background"),
    }
}

/// What stands on a person's tile, as it is read out.
fn state(tile: &Tile) -> String {
    let Presence { name, background, .. } = &tile.presence;
    let who = someone(name.as_str());
    match tile.link {
        Link::Connected if *background => format!("{}.", in_background(name)),
        Link::Connected if tile.frozen => format!("The picture of {who} has stopped."),
        Link::New | Link::Connecting | Link::Connected => String::new(),
        Link::Reconnecting { .. } => format!("The connection to {who} is lost. Reconnecting."),
        Link::Failed(obstacle) => format!("No connection to {who}: {}", why(obstacle)),
    }
}

fn advice(advice: &Advice) -> String {
    match advice {
        Advice::TalkingWhileMuted => "You are muted: nobody hears you.".to_owned(),
        Advice::MutedBySystem(Kind::Microphone) => {
            "Your system has muted the microphone: look for its switch or key.".to_owned()
        }
        Advice::MutedBySystem(Kind::Camera) => {
            "Your system gives no picture: look for the camera's cover or key.".to_owned()
        }
        Advice::SilentMicrophone => {
            "Your microphone gives no sound: it is muted itself, unplugged, or the wrong one."
                .to_owned()
        }
        Advice::NotHeard(name) => format!("{} cannot hear you.", capital(someone(name))),
        Advice::NotSeen(name) => format!("{} cannot see you.", capital(someone(name))),
        Advice::Weak { verdict, name, picture } => weak(*verdict, someone(name), *picture),
    }
}

fn weak(verdict: Verdict, who: &str, picture: bool) -> String {
    match (verdict, picture) {
        (Verdict::Good, _) => String::new(),
        (Verdict::MyUpload, true) => {
            "Your upload is weak: your picture is sent smaller, so that you stay audible."
                .to_owned()
        }
        (Verdict::MyUpload, false) => "Your upload is weak: others may miss words.".to_owned(),
        (Verdict::MyDownload, _) => {
            "Your download is weak: pictures and words may stall.".to_owned()
        }
        (Verdict::Download(_), true) => {
            format!("The download of {who} is weak: your picture is sent smaller to them.")
        }
        (Verdict::Download(_), false) => {
            format!("The download of {who} is weak: they may miss words.")
        }
        (Verdict::Upload(_), true) => {
            format!("The upload of {who} is weak: their picture is sent smaller.")
        }
        (Verdict::Upload(_), false) => format!("The upload of {who} is weak: words may stall."),
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

/// What keeps two people from each other, and what helps.
fn why(obstacle: Obstacle) -> &'static str {
    match obstacle {
        Obstacle::Here(Failure::NoConnection) => {
            "WebRTC may be switched off in your browser. Allow it and reload."
        }
        Obstacle::There(Failure::NoConnection) => {
            "WebRTC may be switched off in their browser. Ask them to allow it and to reload."
        }
        Obstacle::Here(Failure::NoCandidates) => {
            "your browser found no network path. A VPN, an extension or a setting may block it, or no relay answers."
        }
        Obstacle::There(Failure::NoCandidates) => {
            "their browser found no network path. A VPN, an extension or a setting there may block it."
        }
        Obstacle::Here(Failure::BadDescription) | Obstacle::There(Failure::BadDescription) => {
            "your browsers do not understand each other. Update both, or use others."
        }
        Obstacle::Here(Failure::NoAnswer) => {
            "their device does not answer. Ask them to reload the page. Still trying."
        }
        Obstacle::Between
        | Obstacle::Here(Failure::Other)
        | Obstacle::There(Failure::NoAnswer | Failure::Other) => {
            "a network in between may block calls. Still trying."
        }
    }
}

fn file_ended(name: &str, state: FileState) -> String {
    match state {
        FileState::Kept => format!("{name} is saved."),
        FileState::Held(_) => format!("{name} is paused."),
        FileState::NotWritten => format!("{name} could not be stored on this device."),
        FileState::Damaged => format!("{name} came damaged. Ask for it again."),
        _ => format!("{name} does not come any more."),
    }
}

fn folders(names: &[FileName]) -> String {
    let listed = listed(&names.iter().map(FileName::as_str).collect::<Vec<_>>());
    match names.len() {
        1 => format!("Folders cannot be given: {listed}. Give it as an archive."),
        _ => format!("Folders cannot be given: {listed}. Give them as an archive."),
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
            format!("{name} offers a file: {}", file.as_str())
        }
        Notice::FileEnded(name, state) => file_ended(name.as_str(), *state),
        Notice::TooManyFiles => {
            format!("Only {OFFERS} files can be offered at a time. Give the rest as an archive.")
        }
        Notice::Folders(names) => folders(names),
        Notice::Records(name) => {
            format!("{} is going to record this call.", capital(someone(name.as_str())))
        }
        Notice::StopsRecording(name) => {
            format!("{} does not record any more.", capital(someone(name.as_str())))
        }
        Notice::NotRecorded(problem) => recording::problem(*problem).to_owned(),
        Notice::LinkCopied => "Link copied.".to_owned(),
        Notice::LinkNotCopied => {
            "The browser did not allow copying. Select the link instead.".to_owned()
        }
        Notice::HostLinkRenewed => {
            "New host link copied. Earlier ones no longer count.".to_owned()
        }
        Notice::HostLinkNotCopied => "There is a new host link. Copy it.".to_owned(),
        Notice::ReportCopied => "Report copied. It holds no names and no addresses.".to_owned(),
        Notice::ReportNotCopied => "The browser did not allow copying.".to_owned(),
        Notice::Replaced { gone, now, .. } if gone.label == *now => format!("{now} was restarted."),
        Notice::Replaced { gone, now, .. } => format!("{} is gone. Now: {now}.", gone.label),
        Notice::Offered(device) if device.label.is_empty() => "There is a new device.".to_owned(),
        Notice::Offered(device) => format!("{} is there.", device.label),
        Notice::Refused(code) => refusal(*code).to_owned(),
        Notice::MutedByHost(Kind::Microphone) => "A host has muted you.".to_owned(),
        Notice::MutedByHost(Kind::Camera) => "A host has turned your camera off.".to_owned(),
        Notice::NotShared(Problem::DeniedBySystem) => {
            "Your system does not let the browser see the screen. Allow it in the system's privacy \
             settings."
                .to_owned()
        }
        Notice::NotShared(Problem::Framed) => {
            "The page around this one does not let you share your screen. Open the room in a tab of its own."
                .to_owned()
        }
        Notice::NotShared(Problem::Forbidden) => {
            "A policy of this server, or one that was added on the way, forbids to share the screen."
                .to_owned()
        }
        Notice::NotShared(_) => "The screen could not be shared. Try another one.".to_owned(),
        Notice::Unplugged(Kind::Camera) => {
            "Your camera is gone. The others see your name.".to_owned()
        }
        Notice::Unplugged(Kind::Microphone) => {
            "Your microphone is gone. Plug one in to be heard.".to_owned()
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
        assert_eq!(people(&[("Ada", 3)]), "Ada just came in.");
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
        assert_eq!(named(&["plans"]), "Folders cannot be given: plans. Give it as an archive.");
        let two = "Folders cannot be given: a and b. Give them as an archive.";
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

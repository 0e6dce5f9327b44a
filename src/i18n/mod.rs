//! Every text that people read, one module per language. A missing text does not compile.

mod choices;
mod en;
mod files;
mod recording;
mod start;
mod statistics;

use crate::{
    call::{Link, Path, ServerStatus, Tile},
    platform::{Kind, Problem},
    protocol::{
        DisplayName, ErrorCode, Gate, Grade, Invitation, NoRoom, Presence, Reaction, RoomName,
        RoomSettings,
    },
    session::{Barrier, CallHint, Notice},
};
pub use choices::ChoiceTexts;
pub use files::FileTexts;
pub use recording::RecordingTexts;
pub use start::StartTexts;
pub use statistics::StatisticsTexts;
use std::time::Duration;

/// The texts of one language, grouped by where they appear.
#[allow(missing_docs, reason = "the fields are named after what they say")]
pub struct Texts {
    pub home_description: &'static str,
    pub room_title: &'static str,
    pub room_description: &'static str,
    pub tagline: &'static str,
    pub privacy: &'static str,
    pub start_call: &'static str,
    pub start_hint: &'static str,
    pub link_or_name: &'static str,
    pub go: &'static str,
    pub no_room: fn(&NoRoom) -> String,
    pub take_name: fn(&RoomName) -> String,
    pub open_elsewhere: &'static str,
    pub recent_rooms: &'static str,
    pub home: &'static str,

    pub room: &'static str,
    pub nobody_inside: &'static str,
    pub inside: fn(names: &[(String, u64)]) -> String,
    pub room_full: &'static str,
    pub full: fn(inside: usize, limit: usize) -> String,
    pub full_hint: &'static str,
    pub host_for_now: &'static str,
    pub your_name: &'static str,
    pub name_hint: &'static str,
    pub turn_on: &'static str,
    pub turn_on_hint: &'static str,
    pub asking: &'static str,
    pub no_picture: &'static str,
    pub join: &'static str,
    pub joining: &'static str,
    pub no_connections: &'static str,
    pub no_script: &'static str,
    pub ask_to_join: &'static str,
    pub passcode: &'static str,
    pub gate: fn(Gate) -> &'static str,
    pub until_unlocked: &'static str,
    pub refusal: fn(ErrorCode) -> &'static str,
    pub knocking: fn(place: usize, hosted: bool) -> String,
    pub waiting_title: &'static str,
    pub stop_waiting: &'static str,

    pub camera: &'static str,
    pub microphone: &'static str,
    pub speaker: &'static str,
    pub system_choice: &'static str,
    pub unnamed_device: fn(number: usize) -> String,
    pub level: &'static str,
    pub hide_address: &'static str,
    pub hide_address_cost: &'static str,
    pub no_relay: &'static str,
    pub problem: fn(Kind, Problem) -> &'static str,
    pub try_again: &'static str,
    pub open_in_tab: &'static str,

    pub controls: &'static str,
    pub mute: &'static str,
    pub unmute: &'static str,
    pub camera_off: &'static str,
    pub camera_on: &'static str,
    pub devices: &'static str,
    pub close: &'static str,
    pub loading: &'static str,
    pub not_loaded: &'static str,
    pub not_loaded_hint: &'static str,
    pub copy_link: &'static str,
    pub share: &'static str,
    pub leave: &'static str,
    pub you: &'static str,
    pub move_picture: &'static str,
    pub unnamed: &'static str,
    pub stage: &'static str,
    pub muted: &'static str,
    pub link: fn(Link) -> String,
    pub alone: &'static str,
    pub alone_hint: &'static str,
    pub qr: &'static str,
    pub tap_to_hear: &'static str,
    pub server_status: fn(ServerStatus, inside: bool) -> &'static str,
    /// The server answers, but the socket does not open.
    pub barrier: fn(&Barrier) -> &'static str,
    pub try_now: &'static str,
    pub in_background: fn(&DisplayName) -> String,
    pub state: fn(&Tile) -> String,
    pub grade: fn(Grade) -> &'static str,
    pub call_hint: fn(&CallHint) -> String,
    pub unmute_short: &'static str,
    pub space: &'static str,
    pub picture_stopped: &'static str,
    pub picture_to_come: &'static str,
    pub choose_another: &'static str,
    pub undo: &'static str,
    pub use_it: &'static str,
    pub people: fn(usize) -> String,
    pub share_screen: &'static str,
    pub choosing_screen: &'static str,
    pub ask_again: &'static str,
    pub cancel: &'static str,
    pub stop_sharing: &'static str,
    pub you_share: &'static str,
    pub screen_of: fn(&str) -> String,
    pub chat: &'static str,
    pub chat_unread: fn(usize) -> String,
    pub chat_hint: &'static str,
    pub drop_here: &'static str,
    pub more_panel: &'static str,
    pub pin: fn(&str) -> String,
    /// A participant whom this person has muted for themselves.
    pub silenced: &'static str,
    pub reaction: fn(Reaction) -> &'static str,
    pub raise_hand: &'static str,
    pub lower_hand: &'static str,
    pub hand_raised: &'static str,
    pub message: &'static str,
    pub send: &'static str,
    pub hearsay: &'static str,
    pub delivered: &'static str,
    pub not_delivered: fn(names: &[&DisplayName]) -> String,
    pub nobody_to_read: &'static str,
    pub knock: fn(names: &[&DisplayName]) -> String,
    pub let_in: &'static str,
    pub let_all_in: &'static str,
    pub deny: &'static str,
    pub waiting_to_come_in: &'static str,
    pub host: &'static str,
    pub more: fn(&DisplayName) -> String,
    pub path: fn(Path) -> &'static str,
    pub no_code: &'static str,
    pub unsure: &'static str,
    pub unsure_why: &'static str,
    pub compare: fn(&DisplayName) -> String,
    pub mute_person: &'static str,
    pub stop_camera: &'static str,
    pub make_host: &'static str,
    pub remove: &'static str,
    pub room_settings: &'static str,
    pub lock: &'static str,
    pub waiting_room: &'static str,
    pub set_passcode: &'static str,
    pub remove_passcode: &'static str,
    pub settings: fn(&RoomSettings) -> &'static str,
    pub invitations: &'static str,
    pub invite_one: &'static str,
    pub invite_many: &'static str,
    pub invitation: fn(&Invitation) -> String,
    pub revoke: &'static str,
    pub host_link: &'static str,
    pub renew_host_key: &'static str,
    pub renew_host_key_sure: &'static str,
    pub renew_host_key_why: &'static str,
    pub end_call: &'static str,
    pub end_call_sure: &'static str,
    pub time_in_call: &'static str,
    /// A duration of a minute or more, without seconds.
    pub minutes: fn(Duration) -> String,
    pub recording_by: fn(names: &[String]) -> String,
    pub you_record: &'static str,
    pub recorded_by: fn(names: &[&DisplayName]) -> String,
    pub notice: fn(&Notice) -> String,

    pub left_title: &'static str,
    pub moved_title: &'static str,
    pub removed_title: &'static str,
    pub ended_title: &'static str,
    pub use_here: &'static str,
    pub left_after: fn(Duration) -> String,
    pub rejoin: &'static str,
    pub not_found: &'static str,
    pub not_found_hint: &'static str,
    pub to_start: &'static str,
}

/// The texts in the language of the page.
#[must_use]
pub fn texts() -> &'static Texts {
    &en::TEXTS
}

/// The texts about choices in a call, in the language of the page.
#[must_use]
pub fn choice_texts() -> &'static ChoiceTexts {
    &en::choices::TEXTS
}

/// The texts about files, in the language of the page.
#[must_use]
pub fn file_texts() -> &'static FileTexts {
    &en::files::TEXTS
}

/// The texts about recordings, in the language of the page.
#[must_use]
pub fn recording_texts() -> &'static RecordingTexts {
    &en::recording::TEXTS
}

/// The texts about the start of the app, in the language of the page.
#[must_use]
pub fn start_texts() -> &'static StartTexts {
    &en::start::TEXTS
}

/// The texts about connections, in the language of the page.
#[must_use]
pub fn statistics_texts() -> &'static StatisticsTexts {
    &en::statistics::TEXTS
}

/// The displayed name of a participant, including those without a name.
#[must_use]
pub fn shown_name(presence: Presence) -> String {
    match presence.name {
        name if name.is_empty() => texts().unnamed.to_owned(),
        name => name.as_str().to_owned(),
    }
}

/// A duration as on a stopwatch: `0:07`, `12:34`, `1:02:03`.
#[must_use]
pub fn stopwatch(time: Duration) -> String {
    let seconds = time.as_secs();
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match hours {
        0 => format!("{minutes}:{seconds:02}"),
        _ => format!("{hours}:{minutes:02}:{seconds:02}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_read_as_on_a_stopwatch() {
        let read = |seconds| stopwatch(Duration::from_secs(seconds));
        assert_eq!(read(7), "0:07");
        assert_eq!(read(754), "12:34");
        assert_eq!(read(3723), "1:02:03");
    }
}

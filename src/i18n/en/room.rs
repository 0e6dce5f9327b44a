//! English texts about rooms and who may join them.

use super::{
    TEXTS,
    words::{capital, listed, someone, spoken},
};
use crate::protocol::{DisplayName, ErrorCode, Invitation, NoRoom, limits::ROOM_NAME_BYTES};
use std::time::Duration;

/// Shown both before and after asking to join.
pub(super) const LOCKED: &str = "The room is locked. Nobody else can join.";
pub(super) const REMOVED: &str = "A host removed you from the call.";
pub(super) const ENDED: &str = "A host ended the call.";

pub(super) fn no_room(problem: &NoRoom) -> String {
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

/// Rounded to minutes, so that the text does not change while it is read.
pub(super) fn inside(people: &[(String, u64)]) -> String {
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

pub(super) fn refusal(code: ErrorCode) -> &'static str {
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
        ErrorCode::ServerFull => {
            "The server cannot forward your audio and video now. It is tried again."
        }
        ErrorCode::WaitingRoomFull => "Too many people are waiting already. Try again later.",
        ErrorCode::EntryDenied => "The host did not let you in.",
        ErrorCode::Removed => REMOVED,
        ErrorCode::CallEnded => ENDED,
        _ => "",
    }
}

pub(super) fn knocking(place: usize, hosted: bool) -> String {
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

pub(super) fn recorded_by(names: &[&DisplayName]) -> String {
    let names: Vec<_> = names.iter().map(|name| someone(name.as_str())).collect();
    match names.is_empty() {
        true => String::new(),
        false => format!("This call is being recorded by {}.", listed(&names)),
    }
}

pub(super) fn knock(names: &[&DisplayName]) -> String {
    match names {
        [only] => format!("{} wants to join.", capital(someone(only.as_str()))),
        names => format!("{} people want to join.", names.len()),
    }
}

pub(super) fn invitation(invitation: &Invitation) -> String {
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
}

//! The seat as a tab stores it, so that the others do not notice a reload.

use crate::{
    platform::{self, session_storage},
    protocol::{Presence, RoomName},
};
use std::time::Duration;

const KEY: &str = "salon.seat";

/// The age up to which a stored seat is used: more than a reload takes. A tab that the browser restores
/// after days starts in the lobby. `public/start.js` reads the age as well.
const FRESH: Duration = Duration::from_secs(60);

/// A seat in a room, and what was sent from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedSeat {
    /// The token that proves who owns it.
    pub token: String,
    /// Whether the microphone was on.
    pub mic: bool,
    /// Whether the camera was on.
    pub camera: bool,
    /// Whether they had raised a hand.
    pub hand: bool,
    /// The start of their time in the call, in whole seconds since the Unix epoch.
    pub since: Duration,
}

impl SavedSeat {
    /// The seat that this tab had in a room a moment ago.
    #[must_use]
    pub fn load(room: &RoomName) -> Option<Self> {
        Self::parse(&session_storage::get(KEY)?, room, platform::wall_clock())
    }

    /// Stores a seat in place of the one before.
    pub fn save(room: &RoomName, seat: Option<(&str, Duration, &Presence)>) {
        let flag = |on| if on { "on" } else { "off" };
        let now = platform::wall_clock().as_secs();
        let text = seat.map(|(token, since, presence)| {
            let Presence { mic, camera, hand, .. } = presence;
            let [mic, camera, hand] = [*mic, *camera, hand.is_some()].map(flag);
            let since = since.as_secs();
            format!("{room} {mic} {camera} {hand} {since} {now} {token}")
        });
        session_storage::set(KEY, text.as_deref());
    }

    fn parse(text: &str, room: &RoomName, now: Duration) -> Option<Self> {
        let mut words = text.split(' ');
        words.next().filter(|word| *word == room.as_str())?;
        let mut flag = || words.next().map(|word| word == "on");
        let (mic, camera, hand) = (flag()?, flag()?, flag()?);
        let mut time = || Some(Duration::from_secs(words.next()?.parse().ok()?));
        let (since, kept) = (time()?, time()?);
        let token = words.next()?;
        (now.saturating_sub(kept) <= FRESH).then(|| Self {
            token: token.to_owned(),
            mic,
            camera,
            hand,
            since,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seat_is_restored_only_in_its_room_and_within_a_minute() {
        let read = |text, room: &str, now| {
            SavedSeat::parse(text, &room.parse().unwrap(), Duration::from_secs(now))
        };
        let text = "123 on off on 400 1000 abc";
        let since = Duration::from_secs(400);
        let seat =
            SavedSeat { token: "abc".to_owned(), mic: true, camera: false, hand: true, since };
        assert_eq!(read(text, "123", 1060), Some(seat));
        assert_eq!(read(text, "123", 1061), None);
        assert_eq!(read(text, "124", 1000), None);
        assert_eq!(read("123 on off on 400 1000", "123", 1000), None);
    }
}

//! Host keys and invitations. The device stores host keys that the server has accepted, the tab what
//! stood in the link that it was opened with.

use crate::{
    platform::{self, local_storage, session_storage},
    protocol::{LinkSecret, Pass, RoomName},
};

const HOST_KEYS: &str = "salon.hosts";
const HOST_KEY: &str = "salon.host";
const INVITATION: &str = "salon.invitation";

/// The number of host keys that are stored, more than anybody hosts rooms; the least recently used go
/// first.
const ROOMS: usize = 50;

/// The link that makes the person who opens it a host.
#[must_use]
pub fn host_link(link: &str, key: &str) -> String {
    format!("{link}#{}", LinkSecret::Host(key.to_owned()))
}

/// The link of an invitation.
#[must_use]
pub fn invitation_link(link: &str, token: &str) -> String {
    format!("{link}#{}", LinkSecret::Invitation(token.to_owned()))
}

/// Moves the secret in the page's address into the tab, as people copy the address for others. Returns
/// whether there was one.
pub fn take_from_address(room: &RoomName) -> bool {
    let fragment = platform::take_fragment().unwrap_or_default();
    let secret = LinkSecret::in_fragment(&fragment);
    secret.iter().for_each(|secret| keep_secret(room, secret));
    secret.is_some()
}

/// Stores the secret of a link in this tab.
pub fn keep_secret(room: &RoomName, secret: &LinkSecret) {
    let (place, secret) = match secret {
        LinkSecret::Host(key) => (HOST_KEY, key),
        LinkSecret::Invitation(token) => (INVITATION, token),
    };
    session_storage::set(place, Some(&entry(room, secret)));
}

/// The credentials of this tab for a room, and the host key that this device has for it.
#[must_use]
pub fn stored_pass(room: &RoomName) -> (Pass, Option<String>) {
    let in_tab = |place| of(room, &session_storage::get(place).unwrap_or_default());
    let kept = host_key(room);
    let host = in_tab(HOST_KEY).or_else(|| kept.clone());
    (Pass { host, invitation: in_tab(INVITATION), passcode: None }, kept)
}

/// Removes the host key that came with a link, as it is not valid.
pub fn drop_host_key() {
    session_storage::set(HOST_KEY, None);
}

/// Stores a room's host key on this device. Only one that the server has accepted, as it overwrites
/// the one before.
pub fn keep_host_key(room: &RoomName, key: &str) {
    let others = host_keys().into_iter().filter(|kept| of(room, kept).is_none());
    let kept = std::iter::once(entry(room, key)).chain(others).take(ROOMS);
    local_storage::set(HOST_KEYS, &kept.collect::<Vec<_>>().join(" "));
}

/// The room's host key, if this device has it.
#[must_use]
pub fn host_key(room: &RoomName) -> Option<String> {
    host_keys().into_iter().find_map(|kept| of(room, &kept))
}

fn host_keys() -> Vec<String> {
    let kept = local_storage::get(HOST_KEYS).unwrap_or_default();
    kept.split_whitespace().map(str::to_owned).collect()
}

fn entry(room: &RoomName, secret: &str) -> String {
    format!("{room}:{secret}")
}

fn of(room: &RoomName, entry: &str) -> Option<String> {
    let (name, secret) = entry.split_once(':')?;
    (name == room.as_str()).then(|| secret.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_stored_per_room() {
        let room: RoomName = "123".parse().unwrap();
        assert_eq!(of(&room, &entry(&room, "key")), Some("key".to_owned()));
        assert_eq!(of(&"12".parse().unwrap(), &entry(&room, "key")), None);
        assert_eq!(
            host_link("https://salon.test/room/123", "key"),
            "https://salon.test/room/123#host=key"
        );
    }
}

//! What this device has that opens doors: host keys, kept for later visits once they were good for
//! something, and what the link had that a tab was opened with, kept by the tab.

use crate::{
    platform,
    protocol::{LinkSecret, Pass, RoomName},
};

const HOST_KEYS: &str = "salon.hosts";
const HOST_KEY: &str = "salon.host";
const INVITATION: &str = "salon.invitation";

/// So many rooms' host keys are kept; those that were used longest ago are forgotten first.
const ROOMS: usize = 50;

/// The link that makes a person who opens it a host.
#[must_use]
pub fn host_link(link: &str, key: &str) -> String {
    format!("{link}#{}", LinkSecret::Host(key.to_owned()))
}

/// The link that an invitation is.
#[must_use]
pub fn invitation_link(link: &str, token: &str) -> String {
    format!("{link}#{}", LinkSecret::Invitation(token.to_owned()))
}

/// Keeps what the address says in this tab, and takes it out of the address: that is what people copy
/// for others. Returns whether there was something.
pub(super) fn take(room: &RoomName) -> bool {
    let fragment = platform::take_fragment().unwrap_or_default();
    let secret = LinkSecret::in_fragment(&fragment);
    secret.iter().for_each(|secret| keep_secret(room, secret));
    secret.is_some()
}

/// Keeps what a link opens in this tab.
pub fn keep_secret(room: &RoomName, secret: &LinkSecret) {
    let (place, secret) = match secret {
        LinkSecret::Host(key) => (HOST_KEY, key),
        LinkSecret::Invitation(token) => (INVITATION, token),
    };
    platform::keep(place, Some(&entry(room, secret)));
}

/// What opens a room's doors to this tab, and the host key that this device has for it.
pub(super) fn kept(room: &RoomName) -> (Pass, Option<String>) {
    let in_tab = |place| of(room, &platform::recall(place).unwrap_or_default());
    let kept = host_key(room);
    let host = in_tab(HOST_KEY).or_else(|| kept.clone());
    (Pass { host, invitation: in_tab(INVITATION), passcode: None }, kept)
}

/// Forgets the host key that came with a link, because it is invalid.
pub(super) fn drop_host_key() {
    platform::keep(HOST_KEY, None);
}

/// Keeps a room's host key on this device. Only one that the server vouched for: there is no way
/// back to the one from before.
pub fn keep_host_key(room: &RoomName, key: &str) {
    let others = host_keys().into_iter().filter(|kept| of(room, kept).is_none());
    let kept = std::iter::once(entry(room, key)).chain(others).take(ROOMS);
    platform::save(HOST_KEYS, &kept.collect::<Vec<_>>().join(" "));
}

/// The room's host key, if this device has it.
pub(super) fn host_key(room: &RoomName) -> Option<String> {
    host_keys().into_iter().find_map(|kept| of(room, &kept))
}

fn host_keys() -> Vec<String> {
    let kept = platform::load(HOST_KEYS).unwrap_or_default();
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
    fn what_is_kept_is_for_one_room() {
        let room: RoomName = "123".parse().unwrap();
        assert_eq!(of(&room, &entry(&room, "key")), Some("key".to_owned()));
        assert_eq!(of(&"12".parse().unwrap(), &entry(&room, "key")), None);
        assert_eq!(
            host_link("https://salon.test/room/123", "key"),
            "https://salon.test/room/123#host=key"
        );
    }
}

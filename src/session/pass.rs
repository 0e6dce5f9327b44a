//! What this device has that opens doors: host keys, kept for later visits once they were good for
//! something, and what the link had that a tab was opened with, kept by the tab.

use crate::{
    platform,
    protocol::{Pass, RoomName},
};

const HOST_KEYS: &str = "salon.hosts";
const HOST_KEY: &str = "salon.host";
const INVITATION: &str = "salon.invitation";

/// So many rooms' host keys are kept; those that were used longest ago are forgotten first.
const ROOMS: usize = 50;

/// What the fragment of a link calls a host key, and an invitation.
const HOST: &str = "host=";
const INVITE: &str = "invite=";

/// The link that makes whoever opens it a host.
#[must_use]
pub fn host_link(link: &str, key: &str) -> String {
    format!("{link}#{HOST}{key}")
}

/// The link that an invitation is.
#[must_use]
pub fn invitation_link(link: &str, token: &str) -> String {
    format!("{link}#{INVITE}{token}")
}

/// What opens a room's doors to this tab, and the host key that this device has for it. What the
/// address says is kept by the tab, and taken out of the address: that is what people copy for
/// others.
pub(super) fn find(room: &RoomName) -> (Pass, Option<String>) {
    let fragment = platform::take_fragment().unwrap_or_default();
    for (name, place) in [(HOST, HOST_KEY), (INVITE, INVITATION)] {
        if let Some(secret) = fragment.strip_prefix(name) {
            platform::keep(place, Some(&entry(room, secret)));
        }
    }
    let in_tab = |place| of(room, &platform::recall(place).unwrap_or_default());
    let kept = host_key(room);
    let host = in_tab(HOST_KEY).or_else(|| kept.clone());
    (Pass { host, invitation: in_tab(INVITATION), passcode: None }, kept)
}

/// Forgets the host key that came with a link: it is none.
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

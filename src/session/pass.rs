//! What this device has that opens doors: host keys, kept for later visits, and invitations, kept
//! by the tab that was opened with one.

use crate::{
    platform,
    protocol::{Pass, RoomName},
};

const HOST_KEYS: &str = "salon.hosts";
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

/// What opens a room's doors to this tab. What its address says is kept, and taken out of the
/// address: that is what people copy for others.
pub(super) fn find(room: &RoomName) -> Pass {
    let fragment = platform::take_fragment().unwrap_or_default();
    if let Some(key) = fragment.strip_prefix(HOST) {
        keep_host_key(room, Some(key));
    }
    if let Some(token) = fragment.strip_prefix(INVITE) {
        platform::keep(INVITATION, Some(&entry(room, token)));
    }
    let kept = platform::recall(INVITATION).unwrap_or_default();
    Pass { host: host_key(room), invitation: of(room, &kept), passcode: None }
}

/// Keeps a room's host key on this device, or forgets it.
pub fn keep_host_key(room: &RoomName, key: Option<&str>) {
    let others = host_keys().into_iter().filter(|kept| of(room, kept).is_none());
    let kept = key.map(|key| entry(room, key)).into_iter().chain(others).take(ROOMS);
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

//! Decisions and actions of a room's hosts, and the credentials of people who join.

use super::{DisplayName, PeerId, Person, TrackSource, wire::number::whole};
use serde::{Deserialize, Serialize};

/// The credentials in a `join`. All of them are secret.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pass {
    /// The room's host key: makes its holder a host, and admits them past every barrier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// The token of an invitation: admits its holder without the waiting room or the passcode.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invitation: Option<String>,
    /// The room's passcode.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub passcode: Option<String>,
}

impl Pass {
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// The barrier between a newcomer and the room. People in front of it do not learn who is inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Gate {
    /// Nobody else can join.
    Locked,
    /// Anyone with the passcode can join.
    Passcode,
    /// People join when a host admits them.
    WaitingRoom,
}

/// The settings of a room, as everyone inside may know them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RoomSettings {
    /// Nobody else can join.
    #[serde(default)]
    pub locked: bool,
    /// Newcomers wait until a host admits them.
    #[serde(default)]
    pub waiting_room: bool,
    /// Newcomers need a passcode.
    #[serde(default)]
    pub passcode: bool,
    /// The hosts who are inside.
    #[serde(default)]
    pub hosts: Vec<PeerId>,
}

/// What only hosts see.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "host-state")]
pub struct HostState {
    /// The people waiting to be admitted, in order of arrival.
    #[serde(default)]
    pub waiting: Vec<Person>,
    /// The valid invitations.
    #[serde(default)]
    pub invitations: Vec<Invitation>,
}

/// An invitation to a room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Invitation {
    /// The token in its link. Secret.
    pub token: String,
    /// Whether it is for one person only.
    #[serde(default)]
    pub once: bool,
    /// Remaining validity in seconds; `None` if it does not expire.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttl: Option<u64>,
    /// The name of the last person that it admitted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used_by: Option<DisplayName>,
}

/// An action that only a host may take.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case")]
pub enum HostAction {
    /// Locks or unlocks the room.
    Lock {
        /// Whether it is locked.
        on: bool,
    },
    /// Turns the waiting room on or off.
    WaitingRoom {
        /// Whether it is on.
        on: bool,
    },
    /// Sets a passcode, or removes it.
    Passcode {
        /// The new passcode, if any.
        passcode: Option<String>,
    },
    /// Admits waiting people.
    Admit {
        /// One person; everyone by default.
        to: Option<PeerId>,
    },
    /// Denies waiting people.
    Deny {
        /// One person; everyone by default.
        to: Option<PeerId>,
    },
    /// Turns off a participant's microphone or camera. They can turn it on again.
    Mute {
        /// The participant.
        to: PeerId,
        /// The device.
        what: TrackSource,
    },
    /// Removes a participant from the room permanently.
    Remove {
        /// The participant.
        to: PeerId,
    },
    /// Makes another participant the only host.
    TransferHost {
        /// The participant.
        to: PeerId,
    },
    /// Makes all host keys void, and sends a new one to the hosts who are inside.
    RenewHostKey,
    /// Ends the call for everyone.
    End,
    /// Creates an invitation.
    Invite {
        /// Whether it is for one person only.
        #[serde(default)]
        once: bool,
        /// Validity in seconds: at most 30 days, which is also the default.
        #[serde(default, deserialize_with = "whole")]
        ttl: Option<u64>,
    },
    /// Revokes an invitation.
    Revoke {
        /// Its token.
        token: String,
    },
}

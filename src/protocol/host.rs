//! What the hosts of a room decide, and what a newcomer has to show for it.

use super::{DisplayName, PeerId, Person, TrackSource, wire::number::whole};
use serde::{Deserialize, Serialize};

/// What somebody who asks for a seat can show. All of it is secret.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pass {
    /// The room's host key: its holder is a host, and every door is open to them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// An invitation: opens the door of the waiting room and stands for the passcode.
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

/// What stands between a newcomer and the room. What is behind it is not told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Gate {
    /// Nobody comes in any more.
    Locked,
    /// Anyone with the passcode can join.
    Passcode,
    /// People join when a host admits them.
    WaitingRoom,
}

/// What everybody inside may know of how the room is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RoomSettings {
    /// Nobody comes in any more.
    #[serde(default)]
    pub locked: bool,
    /// Newcomers wait until a host lets them in.
    #[serde(default)]
    pub waiting_room: bool,
    /// Newcomers have to know a passcode.
    #[serde(default)]
    pub passcode: bool,
    /// Who of the people inside is a host.
    #[serde(default)]
    pub hosts: Vec<PeerId>,
}

/// What only hosts see.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "host-state")]
pub struct HostState {
    /// Who waits to be let in, in the order they came.
    #[serde(default)]
    pub waiting: Vec<Person>,
    /// The invitations that were given and are not over.
    #[serde(default)]
    pub invitations: Vec<Invitation>,
}

/// A link of its own into a room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Invitation {
    /// What stands in the link. Secret.
    pub token: String,
    /// Whether it is for one person only.
    #[serde(default)]
    pub once: bool,
    /// For how many seconds more it is good; none if it does not expire.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttl: Option<u64>,
    /// The name of whom it brought in last; none if it was not used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used_by: Option<DisplayName>,
}

/// Something that only a host may do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case")]
pub enum HostAction {
    /// Lets nobody in any more, or somebody again.
    Lock {
        /// Whether nobody comes in.
        on: bool,
    },
    /// Lets newcomers wait, or come straight in.
    WaitingRoom {
        /// Whether they wait.
        on: bool,
    },
    /// Sets a passcode, or removes it.
    Passcode {
        /// The new one.
        passcode: Option<String>,
    },
    /// Admits waiting people.
    Admit {
        /// Who; everybody, if it is not said.
        to: Option<PeerId>,
    },
    /// Denies waiting people.
    Deny {
        /// Who; everybody, if it is not said.
        to: Option<PeerId>,
    },
    /// Switches somebody's microphone or camera off. They can switch it on again.
    Mute {
        /// Whose.
        to: PeerId,
        /// Which.
        what: TrackSource,
    },
    /// Puts somebody out of the room, for good.
    Remove {
        /// Who.
        to: PeerId,
    },
    /// Makes somebody else the host, in place of all that are.
    TransferHost {
        /// Who.
        to: PeerId,
    },
    /// Makes a new host key for the hosts who are inside, in place of all that there are.
    RenewHostKey,
    /// Ends the call for everybody.
    End,
    /// Makes an invitation.
    Invite {
        /// Whether it is for one person only.
        #[serde(default)]
        once: bool,
        /// For how many seconds it is good; at most 30 days, which are taken if it is not said.
        #[serde(default, deserialize_with = "whole")]
        ttl: Option<u64>,
    },
    /// Takes an invitation back.
    Revoke {
        /// Its token.
        token: String,
    },
}

//! Decisions and actions of a room's hosts, and the credentials of people who join.

use super::{
    DisplayName, PeerId, Person, TrackSource,
    json::{Field, ToJson, Writer, field, object, word},
    wire::number::whole,
};
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

object!(Pass { ; host = None, invitation = None, passcode = None });

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

word!(Gate { Locked = "locked", Passcode = "passcode", WaitingRoom = "waiting-room" });

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

object!(RoomSettings {
    locked = false,
    waiting_room as "waitingRoom" = false,
    passcode = false,
    hosts = Vec::new(),
});

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

object!(HostState: "host-state" { waiting = Vec::new(), invitations = Vec::new() });

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

object!(Invitation { token, once = false; ttl = None, used_by as "usedBy" = None });

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

impl ToJson for HostAction {
    fn write(&self, out: &mut Writer) {
        let mut action = |name: &str, fields: &[Field]| out.tagged("do", name, fields);
        match self {
            Self::Lock { on } => action("lock", &[field("on", on)]),
            Self::WaitingRoom { on } => action("waiting-room", &[field("on", on)]),
            Self::Passcode { passcode } => action("passcode", &[field("passcode", passcode)]),
            Self::Admit { to } => action("admit", &[field("to", to)]),
            Self::Deny { to } => action("deny", &[field("to", to)]),
            Self::Mute { to, what } => action("mute", &[field("to", to), field("what", what)]),
            Self::Remove { to } => action("remove", &[field("to", to)]),
            Self::TransferHost { to } => action("transfer-host", &[field("to", to)]),
            Self::RenewHostKey => action("renew-host-key", &[]),
            Self::End => action("end", &[]),
            Self::Invite { once, ttl } => {
                action("invite", &[field("once", once), field("ttl", ttl)]);
            }
            Self::Revoke { token } => action("revoke", &[field("token", token)]),
        }
    }
}

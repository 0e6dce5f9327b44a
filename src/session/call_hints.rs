//! The hint that is shown to a person in a call: the most important problem that they may not
//! notice themselves.

use crate::{
    call::{Tile, View, WeakLink},
    platform::Kind,
    protocol::PeerId,
};

/// A hint that is shown while its reason lasts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallHint {
    /// They talk and are muted.
    TalkingWhileMuted,
    /// The system, or a switch of the device, has muted it.
    MutedBySystem(Kind),
    /// The microphone gives nothing at all.
    SilentMicrophone,
    /// Somebody says that no sound arrives; their name.
    NotHeard(String),
    /// Somebody says that no picture arrives; their name.
    NotSeen(String),
    /// A weak connection.
    Weak {
        /// The weak link.
        weak_link: WeakLink,
        /// The name of the other person whose line is weak; empty if it is this person's own.
        name: String,
        /// Whether a picture is sent smaller because of it.
        picture: bool,
    },
}

/// The state of this person's devices.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DeviceState {
    /// See [`crate::devices::MicWarning`].
    pub talking_while_muted: bool,
    /// See [`crate::devices::MicWarning`].
    pub silent: bool,
    /// A microphone that is on is muted by the system.
    pub microphone_muted: bool,
    /// The same of the camera.
    pub camera_muted: bool,
}

impl CallHint {
    /// The most important hint: first what the person cannot notice themselves and can fix.
    pub(super) fn of(view: &View, devices: DeviceState) -> Option<Self> {
        if !view.admission.is_in_call() {
            return None;
        }
        let name = |tile: &Tile| tile.presence.name.as_str().to_owned();
        let first = |has: fn(&Tile) -> bool| view.tiles.iter().find(|tile| has(tile)).map(name);
        let of = |id: PeerId| view.tiles.iter().find(|tile| tile.key.id == id);
        let device = match devices {
            DeviceState { talking_while_muted: true, .. } => Some(Self::TalkingWhileMuted),
            DeviceState { microphone_muted: true, .. } => {
                Some(Self::MutedBySystem(Kind::Microphone))
            }
            DeviceState { silent: true, .. } => Some(Self::SilentMicrophone),
            DeviceState { camera_muted: true, .. } => Some(Self::MutedBySystem(Kind::Camera)),
            DeviceState { .. } => None,
        };
        let weak = || match view.weak_link {
            WeakLink::None => None,
            weak_link @ (WeakLink::MyUpload | WeakLink::MyDownload) => {
                let picture = view.presence.camera;
                Some(Self::Weak { weak_link, name: String::new(), picture })
            }
            weak_link @ WeakLink::Download(id) => {
                let name = of(id).map(name).unwrap_or_default();
                Some(Self::Weak { weak_link, name, picture: view.presence.camera })
            }
            weak_link @ WeakLink::Upload(id) => {
                let picture = of(id).is_some_and(|tile| tile.presence.camera);
                Some(Self::Weak { weak_link, name: of(id).map(name).unwrap_or_default(), picture })
            }
        };
        device
            .or_else(|| first(|tile| !tile.hears).map(Self::NotHeard))
            .or_else(|| first(|tile| !tile.sees).map(Self::NotSeen))
            .or_else(weak)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        admission::{AdmissionView, Phase},
        call::{Link, PeerKey},
        protocol::{Grade, Presence},
    };
    use std::time::Duration;

    #[test]
    fn only_the_most_important_hint_is_shown() {
        let tile = |id, hears, sees| Tile {
            key: PeerKey { id: PeerId(id), generation: id },
            presence: Presence { name: format!("P{id}").as_str().into(), ..Presence::default() },
            link: Link::Connected,
            up: true,
            frozen: false,
            paused: false,
            hears,
            sees,
            grade: Grade::Good,
            path: None,
            fingerprints: None,
            reaction: None,
            camera: true,
            screen: false,
        };
        let mut view = View {
            admission: AdmissionView {
                phase: Phase::InCall { since: Duration::ZERO },
                ..AdmissionView::default()
            },
            tiles: vec![tile(1, true, false), tile(2, false, false)],
            weak_link: WeakLink::Upload(PeerId(1)),
            ..View::default()
        };
        let mut devices = DeviceState { silent: true, ..DeviceState::default() };
        assert_eq!(CallHint::of(&view, devices), Some(CallHint::SilentMicrophone));
        devices.silent = false;
        assert_eq!(CallHint::of(&view, devices), Some(CallHint::NotHeard("P2".into())));
        view.tiles.pop();
        assert_eq!(CallHint::of(&view, devices), Some(CallHint::NotSeen("P1".into())));
        view.tiles = vec![tile(1, true, true)];
        let weak_link = WeakLink::Upload(PeerId(1));
        let weak = CallHint::Weak { weak_link, name: "P1".into(), picture: true };
        assert_eq!(CallHint::of(&view, devices), Some(weak));
        view.admission.phase = Phase::Lobby;
        assert_eq!(CallHint::of(&view, devices), None);
    }
}

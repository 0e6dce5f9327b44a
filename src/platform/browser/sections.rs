//! Which media section of a connection is for what.

use super::externs;
use crate::platform::{Kind, PerKind};
use wasm_bindgen::JsCast;
use web_sys::MediaStreamTrack;

/// The sections of one connection. What one was taken for first, it stays; a stopped one counts for nothing.
#[derive(Default)]
pub(super) struct Sections {
    /// For microphone and camera, in both directions: the first of each kind.
    own: PerKind<externs::Transceiver>,
    /// Made when something is shared for the first time; they stay.
    screen: PerKind<externs::Transceiver>,
    /// Further ones of the other side, for what it shares of its screen.
    further: Vec<externs::Transceiver>,
}

impl Sections {
    pub(super) fn own(&self, kind: Kind) -> Option<&externs::Transceiver> {
        self.own.get(kind)
    }

    pub(super) fn screen(&self, kind: Kind) -> Option<&externs::Transceiver> {
        self.screen.get(kind)
    }

    pub(super) fn add_own(&mut self, kind: Kind, section: externs::Transceiver) {
        self.own.set(kind, Some(section));
    }

    pub(super) fn add_screen(&mut self, kind: Kind, section: externs::Transceiver) {
        self.screen.set(kind, Some(section));
    }

    /// A stopped section is replaced when something is shared again.
    pub(super) fn forget_stopped_screen(&mut self) {
        for kind in Kind::ALL {
            if self.screen.get(kind).is_some_and(is_stopped) {
                self.screen.set(kind, None);
            }
        }
    }

    /// Whether what a section brings is of a screen.
    pub(super) fn is_of_screen(&mut self, section: &externs::Transceiver) -> bool {
        let kind = kind_of(&section.receiver().track());
        if self.own.get(kind) == Some(section) {
            return false;
        }
        if self.screen.get(kind) == Some(section) || self.further.contains(section) {
            return true;
        }
        let is_free = self.own.get(kind).is_none_or(is_stopped);
        match is_free {
            true => self.own.set(kind, Some(section.clone())),
            false => {
                self.further.retain(|section| !is_stopped(section));
                self.further.push(section.clone());
            }
        }
        !is_free
    }
}

/// Whether nothing goes through a section any more, because either side has stopped it (W3C WebRTC,
/// section 5.4.1).
pub(super) fn is_stopped(section: &externs::Transceiver) -> bool {
    let directions = [section.direction_text(), section.current_direction_text()];
    directions.iter().flatten().any(|direction| direction == "stopped")
}

pub(super) fn sender_of(section: &externs::Transceiver) -> externs::Sender {
    section.sender().unchecked_into()
}

/// All sections of a connection.
pub(super) fn transceivers(pc: &externs::Pc) -> Vec<externs::Transceiver> {
    let list = pc.transceivers().unwrap_or_default();
    list.iter().map(JsCast::unchecked_into).collect()
}

pub(super) fn kind_of(track: &MediaStreamTrack) -> Kind {
    match track.kind() == "audio" {
        true => Kind::Microphone,
        false => Kind::Camera,
    }
}

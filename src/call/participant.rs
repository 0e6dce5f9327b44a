//! Somebody else in the call: who they are, independent of the connections to them.

use crate::protocol::{DisplayName, PeerId, Presence, Quality, Reaction};
use std::time::Duration;

/// What is to come of somebody at this moment, which is less where no pictures are wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct ExpectedTracks {
    /// Their microphone's sound.
    pub(super) microphone: bool,
    /// Their camera's picture.
    pub(super) camera: bool,
    /// The picture of their screen.
    pub(super) screen: bool,
}

/// What a host has switched off. That somebody says otherwise themselves does not count before they
/// have switched it off, too.
#[derive(Clone, Copy, Debug, Default)]
struct MutedByHost {
    microphone: bool,
    camera: bool,
}

/// One other person in the call.
#[derive(Debug)]
pub(super) struct Participant {
    id: PeerId,
    presence: Presence,
    muted_by_host: MutedByHost,
    /// What they reacted with last, and when.
    reaction: Option<(Reaction, Duration)>,
}

impl Participant {
    pub(super) fn new(id: PeerId, presence: Presence) -> Self {
        Self { id, presence, muted_by_host: MutedByHost::default(), reaction: None }
    }

    pub(super) fn id(&self) -> PeerId {
        self.id
    }

    pub(super) fn name(&self) -> &DisplayName {
        &self.presence.name
    }

    pub(super) fn presence(&self) -> &Presence {
        &self.presence
    }

    pub(super) fn reaction(&self) -> Option<(Reaction, Duration)> {
        self.reaction
    }

    /// They are to be connected to once more, and the server says how they are.
    pub(super) fn reconnect(&mut self, presence: Presence) {
        self.presence = presence;
    }

    /// The server tells of them.
    pub(super) fn set_presence(&mut self, presence: Presence) {
        let MutedByHost { microphone, camera } = self.muted_by_host;
        self.muted_by_host = MutedByHost {
            microphone: !presence.mic && (microphone || self.presence.mic),
            camera: !presence.camera && (camera || self.presence.camera),
        };
        self.presence = presence;
    }

    /// They have switched something, and say so themselves.
    pub(super) fn switch(&mut self, presence: &Presence) {
        let muted = &mut self.muted_by_host;
        muted.microphone &= presence.mic;
        muted.camera &= presence.camera;
        self.presence = Presence {
            name: self.presence.name.clone(),
            hand: self.presence.hand,
            mic: presence.mic && !muted.microphone,
            camera: presence.camera && !muted.camera,
            ..*presence
        };
    }

    pub(super) fn react(&mut self, reaction: Reaction, now: Duration) {
        self.reaction = Some((reaction, now));
    }

    /// How much they and this person, who wants so much, spend on pictures.
    pub(super) fn quality(&self, own: Quality) -> Quality {
        own.min(self.presence.quality)
    }

    /// What is to come of them, with so much to be spent on pictures here.
    pub(super) fn expected(&self, own: Quality) -> ExpectedTracks {
        let pictures = self.quality(own) != Quality::AudioOnly;
        ExpectedTracks {
            microphone: self.presence.mic,
            camera: self.presence.camera && pictures,
            screen: self.presence.screen && pictures,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_switches_something_says_so_and_cannot_be_somebody_else() {
        let ada = Presence { name: "Ada".into(), hand: Some(2), ..Presence::default() };
        let mut participant = Participant::new(PeerId(1), ada.clone());
        let off = Presence { mic: false, recording: true, ..ada.clone() };
        let said = Presence { name: "Bob".into(), hand: Some(0), ..off.clone() };
        participant.switch(&said);
        assert_eq!(participant.presence, off);
        participant.switch(&ada);
        assert_eq!(participant.presence, ada, "and on again, though the server is away");
        participant.set_presence(off.clone());
        participant.switch(&ada);
        assert!(!participant.presence.mic, "a host has muted them");
        participant.switch(&off);
        participant.switch(&ada);
        assert_eq!(participant.presence, ada, "they have seen it, and may switch it on again");
    }
}

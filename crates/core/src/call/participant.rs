//! Another participant in the call, independent of how they are reached.

use crate::protocol::{DisplayName, PeerId, Presence, Quality, Reaction};
use std::time::Duration;

/// The tracks expected from a participant; without those of video if none is wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct ExpectedTracks {
    /// Microphone audio.
    pub(super) microphone: bool,
    /// Camera video.
    pub(super) camera: bool,
    /// Screen video.
    pub(super) screen: bool,
}

/// What a host has switched off. A participant's contrary report is ignored until they have
/// confirmed that it is off.
#[derive(Clone, Copy, Debug, Default)]
struct MutedByHost {
    microphone: bool,
    camera: bool,
}

/// Another participant in the call.
#[derive(Debug)]
pub(super) struct Participant {
    id: PeerId,
    presence: Presence,
    muted_by_host: MutedByHost,
    /// Their last reaction and its time.
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

    /// Updates the presence on a new `ready`.
    pub(super) fn reconnect(&mut self, presence: Presence) {
        self.muted_by_host.microphone &= !presence.mic;
        self.muted_by_host.camera &= !presence.camera;
        self.presence = presence;
    }

    /// Updates the presence that the server sends.
    pub(super) fn set_presence(&mut self, presence: Presence) {
        let MutedByHost { microphone, camera } = self.muted_by_host;
        self.muted_by_host = MutedByHost {
            microphone: !presence.mic && (microphone || self.presence.mic),
            camera: !presence.camera && (camera || self.presence.camera),
        };
        self.presence = presence;
    }

    /// Updates the presence that the participant sends themselves.
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

    /// The lower of their video quality and this participant's own.
    pub(super) fn quality(&self, own: Quality) -> Quality {
        own.min(self.presence.quality)
    }

    /// The tracks expected from them at this participant's own video quality.
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
    fn a_participant_announces_switches_but_not_another_name() {
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

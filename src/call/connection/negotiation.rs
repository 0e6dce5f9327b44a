//! Perfect negotiation (W3C WebRTC, section 10.7) as a state machine.
//!
//! The browser's operations are asynchronous; here one runs at a time, and what arrives meanwhile
//! waits in order. So "making an offer" is an operation that is under way, and a collision is an
//! offer that meets a `signalingState` other than `stable`. The side that is to give way does not
//! roll its offer back: [`Negotiation::has_collided`] says that a new connection is needed.

use super::{
    fingerprints::DtlsFingerprints,
    tracks::TrackMap,
    types::{Intent, PeerCommand, SignalingState},
};
use crate::protocol::{IceCandidate, Role, SdpType, SessionDescription, Signal};
use std::{collections::VecDeque, sync::Arc};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operation {
    Local(Intent),
    Remote(SdpType),
}

/// The state of one pair's negotiation.
#[derive(Debug)]
pub(super) struct Negotiation {
    role: Role,
    signaling: SignalingState,
    operation: Option<Operation>,
    /// `negotiationneeded` has fired and no offer has been made since.
    wanted: bool,
    /// The last offer of the other side lost a collision; its candidates mean nothing here.
    ignoring: bool,
    /// An offer of this side had to give way to one of the other. Chromium goes on receiving when it
    /// is rolled back then, but no longer shows the video.
    collided: bool,
    /// The other side's description has been applied at least once.
    has_remote: bool,
    /// The offer of this side that has no answer yet.
    open_offer: Option<SessionDescription>,
    repeats: Repeats,
    /// The last description of the other side that was to be applied.
    remote: Option<SessionDescription>,
    inbox: VecDeque<Signal>,
    candidates: Candidates,
    fingerprints: DtlsFingerprints,
    /// What the other side's sections bring.
    tracks: TrackMap,
    commands: VecDeque<PeerCommand>,
}

/// Candidates that wait for something; none at the end of candidates.
#[derive(Debug, Default)]
struct Candidates {
    /// Those of the other side that came before its first description.
    early: Vec<Option<IceCandidate>>,
    /// Those of this side that must not overtake the description they belong to.
    outgoing: Vec<Option<IceCandidate>>,
    /// Those that were sent since the open offer.
    offered: Vec<Option<IceCandidate>>,
}

/// What was said more than once, or may be.
#[derive(Debug, Default)]
struct Repeats {
    /// The last offer of the other side that was answered, and with what.
    last_answered: Option<(SessionDescription, SessionDescription)>,
    /// How many answers may be left over, because an offer was said again.
    said_again: u32,
}

impl Negotiation {
    pub(super) fn new(role: Role) -> Self {
        Self {
            role,
            signaling: SignalingState::Stable,
            operation: None,
            wanted: false,
            ignoring: false,
            collided: false,
            has_remote: false,
            open_offer: None,
            repeats: Repeats::default(),
            remote: None,
            inbox: VecDeque::new(),
            candidates: Candidates::default(),
            fingerprints: DtlsFingerprints::default(),
            tracks: TrackMap::default(),
            commands: VecDeque::new(),
        }
    }

    pub(super) fn poll(&mut self) -> Option<PeerCommand> {
        self.commands.pop_front()
    }

    /// What both sides can compare.
    pub(super) fn seal(&self) -> Option<Arc<str>> {
        self.fingerprints.seal()
    }

    /// Whether nothing is under way, on this side or with the other.
    pub(super) fn is_at_rest(&self) -> bool {
        let busy = self.operation.is_some() || !self.inbox.is_empty() || self.wanted;
        !busy && self.signaling == SignalingState::Stable
    }

    /// Whether a browser operation is under way.
    #[cfg(test)]
    pub(super) fn is_busy(&self) -> bool {
        self.operation.is_some() || !self.inbox.is_empty()
    }

    /// Whether the other side's offer met one of this side, and this side was the one to give way.
    pub(super) fn has_collided(&self) -> bool {
        self.collided
    }

    /// Whether an offer of this side waits for its answer.
    pub(super) fn has_open_offer(&self) -> bool {
        self.signaling == SignalingState::HaveLocalOffer && self.open_offer.is_some()
    }

    /// Says again what the other side may not have heard.
    pub(super) fn repeat(&mut self) {
        if self.has_open_offer()
            && let Some(offer) = self.open_offer.clone()
        {
            self.repeats.said_again += 1;
            self.send(Signal::Offer(offer));
            for candidate in self.candidates.offered.clone() {
                self.send(Signal::Candidate(candidate));
            }
        }
    }

    pub(super) fn needed(&mut self) {
        self.wanted = true;
        self.advance();
    }

    pub(super) fn signal(&mut self, signal: Signal) {
        self.inbox.push_back(signal);
        self.advance();
    }

    /// Puts a command that needs no negotiating into the order of the others.
    pub(super) fn command(&mut self, command: PeerCommand) {
        self.commands.push_back(command);
    }

    pub(super) fn local_candidate(&mut self, candidate: Option<IceCandidate>) {
        match self.operation {
            Some(Operation::Local(_)) => self.candidates.outgoing.push(candidate),
            _ => self.send_candidate(candidate),
        }
    }

    fn send_candidate(&mut self, candidate: Option<IceCandidate>) {
        if self.signaling == SignalingState::HaveLocalOffer {
            self.candidates.offered.push(candidate.clone());
        }
        self.send(Signal::Candidate(candidate));
    }

    pub(super) fn local_done(
        &mut self,
        intent: Intent,
        description: Option<SessionDescription>,
        signaling: SignalingState,
    ) {
        if self.operation != Some(Operation::Local(intent)) {
            return;
        }
        self.operation = None;
        self.signaling = signaling;
        if let Some(description) = description.filter(|_| intent != Intent::Rollback) {
            self.fingerprints.set_local(&description.sdp);
            if intent == Intent::Answer && signaling == SignalingState::Stable {
                self.fingerprints.agree();
            }
            self.open_offer = Some(description.clone()).filter(|_| intent == Intent::Offer);
            self.candidates.offered.clear();
            if intent == Intent::Answer {
                self.repeats.last_answered = self.remote.clone().zip(Some(description.clone()));
            }
            self.send(match description.kind {
                SdpType::Offer => Signal::Offer(description),
                _ => Signal::Answer(description),
            });
        }
        if intent == Intent::Answer && signaling == SignalingState::HaveRemoteOffer {
            // An offer that cannot be answered must not stay open for ever.
            self.start_local(Intent::Rollback);
        }
        for candidate in std::mem::take(&mut self.candidates.outgoing) {
            self.send_candidate(candidate);
        }
        self.advance();
    }

    pub(super) fn remote_done(&mut self, worked: bool, signaling: SignalingState) {
        let Some(Operation::Remote(kind)) = self.operation else { return };
        self.operation = None;
        self.signaling = signaling;
        if worked {
            self.has_remote = true;
            if kind == SdpType::Answer {
                self.fingerprints.agree();
            }
            let early = std::mem::take(&mut self.candidates.early);
            self.commands.extend(early.into_iter().map(PeerCommand::AddCandidate));
            if kind == SdpType::Offer {
                self.start_local(Intent::Answer);
            }
        } else if signaling == SignalingState::HaveLocalOffer {
            // An answer that cannot be applied must not leave the offer open for ever.
            self.start_local(Intent::Rollback);
        }
        self.advance();
    }

    fn advance(&mut self) {
        while self.operation.is_none() {
            match self.inbox.pop_front() {
                Some(Signal::Offer(offer)) => self.offered(offer),
                Some(Signal::Answer(answer)) => self.answered(answer),
                Some(Signal::Candidate(candidate)) => self.candidate(candidate),
                Some(Signal::Reception(_)) => {}
                None => {
                    if self.wanted && self.may_offer() {
                        self.wanted = false;
                        self.start_local(Intent::Offer);
                    }
                    return;
                }
            }
        }
    }

    /// The callee leaves the first offer to the caller, so that a call begins without a collision
    /// and works with clients that know one role only.
    fn may_offer(&self) -> bool {
        self.signaling == SignalingState::Stable && (self.role == Role::Caller || self.has_remote)
    }

    fn offered(&mut self, offer: SessionDescription) {
        // Browsers number their descriptions, so the same one is said again: see [`Self::repeat`]. With
        // a second answer of its own, the other side would have one left over for its next offer.
        if let Some((_, answer)) =
            self.repeats.last_answered.as_ref().filter(|(last, _)| *last == offer)
        {
            return self.send(Signal::Answer(answer.clone()));
        }
        self.ignoring = match self.role {
            Role::Caller => self.signaling != SignalingState::Stable,
            Role::Callee => self.signaling == SignalingState::HaveLocalOffer,
        };
        self.collided |= self.ignoring && self.role == Role::Callee;
        if !self.ignoring && offer.kind == SdpType::Offer {
            self.start_remote(offer);
        }
    }

    fn answered(&mut self, answer: SessionDescription) {
        // One offer that was said twice may have been answered twice, with the same words.
        if self.repeats.said_again > 0 && self.remote.as_ref() == Some(&answer) {
            self.repeats.said_again -= 1;
            return;
        }
        let expected = self.signaling == SignalingState::HaveLocalOffer;
        if expected && answer.kind == SdpType::Answer {
            self.ignoring = false;
            self.start_remote(answer);
        }
    }

    fn candidate(&mut self, candidate: Option<IceCandidate>) {
        if self.ignoring {
        } else if self.has_remote {
            self.commands.push_back(PeerCommand::AddCandidate(candidate));
        } else {
            self.candidates.early.push(candidate);
        }
    }

    fn start_local(&mut self, intent: Intent) {
        self.operation = Some(Operation::Local(intent));
        self.commands.push_back(PeerCommand::SetLocal(intent));
    }

    fn start_remote(&mut self, description: SessionDescription) {
        self.operation = Some(Operation::Remote(description.kind));
        self.fingerprints.set_remote(&description.sdp);
        self.remote = Some(description.clone());
        let tracks = self.tracks.learn(&description);
        let description = SessionDescription { tracks, ..description };
        self.commands.push_back(PeerCommand::SetRemote(description));
    }

    fn send(&mut self, signal: Signal) {
        self.commands.push_back(PeerCommand::Send(signal));
    }
}

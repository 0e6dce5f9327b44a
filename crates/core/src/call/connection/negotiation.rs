//! Perfect negotiation (W3C WebRTC, section 10.7) as a state machine.
//!
//! The browser's operations are asynchronous. Only one runs at a time, and messages that arrive
//! meanwhile are queued. "Making an offer" is thus a running operation, and a collision is an offer
//! that arrives in a `signalingState` other than `stable`. The polite side does not roll its offer
//! back: [`Negotiation::has_collided`] reports that a new connection is needed.

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
    /// `negotiationneeded` has fired, and no offer has been made or answered since. After an agreement
    /// the browser fires again if something is still missing (W3C WebRTC, section 4.7.3).
    wanted: bool,
    /// The other side's last offer lost a collision, and its candidates are ignored.
    ignoring: bool,
    /// An offer of this side lost a collision. After a rollback, Chromium continues to receive
    /// video but no longer shows it.
    collided: bool,
    /// The other side's description has been applied at least once.
    has_remote: bool,
    /// This side's unanswered offer.
    open_offer: Option<SessionDescription>,
    repeats: Repeats,
    /// The other side's last description that was passed to the browser.
    remote: Option<SessionDescription>,
    inbox: VecDeque<Signal>,
    candidates: Candidates,
    fingerprints: DtlsFingerprints,
    /// The sources of the other side's sections.
    tracks: TrackMap,
    commands: VecDeque<PeerCommand>,
}

/// Queued candidates; `None` marks the end of candidates.
#[derive(Debug, Default)]
struct Candidates {
    /// Remote candidates that arrived before the first remote description.
    early: Vec<Option<IceCandidate>>,
    /// Local candidates that must not overtake their description.
    outgoing: Vec<Option<IceCandidate>>,
    /// Local candidates sent since the open offer.
    offered: Vec<Option<IceCandidate>>,
}

/// Descriptions that were, or may be, sent more than once.
#[derive(Debug, Default)]
struct Repeats {
    /// The other side's last answered offer, and the answer.
    last_answered: Option<(SessionDescription, SessionDescription)>,
    /// Number of duplicate answers to expect, because an offer was sent again.
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

    /// The fingerprints that both sides can compare.
    pub(super) fn fingerprints(&self) -> Option<Arc<str>> {
        self.fingerprints.agreed()
    }

    /// Whether the negotiation is stable and no operation is running or queued.
    pub(super) fn is_at_rest(&self) -> bool {
        let busy = self.operation.is_some() || !self.inbox.is_empty() || self.wanted;
        !busy && self.signaling == SignalingState::Stable
    }

    /// Whether a browser operation is running or a message is queued.
    #[cfg(any(test, fuzzing))]
    pub(super) fn is_busy(&self) -> bool {
        self.operation.is_some() || !self.inbox.is_empty()
    }

    /// Whether an offer of this side has lost a collision.
    pub(super) fn has_collided(&self) -> bool {
        self.collided
    }

    /// Whether an offer of this side is unanswered.
    pub(super) fn has_open_offer(&self) -> bool {
        self.signaling == SignalingState::HaveLocalOffer && self.open_offer.is_some()
    }

    /// Sends the open offer and its candidates again, because the other side may not have received
    /// them.
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

    /// Queues a command that does not depend on the negotiation.
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
                self.wanted = false;
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
            // An offer that cannot be answered must not stay open forever.
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
        self.tracks.settle(worked);
        if worked {
            self.has_remote = true;
            if kind == SdpType::Answer {
                self.fingerprints.agree();
                self.wanted = false;
            }
            let early = std::mem::take(&mut self.candidates.early);
            self.commands.extend(early.into_iter().map(PeerCommand::AddCandidate));
            if kind == SdpType::Offer {
                self.start_local(Intent::Answer);
            }
        } else if signaling == SignalingState::HaveLocalOffer {
            // An answer that cannot be applied must not leave the offer open forever.
            self.start_local(Intent::Rollback);
        }
        self.advance();
    }

    fn advance(&mut self) {
        while self.is_free() {
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

    /// Whether the next signal can be handled. A candidate belongs to the description that is there,
    /// whatever this side is setting.
    fn is_free(&self) -> bool {
        let is_candidate = matches!(self.inbox.front(), Some(Signal::Candidate(_)));
        match self.operation {
            None => true,
            Some(Operation::Local(_)) => is_candidate,
            Some(Operation::Remote(_)) => false,
        }
    }

    /// Whether this side may make an offer. The callee leaves the first one to the caller, so that
    /// a call starts without a collision and works with clients that implement one role only.
    fn may_offer(&self) -> bool {
        self.signaling == SignalingState::Stable && (self.role == Role::Caller || self.has_remote)
    }

    fn offered(&mut self, offer: SessionDescription) {
        // Descriptions have version numbers, so an identical one was sent again (see
        // [`Self::repeat`]). It gets the same answer: a new one could be taken for the answer to
        // the next offer.
        if let Some((_, answer)) =
            self.repeats.last_answered.as_ref().filter(|(last, _)| *last == offer)
        {
            self.send(Signal::Answer(answer.clone()));
            // The other side's offer was still open, so it may have ignored that of this side.
            return self.repeat();
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
        // An offer that was sent twice may have been answered twice, with the same description.
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

//! One other person: their presence, the negotiation with them, and how the connection is.

use super::{
    Generation, Tile,
    negotiation::{Negotiation, PeerCommand, PeerInput},
};
use crate::protocol::{PeerId, Presence, Role};

/// One peer connection to one person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PeerKey {
    /// Who.
    pub id: PeerId,
    /// Which of the connections to them.
    pub generation: Generation,
}

/// `RTCPeerConnectionState` (W3C WebRTC, section 4.3.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ConnectionState {
    /// Nothing has started.
    #[default]
    New,
    /// ICE or DTLS is under way.
    Connecting,
    /// Media can flow.
    Connected,
    /// Contact is lost, perhaps for a moment.
    Disconnected,
    /// Contact is lost and will not come back by itself.
    Failed,
    /// Closed by this side.
    Closed,
}

/// `RTCIceConnectionState` (W3C WebRTC, section 5.6.4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IceConnectionState {
    /// Nothing has started.
    #[default]
    New,
    /// Pairs of candidates are being tried.
    Checking,
    /// A pair works.
    Connected,
    /// A pair works and no more are tried.
    Completed,
    /// The pair stopped working, perhaps for a moment.
    Disconnected,
    /// No pair works.
    Failed,
    /// Closed by this side.
    Closed,
}

/// How the connection to a person is, in the words they are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Link {
    /// Nothing has been tried yet.
    #[default]
    New,
    /// On the way, for the first time.
    Connecting,
    /// Sound and picture can flow.
    Connected,
    /// Was connected, and is being repaired.
    Reconnecting,
    /// Repairs have not helped; they go on.
    Failed,
}

/// So many failures in a row are repaired without calling the connection failed.
const QUIET_FAILURES: u32 = 1;

/// One other person in the call.
#[derive(Debug)]
pub struct Peer {
    key: PeerKey,
    /// What the server calls this connection.
    link: u64,
    presence: Presence,
    negotiation: Negotiation,
    connection: ConnectionState,
    ice: IceConnectionState,
    was_connected: bool,
    failures: u32,
    /// Something that was to be said to them could not be.
    unheard: bool,
}

impl Peer {
    pub(super) fn new(key: PeerKey, role: Role, link: u64, presence: Presence) -> Self {
        Self {
            key,
            link,
            presence,
            negotiation: Negotiation::new(role),
            connection: ConnectionState::New,
            ice: IceConnectionState::New,
            was_connected: false,
            failures: 0,
            unheard: false,
        }
    }

    /// What is said to them now is lost.
    pub(super) fn lose_words(&mut self) {
        self.unheard = true;
    }

    /// They may not have heard what was said last.
    pub(super) fn repeat(&mut self) {
        self.negotiation.repeat();
    }

    /// Whether the connection works and nothing about it is open.
    pub(super) fn is_intact(&self) -> bool {
        self.is_up() && !self.unheard && self.negotiation.is_at_rest()
    }

    pub(super) fn key(&self) -> PeerKey {
        self.key
    }

    pub(super) fn link_number(&self) -> u64 {
        self.link
    }

    pub(super) fn set_presence(&mut self, presence: Presence) {
        self.presence = presence;
    }

    pub(super) fn tile(&self) -> Tile {
        Tile { key: self.key, presence: self.presence.clone(), link: self.link() }
    }

    pub(super) fn poll(&mut self) -> Option<PeerCommand> {
        self.negotiation.poll()
    }

    /// Whether the first connection is under way.
    pub(super) fn is_new(&self) -> bool {
        matches!(self.link(), Link::New | Link::Connecting)
    }

    #[cfg(test)]
    pub(super) fn is_negotiating(&self) -> bool {
        self.negotiation.is_busy()
    }

    pub(super) fn handle(&mut self, input: PeerInput) {
        match input {
            PeerInput::NegotiationNeeded => self.negotiation.needed(),
            PeerInput::LocalDone(intent, description, signaling) => {
                self.negotiation.local_done(intent, description, signaling);
            }
            PeerInput::RemoteDone(worked, signaling) => {
                self.negotiation.remote_done(worked, signaling);
            }
            PeerInput::LocalCandidate(candidate) => self.negotiation.local_candidate(candidate),
            PeerInput::Signal(signal) => self.negotiation.signal(signal),
            PeerInput::Connection(state) => {
                let failed = self.connection != state && state == ConnectionState::Failed;
                self.connection = state;
                self.state_changed(failed);
            }
            PeerInput::IceConnection(state) => {
                self.ice = state;
                self.state_changed(false);
            }
        }
    }

    /// `connectionState` sums up ICE and DTLS, so that is where a failure is counted, once.
    fn state_changed(&mut self, failed: bool) {
        if failed {
            self.failures += 1;
            self.negotiation.restart_ice();
        }
        if self.is_up() {
            self.was_connected = true;
            self.failures = 0;
        }
    }

    fn is_up(&self) -> bool {
        use IceConnectionState::{Disconnected, Failed};
        self.connection == ConnectionState::Connected && !matches!(self.ice, Disconnected | Failed)
    }

    /// The worse of the two states that a browser reports.
    fn link(&self) -> Link {
        use ConnectionState as C;
        use IceConnectionState as I;
        let on_the_way = if self.was_connected { Link::Reconnecting } else { Link::Connecting };
        match (self.connection, self.ice) {
            _ if self.is_up() => Link::Connected,
            _ if self.failures > QUIET_FAILURES => Link::Failed,
            (C::New, I::New) if !self.was_connected => Link::New,
            _ => on_the_way,
        }
    }
}

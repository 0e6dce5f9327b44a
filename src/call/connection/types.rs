//! The words in which a connection, the browser and the person are told of each other.

use super::reading::Reading;
use crate::{
    call::generation::Generation,
    content::ChannelInput,
    protocol::{Failure, Grade, IceCandidate, PeerId, SessionDescription, Signal},
};
use std::time::Duration;

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
    Reconnecting {
        /// When they were last heard.
        since: Duration,
    },
    /// Could not be connected so far. Attempts go on.
    Failed(Obstacle),
}

/// What keeps two people from each other, as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// Something on this side.
    Here(Failure),
    /// Something on the other side.
    There(Failure),
    /// Both sides do what they can, and nothing gets through.
    Between,
}

/// `RTCSignalingState` (W3C WebRTC, section 4.3.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SignalingState {
    /// No offer is open.
    #[default]
    Stable,
    /// An offer of this side is open.
    HaveLocalOffer,
    /// An offer of the other side is open.
    HaveRemoteOffer,
    /// One of the provisional states, which Salon's own client never enters.
    Provisional,
    /// The connection is closed.
    Closed,
}

/// What a local description is set for. A result is matched with it, so that a finished answer is
/// never taken for a finished offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Intent {
    /// Create and set an offer.
    Offer,
    /// Create and set an answer.
    Answer,
    /// Take back the open offer, of whichever side.
    Rollback,
}

/// What a peer connection reports.
#[derive(Clone, Debug)]
pub enum PeerInput {
    /// The browser could not make the connection. Nothing else will be reported of it.
    NotOpened,
    /// The `negotiationneeded` event.
    NegotiationNeeded,
    /// `setLocalDescription` is done: what the local description is now, or nothing if it failed.
    LocalDone(Intent, Option<SessionDescription>, SignalingState),
    /// `setRemoteDescription` is done, and whether it worked.
    RemoteDone(bool, SignalingState),
    /// A local candidate; none at the end of candidates.
    LocalCandidate(Option<IceCandidate>),
    /// The other side said something through the server.
    Signal(Signal),
    /// The `connectionstatechange` event.
    Connection(ConnectionState),
    /// The `iceconnectionstatechange` event.
    IceConnection(IceConnectionState),
    /// What the statistics say, again and again.
    Reading(Reading),
    /// Something about the data channels.
    Channel(ChannelInput),
}

/// What a peer connection is to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PeerCommand {
    /// Answered by [`PeerInput::LocalDone`] with the same intent.
    SetLocal(Intent),
    /// Answered by [`PeerInput::RemoteDone`]. Its tracks say what each section brings, also where the
    /// other side has not said so.
    SetRemote(SessionDescription),
    /// Failures are of no consequence.
    AddCandidate(Option<IceCandidate>),
    /// Gather and check anew with the next offer.
    RestartIce,
    /// Send less picture, so that the sound gets through.
    LimitPicture(Option<Grade>),
    /// Send to the other side.
    Send(Signal),
}

//! Plain types: states, inputs and commands of a connection.

use super::reading::Reading;
use crate::{
    call::generation::Generation,
    content::ChannelInput,
    protocol::{Failure, Grade, IceCandidate, PeerId, SessionDescription, Signal, TrackSource},
};
use std::time::Duration;

/// A peer connection to a participant, or to the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PeerKey {
    /// The participant, or [`PeerId::SERVER`].
    pub id: PeerId,
    /// Distinguishes the connections to them.
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
    /// Contact is lost, possibly for a moment.
    Disconnected,
    /// Contact is lost and will not recover by itself.
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
    /// A pair works and no more are being tried.
    Completed,
    /// The pair stopped working, possibly for a moment.
    Disconnected,
    /// No pair works.
    Failed,
    /// Closed by this side.
    Closed,
}

/// The state of the connection to a participant, as shown to the user.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Link {
    /// Nothing has started yet.
    #[default]
    New,
    /// Connecting for the first time.
    Connecting,
    /// Media can flow.
    Connected,
    /// Was connected, and is being repaired.
    Reconnecting {
        /// When data last arrived from them.
        since: Duration,
    },
    /// Could not be connected so far. Attempts continue.
    Failed(Obstacle),
}

/// What prevents a connection, as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// A failure on this side.
    Here(Failure),
    /// A failure on the other side.
    There(Failure),
    /// The network: neither side reports a failure, and nothing gets through.
    Between,
}

/// `RTCSignalingState` (W3C WebRTC, section 4.3.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SignalingState {
    /// There is no open offer.
    #[default]
    Stable,
    /// This side's offer is unanswered.
    HaveLocalOffer,
    /// The other side's offer is unanswered.
    HaveRemoteOffer,
    /// One of the provisional states, which Salon's own client never enters.
    Provisional,
    /// The connection is closed.
    Closed,
}

/// The purpose of setting a local description. Results carry it, so that a finished answer is never
/// taken for a finished offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Intent {
    /// Create and set an offer.
    Offer,
    /// Create and set an answer.
    Answer,
    /// Roll back the open offer of either side.
    Rollback,
}

/// An event of a peer connection.
#[derive(Clone, Debug)]
pub enum PeerInput {
    /// The browser could not create the connection. No further events follow.
    NotOpened,
    /// The `negotiationneeded` event.
    NegotiationNeeded,
    /// `setLocalDescription` has finished: the local description, or `None` if it failed.
    LocalDone(Intent, Option<SessionDescription>, SignalingState),
    /// `setRemoteDescription` has finished, and whether it succeeded.
    RemoteDone(bool, SignalingState),
    /// A local candidate; `None` marks the end of candidates.
    LocalCandidate(Option<IceCandidate>),
    /// A signal of the other side, forwarded by the server.
    Signal(Signal),
    /// The `connectionstatechange` event.
    Connection(ConnectionState),
    /// The `iceconnectionstatechange` event.
    IceConnection(IceConnectionState),
    /// A periodic reading of the statistics.
    Reading(Reading),
    /// An event of the data channels.
    Channel(ChannelInput),
    /// A message on the data channel of the connection to the server: its author and its content.
    Envelope(PeerId, String),
}

/// A command to a peer connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PeerCommand {
    /// Set a local description. Answered by [`PeerInput::LocalDone`] with the same intent.
    SetLocal(Intent),
    /// Set a remote description. Answered by [`PeerInput::RemoteDone`]. Its tracks name the source
    /// of each section, even if the other side did not.
    SetRemote(SessionDescription),
    /// Add a remote candidate. Failures are ignored.
    AddCandidate(Option<IceCandidate>),
    /// Restart ICE with the next offer.
    RestartIce,
    /// Limit the video, so that audio gets through; `None` for no video.
    LimitPicture(Option<Grade>),
    /// Send only these encodings of a source, by number: nobody receives the others.
    Encodings(TrackSource, Vec<bool>),
    /// Send a signal to the other side.
    Send(Signal),
}

//! The inputs and commands of a call.

use super::{
    connection::{PeerCommand, PeerInput, PeerKey},
    generation::Generation,
    ice::PeerConfig,
};
use crate::{
    content::{ChannelInput, FileCommand, FileInput, Message},
    protocol::{
        ChatText, ClientMessage, ControlRequest, ErrorCode, HostAction, Pass, PeerId, Presence,
        Reaction, Role, RoomName, ServerMessage, Talk, TrackOf, TrackSource, WantedVideo,
    },
};
use std::time::Duration;

/// An action of the person, or an event from the browser.
#[derive(Clone, Debug)]
pub enum Input {
    /// The Unix time at which the times of the inputs start.
    Epoch(Duration),
    /// The person opened the page of a room.
    Watch(RoomName),
    /// The token of the seat that this tab had a moment ago, and when it was first taken, as time
    /// since the Unix epoch: the next [`Input::Join`] takes it again.
    RestoreSeat(String, Duration),
    /// The chat from before the page was loaded again.
    RestoreChat(Vec<Message>),
    /// The person sends a chat message to everyone in the room.
    Say(ChatText),
    /// An input to the files.
    File(FileInput),
    /// The person sends a reaction to everyone.
    SendReaction(Reaction),
    /// The credentials for the room, and the host key to try if the one among them is refused.
    SetPass(Pass, Option<String>),
    /// An action as a host.
    Host(HostAction),
    /// The person pressed Join: their presence, and the passcode that they entered.
    Join(Presence, Option<String>),
    /// The person pressed Leave, or stopped waiting.
    Leave,
    /// Whether the address is hidden from the others. A change in a call replaces every connection.
    HideAddress(bool),
    /// The presence has changed: the name, the microphone, the camera, …
    SetPresence(Presence),
    /// The socket is open.
    SocketOpened(Generation),
    /// A message from the server.
    SocketMessage(Generation, ServerMessage),
    /// The socket is closed, or could not be opened.
    SocketClosed {
        /// The generation of the socket.
        generation: Generation,
        /// Whether the server has announced that it restarts.
        restarting: bool,
        /// Fresh randomness, 0 to 1, that spreads the reconnections of many clients.
        jitter: f32,
    },
    /// The connection to the server matters now, for example because the page is visible again: a
    /// lost WebSocket reconnects without delay, and an open one is checked.
    CheckServer,
    /// The person wants to reconnect now.
    ReconnectNow,
    /// The network has changed, or the device woke up: open connections may use a network that is
    /// gone.
    NetworkChanged,
    /// The videos that the page shows, and how large: a server that forwards them is asked for these.
    Show(Vec<WantedVideo>),
    /// The first frame of another participant's video is on the screen.
    FirstFrame,
    /// An event of a peer connection.
    Peer(PeerKey, PeerInput),
    /// The time of [`Call::poll_timeout`] is reached.
    Tick,
}

impl Input {
    /// Whether this concerns connections only, of which the view shows little.
    pub(super) fn is_about_connections(&self) -> bool {
        match self {
            Self::Peer(_, input) => {
                !matches!(input, PeerInput::Channel(_) | PeerInput::Envelope(..))
            }
            Self::SocketMessage(_, message) => {
                matches!(message, ServerMessage::Signal { .. } | ServerMessage::Pong)
            }
            _ => false,
        }
    }

    /// Whether this is a message on a data channel: hundreds may arrive at once.
    #[must_use]
    pub fn is_message(&self) -> bool {
        matches!(
            self,
            Self::Peer(_, PeerInput::Channel(ChannelInput::Text(_)) | PeerInput::Envelope(..))
        )
    }

    /// Whether this only advances a file transfer: there may be hundreds of these in a second.
    #[must_use]
    pub fn is_bulk(&self) -> bool {
        let bulk = matches!(
            self,
            Self::Peer(_, PeerInput::Channel(ChannelInput::Bytes(_) | ChannelInput::Drained))
        );
        bulk || matches!(self, Self::File(FileInput::Read(..) | FileInput::Wrote(..)))
    }
}

/// An action for the shell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Open a socket to the server, in place of any earlier one.
    OpenSocket(Generation),
    /// Send a message to the server on the open socket.
    Send(ClientMessage),
    /// Create a peer connection, with the local tracks added. Answered by
    /// [`PeerInput::NotOpened`] if the browser cannot.
    OpenPeer {
        /// Its key.
        key: PeerKey,
        /// Whether this side makes the first offer.
        role: Role,
        /// Its configuration.
        config: PeerConfig,
    },
    /// Reconfigure all peer connections. It takes effect at their next ICE restart.
    Configure(PeerConfig),
    /// Close a peer connection.
    ClosePeer(PeerKey),
    /// A command to a peer connection.
    Peer(PeerKey, PeerCommand),
    /// Send a message on the first data channel of a peer connection.
    SendMessage(PeerKey, Talk),
    /// Send a message to a participant, or to everyone, on the data channel of the connection to the server.
    SendThroughServer(PeerKey, PeerId, Talk),
    /// Send a request on the data channel of the connection to the server.
    SendControl(PeerKey, ControlRequest),
    /// Play these tracks from the slots of the connection to the server.
    Slots {
        /// The connection.
        key: PeerKey,
        /// Whose video is in each slot.
        video: Vec<Option<TrackOf>>,
        /// Whose audio is in each slot.
        audio: Vec<Option<TrackOf>>,
    },
    /// Send bytes on the second data channel of a peer connection. Answered by
    /// [`ChannelInput::Drained`].
    SendBytes(PeerKey, Vec<Vec<u8>>),
    /// Close the data channels of a peer connection.
    CloseChannel(PeerKey),
    /// A command for files.
    File(FileCommand),
    /// Store the room's host key, which the server has accepted, for later visits.
    KeepHostKey(String),
    /// Hand out the new host key that the person requested.
    HandOutHostKey(String),
    /// Remove the host key that came with the link, which the server has refused.
    DropHostKey,
    /// Mute the microphone or turn off the camera, as a host demands.
    Mute(TrackSource),
    /// Notify the person that an action was refused, or that a credential is no longer valid.
    Notify(ErrorCode),
}

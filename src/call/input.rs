//! What a call takes in, and what it wants done.

use super::{
    connection::{PeerCommand, PeerInput, PeerKey},
    generation::Generation,
    ice::PeerConfig,
};
use crate::{
    content::{ChannelInput, FileCommand, FileInput, Message},
    protocol::{
        ChatText, ClientMessage, ErrorCode, HostAction, Pass, Presence, Reaction, Role, RoomName,
        ServerMessage, Talk, TrackSource,
    },
};
use std::time::Duration;

/// Something the person did, or that their browser reports.
#[derive(Clone, Debug)]
pub enum Input {
    /// The time since the Unix epoch at the start of all others.
    Epoch(Duration),
    /// The page of a room was opened.
    Watch(RoomName),
    /// The token of the seat that this tab had a moment ago, and when it was first taken, as time
    /// since the Unix epoch: the next [`Input::Join`] takes it again.
    RestoreSeat(String, Duration),
    /// The chat from before the page was loaded again.
    RestoreChat(Vec<Message>),
    /// The person says something to everybody in the room.
    Say(ChatText),
    /// Something about files.
    File(FileInput),
    /// The person sends a reaction to everyone.
    SendReaction(Reaction),
    /// What opens the room's doors to this person.
    SetPass(Pass, Option<String>),
    /// The person says the room's passcode with the next [`Input::Join`].
    SetPasscode(Option<String>),
    /// The person does something as a host.
    Host(HostAction),
    /// Join was pressed.
    Join,
    /// Leave was pressed, or waiting was stopped.
    Leave,
    /// Whether the address is hidden from the others. A change in a call replaces every connection.
    HideAddress(bool),
    /// The name was edited, or the microphone or camera switched.
    SetPresence(Presence),
    /// The socket is open.
    SocketOpened(Generation),
    /// The server said something.
    SocketMessage(Generation, ServerMessage),
    /// The socket is closed, or could not be opened.
    SocketClosed {
        /// Which.
        generation: Generation,
        /// Whether the server said that it restarts.
        restarting: bool,
        /// Fresh randomness, 0 to 1, that spreads the reconnections of many clients.
        jitter: f32,
    },
    /// Whether the server can be reached matters now, for example because the page is visible again:
    /// a lost WebSocket reconnects without delay, and an open one is checked.
    CheckServer,
    /// The person wants to reconnect now.
    ReconnectNow,
    /// There is a network again, or the device woke up: what was open before went through a network
    /// that may be gone.
    NetworkChanged,
    /// The first frame of another participant's video is on the screen.
    FirstFrame,
    /// A peer connection reports something.
    Peer(PeerKey, PeerInput),
    /// [`Call::poll_timeout`] has come.
    Tick,
}

impl Input {
    /// Whether somebody says something past the server, of which there may be hundreds at once.
    #[must_use]
    pub fn is_message(&self) -> bool {
        matches!(self, Self::Peer(_, PeerInput::Channel(ChannelInput::Heard(_))))
    }

    /// Whether there may be hundreds of these in a second, after which nothing else is to be seen
    /// than that a file is a little further.
    #[must_use]
    pub fn is_bulk(&self) -> bool {
        let bulk = matches!(
            self,
            Self::Peer(_, PeerInput::Channel(ChannelInput::Bytes(_) | ChannelInput::Drained))
        );
        bulk || matches!(self, Self::File(FileInput::Read(..) | FileInput::Wrote(..)))
    }
}

/// What the browser is to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Open a socket to the server. One that was open before is given up.
    OpenSocket(Generation),
    /// Send a message to the server on the open socket.
    Send(ClientMessage),
    /// Make a peer connection, with the local tracks added. Answered by [`PeerInput::NotOpened`] where
    /// the browser cannot.
    OpenPeer {
        /// Its name.
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
    /// Do something with a peer connection.
    Peer(PeerKey, PeerCommand),
    /// Send a message on the first data channel of a peer connection.
    SendMessage(PeerKey, Talk),
    /// Send bytes on the second data channel of a peer connection. Answered by
    /// [`ChannelInput::Drained`].
    SendBytes(PeerKey, Vec<Vec<u8>>),
    /// Close those channels.
    CloseChannel(PeerKey),
    /// Do something for files.
    File(FileCommand),
    /// Keep the room's host key for later visits: it is good.
    KeepHostKey(String),
    /// Give the person the new host key, which they asked for.
    HandOutHostKey(String),
    /// Forget the host key that came with the link: it is not.
    DropHostKey,
    /// Switch something off that this person sends: a host wants that.
    Mute(TrackSource),
    /// Notify the person that an action was refused, or that a credential is no longer valid.
    Notify(ErrorCode),
}

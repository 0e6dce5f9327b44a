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
    /// The page was opened by somebody who had a seat in the room a moment ago, and since when, in
    /// time since the Unix epoch: the next [`Input::Join`] takes it again.
    Return(String, Duration),
    /// What was said in the room before the page was loaded again.
    Recall(Vec<Message>),
    /// The person says something to everybody in the room.
    Say(ChatText),
    /// Something about files.
    File(FileInput),
    /// The person shows a sign.
    Show(Reaction),
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
    /// The person wants nobody to learn their address, or has nothing against that any more. In a
    /// call, every connection is replaced for it.
    Hide(bool),
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
    /// The page is looked at again: a good moment to reconnect, and to see whether all is well.
    Awake,
    /// The person wants to reach the server now.
    Hurry,
    /// There is a network again, or the device woke up: what was open before went through a network
    /// that may be gone.
    NetworkChanged,
    /// A picture of somebody else is on the screen.
    Seen,
    /// A peer connection reports something.
    Peer(PeerKey, PeerInput),
    /// [`Call::poll_timeout`] has come.
    Tick,
}

impl Input {
    /// Whether somebody says something past the server, of which there may be hundreds at once.
    #[must_use]
    pub fn is_word(&self) -> bool {
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
    /// Write to the open socket.
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
    /// Say something on the data channel of a peer connection.
    Talk(PeerKey, Talk),
    /// Send bytes on the second data channel of a peer connection. Answered by
    /// [`ChannelInput::Drained`].
    Pour(PeerKey, Vec<Vec<u8>>),
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
    /// Tell the person that something was not done, or counts no more.
    Tell(ErrorCode),
}

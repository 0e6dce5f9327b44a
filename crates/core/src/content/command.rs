//! What content wants done.

use super::files::FileCommand;
use crate::protocol::{PeerId, Talk};

/// An action for the shell. Recipients are participants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ContentCommand {
    /// Send something to a participant on the first data channel.
    Send(PeerId, Talk),
    /// Send messages on the second one. Answered by [`ChannelInput::Drained`] when it is nearly empty.
    ///
    /// [`ChannelInput::Drained`]: super::ChannelInput::Drained
    SendBytes(PeerId, Vec<Vec<u8>>),
    /// Close the channels to a participant who exceeds the flood limit.
    Close(PeerId),
    /// Do something for files.
    File(FileCommand),
}

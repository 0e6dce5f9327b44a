//! What content wants done.

use super::files::FileCommand;
use crate::protocol::{PeerId, Talk};

/// What is to be done for what people give each other. It is addressed to people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ContentCommand {
    /// Say something to somebody on the first data channel.
    Send(PeerId, Talk),
    /// Send messages on the second one. Answered by [`ChannelInput::Drained`] when it is nearly empty.
    ///
    /// [`ChannelInput::Drained`]: super::ChannelInput::Drained
    SendBytes(PeerId, Vec<Vec<u8>>),
    /// Close the channels to somebody who says too much.
    Close(PeerId),
    /// Do something for files.
    File(FileCommand),
}

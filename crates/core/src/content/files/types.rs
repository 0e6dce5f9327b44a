//! Plain types for files.

use crate::protocol::{DisplayName, FileName, FileNumber, PeerId, Slice};
use std::sync::Arc;

/// How many bytes are read, or written, at once: whole slices, or every piece would end in a small one.
pub(super) const PIECE: usize = 16 * Slice::MOST;
/// Maximum number of bytes in transit that have not been confirmed as written.
pub(super) const WINDOW: u64 = 32 * 1024 * 1024;
/// Number of bytes after which the owner receives a confirmation.
pub(super) const STEP: u64 = 4 * 1024 * 1024;
/// How many files of one person may be offered at a time, and how many that are over stay listed.
pub const OFFERS: usize = 50;

/// Tells a file from all others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FileKey {
    /// Its owner; `None` for this person.
    pub owner: Option<PeerId>,
    /// Its number among theirs.
    pub number: FileNumber,
}

/// Inputs from the person and from the shell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileInput {
    /// Offer a file to everybody.
    Offer(FileNumber, FileName, u64),
    /// Download a file, or resume that.
    Download(FileKey),
    /// Pause the transfer.
    Pause(FileKey),
    /// Decline or cancel a file, withdraw an own one, or remove a finished one from the list.
    Remove(FileKey),
    /// Bytes of an own file for a receiver, from an offset; `None` if it can no longer be read.
    Read(FileNumber, PeerId, u64, Option<Vec<u8>>),
    /// A file is written down up to this byte; none if that did not work.
    Wrote(FileKey, Option<u64>),
    /// The hash of a file; none if it cannot be read.
    Summed(FileKey, Option<String>),
}

/// An action for the shell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileCommand {
    /// Read this many bytes of an own file from an offset. Answered by [`FileInput::Read`].
    Read(FileNumber, PeerId, u64, usize),
    /// Begin to write a file down.
    Open(FileKey),
    /// Write bytes at a place. Answered by [`FileInput::Wrote`].
    Write(FileKey, u64, Vec<u8>),
    /// Compute the hash of an own file, or of all that was written. Answered by
    /// [`FileInput::Summed`].
    Sum(FileKey),
    /// Hand a file that was written down to the person.
    Save(FileKey, FileName),
    /// Delete a file, and its written content.
    Forget(FileKey),
}

/// The state of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileState {
    /// It can be downloaded.
    Offered,
    /// In transfer, with the number of bytes written.
    Transferring(u64),
    /// Paused, with the number of bytes written.
    Paused(u64),
    /// Complete; the hash is being checked.
    Checking,
    /// Complete, and its hash is right.
    Complete,
    /// Declined or cancelled by the receiver.
    Declined,
    /// Withdrawn by its owner, or the owner has left.
    Withdrawn,
    /// It could not be written down.
    NotWritten,
    /// The hash does not match.
    Damaged,
}

/// A file as the person sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileView {
    /// Which.
    pub key: FileKey,
    /// What it is called.
    pub name: FileName,
    /// Its size in bytes.
    pub size: u64,
    /// The owner's name at the time of the offer, for a file of another participant.
    pub owner_name: DisplayName,
    /// For a received file, its state. For an own one, whether it can still be read.
    pub state: FileState,
    /// The state of an own file for each receiver.
    pub receivers: Vec<(PeerId, FileState)>,
}

impl FileView {
    /// Whether a receiver is currently downloading it.
    #[must_use]
    pub fn is_moving(&self) -> bool {
        let mut states = self.receivers.iter().map(|(_, state)| *state).chain([self.state]);
        states.any(|state| matches!(state, FileState::Transferring(_) | FileState::Checking))
    }
}

/// All of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FilesView {
    /// In the order they were offered.
    pub files: Arc<Vec<FileView>>,
    /// Number of files that others have offered.
    pub offered: usize,
}

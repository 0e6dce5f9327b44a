//! What is said of files, as plain values.

use crate::protocol::{DisplayName, FileName, FileNumber, PeerId, Slice};
use std::sync::Arc;

/// How many bytes are read, or written, at once: whole slices, or every piece would end in a small one.
pub(super) const PIECE: usize = 16 * Slice::MOST;
/// How many bytes may be under way that nobody has written down yet.
pub(super) const WINDOW: u64 = 32 * 1024 * 1024;
/// After so many bytes the owner is told that they are written down.
pub(super) const STEP: u64 = 4 * 1024 * 1024;
/// How many files of one person may be offered at a time, and how many that are over stay listed.
pub const OFFERS: usize = 50;

/// Tells a file from all others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FileKey {
    /// Whose it is; this person's if nobody's.
    pub owner: Option<PeerId>,
    /// Its number among theirs.
    pub number: FileNumber,
}

/// What the person does with files, and what comes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileInput {
    /// Offer a file to everybody.
    Give(FileNumber, FileName, u64),
    /// Get a file, or go on with it.
    Take(FileKey),
    /// Get no more of it for now.
    Hold(FileKey),
    /// Want it no more, or give it to nobody any more; or forget one that is over.
    Drop(FileKey),
    /// Bytes of an own file for somebody, from a place on; none if it cannot be read any more.
    Read(FileNumber, PeerId, u64, Option<Vec<u8>>),
    /// A file is written down up to this byte; none if that did not work.
    Wrote(FileKey, Option<u64>),
    /// The hash of a file; none if it cannot be read.
    Summed(FileKey, Option<String>),
}

/// What is to be done for files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileCommand {
    /// Read so many bytes of an own file from a place on. Answered by [`FileInput::Read`].
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
    /// Forget a file, and what was written of it.
    Forget(FileKey),
}

/// What became of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileState {
    /// It can be had.
    Offered,
    /// So many bytes are written down.
    Coming(u64),
    /// So many are, and no more shall come for now.
    Held(u64),
    /// All has come; whether it is right is being looked at.
    Checking,
    /// It is there, and right.
    Kept,
    /// It was not wanted, or not any more.
    Declined,
    /// Its owner gives it no more, or is gone.
    Withdrawn,
    /// It could not be written down.
    NotWritten,
    /// It is not what was sent.
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
    /// What its owner was called when they offered it, where that is somebody else.
    pub owner_name: DisplayName,
    /// Of somebody else's file, what became of it. Of an own one, whether it can still be read.
    pub state: FileState,
    /// What became of an own file with each of the others.
    pub given: Vec<(PeerId, FileState)>,
}

impl FileView {
    /// Whether it is on its way to somebody who has not stopped it.
    #[must_use]
    pub fn is_moving(&self) -> bool {
        let mut states = self.given.iter().map(|(_, state)| *state).chain([self.state]);
        states.any(|state| matches!(state, FileState::Coming(_) | FileState::Checking))
    }
}

/// All of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FilesView {
    /// In the order they were offered.
    pub files: Arc<Vec<FileView>>,
    /// How many files the others offered.
    pub heard: usize,
}

//! Files that this person gives to the others, and gets from them.
//!
//! Who has a file offers it to everybody; who wants it says from which byte on, and says so again
//! when a connection was lost. So nothing is sent twice, and nothing has to be remembered of a
//! channel. The bytes come in the order they are sent; what does not fit is dropped.

mod given;
mod taken;
#[cfg(test)]
mod tests;

use crate::protocol::{DisplayName, FileName, FileNews, FileNumber, PeerId, Slice, Talk};
use given::Given;
use std::{collections::VecDeque, sync::Arc};
use taken::Taken;

/// How many bytes are read, or written, at once: whole slices, or every piece would end in a crumb.
const PIECE: usize = 16 * Slice::MOST;
/// How many bytes may be under way that nobody has written down yet.
const WINDOW: u64 = 32 * 1024 * 1024;
/// After so many bytes the owner is told that they are written down.
const STEP: u64 = 4 * 1024 * 1024;
/// How many files of one person may be offered at a time, and how many that are over stay listed.
pub const OFFERS: usize = 50;

/// Whoever sends less than this many bytes at a time makes work with it.
const CRUMB: usize = 1024;

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

/// What [`Files`] wants done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Command {
    /// Say something to somebody on the first channel.
    Send(PeerId, Talk),
    /// Send messages on the second one, and say when it is empty again.
    Pour(PeerId, Vec<Vec<u8>>),
    /// Something else.
    Do(FileCommand),
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

/// What goes to one other person.
#[derive(Debug)]
struct Line {
    peer: PeerId,
    /// The channel for bytes is open and has little left to send.
    idle: bool,
    /// What is being read for them.
    reading: Option<(FileNumber, u64)>,
}

#[derive(Debug)]
enum File {
    Given(Given),
    Taken(Taken),
}

impl File {
    fn key(&self) -> FileKey {
        match self {
            Self::Given(given) => given.key(),
            Self::Taken(taken) => taken.key,
        }
    }

    /// Whether something can still become of it.
    fn is_open(&self) -> bool {
        match self {
            Self::Given(given) => given.is_open(),
            Self::Taken(taken) => taken.is_open(),
        }
    }
}

#[derive(Debug, Default)]
pub(super) struct Files {
    /// In the order they were offered.
    files: Vec<File>,
    /// Everybody with a channel.
    lines: Vec<Line>,
    heard: usize,
    commands: VecDeque<Command>,
}

impl Files {
    pub(super) fn poll(&mut self) -> Option<Command> {
        self.commands.pop_front()
    }

    pub(super) fn view(&self) -> FilesView {
        let files = self.files.iter().map(|file| match file {
            File::Given(given) => given.view(),
            File::Taken(taken) => taken.view(),
        });
        FilesView { files: Arc::new(files.collect()), heard: self.heard }
    }

    /// Somebody can be talked to.
    pub(super) fn opened(&mut self, peer: PeerId) {
        if self.lines.iter().any(|line| line.peer == peer) {
            return;
        }
        self.lines.push(Line { peer, idle: false, reading: None });
        for file in &mut self.files {
            match file {
                File::Given(given) => self.commands.extend(given.offer_to(peer)),
                File::Taken(taken) if taken.key.owner == Some(peer) => {
                    self.commands.extend(taken.reopened());
                }
                File::Taken(_) => {}
            }
        }
    }

    /// Nothing more gets through to somebody for now.
    pub(super) fn closed(&mut self, peer: PeerId) {
        self.lines.retain(|line| line.peer != peer);
    }

    /// Somebody is gone. What was begun stays: they may come back.
    pub(super) fn left(&mut self, peer: PeerId) {
        self.closed(peer);
        for file in &mut self.files {
            match file {
                File::Given(given) => given.left(peer),
                File::Taken(taken) if taken.key.owner == Some(peer) => {
                    taken.left_alone();
                }
                File::Taken(_) => {}
            }
        }
        self.forget_gone();
    }

    /// Of those who are gone, together, no more is listed than of one who is there.
    fn forget_gone(&mut self) {
        let lines = &self.lines;
        let is_gone = |file: &File| {
            let is_there = |owner| lines.iter().any(|line| Some(line.peer) == owner);
            file.key().owner.is_some() && !file.is_open() && !is_there(file.key().owner)
        };
        let over = self.files.iter().filter(|file| is_gone(file)).count().saturating_sub(OFFERS);
        let gone = self.files.iter().filter(|file| is_gone(file));
        let old: Vec<_> = gone.take(over).map(File::key).collect();
        self.files.retain(|file| !old.contains(&file.key()));
        let forget = old.into_iter().map(|key| Command::Do(FileCommand::Forget(key)));
        self.commands.extend(forget);
    }

    /// These are the others in the room.
    pub(super) fn meet(&mut self, present: &[PeerId]) {
        let owners = self.files.iter().filter_map(|file| match file {
            File::Taken(taken) => taken.key.owner,
            File::Given(_) => None,
        });
        let receivers = self.files.iter().flat_map(|file| match file {
            File::Given(given) => given.receivers(),
            File::Taken(_) => Vec::new(),
        });
        let mut gone: Vec<_> = owners.chain(receivers).collect();
        gone.retain(|peer| !present.contains(peer));
        gone.into_iter().for_each(|peer| self.left(peer));
    }

    /// This person leaves.
    pub(super) fn leave(&mut self) {
        self.lines.clear();
        self.heard = 0;
        for file in std::mem::take(&mut self.files) {
            self.commands.push_back(Command::Do(FileCommand::Forget(file.key())));
        }
    }

    pub(super) fn handle(&mut self, input: FileInput) {
        match input {
            FileInput::Give(number, name, size) => {
                let mut given = Given::new(number, name, size);
                for line in &self.lines {
                    self.commands.extend(given.offer_to(line.peer));
                }
                self.files.push(File::Given(given));
                self.forget_old(None);
            }
            FileInput::Take(key) => self.with_taken(key, Taken::take),
            FileInput::Hold(key) => self.with_taken(key, Taken::hold),
            FileInput::Drop(key) => self.drop_file(key),
            FileInput::Read(number, peer, from, bytes) => self.read(number, peer, from, bytes),
            FileInput::Wrote(key, place) => self.with_taken(key, |taken| taken.wrote(place)),
            FileInput::Summed(key @ FileKey { owner: None, number }, sum) => match sum {
                Some(sum) => self.with_given(number, |given| given.summed(sum)),
                None => self.lose(key),
            },
            FileInput::Summed(key, sum) => {
                self.with_taken(key, |taken| taken.summed(sum.as_deref()));
            }
        }
        self.pump();
    }

    /// Somebody of this name says something about a file.
    pub(super) fn hear(
        &mut self,
        peer: PeerId,
        called: &DisplayName,
        number: FileNumber,
        news: FileNews,
    ) {
        let theirs = FileKey { owner: Some(peer), number };
        match news {
            FileNews::Offer { name, size } => self.offered(theirs, called, name, size),
            FileNews::Withdraw => self.with_taken(theirs, Taken::withdrawn),
            FileNews::Sum(sum) => self.with_taken(theirs, |taken| taken.sum_is(sum)),
            // It is of before the page was loaded again, or they were not told.
            FileNews::Take(_) if given(&mut self.files, number).is_none_or(|it| !it.is_open()) => {
                self.tell(vec![Command::Send(peer, Talk::File(number, FileNews::Withdraw))]);
            }
            news => self.with_given(number, |given| given.hear(peer, &news)),
        }
        self.pump();
    }

    /// The channel for bytes has little left to send.
    pub(super) fn drained(&mut self, peer: PeerId) {
        if let Some(line) = self.lines.iter_mut().find(|line| line.peer == peer) {
            line.idle = true;
        }
        self.pump();
    }

    /// Takes bytes in, and returns whether they were expected and worth the trouble, or no offence.
    pub(super) fn take_in(&mut self, peer: PeerId, message: &[u8]) -> bool {
        let Some(slice) = Slice::parse(message) else { return false };
        let key = FileKey { owner: Some(peer), number: slice.number };
        let Some(taken) = self.taken(key) else { return false };
        let before = taken.got();
        let commands = taken.take_in(&slice);
        let fits = taken.got() > before && (slice.bytes.len() >= CRUMB || taken.is_whole());
        let borne = fits || taken.bears();
        self.tell(commands);
        borne
    }

    fn offered(&mut self, key: FileKey, owner: &DisplayName, name: FileName, size: u64) {
        if self.taken(key).is_some() {
            return self.with_taken(key, Taken::offered_again);
        }
        let open = |file: &&File| matches!(file, File::Taken(taken) if taken.key.owner == key.owner && taken.is_open());
        if self.files.iter().filter(open).count() < OFFERS {
            self.files.push(File::Taken(Taken::new(key, owner.clone(), name, size)));
            self.heard += 1;
            self.forget_old(key.owner);
        } else if let Some(owner) = key.owner {
            self.tell(vec![Command::Send(owner, Talk::File(key.number, FileNews::Decline))]);
        }
    }

    /// Keeps the list of what somebody offered short.
    fn forget_old(&mut self, owner: Option<PeerId>) {
        let over = |file: &File| file.key().owner == owner && !file.is_open();
        if self.files.iter().filter(|file| over(file)).count() > OFFERS
            && let Some(oldest) = self.files.iter().position(over)
        {
            let file = self.files.remove(oldest);
            self.commands.push_back(Command::Do(FileCommand::Forget(file.key())));
        }
    }

    fn drop_file(&mut self, key: FileKey) {
        if self.taken(key).is_some_and(|taken| taken.is_open()) {
            return self.with_taken(key, Taken::decline);
        }
        self.lose(key);
        self.files.retain(|file| file.key() != key);
        self.commands.push_back(Command::Do(FileCommand::Forget(key)));
    }

    /// An own file is given to nobody any more.
    fn lose(&mut self, key: FileKey) {
        if key.owner.is_none() {
            self.with_given(key.number, Given::withdraw);
        }
    }

    fn read(&mut self, number: FileNumber, peer: PeerId, from: u64, bytes: Option<Vec<u8>>) {
        let line = self.lines.iter_mut().find(|line| line.peer == peer);
        let Some(line) = line.filter(|line| line.reading == Some((number, from))) else { return };
        line.reading = None;
        line.idle = true;
        let Some(bytes) = bytes else {
            return self.lose(FileKey { owner: None, number });
        };
        let given = given(&mut self.files, number);
        if given.is_some_and(|given| given.sent(peer, from, bytes.len())) {
            line.idle = false;
            let places = (from..).step_by(Slice::MOST);
            let slices = bytes.chunks(Slice::MOST).zip(places);
            let messages =
                slices.map(|(bytes, from)| Slice { number, from, bytes }.to_message()).collect();
            self.commands.push_back(Command::Pour(peer, messages));
        }
    }

    /// Reads on for everybody who waits for bytes. Of several files, the one that is least far goes on.
    fn pump(&mut self) {
        for line in self.lines.iter_mut().filter(|line| line.idle) {
            let waiting = self.files.iter_mut().filter_map(|file| match file {
                File::Given(given) => given.next(line.peer),
                File::Taken(_) => None,
            });
            if let Some((number, from, length)) = waiting.min_by_key(|(_, from, _)| *from) {
                line.idle = false;
                line.reading = Some((number, from));
                let read = FileCommand::Read(number, line.peer, from, length);
                self.commands.push_back(Command::Do(read));
            }
        }
    }

    fn taken(&mut self, key: FileKey) -> Option<&mut Taken> {
        self.files.iter_mut().find_map(|file| match file {
            File::Taken(taken) if taken.key == key => Some(taken),
            _ => None,
        })
    }

    fn with_taken(&mut self, key: FileKey, action: impl FnOnce(&mut Taken) -> Vec<Command>) {
        let commands = self.taken(key).map(action).unwrap_or_default();
        self.tell(commands);
    }

    fn with_given(&mut self, number: FileNumber, action: impl FnOnce(&mut Given) -> Vec<Command>) {
        let commands = given(&mut self.files, number).map(action).unwrap_or_default();
        self.tell(commands);
    }

    /// What is to be said to somebody without a channel is said anew when there is one.
    fn tell(&mut self, commands: Vec<Command>) {
        let lines = &self.lines;
        let reaches = |command: &Command| match command {
            Command::Send(peer, _) => lines.iter().any(|line| line.peer == *peer),
            _ => true,
        };
        self.commands.extend(commands.into_iter().filter(reaches));
    }
}

fn given(files: &mut [File], number: FileNumber) -> Option<&mut Given> {
    files.iter_mut().find_map(|file| match file {
        File::Given(given) if given.number == number => Some(given),
        _ => None,
    })
}

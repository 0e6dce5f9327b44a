//! File sharing: files that this person offers, and files that others offer.
//!
//! The owner offers a file to everyone; a receiver asks for it from an offset, and again after a
//! lost connection. Nothing is sent twice, and no state belongs to a channel. Bytes arrive in
//! order; unexpected ones are dropped.

mod receiving;
mod sending;
#[cfg(test)]
mod tests;
mod types;

use super::command::ContentCommand;
use crate::protocol::{DisplayName, FileName, FileNews, FileNumber, PeerId, Slice, Talk};
use receiving::Receiving;
use sending::Sending;
use std::{collections::VecDeque, sync::Arc};
pub use types::{FileCommand, FileInput, FileKey, FileState, FileView, FilesView, OFFERS};

/// A sender of fewer bytes than this at a time costs more than they are worth.
const MIN_CHUNK: usize = 1024;

/// An outgoing transfer to one participant.
#[derive(Debug)]
struct Line {
    peer: PeerId,
    /// The channel for bytes is open and has little left to send.
    idle: bool,
    /// The pending read for them.
    reading: Option<(FileNumber, u64)>,
}

#[derive(Debug)]
enum File {
    Sending(Sending),
    Receiving(Receiving),
}

impl File {
    fn key(&self) -> FileKey {
        match self {
            Self::Sending(sending) => sending.key(),
            Self::Receiving(receiving) => receiving.key,
        }
    }

    /// Whether the transfer can still continue.
    fn is_open(&self) -> bool {
        match self {
            Self::Sending(sending) => sending.is_open(),
            Self::Receiving(receiving) => receiving.is_open(),
        }
    }
}

#[derive(Debug, Default)]
pub(super) struct Files {
    /// In the order they were offered.
    files: Vec<File>,
    /// Everybody with a channel.
    lines: Vec<Line>,
    offers: usize,
    commands: VecDeque<ContentCommand>,
}

impl Files {
    pub(super) fn poll(&mut self) -> Option<ContentCommand> {
        self.commands.pop_front()
    }

    pub(super) fn view(&self) -> FilesView {
        let files = self.files.iter().map(|file| match file {
            File::Sending(sending) => sending.view(),
            File::Receiving(receiving) => receiving.view(),
        });
        FilesView { files: Arc::new(files.collect()), offered: self.offers }
    }

    /// A channel to a participant is open.
    pub(super) fn opened(&mut self, peer: PeerId) {
        if self.lines.iter().any(|line| line.peer == peer) {
            return;
        }
        self.lines.push(Line { peer, idle: false, reading: None });
        for file in &mut self.files {
            match file {
                File::Sending(sending) => self.commands.extend(sending.offer_to(peer)),
                File::Receiving(receiving) if receiving.key.owner == Some(peer) => {
                    self.commands.extend(receiving.reopened());
                }
                File::Receiving(_) => {}
            }
        }
    }

    /// The channel to a participant is closed.
    pub(super) fn closed(&mut self, peer: PeerId) {
        self.lines.retain(|line| line.peer != peer);
    }

    /// A participant has left. Unfinished transfers remain, because they may come back.
    pub(super) fn left(&mut self, peer: PeerId) {
        self.closed(peer);
        for file in &mut self.files {
            match file {
                File::Sending(sending) => sending.left(peer),
                File::Receiving(receiving) if receiving.key.owner == Some(peer) => {
                    receiving.owner_left();
                }
                File::Receiving(_) => {}
            }
        }
        self.forget_gone();
    }

    /// All absent owners together may have no more files listed than one present owner.
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
        let forget = old.into_iter().map(|key| ContentCommand::File(FileCommand::Forget(key)));
        self.commands.extend(forget);
    }

    /// These are the others in the room.
    pub(super) fn meet(&mut self, present: &[PeerId]) {
        let owners = self.files.iter().filter_map(|file| match file {
            File::Receiving(receiving) => receiving.key.owner,
            File::Sending(_) => None,
        });
        let receivers = self.files.iter().flat_map(|file| match file {
            File::Sending(sending) => sending.receivers(),
            File::Receiving(_) => Vec::new(),
        });
        let mut gone: Vec<_> = owners.chain(receivers).collect();
        gone.retain(|peer| !present.contains(peer));
        gone.into_iter().for_each(|peer| self.left(peer));
    }

    /// This person leaves.
    pub(super) fn leave(&mut self) {
        self.lines.clear();
        self.offers = 0;
        for file in std::mem::take(&mut self.files) {
            self.commands.push_back(ContentCommand::File(FileCommand::Forget(file.key())));
        }
    }

    pub(super) fn handle(&mut self, input: FileInput) {
        match input {
            FileInput::Offer(number, name, size) => {
                let mut sending = Sending::new(number, name, size);
                for line in &self.lines {
                    self.commands.extend(sending.offer_to(line.peer));
                }
                self.files.push(File::Sending(sending));
                self.forget_old(None);
            }
            FileInput::Download(key) => self.with_receiving(key, Receiving::download),
            FileInput::Pause(key) => self.with_receiving(key, Receiving::pause),
            FileInput::Remove(key) => self.remove(key),
            FileInput::Read(number, peer, from, bytes) => self.read(number, peer, from, bytes),
            FileInput::Wrote(key, place) => {
                self.with_receiving(key, |receiving| receiving.wrote(place));
            }
            FileInput::Summed(key @ FileKey { owner: None, number }, sum) => match sum {
                Some(sum) => self.with_sending(number, |sending| sending.summed(sum)),
                None => self.lose(key),
            },
            FileInput::Summed(key, sum) => {
                self.with_receiving(key, |receiving| receiving.summed(sum.as_deref()));
            }
        }
        self.pump();
    }

    /// A participant with this name sends a message about a file.
    pub(super) fn on_message(
        &mut self,
        peer: PeerId,
        called: &DisplayName,
        number: FileNumber,
        news: FileNews,
    ) {
        let theirs = FileKey { owner: Some(peer), number };
        match news {
            FileNews::Offer { name, size } => self.offered(theirs, called, name, size),
            FileNews::Withdraw => self.with_receiving(theirs, Receiving::withdrawn),
            FileNews::Digest(sum) => self.with_receiving(theirs, |receiving| receiving.sum_is(sum)),
            // It is of before the page was loaded again, or they were not told.
            FileNews::Request(_)
                if sending(&mut self.files, number).is_none_or(|it| !it.is_open()) =>
            {
                self.push_commands(vec![ContentCommand::Send(
                    peer,
                    Talk::File(number, FileNews::Withdraw),
                )]);
            }
            news => self.with_sending(number, |sending| sending.on_message(peer, &news)),
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
        let Some(receiving) = self.receiving(key) else { return false };
        let before = receiving.got();
        let commands = receiving.take_in(&slice);
        let fits =
            receiving.got() > before && (slice.bytes.len() >= MIN_CHUNK || receiving.is_whole());
        let excused = fits || receiving.excuse();
        self.push_commands(commands);
        excused
    }

    fn offered(&mut self, key: FileKey, owner: &DisplayName, name: FileName, size: u64) {
        if self.receiving(key).is_some() {
            return self.with_receiving(key, Receiving::offered_again);
        }
        let open = |file: &&File| matches!(file, File::Receiving(receiving) if receiving.key.owner == key.owner && receiving.is_open());
        if self.files.iter().filter(open).count() < OFFERS {
            self.files.push(File::Receiving(Receiving::new(key, owner.clone(), name, size)));
            self.offers += 1;
            self.forget_old(key.owner);
        } else if let Some(owner) = key.owner {
            self.push_commands(vec![ContentCommand::Send(
                owner,
                Talk::File(key.number, FileNews::Decline),
            )]);
        }
    }

    /// Limits the list of files offered by one participant.
    fn forget_old(&mut self, owner: Option<PeerId>) {
        let over = |file: &File| file.key().owner == owner && !file.is_open();
        if self.files.iter().filter(|file| over(file)).count() > OFFERS
            && let Some(oldest) = self.files.iter().position(over)
        {
            let file = self.files.remove(oldest);
            self.commands.push_back(ContentCommand::File(FileCommand::Forget(file.key())));
        }
    }

    fn remove(&mut self, key: FileKey) {
        if self.receiving(key).is_some_and(|receiving| receiving.is_open()) {
            return self.with_receiving(key, Receiving::decline);
        }
        self.lose(key);
        self.files.retain(|file| file.key() != key);
        self.commands.push_back(ContentCommand::File(FileCommand::Forget(key)));
    }

    /// An own file is no longer available.
    fn lose(&mut self, key: FileKey) {
        if key.owner.is_none() {
            self.with_sending(key.number, Sending::withdraw);
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
        let sending = sending(&mut self.files, number);
        if sending.is_some_and(|sending| sending.sent(peer, from, bytes.len())) {
            line.idle = false;
            let places = (from..).step_by(Slice::MOST);
            let slices = bytes.chunks(Slice::MOST).zip(places);
            let messages =
                slices.map(|(bytes, from)| Slice { number, from, bytes }.to_message()).collect();
            self.commands.push_back(ContentCommand::SendBytes(peer, messages));
        }
    }

    /// Reads on for every receiver that waits for bytes. Among several files, the one with the
    /// least progress continues.
    fn pump(&mut self) {
        for line in self.lines.iter_mut().filter(|line| line.idle) {
            let waiting = self.files.iter_mut().filter_map(|file| match file {
                File::Sending(sending) => sending.next(line.peer),
                File::Receiving(_) => None,
            });
            if let Some((number, from, length)) = waiting.min_by_key(|(_, from, _)| *from) {
                line.idle = false;
                line.reading = Some((number, from));
                let read = FileCommand::Read(number, line.peer, from, length);
                self.commands.push_back(ContentCommand::File(read));
            }
        }
    }

    fn receiving(&mut self, key: FileKey) -> Option<&mut Receiving> {
        self.files.iter_mut().find_map(|file| match file {
            File::Receiving(receiving) if receiving.key == key => Some(receiving),
            _ => None,
        })
    }

    fn with_receiving(
        &mut self,
        key: FileKey,
        action: impl FnOnce(&mut Receiving) -> Vec<ContentCommand>,
    ) {
        let commands = self.receiving(key).map(action).unwrap_or_default();
        self.push_commands(commands);
    }

    fn with_sending(
        &mut self,
        number: FileNumber,
        action: impl FnOnce(&mut Sending) -> Vec<ContentCommand>,
    ) {
        let commands = sending(&mut self.files, number).map(action).unwrap_or_default();
        self.push_commands(commands);
    }

    /// Messages to participants without a channel are sent again when one opens.
    fn push_commands(&mut self, commands: Vec<ContentCommand>) {
        let lines = &self.lines;
        let reaches = |command: &ContentCommand| match command {
            ContentCommand::Send(peer, _) => lines.iter().any(|line| line.peer == *peer),
            _ => true,
        };
        self.commands.extend(commands.into_iter().filter(reaches));
    }
}

fn sending(files: &mut [File], number: FileNumber) -> Option<&mut Sending> {
    files.iter_mut().find_map(|file| match file {
        File::Sending(sending) if sending.number == number => Some(sending),
        _ => None,
    })
}

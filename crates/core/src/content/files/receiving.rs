//! A file offered by another participant.

use super::types::{FileCommand, FileKey, FileState, FileView, PIECE, STEP, WINDOW};
use crate::{
    content::command::ContentCommand,
    protocol::{DisplayName, FileName, FileNews, Slice, Talk},
};

/// As many slices as may be on their way when the person stops or goes on.
const UNSOLICITED: u64 = WINDOW / Slice::MOST as u64;

#[derive(Debug)]
pub(super) struct Receiving {
    pub(super) key: FileKey,
    owner_name: DisplayName,
    name: FileName,
    size: u64,
    state: FileState,
    /// Received bytes that have not been handed to the writer.
    piece: Vec<u8>,
    /// Number of bytes received.
    got: u64,
    /// How many may.
    most: u64,
    /// How many are written down, and how many of these were reported to the owner.
    wrote: u64,
    reported: u64,
    /// The hash according to its owner.
    sum: Option<String>,
    /// Number of unwanted slices that are still excused since the last request, or since the owner
    /// became reachable again.
    unsolicited: u64,
}

impl Receiving {
    pub(super) fn new(key: FileKey, owner_name: DisplayName, name: FileName, size: u64) -> Self {
        Self {
            key,
            owner_name,
            name,
            size,
            state: FileState::Offered,
            piece: Vec::new(),
            got: 0,
            most: size,
            wrote: 0,
            reported: 0,
            sum: None,
            unsolicited: 0,
        }
    }

    pub(super) fn view(&self) -> FileView {
        FileView {
            key: self.key,
            name: self.name.clone(),
            size: self.size,
            owner_name: self.owner_name.clone(),
            state: self.state,
            receivers: Vec::new(),
        }
    }

    /// Whether the transfer can still continue.
    pub(super) fn is_open(&self) -> bool {
        use FileState as S;
        matches!(self.state, S::Offered | S::Transferring(_) | S::Paused(_) | S::Checking)
    }

    pub(super) fn got(&self) -> u64 {
        self.got
    }

    pub(super) fn is_whole(&self) -> bool {
        self.got == self.size
    }

    fn say(&self, news: FileNews) -> Vec<ContentCommand> {
        let say = |owner| ContentCommand::Send(owner, Talk::File(self.key.number, news));
        self.key.owner.map(say).into_iter().collect()
    }

    fn order(&self, order: fn(FileKey) -> FileCommand) -> ContentCommand {
        ContentCommand::File(order(self.key))
    }

    /// The person wants it, or wants to go on with it.
    pub(super) fn download(&mut self) -> Vec<ContentCommand> {
        let open = matches!(self.state, FileState::Offered).then(|| self.order(FileCommand::Open));
        match self.state {
            FileState::Offered | FileState::Paused(_) => {
                self.state = FileState::Transferring(self.wrote);
                self.most = self.size;
                self.unsolicited = UNSOLICITED;
                // It may already be complete.
                let commands = open.into_iter().chain(self.ask()).collect::<Vec<_>>();
                commands.into_iter().chain(self.check()).collect()
            }
            _ => Vec::new(),
        }
    }

    pub(super) fn pause(&mut self) -> Vec<ContentCommand> {
        match self.state {
            FileState::Transferring(_) => {
                self.state = FileState::Paused(self.wrote);
                // Bytes in transit still arrive.
                self.most = self.size.min(self.got.saturating_add(WINDOW));
                self.say(FileNews::Pause)
            }
            _ => Vec::new(),
        }
    }

    pub(super) fn decline(&mut self) -> Vec<ContentCommand> {
        self.give_up(FileState::Declined)
    }

    /// Requests the missing bytes.
    fn ask(&mut self) -> Vec<ContentCommand> {
        self.reported = self.wrote;
        let mut commands = self.say(FileNews::Request(self.got));
        commands.extend(self.say(FileNews::Progress(self.wrote)));
        commands
    }

    /// Its owner offers it on a new channel, and may have missed the last messages.
    pub(super) fn offered_again(&mut self) -> Vec<ContentCommand> {
        match self.state {
            FileState::Declined | FileState::NotWritten | FileState::Damaged => {
                self.say(FileNews::Decline)
            }
            FileState::Complete => {
                let mut commands = self.ask();
                commands.extend(self.say(FileNews::Complete));
                commands
            }
            // The owner has lost the progress if this person was absent for long.
            FileState::Checking => self.ask(),
            FileState::Withdrawn => {
                // Nothing was stored.
                self.state = FileState::Offered;
                (self.got, self.wrote, self.reported, self.sum) = (0, 0, 0, None);
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    /// Its owner has left. Files that were not accepted are withdrawn; the others continue if the
    /// owner comes back.
    pub(super) fn owner_left(&mut self) {
        if self.state == FileState::Offered {
            self.end(FileState::Withdrawn);
        }
    }

    /// Its owner is reachable again, and may no longer have the file.
    pub(super) fn reopened(&mut self) -> Vec<ContentCommand> {
        let pause = match self.state {
            FileState::Transferring(_) => Vec::new(),
            FileState::Paused(_) => self.say(FileNews::Pause),
            _ => return Vec::new(),
        };
        self.unsolicited = UNSOLICITED;
        self.ask().into_iter().chain(pause).collect()
    }

    /// Its owner gives it no more. One that is all there is still looked at.
    pub(super) fn withdrawn(&mut self) -> Vec<ContentCommand> {
        if !self.is_open() || self.state == FileState::Checking {
            return Vec::new();
        }
        self.end(FileState::Withdrawn);
        vec![self.order(FileCommand::Forget)]
    }

    fn end(&mut self, state: FileState) {
        self.state = state;
        self.piece = Vec::new();
    }

    fn give_up(&mut self, state: FileState) -> Vec<ContentCommand> {
        self.end(state);
        let mut commands = self.say(FileNews::Decline);
        commands.push(self.order(FileCommand::Forget));
        commands
    }

    /// A useless slice has arrived. Returns whether it is excused.
    pub(super) fn excuse(&mut self) -> bool {
        let excused = self.unsolicited > 0;
        self.unsolicited = self.unsolicited.saturating_sub(1);
        excused
    }

    /// Bytes have arrived. Duplicates, and bytes after a gap, are dropped.
    pub(super) fn take_in(&mut self, slice: &Slice<'_>) -> Vec<ContentCommand> {
        if !matches!(self.state, FileState::Transferring(_) | FileState::Paused(_)) {
            return Vec::new();
        }
        let known = self.got.checked_sub(slice.from).and_then(|known| usize::try_from(known).ok());
        let Some(bytes) = known.and_then(|known| slice.bytes.get(known..)) else {
            return Vec::new();
        };
        let got = self.got.saturating_add(bytes.len() as u64);
        // Ignores an owner who sends more than was requested.
        if bytes.is_empty() || got > self.most || got - self.wrote > WINDOW + PIECE as u64 {
            return Vec::new();
        }
        self.got = got;
        self.piece.extend_from_slice(bytes);
        if self.piece.len() < PIECE && got < self.size {
            return Vec::new();
        }
        let piece = std::mem::take(&mut self.piece);
        let from = got - piece.len() as u64;
        vec![ContentCommand::File(FileCommand::Write(self.key, from, piece))]
    }

    /// Bytes up to this position have been written.
    pub(super) fn wrote(&mut self, place: Option<u64>) -> Vec<ContentCommand> {
        let paused = match self.state {
            FileState::Transferring(_) => false,
            FileState::Paused(_) => true,
            _ => return Vec::new(),
        };
        let Some(place) = place.filter(|place| *place <= self.got) else {
            return self.give_up(FileState::NotWritten);
        };
        self.wrote = self.wrote.max(place);
        self.state = match paused {
            true => FileState::Paused(self.wrote),
            false => FileState::Transferring(self.wrote),
        };
        let mut commands = Vec::new();
        if self.wrote - self.reported >= STEP || self.wrote == self.size {
            self.reported = self.wrote;
            commands = self.say(FileNews::Progress(self.wrote));
        }
        commands.extend(self.check());
        commands
    }

    /// Its owner says what the hash is.
    pub(super) fn sum_is(&mut self, sum: String) -> Vec<ContentCommand> {
        self.sum = Some(sum);
        self.check().into_iter().collect()
    }

    /// Starts the hash check once the file is complete.
    fn check(&mut self) -> Option<ContentCommand> {
        let all = matches!(self.state, FileState::Transferring(_)) && self.wrote == self.size;
        (all && self.sum.is_some()).then(|| {
            self.state = FileState::Checking;
            self.order(FileCommand::Sum)
        })
    }

    /// The hash of the written file.
    pub(super) fn summed(&mut self, sum: Option<&str>) -> Vec<ContentCommand> {
        if self.state != FileState::Checking {
            return Vec::new();
        }
        if sum.is_none() || sum != self.sum.as_deref() {
            return self.give_up(FileState::Damaged);
        }
        self.state = FileState::Complete;
        let mut commands = self.say(FileNews::Complete);
        commands.push(ContentCommand::File(FileCommand::Save(self.key, self.name.clone())));
        commands
    }
}

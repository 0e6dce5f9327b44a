//! A file of this person.

use super::types::{FileCommand, FileKey, FileState, FileView, PIECE, WINDOW};
use crate::{
    content::command::ContentCommand,
    protocol::{DisplayName, FileName, FileNews, FileNumber, PeerId, Talk},
};

#[derive(Debug)]
pub(super) struct Sending {
    pub(super) number: FileNumber,
    name: FileName,
    size: u64,
    /// The hash, and whether it was asked for.
    sum: Option<String>,
    summing: bool,
    /// It can be had no more.
    withdrawn: bool,
    receivers: Vec<Receiver>,
}

/// A participant to whom it was offered.
#[derive(Debug)]
struct Receiver {
    peer: PeerId,
    state: FileState,
    /// Where to read next for them.
    next: u64,
    /// How many bytes they have been sent at most. Further ones may be on their way than are read next,
    /// if they have asked again meanwhile.
    sent: u64,
    /// The hash was sent since their last request.
    digest_sent: bool,
}

impl Sending {
    pub(super) fn new(number: FileNumber, name: FileName, size: u64) -> Self {
        Self {
            number,
            name,
            size,
            sum: None,
            summing: false,
            withdrawn: false,
            receivers: Vec::new(),
        }
    }

    pub(super) fn key(&self) -> FileKey {
        FileKey { owner: None, number: self.number }
    }

    pub(super) fn view(&self) -> FileView {
        FileView {
            key: self.key(),
            name: self.name.clone(),
            size: self.size,
            owner_name: DisplayName::default(),
            state: if self.withdrawn { FileState::Withdrawn } else { FileState::Offered },
            receivers: self.receivers.iter().map(|one| (one.peer, one.state)).collect(),
        }
    }

    /// Whether they may still receive it.
    pub(super) fn is_open(&self) -> bool {
        !self.withdrawn
    }

    pub(super) fn receivers(&self) -> Vec<PeerId> {
        self.receivers.iter().map(|receiver| receiver.peer).collect()
    }

    fn receiver(&mut self, peer: PeerId) -> Option<&mut Receiver> {
        self.receivers.iter_mut().find(|receiver| receiver.peer == peer)
    }

    fn say(&self, peer: PeerId, news: FileNews) -> ContentCommand {
        ContentCommand::Send(peer, Talk::File(self.number, news))
    }

    /// Offers it to a participant with a new channel, unless they are done with it. A receiver who
    /// still knows and wants it replies with an offset.
    pub(super) fn offer_to(&mut self, peer: PeerId) -> Option<ContentCommand> {
        let state = self.receiver(peer).map(|receiver| receiver.state);
        if self.withdrawn || matches!(state, Some(FileState::Complete | FileState::Declined)) {
            return None;
        }
        match self.receiver(peer) {
            None => {
                let state = FileState::Offered;
                self.receivers.push(Receiver { peer, state, next: 0, sent: 0, digest_sent: false });
            }
            Some(receiver) => receiver.state = FileState::Offered,
        }
        let (name, size) = (self.name.clone(), self.size);
        Some(self.say(peer, FileNews::Offer { name, size }))
    }

    pub(super) fn left(&mut self, peer: PeerId) {
        self.receivers.retain(|receiver| receiver.peer != peer);
    }

    /// Tells everybody who may still want it that it cannot be had.
    pub(super) fn withdraw(&mut self) -> Vec<ContentCommand> {
        if std::mem::replace(&mut self.withdrawn, true) {
            return Vec::new();
        }
        let open = self.receivers.iter_mut();
        let open =
            open.filter(|one| !matches!(one.state, FileState::Complete | FileState::Declined));
        let peers: Vec<_> = open
            .map(|receiver| {
                receiver.state = FileState::Withdrawn;
                receiver.peer
            })
            .collect();
        peers.into_iter().map(|peer| self.say(peer, FileNews::Withdraw)).collect()
    }

    /// A receiver sends a message about it.
    pub(super) fn on_message(&mut self, peer: PeerId, news: &FileNews) -> Vec<ContentCommand> {
        let (size, withdrawn) = (self.size, self.withdrawn);
        let Some(receiver) = self.receiver(peer).filter(|_| !withdrawn) else { return Vec::new() };
        match (news, receiver.state) {
            (FileNews::Request(from), before) if *from <= size => {
                let wrote = match before {
                    FileState::Transferring(place) | FileState::Paused(place) => place.min(*from),
                    _ => 0,
                };
                let state = FileState::Transferring(wrote);
                *receiver = Receiver { state, next: *from, digest_sent: false, ..*receiver };
                return self.summed_for(peer);
            }
            (
                FileNews::Progress(place),
                FileState::Transferring(before) | FileState::Paused(before),
            ) if (before..=receiver.next.max(receiver.sent)).contains(place) => {
                receiver.next = receiver.next.max(*place);
                receiver.state = match receiver.state {
                    FileState::Paused(_) => FileState::Paused(*place),
                    _ => FileState::Transferring(*place),
                };
                return self.summed_for(peer);
            }
            (FileNews::Pause, FileState::Transferring(place)) => {
                receiver.state = FileState::Paused(place);
            }
            (FileNews::Complete, FileState::Transferring(place)) if place == size => {
                receiver.state = FileState::Complete;
            }
            (FileNews::Decline, _) => receiver.state = FileState::Declined,
            _ => {}
        }
        Vec::new()
    }

    /// The hash is known.
    pub(super) fn summed(&mut self, sum: String) -> Vec<ContentCommand> {
        self.sum = Some(sum);
        self.receivers().into_iter().flat_map(|peer| self.summed_for(peer)).collect()
    }

    /// Sends the hash to receivers who have everything else, or starts computing it for those who
    /// soon will.
    fn summed_for(&mut self, peer: PeerId) -> Vec<ContentCommand> {
        let (size, sum) = (self.size, self.sum.clone());
        let Some(sum) = sum else {
            let asked = std::mem::replace(&mut self.summing, true);
            let ask = (!asked).then(|| ContentCommand::File(FileCommand::Sum(self.key())));
            return ask.into_iter().collect();
        };
        match self.receiver(peer) {
            Some(Receiver { state: FileState::Transferring(place), digest_sent, .. })
                if *place == size && !*digest_sent =>
            {
                *digest_sent = true;
                vec![self.say(peer, FileNews::Digest(sum))]
            }
            _ => Vec::new(),
        }
    }

    /// The next read for a receiver: offset and length.
    pub(super) fn next(&mut self, peer: PeerId) -> Option<(FileNumber, u64, usize)> {
        let (number, size) = (self.number, self.size);
        let receiver = self.receiver(peer)?;
        let FileState::Transferring(wrote) = receiver.state else { return None };
        let (from, left) = (receiver.next, size - receiver.next);
        let length = PIECE.min(usize::try_from(left).unwrap_or(PIECE));
        let fits = from - wrote + length as u64 <= WINDOW;
        (left > 0 && fits).then_some((number, from, length))
    }

    /// Whether bytes that were read are still the next ones for a receiver; if so, they are sent.
    pub(super) fn sent(&mut self, peer: PeerId, from: u64, length: usize) -> bool {
        let size = self.size;
        let Some(receiver) = self.receiver(peer) else { return false };
        let is_next = matches!(receiver.state, FileState::Transferring(_)) && receiver.next == from;
        let to = from.saturating_add(length as u64);
        if !is_next || length == 0 || to > size {
            return false;
        }
        receiver.next = to;
        receiver.sent = receiver.sent.max(to);
        true
    }
}

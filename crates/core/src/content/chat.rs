//! The chat, as one participant knows it.
//!
//! There is no central copy. Each author numbers their messages, and each client asks every peer
//! with a new channel for the messages it lacks: a lost connection neither loses nor duplicates a
//! message, and people who join later receive the history. Messages of a present participant are
//! accepted only from that participant; others pass on the messages of absent people, and are asked
//! again for those when somebody has left, or has come with a new channel.

use super::{
    command::ContentCommand,
    message::{ChatView, Message},
};
use crate::protocol::{ChatMessage, ChatSync, ChatText, DisplayName, PeerId, Talk};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    time::Duration,
};

/// Maximum number of messages, and of bytes of text, kept from one present person, and from all
/// absent people together. The oldest are dropped first; among the absent, those of the person with
/// the most.
pub(super) const MESSAGES: usize = 300;
pub(super) const BYTES: usize = 128 * 1024;
/// Minimum time between two requests to the same person. The answers count against their [flood
/// limit](super::flood_limit): at most two thirds of it per minute, if each answer contains
/// everything kept from absent people.
pub(super) const SYNC_INTERVAL: Duration = Duration::from_secs(10);

/// Another person in the room.
#[derive(Debug)]
struct Peer {
    id: PeerId,
    channel: Channel,
    /// The number of the last message of this person that they have acknowledged.
    acked: u64,
    /// The number of the last message that they have said themselves.
    last: u64,
    /// When a sync was last sent to them, and whether another one is needed.
    synced_at: Duration,
    sync_wanted: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Channel {
    Closed,
    /// What they have is not known yet: to say something new would hide that older things are
    /// missing.
    Open,
    Known,
}

#[derive(Debug, Default)]
pub(super) struct Chat {
    me: Option<PeerId>,
    messages: Arc<Vec<Message>>,
    received: usize,
    /// Messages written before this person's id was known.
    unsent: Vec<(DisplayName, ChatText, Duration)>,
    peers: Vec<Peer>,
    commands: VecDeque<ContentCommand>,
}

impl Chat {
    pub(super) fn poll(&mut self) -> Option<ContentCommand> {
        self.commands.pop_front()
    }

    pub(super) fn view(&self) -> ChatView {
        ChatView {
            me: self.me,
            messages: self.messages.clone(),
            received: self.received,
            acked: self.peers.iter().map(|peer| (peer.id, peer.acked)).collect(),
        }
    }

    /// Restores messages that were stored before a reload.
    pub(super) fn restore(&mut self, messages: Vec<Message>) {
        // Excess messages are dropped once it is known who is present.
        messages.into_iter().for_each(|message| self.place(message));
    }

    pub(super) fn joined(&mut self, me: PeerId) {
        self.me = Some(me);
        for (name, text, at) in std::mem::take(&mut self.unsent) {
            self.say(name, text, at);
        }
    }

    /// These are the others in the room.
    pub(super) fn set_present(&mut self, present: &[PeerId]) {
        present.iter().for_each(|id| self.peer_joined(*id));
        let others = self.peers.iter().map(|peer| peer.id);
        let gone: Vec<_> = others.filter(|id| !present.contains(id)).collect();
        gone.into_iter().for_each(|id| self.peer_left(id));
        let sources = present.iter().copied().chain(self.me).map(Some);
        sources.chain([None]).for_each(|source| self.trim(source));
    }

    /// A participant is present. From now on their messages are accepted only from them.
    pub(super) fn peer_joined(&mut self, id: PeerId) {
        if self.peer(id).is_some() {
            return;
        }
        if self.messages.iter().any(|message| message.author == id && message.is_hearsay()) {
            let messages = Arc::make_mut(&mut self.messages);
            messages.retain(|message| message.author != id || !message.is_hearsay());
        }
        self.peers.push(Peer {
            id,
            channel: Channel::Closed,
            acked: 0,
            last: self.last_of(id),
            synced_at: Duration::ZERO,
            sync_wanted: false,
        });
    }

    /// A participant has left for good. Messages that not everyone has received will be requested.
    pub(super) fn peer_left(&mut self, id: PeerId) {
        self.peers.retain(|peer| peer.id != id);
        self.trim(None);
        self.peers.iter_mut().for_each(|peer| peer.sync_wanted = true);
    }

    /// When [`Chat::tick`] is due, since the Unix epoch.
    pub(super) fn poll_timeout(&self) -> Option<Duration> {
        self.peers.iter().filter_map(Peer::sync_due).min()
    }

    /// Sends the requests that are due.
    pub(super) fn tick(&mut self, now: Duration) {
        let is_due = |peer: &&Peer| peer.sync_due().is_some() && peer.may_sync(now);
        let due: Vec<_> = self.peers.iter().filter(is_due).map(|peer| peer.id).collect();
        due.into_iter().for_each(|id| self.request_sync(id, now));
    }

    /// A channel to a participant is open. Returns whether they are in the room.
    pub(super) fn opened(&mut self, id: PeerId, now: Duration) -> bool {
        let Some(peer) = self.peer(id) else { return false };
        if peer.channel == Channel::Closed {
            peer.channel = Channel::Open;
            self.request_sync(id, now);
        }
        true
    }

    pub(super) fn closed(&mut self, id: PeerId) {
        if let Some(peer) = self.peer(id) {
            peer.channel = Channel::Closed;
        }
    }

    /// Who can be talked to.
    pub(super) fn reachable(&self) -> impl Iterator<Item = PeerId> {
        self.peers.iter().filter(|peer| peer.is_reachable()).map(|peer| peer.id)
    }

    /// Whether there is a channel to a participant.
    pub(super) fn is_reachable(&self, id: PeerId) -> bool {
        self.reachable().any(|peer| peer == id)
    }

    /// This person says something.
    pub(super) fn say(&mut self, name: DisplayName, text: ChatText, at: Duration) {
        let Some(me) = self.me else { return self.unsent.push((name, text, at)) };
        if text.is_empty() {
            return;
        }
        let last = self.last_of(me);
        // Based on the clock, so that it continues after a participant has lost their state.
        let number = (last + 1).max(u64::try_from(at.as_millis()).unwrap_or_default());
        let order = self.messages.last().map_or(0, |last| last.order) + 1;
        let message = Message { author: me, number, order, source: me, at, name, text };
        let known = self.peers.iter().filter(|peer| peer.channel == Channel::Known);
        for peer in known {
            let talk = Talk::Message(message.on_its_way(at));
            self.commands.push_back(ContentCommand::Send(peer.id, talk));
        }
        self.insert(message);
    }

    /// A participant reports what they have, which asks for the rest.
    pub(super) fn on_sync(&mut self, from: PeerId, sync: &ChatSync, now: Duration) {
        let me = self.me;
        let Some(peer) = self.peer(from) else { return };
        let is_new = std::mem::replace(&mut peer.channel, Channel::Known) == Channel::Open;
        peer.acked = me.and_then(|me| sync.last.get(&me).copied()).unwrap_or_default();
        if is_new {
            // They may give others messages of absent people, and then lose their own copy.
            let others = self.peers.iter_mut().filter(|other| other.id != from);
            others.for_each(|other| other.sync_wanted = true);
        }
        self.answer(from, sync, now);
    }

    /// A participant has received this person's messages up to this number.
    pub(super) fn on_ack(&mut self, from: PeerId, number: u64) {
        if let Some(peer) = self.peer(from) {
            peer.acked = peer.acked.max(number);
        }
    }

    /// A participant with this name sends their own message, or passes on one of an absent person.
    pub(super) fn on_message(
        &mut self,
        from: PeerId,
        name: &DisplayName,
        message: ChatMessage,
        now: Duration,
    ) {
        if message.author != from {
            if !self.is_there(message.author) {
                self.accept(from, message, now);
            }
            return;
        }
        let Some(peer) = self.peer(from) else { return };
        let number = message.number;
        let is_new = number > peer.last;
        peer.last = peer.last.max(number);
        self.commands.push_back(ContentCommand::Send(from, Talk::Ack(number)));
        if is_new {
            self.accept(from, ChatMessage { name: name.clone(), ..message }, now);
        }
    }

    fn accept(&mut self, source: PeerId, message: ChatMessage, now: Duration) {
        let ChatMessage { author, number, order, age, name, text } = message;
        let is_there = |message: &Message| (message.author, message.number) == (author, number);
        if text.is_empty() || self.messages.iter().any(is_there) {
            return;
        }
        // Such high numbers are not real: a false claim must not use up all places.
        let order = order.min(u64::try_from(now.as_millis()).unwrap_or_default());
        let at = now.saturating_sub(Duration::from_millis(age));
        self.insert(Message { author, number, order, source, at, name, text });
        // A message dropped as the oldest may arrive again.
        self.received += usize::from(self.messages.iter().any(is_there));
    }

    /// Requests missing messages. For an absent person, only messages received directly are
    /// certain: those passed on may be forged, and earlier ones may be missing.
    fn request_sync(&mut self, id: PeerId, now: Duration) {
        if let Some(peer) = self.peer(id) {
            (peer.synced_at, peer.sync_wanted) = (now, false);
        }
        let others = self.peers.iter().map(|peer| peer.id);
        let present: Vec<_> = others.chain(self.me).collect();
        let mut last: BTreeMap<_, _> = self.peers.iter().map(|peer| (peer.id, peer.last)).collect();
        for message in self.messages.iter() {
            if !message.is_hearsay() && !present.contains(&message.author) {
                let last = last.entry(message.author).or_default();
                *last = message.number.max(*last);
            }
        }
        self.commands.push_back(ContentCommand::Send(id, Talk::Sync(ChatSync { last, present })));
    }

    /// Sends a participant the missing messages of this person and of absent people; of the latter
    /// no more than the limit, and last those learned from people who are present and can send them
    /// as well.
    fn answer(&mut self, id: PeerId, sync: &ChatSync, now: Duration) {
        let lacks = |message: &&Message| {
            let last = sync.last.get(&message.author).copied().unwrap_or_default();
            message.number > last
        };
        let is_own = |message: &&Message| Some(message.author) == self.me;
        let (own, others): (Vec<_>, Vec<_>) = self.messages.iter().filter(lacks).partition(is_own);
        let is_gone = |message: &&Message| !sync.present.contains(&message.author);
        let others = others.into_iter().filter(is_gone);
        let (told, rest): (Vec<_>, Vec<_>) =
            others.partition(|message| self.is_there(message.source));
        // The oldest of that is left out.
        let too_many = (rest.len() + told.len()).saturating_sub(MESSAGES);
        let others = rest.into_iter().chain(told.into_iter().skip(too_many));
        let missing = own.into_iter().chain(others);
        let send =
            |message: &Message| ContentCommand::Send(id, Talk::Message(message.on_its_way(now)));
        let commands: Vec<_> = missing.map(send).collect();
        self.commands.extend(commands);
    }

    /// The number of the last message of an author, of those that are kept.
    fn last_of(&self, author: PeerId) -> u64 {
        let theirs = self.messages.iter().filter(|message| message.author == author);
        theirs.map(|message| message.number).max().unwrap_or_default()
    }

    fn insert(&mut self, message: Message) {
        let source = message.source;
        self.place(message);
        self.trim(Some(source).filter(|source| self.is_there(*source)));
    }

    /// Puts a message in its place.
    fn place(&mut self, message: Message) {
        let messages = Arc::make_mut(&mut self.messages);
        let place = |message: &Message| (message.order, message.author, message.number);
        let index = messages.partition_point(|other| place(other) < place(&message));
        messages.insert(index, message);
    }

    /// Whether a participant is in the room and speaks for themselves.
    fn is_there(&self, id: PeerId) -> bool {
        is_there(self.me, &self.peers, id)
    }

    /// Drops the oldest messages above the limit of one source. All absent people count as one; the
    /// person with the most messages among them loses the oldest, so that nobody displaces others.
    fn trim(&mut self, source: Option<PeerId>) {
        let (me, peers) = (self.me, &self.peers);
        let is_theirs = |message: &Message| match source {
            Some(source) => message.source == source,
            None => !is_there(me, peers, message.source),
        };
        let size = |message: &Message| message.text.as_str().len();
        let (mut count, mut bytes) = (0, 0);
        let mut weights: Vec<(PeerId, usize)> = Vec::new();
        for message in self.messages.iter().filter(|message| is_theirs(message)) {
            (count, bytes) = (count + 1, bytes + size(message));
            let weight = size(message) + BYTES / MESSAGES;
            match weights.iter_mut().find(|(source, _)| *source == message.source) {
                Some((_, total)) => *total += weight,
                None => weights.push((message.source, weight)),
            }
        }
        if count <= MESSAGES && bytes <= BYTES {
            return;
        }
        let messages = Arc::make_mut(&mut self.messages);
        let mut stays = vec![true; messages.len()];
        while count > MESSAGES || bytes > BYTES {
            let most = weights.iter_mut().max_by_key(|(_, weight)| *weight);
            let Some((source, weight)) = most else { break };
            let mut all = messages.iter().zip(&mut stays);
            let oldest = all.find(|(message, stays)| **stays && message.source == *source);
            let Some((message, stays)) = oldest else { break };
            *stays = false;
            *weight -= size(message) + BYTES / MESSAGES;
            (count, bytes) = (count - 1, bytes - size(message));
        }
        let mut stays = stays.into_iter();
        messages.retain(|_| stays.next().unwrap_or(true));
    }

    fn peer(&mut self, id: PeerId) -> Option<&mut Peer> {
        self.peers.iter_mut().find(|peer| peer.id == id)
    }
}

fn is_there(me: Option<PeerId>, peers: &[Peer], id: PeerId) -> bool {
    me == Some(id) || peers.iter().any(|peer| peer.id == id)
}

impl Peer {
    fn is_reachable(&self) -> bool {
        matches!(self.channel, Channel::Open | Channel::Known)
    }

    fn sync_due(&self) -> Option<Duration> {
        (self.sync_wanted && self.is_reachable()).then_some(self.synced_at + SYNC_INTERVAL)
    }

    /// Whether the last sync is old enough. The clock may have been set.
    fn may_sync(&self, now: Duration) -> bool {
        now.abs_diff(self.synced_at) >= SYNC_INTERVAL
    }
}

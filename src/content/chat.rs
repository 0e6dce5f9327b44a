//! What was said in the room, as one of its people has it.
//!
//! Nobody keeps the chat for all. Everybody numbers what they say, and asks whoever they get a
//! channel to for what they lack: so nothing is lost or doubled by a connection that breaks, and who
//! comes later learns what was said before from those who are there. Who is there speaks for
//! themselves; only what people said who are gone is taken from others.

use super::command::ContentCommand;
use crate::protocol::{ChatMessage, ChatSync, ChatText, DisplayName, PeerId, Talk};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    time::Duration,
};

/// How many messages are kept of what one person brought, or of what all brought who are gone, and
/// how many bytes of text. The oldest go first; among those who are gone, the oldest of whoever brought
/// most.
pub(super) const MESSAGES: usize = 300;
pub(super) const BYTES: usize = 128 * 1024;
/// How long somebody is left alone after a question. What it is answered with counts for their
/// [flood limit](super::flood_limit): in a minute two thirds of it, if all that is kept of those who
/// are gone comes each time.
pub(super) const BETWEEN_QUESTIONS: Duration = Duration::from_secs(10);

/// One message of the chat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Who said it.
    pub author: PeerId,
    /// Grows with everything that the author says.
    pub number: u64,
    /// Its place among all messages; the same place belongs to the lower author first.
    pub order: u64,
    /// Who brought it: its author, unless they were gone.
    pub source: PeerId,
    /// When it was said, since the Unix epoch, by the clock of this device.
    pub at: Duration,
    /// What the author was called.
    pub name: DisplayName,
    /// What they said.
    pub text: ChatText,
}

impl Message {
    /// Whether somebody else says that they said it.
    #[must_use]
    pub fn is_hearsay(&self) -> bool {
        self.author != self.source
    }
}

/// What is shown of the chat.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChatView {
    /// Who this person is; they may have been somebody else before.
    pub me: Option<PeerId>,
    /// Everything, in its order.
    pub messages: Arc<Vec<Message>>,
    /// How many messages of others came since the page was loaded.
    pub heard: usize,
    /// The number of this person's last message that each other person has got.
    pub got: Vec<(PeerId, u64)>,
}

impl ChatView {
    /// Whether this person said it, as far as is known.
    #[must_use]
    pub fn is_own(&self, message: &Message) -> bool {
        Some(message.author) == self.me
    }

    /// Who has not got one of this person's messages.
    pub fn lacking(&self, number: u64) -> impl Iterator<Item = PeerId> {
        self.got.iter().filter(move |(_, got)| *got < number).map(|(id, _)| *id)
    }

    /// How many of the others have not got one of this person's messages.
    #[must_use]
    pub fn missing(&self, number: u64) -> usize {
        self.lacking(number).count()
    }
}

/// Another person in the room.
#[derive(Debug)]
struct Listener {
    id: PeerId,
    channel: Channel,
    /// The number of the last message of this person that they have got.
    got: u64,
    /// The number of the last message that they have said themselves.
    last: u64,
    /// When they were asked last, and whether there is something new to ask.
    asked: Duration,
    unasked: bool,
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
    heard: usize,
    /// What this person said before they were told who they are.
    unsaid: Vec<(DisplayName, ChatText, Duration)>,
    listeners: Vec<Listener>,
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
            heard: self.heard,
            got: self.listeners.iter().map(|listener| (listener.id, listener.got)).collect(),
        }
    }

    /// Takes back what was kept while the page was loaded again.
    pub(super) fn recall(&mut self, messages: Vec<Message>) {
        // Of how much too much is known when it is known who is there.
        messages.into_iter().for_each(|message| self.place(message));
    }

    pub(super) fn sit(&mut self, me: PeerId) {
        self.me = Some(me);
        for (name, text, at) in std::mem::take(&mut self.unsaid) {
            self.say(name, text, at);
        }
    }

    /// These are the others in the room.
    pub(super) fn meet(&mut self, present: &[PeerId]) {
        present.iter().for_each(|id| self.came(*id));
        let others = self.listeners.iter().map(|listener| listener.id);
        let gone: Vec<_> = others.filter(|id| !present.contains(id)).collect();
        gone.into_iter().for_each(|id| self.left(id));
        let bearers = present.iter().copied().chain(self.me).map(Some);
        bearers.chain([None]).for_each(|bearer| self.trim(bearer));
    }

    /// Somebody is in the room. From now on they speak for themselves.
    pub(super) fn came(&mut self, id: PeerId) {
        if self.listener(id).is_some() {
            return;
        }
        if self.messages.iter().any(|message| message.author == id && message.is_hearsay()) {
            let messages = Arc::make_mut(&mut self.messages);
            messages.retain(|message| message.author != id || !message.is_hearsay());
        }
        self.listeners.push(Listener {
            id,
            channel: Channel::Closed,
            got: 0,
            last: self.last_of(id),
            asked: Duration::ZERO,
            unasked: false,
        });
    }

    /// Somebody is gone for good. What they said and not everybody got is to be asked for.
    pub(super) fn left(&mut self, id: PeerId) {
        self.listeners.retain(|listener| listener.id != id);
        self.trim(None);
        self.listeners.iter_mut().for_each(|listener| listener.unasked = true);
    }

    /// When somebody is to be asked, since the Unix epoch.
    pub(super) fn due(&self) -> Option<Duration> {
        self.listeners.iter().filter_map(Listener::due).min()
    }

    /// Asks whoever is to be asked by now.
    pub(super) fn tick(&mut self, now: Duration) {
        let is_due = |listener: &&Listener| listener.due().is_some() && listener.rested(now);
        let due: Vec<_> =
            self.listeners.iter().filter(is_due).map(|listener| listener.id).collect();
        due.into_iter().for_each(|id| self.ask(id, now));
    }

    /// Somebody can be talked to. Returns whether they are in the room.
    pub(super) fn opened(&mut self, id: PeerId, now: Duration) -> bool {
        let Some(listener) = self.listener(id) else { return false };
        if listener.channel == Channel::Closed {
            listener.channel = Channel::Open;
            self.ask(id, now);
        }
        true
    }

    pub(super) fn closed(&mut self, id: PeerId) {
        if let Some(listener) = self.listener(id) {
            listener.channel = Channel::Closed;
        }
    }

    /// Who can be talked to.
    pub(super) fn reached(&self) -> impl Iterator<Item = PeerId> {
        let reached = self.listeners.iter().filter(|listener| listener.is_reached());
        reached.map(|listener| listener.id)
    }

    /// Whether somebody can be talked to.
    pub(super) fn is_reached(&self, id: PeerId) -> bool {
        self.reached().any(|reached| reached == id)
    }

    /// This person says something.
    pub(super) fn say(&mut self, name: DisplayName, text: ChatText, at: Duration) {
        let Some(me) = self.me else { return self.unsaid.push((name, text, at)) };
        if text.is_empty() {
            return;
        }
        let last = self.last_of(me);
        // By the clock, so that it goes on where it was for somebody who has lost their memory.
        let number = (last + 1).max(u64::try_from(at.as_millis()).unwrap_or_default());
        let order = self.messages.last().map_or(0, |last| last.order) + 1;
        let message = Message { author: me, number, order, source: me, at, name, text };
        let known = self.listeners.iter().filter(|listener| listener.channel == Channel::Known);
        for listener in known {
            let talk = Talk::Message(message.on_its_way(at));
            self.commands.push_back(ContentCommand::Send(listener.id, talk));
        }
        self.insert(message);
    }

    /// Somebody says what they have, and asks for what they lack.
    pub(super) fn asked(&mut self, from: PeerId, sync: &ChatSync, now: Duration) {
        let me = self.me;
        let Some(listener) = self.listener(from) else { return };
        listener.channel = Channel::Known;
        listener.got = me.and_then(|me| sync.last.get(&me).copied()).unwrap_or_default();
        self.answer(from, sync, now);
    }

    /// Somebody has got this person's messages up to this number.
    pub(super) fn got(&mut self, from: PeerId, number: u64) {
        if let Some(listener) = self.listener(from) {
            listener.got = listener.got.max(number);
        }
    }

    /// Somebody, who is called so, says something, or what somebody else said who is gone.
    pub(super) fn said(
        &mut self,
        from: PeerId,
        name: &DisplayName,
        message: ChatMessage,
        now: Duration,
    ) {
        if message.author != from {
            if !self.is_there(message.author) {
                self.take_in(from, message, now);
            }
            return;
        }
        let Some(listener) = self.listener(from) else { return };
        let number = message.number;
        let is_new = number > listener.last;
        listener.last = listener.last.max(number);
        self.commands.push_back(ContentCommand::Send(from, Talk::Ack(number)));
        if is_new {
            self.take_in(from, ChatMessage { name: name.clone(), ..message }, now);
        }
    }

    fn take_in(&mut self, source: PeerId, message: ChatMessage, now: Duration) {
        let ChatMessage { author, number, order, age, name, text } = message;
        let is_there = |message: &Message| (message.author, message.number) == (author, number);
        if text.is_empty() || self.messages.iter().any(is_there) {
            return;
        }
        // So many were never said: whoever claims more cannot use up all places there are.
        let order = order.min(u64::try_from(now.as_millis()).unwrap_or_default());
        let at = now.saturating_sub(Duration::from_millis(age));
        self.insert(Message { author, number, order, source, at, name, text });
        // What is the oldest of too much is not there, and may come again.
        self.heard += usize::from(self.messages.iter().any(is_there));
    }

    /// Asks for what is missing. Of somebody who is gone, only what they said themselves is known: what
    /// others say may be made up, and something before it may be missing.
    fn ask(&mut self, id: PeerId, now: Duration) {
        if let Some(listener) = self.listener(id) {
            (listener.asked, listener.unasked) = (now, false);
        }
        let others = self.listeners.iter().map(|listener| listener.id);
        let present: Vec<_> = others.chain(self.me).collect();
        let mut last: BTreeMap<_, _> =
            self.listeners.iter().map(|listener| (listener.id, listener.last)).collect();
        for message in self.messages.iter() {
            if !message.is_hearsay() && !present.contains(&message.author) {
                let last = last.entry(message.author).or_default();
                *last = message.number.max(*last);
            }
        }
        self.commands.push_back(ContentCommand::Send(id, Talk::Sync(ChatSync { last, present })));
    }

    /// Gives somebody what they lack of this person's words, and of those who are gone; of these no
    /// more than is kept, and last what was learned from people who are there and may tell it, too.
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

    /// Whether somebody is in the room and speaks for themselves.
    fn is_there(&self, id: PeerId) -> bool {
        is_there(self.me, &self.listeners, id)
    }

    /// Forgets the oldest of what somebody brought too much of. All who are gone count as one; so that
    /// none of them takes the others' place, it is whoever brought most who loses something.
    fn trim(&mut self, bearer: Option<PeerId>) {
        let (me, listeners) = (self.me, &self.listeners);
        let is_theirs = |message: &Message| match bearer {
            Some(bearer) => message.source == bearer,
            None => !is_there(me, listeners, message.source),
        };
        let size = |message: &Message| message.text.as_str().len();
        let (mut count, mut bytes) = (0, 0);
        let mut brought: Vec<(PeerId, usize)> = Vec::new();
        for message in self.messages.iter().filter(|message| is_theirs(message)) {
            (count, bytes) = (count + 1, bytes + size(message));
            let weight = size(message) + BYTES / MESSAGES;
            match brought.iter_mut().find(|(source, _)| *source == message.source) {
                Some((_, brought)) => *brought += weight,
                None => brought.push((message.source, weight)),
            }
        }
        if count <= MESSAGES && bytes <= BYTES {
            return;
        }
        let messages = Arc::make_mut(&mut self.messages);
        let mut stays = vec![true; messages.len()];
        while count > MESSAGES || bytes > BYTES {
            let most = brought.iter_mut().max_by_key(|(_, weight)| *weight);
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

    fn listener(&mut self, id: PeerId) -> Option<&mut Listener> {
        self.listeners.iter_mut().find(|listener| listener.id == id)
    }
}

fn is_there(me: Option<PeerId>, listeners: &[Listener], id: PeerId) -> bool {
    me == Some(id) || listeners.iter().any(|listener| listener.id == id)
}

impl Message {
    fn on_its_way(&self, now: Duration) -> ChatMessage {
        let age = now.saturating_sub(self.at).as_millis();
        ChatMessage {
            author: self.author,
            number: self.number,
            order: self.order,
            age: u64::try_from(age).unwrap_or(u64::MAX),
            name: self.name.clone(),
            text: self.text.clone(),
        }
    }
}

impl Listener {
    fn is_reached(&self) -> bool {
        matches!(self.channel, Channel::Open | Channel::Known)
    }

    fn due(&self) -> Option<Duration> {
        (self.unasked && self.is_reached()).then_some(self.asked + BETWEEN_QUESTIONS)
    }

    /// Whether they have not been asked for long enough. The clock may have been set.
    fn rested(&self, now: Duration) -> bool {
        now.abs_diff(self.asked) >= BETWEEN_QUESTIONS
    }
}

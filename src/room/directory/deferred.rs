//! Messages that wait for something which is looked up or worked out elsewhere: for a room to be
//! loaded, or a passcode to be compared. Meanwhile their connection is read on.

use super::{super::Unchecked, Command, ConnId, Directory, Identity, Input, Refusal, refusal};
use crate::protocol::{ClientMessage, ErrorCode, RoomName};
use std::{collections::BTreeMap, time::Duration};

/// How many messages of a newcomer wait behind one that has to wait.
const BEHIND: usize = 8;

/// Somebody who waits for a room to be loaded.
#[derive(Debug)]
pub(super) enum Asker {
    /// A message, and the number under which it waits.
    Message(u64, Box<Input>),
    /// A question of a page.
    Page(u64, RoomName),
}

/// A passcode to compare with the hash of another, or to hash. It takes a while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// What [`Input::Checked`] is to say.
    pub ticket: u64,
    /// Stands for the address of who gave it.
    pub address: u64,
    /// Whose passcode it is, or will be.
    pub room: RoomName,
    /// As it was given.
    pub passcode: String,
    /// The hash that it has to match; none if it is a new passcode.
    pub against: Option<String>,
}

/// What came of a [`Check`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Checked {
    /// The hash that the passcode has.
    Fits(String),
    /// It is another one.
    Differs,
    /// There is too much to do.
    Busy,
}

/// What a connection says while one of its messages waits.
#[derive(Debug)]
struct Behind {
    ticket: u64,
    messages: Vec<Input>,
}

#[derive(Debug, Default)]
pub(super) struct Deferred {
    last: u64,
    behind: BTreeMap<ConnId, Behind>,
    /// For which room, and the message that waits for it.
    checks: BTreeMap<u64, (RoomName, Input)>,
}

impl Deferred {
    pub(super) fn forget(&mut self, conn: ConnId) {
        self.behind.remove(&conn);
    }

    fn ticket(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    /// Lets what a connection says from now on wait behind a message.
    fn put_behind(&mut self, conn: ConnId) -> u64 {
        let ticket = self.ticket();
        self.behind.insert(conn, Behind { ticket, messages: Vec::new() });
        ticket
    }
}

impl Directory {
    /// Handles a message, unless it has to wait.
    pub(super) fn hear(
        &mut self,
        conn: ConnId,
        message: ClientMessage,
        identity: Box<Identity>,
        now: Duration,
    ) -> Result<(), Refusal> {
        if self.deferred.behind.contains_key(&conn) {
            match message {
                ClientMessage::Ping => {}
                ClientMessage::Leave => {
                    self.deferred.forget(conn);
                    if !self.connections.is_waiting(conn) {
                        return Ok(());
                    }
                }
                _ => return self.put_behind(conn, message, identity),
            }
        }
        let unknown = entered(&message).filter(|room| self.shelf.holds(room)).cloned();
        if let Some(room) = unknown.filter(|_| self.seat(conn).is_none()) {
            let ticket = self.deferred.put_behind(conn);
            let input = Box::new(Input::Message { conn, message: Ok(message), identity });
            let asked = self.load(&room, Asker::Message(ticket, input), now);
            return asked.inspect_err(|_| self.deferred.forget(conn));
        }
        if let Some(room) = entered(&message) {
            self.barrier.hold(conn, room);
        }
        self.route(conn, message, identity, now)
    }

    fn put_behind(
        &mut self,
        conn: ConnId,
        message: ClientMessage,
        identity: Box<Identity>,
    ) -> Result<(), Refusal> {
        let Some(behind) = self.deferred.behind.get_mut(&conn) else { return Ok(()) };
        if behind.messages.len() >= BEHIND {
            let sentence = "You are still on your way in: wait for the answer to your join.";
            return Err(refusal(ErrorCode::TryLater, sentence));
        }
        behind.messages.push(Input::Message { conn, message: Ok(message), identity });
        Ok(())
    }

    /// Has a passcode worked on for a message, which waits for that. What a newcomer says meanwhile
    /// waits as well; who sits in a room goes on talking to the others.
    pub(super) fn check(&mut self, room: &RoomName, unchecked: Unchecked) {
        let Unchecked { conn, message, identity, passcode, against } = unchecked;
        let (room, address) = (room.clone(), identity.address);
        let ticket = match against {
            Some(_) => self.deferred.put_behind(conn),
            None => self.deferred.ticket(),
        };
        let input = Input::Message { conn, message: Ok(message), identity: Box::new(identity) };
        self.deferred.checks.insert(ticket, (room.clone(), input));
        self.commands.push_back(Command::Check(Check { ticket, address, room, passcode, against }));
    }

    /// Goes on with the message that gave a passcode.
    pub(super) fn checked(&mut self, ticket: u64, checked: Checked) {
        let Some((room, mut input)) = self.deferred.checks.remove(&ticket) else { return };
        let Input::Message { conn, identity, .. } = &mut input else { return };
        // Who sits elsewhere by now sets nothing there.
        if self.seat(*conn).is_some_and(|(seated, _)| *seated != room) {
            return;
        }
        identity.tried = true;
        match checked {
            Checked::Fits(hash) => identity.passcode = Some(hash),
            Checked::Differs => {}
            Checked::Busy => {
                self.limits.guessers.give_back(&identity.address);
                let sentence = "Too many passcodes are being checked: try again in a moment.";
                let busy = refusal(ErrorCode::TryLater, sentence);
                return self.refuse_deferred(ticket, &input, busy);
            }
        }
        self.resume(ticket, input);
    }

    /// Has a message that waited handled, and those behind it.
    pub(super) fn resume(&mut self, ticket: u64, input: Input) {
        if let Some(behind) = self.end_waiting(ticket, &input) {
            self.commands.push_back(Command::Resume(Box::new(input)));
            let resume = |input| Command::Resume(Box::new(input));
            self.commands.extend(behind.into_iter().map(resume));
        }
    }

    /// Refuses a message that waited, and has those behind it handled.
    pub(super) fn refuse_deferred(&mut self, ticket: u64, input: &Input, refusal: Refusal) {
        let Some(behind) = self.end_waiting(ticket, input) else { return };
        if let Input::Message { conn, .. } = input {
            self.refuse(*conn, refusal);
        }
        let resume = |input| Command::Resume(Box::new(input));
        self.commands.extend(behind.into_iter().map(resume));
    }

    /// What waited behind a message; none if nobody wants it any more.
    fn end_waiting(&mut self, ticket: u64, input: &Input) -> Option<Vec<Input>> {
        let Input::Message { conn, message: Ok(message), .. } = input else { return None };
        if entered(message).is_none() {
            return Some(Vec::new());
        }
        let behind = &mut self.deferred.behind;
        behind.get(conn).filter(|behind| behind.ticket == ticket)?;
        behind.remove(conn).map(|behind| behind.messages)
    }
}

/// The room that somebody outside wants to come to.
fn entered(message: &ClientMessage) -> Option<&RoomName> {
    match message {
        ClientMessage::Watch(room) => Some(room),
        ClientMessage::Join(join) => Some(&join.room),
        _ => None,
    }
}

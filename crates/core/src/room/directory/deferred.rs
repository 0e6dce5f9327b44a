//! Messages that wait for a result from elsewhere: a loaded room, or a compared passcode. Their
//! connection continues to be read.

use super::{super::Unchecked, Command, ConnId, Directory, Identity, Input, Refusal, refusal};
use crate::protocol::{ClientMessage, ErrorCode, RoomName};
use std::{collections::BTreeMap, time::Duration};

/// Maximum number of a newcomer's messages that queue behind a waiting one.
const MAX_BEHIND: usize = 8;

/// Something that waits for a room to be loaded.
#[derive(Debug)]
pub(super) enum Asker {
    /// A message, and the number under which it waits.
    Message(u64, Box<Input>),
    /// A request of a page.
    Page(u64, RoomName),
}

/// A passcode to compare with a hash, or to hash. This takes a while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// Ticket for [`Input::Checked`].
    pub ticket: u64,
    /// Keyed hash of the sender's address.
    pub address: u64,
    /// Whose passcode it is, or will be.
    pub room: RoomName,
    /// As it was given.
    pub passcode: String,
    /// The hash to compare it with; `None` for a new passcode.
    pub stored_hash: Option<String>,
}

/// The result of a [`Check`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Checked {
    /// The passcode matches; its hash.
    Fits(String),
    /// The passcode is wrong.
    Differs,
    /// Too many checks are queued.
    Busy,
}

/// Messages of a connection that are queued behind a waiting one.
#[derive(Debug)]
struct Behind {
    ticket: u64,
    messages: Vec<Input>,
}

#[derive(Debug, Default)]
pub(super) struct Deferred {
    last: u64,
    behind: BTreeMap<ConnId, Behind>,
    /// The room of each check, and the message that waits for it.
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

    /// Queues further messages of a connection behind this one.
    fn put_behind(&mut self, conn: ConnId) -> u64 {
        let ticket = self.ticket();
        self.behind.insert(conn, Behind { ticket, messages: Vec::new() });
        ticket
    }
}

impl Directory {
    /// Handles a message, unless it has to wait.
    pub(super) fn receive(
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
        let unknown =
            entered(&message).filter(|room| self.stored_rooms.is_only_on_disk(room)).cloned();
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
        if behind.messages.len() >= MAX_BEHIND {
            let sentence = "Wait for the answer to your join first.";
            return Err(refusal(ErrorCode::TryLater, sentence));
        }
        behind.messages.push(Input::Message { conn, message: Ok(message), identity });
        Ok(())
    }

    /// Works on a passcode for a message, which waits for the result. A newcomer's further messages
    /// are queued as well; those of a seated participant are not.
    pub(super) fn check(&mut self, room: &RoomName, unchecked: Unchecked) {
        let Unchecked { conn, message, identity, passcode, stored_hash } = unchecked;
        let (room, address) = (room.clone(), identity.address);
        let ticket = match stored_hash {
            Some(_) => self.deferred.put_behind(conn),
            None => self.deferred.ticket(),
        };
        let input = Input::Message { conn, message: Ok(message), identity: Box::new(identity) };
        self.deferred.checks.insert(ticket, (room.clone(), input));
        self.commands.push_back(Command::Check(Check {
            ticket,
            address,
            room,
            passcode,
            stored_hash,
        }));
    }

    /// Continues with the message that contained a passcode.
    pub(super) fn checked(&mut self, ticket: u64, checked: Checked) {
        let Some((room, mut input)) = self.deferred.checks.remove(&ticket) else { return };
        let Input::Message { conn, identity, .. } = &mut input else { return };
        // The participant has moved to another room, which must not be affected.
        if self.seat(*conn).is_some_and(|(seated, _)| *seated != room) {
            return;
        }
        identity.passcode_checked = true;
        match checked {
            Checked::Fits(hash) => identity.passcode_hash = Some(hash),
            Checked::Differs => {}
            Checked::Busy => {
                self.limits.passcode_attempts.give_back(&identity.address);
                let sentence = "Too many passcodes are being checked. Try again in a moment.";
                let busy = refusal(ErrorCode::TryLater, sentence);
                return self.refuse_deferred(ticket, &input, busy);
            }
        }
        self.resume(ticket, input);
    }

    /// Handles a message that has waited, and those queued behind it.
    pub(super) fn resume(&mut self, ticket: u64, input: Input) {
        if let Some(behind) = self.end_waiting(ticket, &input) {
            self.commands.push_back(Command::Resume(Box::new(input)));
            let resume = |input| Command::Resume(Box::new(input));
            self.commands.extend(behind.into_iter().map(resume));
        }
    }

    /// Refuses a message that has waited, and handles those queued behind it.
    pub(super) fn refuse_deferred(&mut self, ticket: u64, input: &Input, refusal: Refusal) {
        let Some(behind) = self.end_waiting(ticket, input) else { return };
        if let Input::Message { conn, .. } = input {
            self.refuse(*conn, refusal);
        }
        let resume = |input| Command::Resume(Box::new(input));
        self.commands.extend(behind.into_iter().map(resume));
    }

    /// The messages queued behind this one; `None` if the connection no longer waits.
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

/// The room that a person outside wants to enter.
fn entered(message: &ClientMessage) -> Option<&RoomName> {
    match message {
        ClientMessage::Watch(room) => Some(room),
        ClientMessage::Join(join) => Some(&join.room),
        _ => None,
    }
}

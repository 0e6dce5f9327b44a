//! Rooms: who is inside, who calls whom, and who has gone silent. Pure: no socket, clock or
//! randomness.
//!
//! A [`Room`] is one room and knows nothing about others; the [`Directory`] finds it by its name,
//! and knows the connections and what is counted across rooms. The contract of both: call `handle`
//! with an input and the time, then take the outputs, then `handle` a tick at `poll_timeout` if
//! nothing came before.

mod admission;
mod decisions;
mod directory;
mod forwarding;
mod join;
mod leave;
mod moderation;
mod peer_map;
mod presence;
mod relay_only;
mod seats;
mod settings;
mod signaling;
#[cfg(test)]
mod tests;
mod watchers;

use crate::{
    protocol::{ClientMessage, ErrorCode, IceGrant, PeerId, RoomName, RoomState, ServerMessage},
    rate_limit::{Bucket, Rate},
};
use admission::WaitingRoom;
pub use decisions::{
    Decisions, Guest, MAX_INVITATION_TTL, MAX_INVITATIONS, STORED_BRIEFLY_FOR, STORED_FOR,
    StoredInvitation,
};
pub use directory::{Check, Checked, Command, Config, Directory, Input, Timeouts, WRITE_TIMEOUT};
use directory::{Limits, Space};
pub use forwarding::{Answer, Forwarding};
use seats::Seats;
pub use seats::{Identity, SEAT_TOKEN_TTL};
use settings::Settings;
use std::{collections::BTreeSet, mem, time::Duration};
use watchers::Watchers;

/// One open socket. Never used twice while the server runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ConnId(pub u64);

/// An input of one room.
#[derive(Debug)]
enum RoomInput {
    /// A message from a connection inside, or from one that wants to enter.
    Message { conn: ConnId, message: ClientMessage, identity: Box<Identity> },
    /// A connection is closed, or has moved to another room. Its seat, if it is resumable, stays
    /// reserved until this time.
    Gone { conn: ConnId, reserved_until: Duration },
    /// The answer of the media plane to the offer of a participant, with the number of their connection.
    Answered(PeerId, u64, Answer),
    /// Its hosts' decisions are evicted in favour of another room.
    Forget,
    /// From time to time: records use, and drops what has expired.
    Sweep,
    /// [`Room::poll_timeout`] has been reached.
    Tick,
}

/// An output of one room.
#[derive(Debug)]
enum RoomOutput {
    /// Send a message to a connection.
    Send(ConnId, ServerMessage),
    /// Send the same message to several connections.
    Broadcast(Vec<ConnId>, ServerMessage),
    /// Send the host key of this generation.
    SendHostKey(ConnId, u64),
    /// Record the standing of a connection in the room, or that it has none.
    Moved(ConnId, Option<Standing>),
    /// Record that somebody has this seat, or that nobody has it any more.
    Seat(PeerId, bool),
    /// Tell the media plane about a participant.
    Forward(Forwarding),
    /// Check a passcode, and then hand in the message that waits for it.
    Check(Box<Unchecked>),
    /// Evict the decisions about another room: this one is stored now.
    Displace,
    /// Store the hosts' decisions.
    Store(Decisions),
    /// Delete the stored decisions.
    Forget,
    /// Hold back messages to these connections until everything before is stored, and tell the host
    /// if that fails.
    Sync { told: Vec<ConnId>, host: Option<ConnId> },
}

/// The standing of a connection in a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    /// Is told who is inside.
    Watching,
    /// Waits until a host admits them.
    Waiting,
    /// Has a seat.
    Seated(PeerId),
}

/// A message that waits for a passcode check.
#[derive(Debug)]
struct Unchecked {
    conn: ConnId,
    message: ClientMessage,
    identity: Identity,
    passcode: String,
    /// The hash to compare it with; `None` for a new passcode.
    stored_hash: Option<String>,
}

/// The context of an input.
#[derive(Debug)]
struct Context<'a> {
    /// A time since some fixed start that never runs backwards.
    now: Duration,
    /// The connection that sent the input, if it is a message.
    by: Option<ConnId>,
    limits: &'a mut Limits,
    space: Space,
}

/// The settings shared by all rooms of a server.
#[derive(Clone, Copy, Debug)]
struct Terms {
    /// Maximum number of participants; at least 1.
    max_participants: usize,
    /// Maximum number of participants who connect directly to each other.
    max_direct: usize,
    /// Until this time, people with seats from before the server's start may still return.
    resume_window_ends: Duration,
}

/// The remains of an empty room.
#[derive(Debug)]
struct Dormant {
    decisions: Decisions,
    passcode_attempts: Bucket,
}

/// One room: its seats, waiting people, watchers, and the decisions of its hosts. A reserved seat
/// counts as taken.
#[derive(Debug)]
struct Room {
    name: RoomName,
    terms: Terms,
    seats: Seats,
    watchers: Watchers,
    waiting_room: WaitingRoom,
    settings: Settings,
    /// Whether the server forwards its media.
    is_forwarded: bool,
    /// Pairs that will connect to each other, or participants to the server, as soon as it is their turn, in order
    /// of arrival.
    unpaired: Vec<(PeerId, PeerId)>,
    /// The number of the last `ready`. It starts with the time in milliseconds, so that it is
    /// higher than any number from before a restart: pairs are formed less often than that.
    links: u64,
    /// The last place given to a raised hand.
    hands: u32,
    /// Who may have the current host key: those who showed it or received it in this call.
    keyholders: Vec<PeerId>,
    /// Limits the hosts' actions.
    actions: Bucket,
    /// Limits passcode attempts.
    passcode_attempts: Bucket,
    /// Deadlines of deferred updates and reserved seats.
    deadlines: BTreeSet<Duration>,
    outputs: Vec<RoomOutput>,
}

/// A refusal: its code and its message.
type Refusal = (ErrorCode, String);

fn refusal(code: ErrorCode, sentence: &str) -> Refusal {
    (code, sentence.to_owned())
}

fn nobody() -> Refusal {
    refusal(ErrorCode::PeerNotFound, "Nobody with that id is in the room.")
}

fn not_joined() -> Refusal {
    refusal(ErrorCode::NotJoined, "Join a room first.")
}

impl Room {
    /// An empty room at `now`.
    fn new(name: RoomName, terms: Terms, before: Option<Dormant>, now: Duration) -> Self {
        let (decisions, passcode_attempts) =
            before.map(|room| (room.decisions, room.passcode_attempts)).unzip();
        Self {
            name,
            terms,
            seats: Seats::default(),
            watchers: Watchers::default(),
            waiting_room: WaitingRoom::default(),
            settings: Settings::new(decisions),
            is_forwarded: false,
            unpaired: Vec::new(),
            links: u64::try_from(now.as_millis()).unwrap_or_default(),
            hands: 0,
            keyholders: Vec::new(),
            actions: Bucket::default(),
            passcode_attempts: passcode_attempts.unwrap_or_default(),
            deadlines: BTreeSet::new(),
            outputs: Vec::new(),
        }
    }

    /// Handles an input.
    fn handle(&mut self, input: RoomInput, cx: &mut Context<'_>) {
        match input {
            RoomInput::Message { conn, message, identity } => {
                if let Err(refusal) = self.message(conn, message, *identity, cx) {
                    self.refuse(conn, refusal);
                }
            }
            RoomInput::Gone { conn, reserved_until } => self.leave(conn, reserved_until, cx),
            RoomInput::Answered(seat, link, answer) => self.answered(seat, link, answer),
            RoomInput::Forget => self.forget(cx),
            RoomInput::Sweep => self.sweep(cx),
            RoomInput::Tick => self.tick(cx),
        }
    }

    /// The outputs of the inputs so far. The queue keeps no memory, as there are many rooms.
    fn take_outputs(&mut self) -> Vec<RoomOutput> {
        mem::take(&mut self.outputs)
    }

    /// When to handle [`RoomInput::Tick`] at the latest.
    fn poll_timeout(&self) -> Option<Duration> {
        self.deadlines.first().copied()
    }

    /// Whether anyone is inside or waiting.
    fn is_occupied(&self) -> bool {
        self.is_occupied_beside(None)
    }

    /// The same without a connection that is about to leave the waiting room.
    fn is_occupied_beside(&self, leaving: Option<ConnId>) -> bool {
        let mut waiting = self.waiting_room.connections();
        !self.seats.is_empty() || waiting.any(|conn| Some(conn) != leaving)
    }

    /// Whether anyone is there, including watchers.
    fn is_live(&self) -> bool {
        self.is_occupied() || !self.watchers.is_empty()
    }

    /// The remains of the room when everyone has left.
    fn into_dormant(self) -> Option<Dormant> {
        let passcode_attempts = self.passcode_attempts;
        self.settings.decisions.map(|decisions| Dormant { decisions, passcode_attempts })
    }

    /// All connections that are told something about it.
    fn connections(&self) -> impl Iterator<Item = ConnId> {
        let seated = self.seats.all().iter().filter_map(seats::Seat::conn);
        seated.chain(self.waiting_room.connections()).chain(self.watchers.connections())
    }

    /// Who is inside.
    fn state(&self, now: Duration) -> RoomState {
        RoomState { people: self.seats.people(now), limit: self.terms.max_participants, gate: None }
    }

    /// What people outside may know.
    fn seen_from_outside(&self, now: Duration) -> RoomState {
        behind_gate(self.state(now), self.settings.decisions.as_ref())
    }

    fn message(
        &mut self,
        conn: ConnId,
        message: ClientMessage,
        identity: Identity,
        cx: &mut Context<'_>,
    ) -> Result<(), Refusal> {
        match message {
            ClientMessage::Watch(_) => self.watch(conn, identity.address, cx),
            ClientMessage::Join(join) => return self.join(conn, join, identity, cx),
            message if self.waiting_room.contains(conn) => {
                return self.waiting_message(conn, message, cx);
            }
            message => {
                let me = self.seats.of(conn).ok_or_else(not_joined)?.id;
                return self.seated_message((conn, me), message, identity, cx);
            }
        }
        Ok(())
    }

    fn seated_message(
        &mut self,
        (conn, me): (ConnId, PeerId),
        message: ClientMessage,
        identity: Identity,
        cx: &mut Context<'_>,
    ) -> Result<(), Refusal> {
        match message {
            ClientMessage::Leave => self.leave(conn, cx.now, cx),
            ClientMessage::Presence(presence) => {
                if let Some(seat) = self.seats.get_mut(me) {
                    seat.confirm_mutes(&presence);
                }
                self.set_presence(me, presence, cx);
            }
            ClientMessage::Host(action) => return self.host(conn, me, action, identity, cx),
            ClientMessage::Ice => self.send(conn, ServerMessage::Ice(IceGrant::default())),
            ClientMessage::Reconnect { to, link } => return self.reconnect(me, to, link, cx),
            ClientMessage::Signal { to, link, signal } => {
                return self.forward(me, to, link, signal);
            }
            // The owner counts reports and answers pings; people who enter were handled before.
            ClientMessage::ClientMetrics(_)
            | ClientMessage::Ping
            | ClientMessage::Watch(_)
            | ClientMessage::Join(_) => {}
        }
        Ok(())
    }

    /// Performs what was deferred until now, and frees seats whose reservation has expired.
    fn tick(&mut self, cx: &mut Context<'_>) {
        self.deadlines = self.deadlines.split_off(&(cx.now + Duration::from_nanos(1)));
        if self.waiting_room.is_update_pending {
            self.tell_waiting_room(cx);
        }
        for id in self.seats.expired(cx.now) {
            self.free(id, cx);
        }
        for id in self.seats.with_pending_updates() {
            self.tell_presence(id, cx);
        }
        self.tell_behind(cx);
        self.pair(cx);
        if cx.now >= self.terms.resume_window_ends {
            self.forget_absent();
        }
    }

    fn send(&mut self, conn: ConnId, message: ServerMessage) {
        self.outputs.push(RoomOutput::Send(conn, message));
    }

    fn broadcast(&mut self, to: Vec<ConnId>, message: ServerMessage) {
        match to[..] {
            [] => {}
            [one] => self.send(one, message),
            _ => self.outputs.push(RoomOutput::Broadcast(to, message)),
        }
    }

    fn refuse(&mut self, conn: ConnId, (code, message): Refusal) {
        self.send(conn, ServerMessage::Error { code, message });
    }

    /// Publishes the standing of a connection.
    fn moved(&mut self, conn: ConnId, standing: Option<Standing>) {
        self.outputs.push(RoomOutput::Moved(conn, standing));
    }

    /// Tells a connection that it is no longer in the room, and why.
    fn dismiss(&mut self, conn: ConnId, refusal: Refusal) {
        self.moved(conn, None);
        self.refuse(conn, refusal);
    }
}

/// The part of a room's state that is visible outside, given its hosts' decisions.
fn behind_gate(state: RoomState, decisions: Option<&Decisions>) -> RoomState {
    match decisions.and_then(Decisions::gate) {
        None => state,
        gate => {
            let limit = if state.has_space() { state.limit } else { 0 };
            RoomState { people: Vec::new(), limit, gate }
        }
    }
}

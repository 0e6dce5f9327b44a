//! Who is in which room, who calls whom, and who has gone silent. Pure: no socket, clock or
//! randomness in here.
//!
//! A [`Room`] is one room and knows nothing of others; the [`Directory`] finds it by its name, and
//! knows the connections and what is counted across rooms. The contract of both: call `handle` with
//! an input and the time, then drain `poll`, then `handle` a tick at `poll_timeout` if nothing came
//! before.

mod admission;
mod directory;
mod join;
mod keeping;
mod leave;
mod moderation;
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
use admission::Line;
pub use directory::{Check, Checked, Clocks, Command, Config, Directory, Input, WRITTEN_WITHIN};
use directory::{Limits, Space};
pub use keeping::{Guest, INVITATIONS, INVITED_FOR, Invited, KEPT_BRIEFLY, KEPT_FOR, Keeping};
use seats::Seats;
pub use seats::{Identity, SEAT_VALID};
use settings::Kept;
use std::{
    collections::{BTreeSet, VecDeque},
    time::Duration,
};
use watchers::Watchers;

/// One open socket. Never used twice while the server runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ConnId(pub u64);

/// What happens to one room.
#[derive(Debug)]
enum RoomInput {
    /// A connection says something to it, or wants to come to it.
    Message { conn: ConnId, message: ClientMessage, identity: Box<Identity> },
    /// A connection is gone, or somewhere else. If its seat is held, it is held until then.
    Gone { conn: ConnId, hold: Duration },
    /// What its hosts decided makes place for another room.
    Forget,
    /// Once in a while: what is in use is noted as such, and what nobody needs is forgotten.
    Sweep,
    /// [`Room::poll_timeout`] has come.
    Tick,
}

/// What a room wants of its owner.
#[derive(Debug)]
enum RoomOutput {
    /// Tell a connection something.
    Send(ConnId, ServerMessage),
    /// Tell several connections the same.
    Broadcast(Vec<ConnId>, ServerMessage),
    /// Send the host key of this generation.
    SendHostKey(ConnId, u64),
    /// Note how a connection is in the room from now on, or that it is not.
    Moved(ConnId, Option<Standing>),
    /// Work on a passcode, and then hand in the message that waits for it.
    Check(Box<Unchecked>),
    /// Forget what was decided about another room: something is kept of this one now.
    Displace,
    /// Write down what its hosts decided.
    Keep(Keeping),
    /// Write down nothing of it any more.
    Forget,
    /// Let what these connections are told from now on wait until everything before is written, and
    /// tell the host if that fails.
    Sync { told: Vec<ConnId>, host: Option<ConnId> },
}

/// How a connection is in a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    /// Is told who is inside.
    Watching,
    /// Waits until a host lets them in.
    Waiting,
    /// Sits there.
    Seated(PeerId),
}

/// A message that waits for a passcode.
#[derive(Debug)]
struct Unchecked {
    conn: ConnId,
    message: ClientMessage,
    identity: Identity,
    passcode: String,
    /// The hash that it has to match; none if it is a new passcode.
    against: Option<String>,
}

/// What a room is given with an input.
#[derive(Debug)]
struct Context<'a> {
    /// A time since some fixed start that never runs backwards.
    now: Duration,
    /// From whom the input came, if it is a message.
    by: Option<ConnId>,
    limits: &'a mut Limits,
    space: Space,
}

/// What all rooms of a server have in common.
#[derive(Clone, Copy, Debug)]
struct Terms {
    /// How many people fit in; at least 1.
    people: usize,
    /// Until then, people whose seats are older than the server's start may still come back.
    gathered: Duration,
}

/// What is left of a room in which nobody is.
#[derive(Debug)]
struct Dormant {
    keeping: Keeping,
    guesses: Bucket,
}

/// One room: who sits in it, who waits in front of it, who looks in from outside, and what its hosts
/// decided. Somebody whose seat is held counts as sitting in it.
#[derive(Debug)]
struct Room {
    name: RoomName,
    terms: Terms,
    seats: Seats,
    watchers: Watchers,
    line: Line,
    kept: Kept,
    /// Pairs who are to connect to each other as soon as it is their turn, in the order they came.
    unpaired: Vec<(PeerId, PeerId)>,
    /// The number of the last `ready`. It begins with the time, in milliseconds: no room of this name
    /// that was here before had as high ones, since people are not brought together that often.
    links: u64,
    /// The last place that was given to somebody who raised a hand.
    hands: u32,
    /// Who may know the host key that is good now: who has shown it or was given it in this call.
    keyholders: Vec<PeerId>,
    /// Limits what hosts do.
    actions: Bucket,
    /// Limits the passcodes that are tried.
    guesses: Bucket,
    /// When to look after what had to wait, and seats that are held no longer.
    deadlines: BTreeSet<Duration>,
    outputs: VecDeque<RoomOutput>,
}

/// A refusal: its code and its sentence.
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
    /// A room in which nobody is yet at `now`.
    fn new(name: RoomName, terms: Terms, before: Option<Dormant>, now: Duration) -> Self {
        let (keeping, guesses) = before.map(|room| (room.keeping, room.guesses)).unzip();
        Self {
            name,
            terms,
            seats: Seats::default(),
            watchers: Watchers::default(),
            line: Line::default(),
            kept: Kept::new(keeping),
            unpaired: Vec::new(),
            links: u64::try_from(now.as_millis()).unwrap_or_default(),
            hands: 0,
            keyholders: Vec::new(),
            actions: Bucket::default(),
            guesses: guesses.unwrap_or_default(),
            deadlines: BTreeSet::new(),
            outputs: VecDeque::new(),
        }
    }

    /// Takes in what happened.
    fn handle(&mut self, input: RoomInput, cx: &mut Context<'_>) {
        match input {
            RoomInput::Message { conn, message, identity } => {
                if let Err(refusal) = self.message(conn, message, *identity, cx) {
                    self.refuse(conn, refusal);
                }
            }
            RoomInput::Gone { conn, hold } => self.leave(conn, hold, cx),
            RoomInput::Forget => self.forget(cx),
            RoomInput::Sweep => self.sweep(cx),
            RoomInput::Tick => self.tick(cx),
        }
    }

    /// The next thing it wants, until there is none.
    fn poll(&mut self) -> Option<RoomOutput> {
        self.outputs.pop_front()
    }

    /// When to handle [`RoomInput::Tick`] at the latest.
    fn poll_timeout(&self) -> Option<Duration> {
        self.deadlines.first().copied()
    }

    /// Whether somebody sits in it or waits in front of it.
    fn is_occupied(&self) -> bool {
        self.is_occupied_beside(None)
    }

    /// The same without a connection that is about to leave the line.
    fn is_occupied_beside(&self, leaving: Option<ConnId>) -> bool {
        let mut line = self.line.connections();
        !self.seats.is_empty() || line.any(|conn| Some(conn) != leaving)
    }

    /// Whether anybody is there, also outside.
    fn is_live(&self) -> bool {
        self.is_occupied() || !self.watchers.is_empty()
    }

    /// What is left of it when nobody is there any more.
    fn into_dormant(self) -> Option<Dormant> {
        let guesses = self.guesses;
        self.kept.keeping.map(|keeping| Dormant { keeping, guesses })
    }

    /// Everybody who is told something of it.
    fn connections(&self) -> impl Iterator<Item = ConnId> {
        let seated = self.seats.all().iter().filter_map(seats::Seat::conn);
        seated.chain(self.line.connections()).chain(self.watchers.connections())
    }

    /// Who is in it.
    fn state(&self, now: Duration) -> RoomState {
        RoomState { people: self.seats.people(now), limit: self.terms.people, gate: None }
    }

    /// What somebody outside may know of it.
    fn seen_from_outside(&self, now: Duration) -> RoomState {
        behind_gate(self.state(now), self.kept.keeping.as_ref())
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
            message if self.line.contains(conn) => return self.hear_waiting(conn, message, cx),
            message => {
                let me = self.seats.of(conn).ok_or_else(not_joined)?.id;
                return self.hear_seated((conn, me), message, identity, cx);
            }
        }
        Ok(())
    }

    fn hear_seated(
        &mut self,
        (conn, me): (ConnId, PeerId),
        message: ClientMessage,
        identity: Identity,
        cx: &mut Context<'_>,
    ) -> Result<(), Refusal> {
        match message {
            ClientMessage::Leave => self.leave(conn, cx.now, cx),
            ClientMessage::Presence(presence) => self.set_presence(me, presence, cx),
            ClientMessage::Host(action) => return self.host(conn, me, action, identity, cx),
            ClientMessage::Ice => self.send(conn, ServerMessage::Ice(IceGrant::default())),
            ClientMessage::Reconnect { to, link } => return self.reconnect(me, to, link, cx),
            ClientMessage::Signal { to, link, signal } => return self.relay(me, to, link, signal),
            // The owner counts reports and answers pings; who comes was looked at before.
            ClientMessage::ClientMetrics(_)
            | ClientMessage::Ping
            | ClientMessage::Watch(_)
            | ClientMessage::Join(_) => {}
        }
        Ok(())
    }

    /// Does what had to wait until now, and frees the seats that are held no longer.
    fn tick(&mut self, cx: &mut Context<'_>) {
        self.deadlines = self.deadlines.split_off(&(cx.now + Duration::from_nanos(1)));
        if self.line.is_news {
            self.tell_line(cx);
        }
        for id in self.seats.over(cx.now) {
            self.free(id, cx);
        }
        for id in self.seats.with_news() {
            self.tell_presence(id, cx);
        }
        self.tell_behind(cx);
        self.pair(cx);
        if cx.now >= self.terms.gathered {
            self.forget_absent();
        }
    }

    fn send(&mut self, conn: ConnId, message: ServerMessage) {
        self.outputs.push_back(RoomOutput::Send(conn, message));
    }

    fn broadcast(&mut self, to: Vec<ConnId>, message: ServerMessage) {
        match to[..] {
            [] => {}
            [one] => self.send(one, message),
            _ => self.outputs.push_back(RoomOutput::Broadcast(to, message)),
        }
    }

    fn refuse(&mut self, conn: ConnId, (code, message): Refusal) {
        self.send(conn, ServerMessage::Error { code, message });
    }

    /// Says how a connection is in the room from now on.
    fn moved(&mut self, conn: ConnId, standing: Option<Standing>) {
        self.outputs.push_back(RoomOutput::Moved(conn, standing));
    }

    /// Says to a connection that it is in the room no longer, and why.
    fn dismiss(&mut self, conn: ConnId, refusal: Refusal) {
        self.moved(conn, None);
        self.refuse(conn, refusal);
    }
}

/// What of a room's state may be known outside, after what its hosts decided.
fn behind_gate(state: RoomState, keeping: Option<&Keeping>) -> RoomState {
    match keeping.and_then(Keeping::gate) {
        None => state,
        gate => {
            let limit = if state.has_space() { state.limit } else { 0 };
            RoomState { people: Vec::new(), limit, gate }
        }
    }
}

//! Connections that do anything in any order. Every message to them is checked against what they may
//! know.
//!
//! An input is a script. Each line has a character for the connection, one for its credentials, and then
//! the action:
//!
//! | line | meaning |
//! |---|---|
//! | `1 open`, `1 close`, `1 heard`, `1 unload` | an event of its socket |
//! | `1 wait 30` | that many seconds pass |
//! | `1 {"type":"join","room":"a"}` | a message |
//! | `1h{…}`, `1i{…}`, `1p{…}`, `1r{…}` | … with a host key, an invitation, the passcode, or a seat token |

#![no_main]

use libfuzzer_sys::fuzz_target;
use salon_core::{
    protocol::{
        ClientMessage, PeerId, RoomName, SdpType, ServerMessage, SessionDescription, Signal,
    },
    room::{
        Check, Checked, Command, Config, ConnId, Decisions, Directory, Forwarding, Identity, Input,
        Timeouts,
    },
};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

const CONFIG: Config = Config {
    max_participants: 3,
    max_direct: 2,
    timeouts: Timeouts {
        ping_interval: Duration::from_secs(4),
        ping_timeout: Duration::from_secs(12),
        reload_grace: Duration::from_secs(5),
        reconnect_grace: Duration::from_secs(15),
    },
    max_rooms: 4,
    max_stored_rooms: 3,
    join_timeout: Duration::from_secs(10),
};
const LINES: usize = 200;
/// The right passcode, which is also its hash.
const PASSCODE: &str = "hash";

/// The rooms, and what is known about them from outside.
struct World {
    rooms: Directory,
    now: Duration,
    open: BTreeSet<ConnId>,
    /// Number of seats that were taken and not freed.
    seats: usize,
    /// Connections of participants with a hidden address.
    hidden: BTreeSet<ConnId>,
    stored: BTreeMap<RoomName, Decisions>,
    identities: u64,
}

impl World {
    fn new() -> Self {
        let now = Duration::from_secs(1_000_000);
        Self {
            rooms: Directory::new(CONFIG, now, []),
            now,
            open: BTreeSet::new(),
            seats: 0,
            hidden: BTreeSet::new(),
            stored: BTreeMap::new(),
            identities: 0,
        }
    }

    fn line(&mut self, line: &str) {
        let mut characters = line.chars();
        let (Some(name), Some(proof)) = (characters.next(), characters.next()) else { return };
        let conn = ConnId(u64::from(name) % 8);
        match characters.as_str() {
            "open" => {
                if self.open.insert(conn) {
                    self.handle(Input::Opened(conn), None);
                }
            }
            "close" => self.close(conn),
            "heard" => self.handle(Input::Alive(conn), None),
            "unload" => self.handle(Input::Unloaded(conn), None),
            text => match text.strip_prefix("wait ").map(str::parse::<u16>) {
                Some(Ok(seconds)) => self.wait(Duration::from_secs(seconds.into())),
                _ => self.say(conn, proof, text),
            },
        }
    }

    fn say(&mut self, conn: ConnId, proof: char, text: &str) {
        let message = ClientMessage::parse(text);
        if let Ok(ClientMessage::Join(join)) = &message
            && self.rooms.seat(conn).is_none()
        {
            match join.hidden {
                true => self.hidden.insert(conn),
                false => self.hidden.remove(&conn),
            };
        }
        let generation = match &message {
            Ok(ClientMessage::Join(join)) => {
                self.stored.get(&join.room).map(|stored| stored.generation)
            }
            _ => None,
        };
        self.identities += 1;
        let returning = proof == 'r';
        let identity = Box::new(Identity {
            id: PeerId(if returning { conn.0 + 1 } else { 100 + self.identities }),
            since: self.now,
            token: None,
            returning,
            host: (proof == 'h').then_some(generation.unwrap_or_default()),
            invitation: (proof == 'i').then_some(101),
            passcode_hash: (proof == 'p').then(|| PASSCODE.to_owned()),
            passcode_checked: proof == 'p',
            address: conn.0 % 2,
        });
        self.handle(Input::Message { conn, message, identity }, Some(conn));
    }

    /// Advances the time from deadline to deadline, like the hub.
    fn wait(&mut self, duration: Duration) {
        let until = self.now + duration;
        while let Some(due) = self.rooms.poll_timeout().filter(|due| *due <= until) {
            self.now = self.now.max(due);
            self.handle(Input::Tick, None);
            let next = self.rooms.poll_timeout();
            assert!(next.is_none_or(|next| next > self.now), "a deadline comes again");
        }
        self.now = until;
    }

    fn close(&mut self, conn: ConnId) {
        if self.open.remove(&conn) {
            self.handle(Input::Closed(conn), None);
        }
    }

    fn handle(&mut self, input: Input, sender: Option<ConnId>) {
        self.rooms.handle(input, self.now);
        while let Some(command) = self.rooms.poll() {
            self.execute(command, sender);
        }
        assert!(self.rooms.connection_count() <= self.open.len());
        assert_eq!(self.rooms.participant_count(), self.seats);
        // After a restart, returning participants get seats beyond the limit.
        assert!(
            self.rooms.participant_count() <= self.rooms.room_count() * CONFIG.max_participants * 2
        );
    }

    fn execute(&mut self, command: Command, sender: Option<ConnId>) {
        match command {
            Command::Send(conn, message) => self.check(conn, &message, sender),
            Command::Broadcast(to, message) => {
                to.into_iter().for_each(|conn| self.check(conn, &message, sender));
            }
            Command::Store(room, stored) => {
                self.stored.insert(room, stored);
            }
            Command::Forget(room) => {
                self.stored.remove(&room);
            }
            Command::Close(conn) | Command::CloseUnused(conn) => {
                self.open.remove(&conn);
            }
            Command::Seat(_, true) => self.seats += 1,
            Command::Seat(_, false) => self.seats -= 1,
            Command::Ping(conn) | Command::SendHostKey(conn, ..) => {
                assert!(self.open.contains(&conn), "{conn:?} is gone");
            }
            Command::Sync(number) => self.rooms.handle(Input::Synced(number, true), self.now),
            Command::Resume(input) => self.handle(*input, None),
            Command::Forward(room, Forwarding::Offer { seat, link, offer, .. }) => {
                let answer = Ok(SessionDescription::new(SdpType::Answer, offer.sdp));
                self.rooms.handle(Input::Answered { room, seat, link, answer }, self.now);
            }
            Command::Forward(_, Forwarding::Sources(..)) => {}
            Command::Check(Check { ticket, passcode, stored_hash, .. }) => {
                let fits = passcode == PASSCODE;
                let hash = stored_hash.unwrap_or_else(|| passcode.clone());
                let checked = if fits { Checked::Fits(hash) } else { Checked::Differs };
                self.rooms.handle(Input::Checked(ticket, checked), self.now);
            }
            // Everything is in memory, and no page is shown.
            Command::Load(_) | Command::Sweep(_) | Command::Answer(..) => {
                panic!("nothing is stored on disk");
            }
        }
    }

    fn check(&self, conn: ConnId, message: &ServerMessage, sender: Option<ConnId>) {
        assert!(self.open.contains(&conn), "{conn:?} is gone: {message:?}");
        let seat = self.rooms.seat(conn);
        match message {
            ServerMessage::Signal { from: PeerId::SERVER, signal, .. } => {
                assert!(seat.is_some(), "an answer to somebody without a seat");
                assert!(matches!(signal, Signal::Answer(_)), "{signal:?}");
            }
            ServerMessage::Signal { from, signal, .. } => {
                let (room, id) = seat.expect("a signal to somebody without a seat");
                assert_ne!(*from, id, "a signal to oneself");
                let sender = sender.expect("a signal that nobody sent");
                assert_eq!(self.rooms.seat(sender), Some((room, *from)), "not who sent it");
                if self.hidden.contains(&sender) || self.hidden.contains(&conn) {
                    check_hidden(signal, self.hidden.contains(&sender));
                }
            }
            // The seat may already have been taken over by another connection.
            ServerMessage::Joined { id, .. } => {
                assert!(seat.is_none_or(|(_, now)| now == *id), "joined as somebody else");
            }
            ServerMessage::RoomState { room, state } => {
                let outside = seat.is_none();
                let gated = self.stored.get(room).and_then(Decisions::gate).is_some();
                assert!(!outside || !gated || state.people.is_empty(), "seen from outside");
            }
            _ => {}
        }
    }
}

/// Checks that a participant with a hidden address sends relay candidates only.
fn check_hidden(signal: &Signal, hides: bool) {
    if !hides {
        return;
    }
    let lines = match signal {
        Signal::Offer(description) | Signal::Answer(description) => description.sdp.as_str(),
        Signal::Candidate(Some(candidate)) => candidate.candidate.as_str(),
        Signal::Candidate(None) | Signal::Reception(_) => return,
    };
    for line in lines.split(['\r', '\n']) {
        let words = line.strip_prefix("a=").unwrap_or(line).trim_start();
        let is_candidate = words.to_ascii_lowercase().starts_with("candidate");
        assert!(!is_candidate || words.contains(" typ relay "), "{line}");
    }
}

fuzz_target!(|data: &[u8]| {
    let Ok(script) = str::from_utf8(data) else { return };
    let mut world = World::new();
    for line in script.lines().take(LINES) {
        world.line(line);
    }
    for conn in 0..8 {
        world.close(ConnId(conn));
    }
    world.wait(CONFIG.timeouts.reconnect_grace);
    assert_eq!((world.rooms.room_count(), world.rooms.connection_count()), (0, 0));

    // A server restarted with the stored rooms restricts access in the same way.
    let names = world.stored.keys().map(|room| (room.clone(), None));
    let mut restarted = Directory::new(CONFIG, world.now, names);
    for (room, stored) in &world.stored {
        restarted.handle(Input::Loaded(room.clone(), Some(stored.clone())), world.now);
        let before = world.rooms.seen_from_outside(room, world.now);
        assert_eq!(restarted.seen_from_outside(room, world.now).gate, before.gate);
    }
});

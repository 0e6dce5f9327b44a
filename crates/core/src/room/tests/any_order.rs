//! Random sequences: what each client was told must match the true state.

use super::*;
use std::collections::BTreeMap;

/// One step of a random schedule: a connection, its action, and the time before it.
fn step() -> impl Strategy<Value = (u64, u8, u8, u64)> {
    (0..6u64, 0..9u8, 0..3u8, 0..5u64)
}

fn act(rooms: &mut Directory, (conn, action, detail, _): (u64, u8, u8, u64), now: Duration) {
    let id = ConnId(conn);
    let room = ["a", "b", "c"][usize::from(detail)];
    let offer = SessionDescription::new(SdpType::Offer, "");
    let message = match action {
        0 if rooms.knows(id) => return,
        0 => return rooms.handle(Input::Opened(id), now),
        1 => return rooms.handle(Input::Closed(id), now),
        2 => return rooms.handle(Input::Alive(id), now),
        3 => Ok(ClientMessage::Watch(room.parse().unwrap())),
        4 => Ok(join_message(room)),
        5 => Ok(ClientMessage::Leave),
        6 => Ok(ClientMessage::Signal { to: None, link: None, signal: Signal::Offer(offer) }),
        7 => Ok(forward(Some(u64::from(detail)))),
        _ => Err(ParseError::NotJson),
    };
    let identity = Identity { id: PeerId(100 + conn), since: now, ..Identity::default() };
    let identity = Box::new(identity);
    rooms.handle(Input::Message { conn: id, message, identity }, now);
}

/// Follows what each client was told, and compares it with the true state.
#[derive(Default)]
struct Witness {
    /// For each pair (me, other) that is linked: my role.
    roles: BTreeMap<(ConnId, PeerId), Role>,
    /// The participants known to each client.
    known: BTreeSet<(ConnId, PeerId)>,
    /// When each client was told to connect to others.
    meetings: BTreeMap<ConnId, Vec<Duration>>,
    /// The seats that somebody has.
    seats: BTreeSet<PeerId>,
}

impl Witness {
    fn see(&mut self, command: Command, now: Duration) {
        let Command::Send(conn, message) = command else { return };
        match message {
            ServerMessage::Joined { state, .. } => {
                self.roles.retain(|(me, _), _| *me != conn);
                self.known.retain(|(me, _)| *me != conn);
                self.known.extend(state.people.iter().map(|person| (conn, person.id)));
                self.meetings.remove(&conn);
            }
            ServerMessage::Ready { role, peer, .. } => {
                let before = self.roles.insert((conn, peer.id), role);
                assert_eq!(before, None, "{conn:?} was told twice to connect to {peer:?}");
                self.known.insert((conn, peer.id));
                self.note_meeting(conn, now);
            }
            ServerMessage::PeerLeft { peer } => {
                self.roles.remove(&(conn, peer));
                assert!(self.known.remove(&(conn, peer)), "an unknown participant left");
            }
            ServerMessage::Signal { from, .. } => {
                assert!(self.roles.contains_key(&(conn, from)), "a signal from a stranger");
            }
            _ => {}
        }
    }

    /// In a room of four: six at once, then one a second.
    fn note_meeting(&mut self, conn: ConnId, now: Duration) {
        let meetings = self.meetings.entry(conn).or_default();
        meetings.push(now);
        for (index, first) in meetings.iter().enumerate() {
            let since = (meetings.len() - index) as u64;
            assert!(since <= 6 + (now - *first).as_secs(), "{conn:?} is worn out: {meetings:?}");
        }
    }

    fn see_each(&mut self, command: Command, now: Duration) {
        match command {
            Command::Seat(seat, true) => assert!(self.seats.insert(seat), "taken twice"),
            Command::Seat(seat, false) => assert!(self.seats.remove(&seat), "freed twice"),
            other => each(other).into_iter().for_each(|command| self.see(command, now)),
        }
    }

    fn check(&self, rooms: &Directory) {
        assert_eq!(self.seats.len(), rooms.participant_count());
        for room in rooms.rooms.values() {
            let seats = room.seats.all();
            assert!(seats.len() <= rooms.config.max_participants);
            assert!(!seats.is_empty() || !room.watchers.is_empty(), "an empty room is still there");
            for (i, first) in seats.iter().enumerate() {
                for second in &seats[i + 1..] {
                    assert_ne!(first.id, second.id);
                    let roles = (
                        self.roles.get(&(first.conn().unwrap(), second.id)),
                        self.roles.get(&(second.conn().unwrap(), first.id)),
                    );
                    let unpaired = room.unpaired.iter();
                    let waits = unpaired
                        .filter(|(a, b)| {
                            [*a, *b].contains(&first.id) && [*a, *b].contains(&second.id)
                        })
                        .count();
                    match waits {
                        0 => assert_eq!(roles, (Some(&Role::Caller), Some(&Role::Callee))),
                        one => assert_eq!((one, roles), (1, (None, None))),
                    }
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1024, failure_persistence: None, ..Default::default() })]

    #[test]
    fn any_order_of_inputs_keeps_rooms_consistent(steps in prop::collection::vec(step(), 0..120)) {
        let mut rooms = rooms(4);
        let mut witness = Witness::default();
        let mut now = START;
        for step in steps {
            now += secs(step.3);
            rooms.handle(Input::Tick, now);
            act(&mut rooms, step, now);
            while let Some(command) = rooms.poll() {
                witness.see_each(command, now);
            }
            witness.check(&rooms);
        }
        // Every pair is told to connect eventually.
        for _ in 0..20 {
            now += secs(1);
            (0..6).for_each(|conn| rooms.handle(Input::Alive(ConnId(conn)), now));
            rooms.handle(Input::Tick, now);
            while let Some(command) = rooms.poll() {
                witness.see_each(command, now);
            }
        }
        witness.check(&rooms);
        prop_assert!(!rooms.is_pairing());
        for conn in 0..6 {
            rooms.handle(Input::Closed(ConnId(conn)), now);
        }
        prop_assert_eq!((rooms.room_count(), rooms.connection_count()), (0, 0));
        rooms.handle(Input::Tick, now + SWEEP);
        prop_assert_eq!(rooms.poll_timeout(), None);
    }
}

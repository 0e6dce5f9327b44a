//! A room on its own: without a directory, with nothing but its inputs.

use super::*;

struct Alone {
    room: Room,
    limits: Limits,
    space: Space,
}

impl Alone {
    fn new(people: usize) -> Self {
        let terms = Terms { people, gathered: START };
        let space = Space { occupied: Ok(()), kept: directory::Vacancy::Free };
        let room = Room::new("123".parse().unwrap(), terms, None, START);
        Self { room, limits: Limits::new(), space }
    }

    fn handle(&mut self, input: RoomInput, now: Duration) -> Vec<RoomOutput> {
        let by = match input {
            RoomInput::Message { conn, .. } => Some(conn),
            _ => None,
        };
        let Self { room, limits, space } = self;
        room.handle(input, &mut Context { now, by, limits, space: *space });
        room.take_outputs()
    }

    fn join(&mut self, conn: u64, now: Duration) -> Vec<RoomOutput> {
        let token = Some("token".to_owned());
        let id = PeerId(100 + conn);
        let identity = Box::new(Identity { id, since: now, token, ..Identity::default() });
        let message = join_message("123");
        self.handle(RoomInput::Message { conn: ConnId(conn), message, identity }, now)
    }
}

#[test]
fn two_people_are_brought_together() {
    let mut alone = Alone::new(2);
    alone.join(1, START);
    let outputs = alone.join(2, secs(1));
    let [moved, joined, to_first, to_second] = &outputs[..] else { panic!("{outputs:?}") };
    assert!(matches!(moved, RoomOutput::Moved(ConnId(2), Some(Standing::Seated(PeerId(102))))));
    assert!(matches!(joined, RoomOutput::Send(ConnId(2), ServerMessage::Joined { .. })));
    let is_ready = |output: &RoomOutput, to: u64, as_role: Role| match output {
        RoomOutput::Send(conn, ServerMessage::Ready { role, .. }) => {
            (conn.0, *role) == (to, as_role)
        }
        _ => false,
    };
    assert!(is_ready(to_first, 1, Role::Caller) && is_ready(to_second, 2, Role::Callee));
}

#[test]
fn a_seat_is_held_until_its_time_and_the_room_says_when_that_is() {
    let mut alone = Alone::new(2);
    alone.join(1, START);
    alone.join(2, START);
    let outputs = alone.handle(RoomInput::Gone { conn: ConnId(2), hold: HOLD }, secs(1));
    assert!(matches!(outputs[..], [RoomOutput::Moved(ConnId(2), None)]));
    assert_eq!(alone.room.poll_timeout(), Some(HOLD));
    let outputs = alone.handle(RoomInput::Tick, HOLD);
    let [RoomOutput::Send(ConnId(1), left)] = &outputs[..] else { panic!("{outputs:?}") };
    assert_eq!(*left, ServerMessage::PeerLeft { peer: PeerId(102) });
    assert_eq!(alone.room.poll_timeout(), None);
    alone.handle(RoomInput::Gone { conn: ConnId(1), hold: START }, HOLD);
    assert!(!alone.room.is_live());
}

#[test]
fn what_several_are_told_is_said_once() {
    let mut alone = Alone::new(4);
    (1..=3).for_each(|conn| drop(alone.join(conn, START)));
    let outputs = alone.handle(RoomInput::Gone { conn: ConnId(3), hold: START }, secs(1));
    let told = [ConnId(1), ConnId(2)];
    let is_left = |output: &RoomOutput| matches!(output, RoomOutput::Broadcast(to, ServerMessage::PeerLeft { .. }) if *to == told);
    assert!(outputs.iter().any(is_left), "{outputs:?}");
}

#[test]
fn where_there_is_no_space_for_another_room_nobody_comes_in() {
    let mut alone = Alone::new(4);
    alone.space.occupied = Err(7);
    let outputs = alone.join(1, START);
    let [RoomOutput::Send(ConnId(1), ServerMessage::Error { code, .. })] = &outputs[..] else {
        panic!("{outputs:?}");
    };
    assert_eq!(*code, ErrorCode::TooManyRooms);
    assert!(!alone.room.is_live());
}

//! A single room without a directory.

use super::*;

struct SingleRoom {
    room: Room,
    limits: Limits,
    space: Space,
}

impl SingleRoom {
    fn new(max_participants: usize) -> Self {
        let terms =
            Terms { max_participants, max_direct: max_participants, resume_window_ends: START };
        let space = Space { occupied: Ok(()), stored: directory::Vacancy::Free };
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
fn two_participants_are_paired() {
    let mut single = SingleRoom::new(2);
    single.join(1, START);
    let outputs = single.join(2, secs(1));
    let [moved, seat, joined, to_first, to_second] = &outputs[..] else { panic!("{outputs:?}") };
    assert!(matches!(seat, RoomOutput::Seat(PeerId(102), true)));
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
fn a_reserved_seat_is_freed_at_the_rooms_timeout() {
    let mut single = SingleRoom::new(2);
    single.join(1, START);
    single.join(2, START);
    let outputs = single
        .handle(RoomInput::Gone { conn: ConnId(2), reserved_until: RECONNECT_GRACE }, secs(1));
    assert!(matches!(outputs[..], [RoomOutput::Moved(ConnId(2), None)]));
    assert_eq!(single.room.poll_timeout(), Some(RECONNECT_GRACE));
    let outputs = single.handle(RoomInput::Tick, RECONNECT_GRACE);
    let [RoomOutput::Seat(PeerId(102), false), RoomOutput::Send(ConnId(1), left)] = &outputs[..]
    else {
        panic!("{outputs:?}")
    };
    assert_eq!(*left, ServerMessage::PeerLeft { peer: PeerId(102) });
    assert_eq!(single.room.poll_timeout(), None);
    single.handle(RoomInput::Gone { conn: ConnId(1), reserved_until: START }, RECONNECT_GRACE);
    assert!(!single.room.is_live());
}

#[test]
fn a_message_to_several_is_one_output() {
    let mut single = SingleRoom::new(4);
    (1..=3).for_each(|conn| drop(single.join(conn, START)));
    let outputs =
        single.handle(RoomInput::Gone { conn: ConnId(3), reserved_until: START }, secs(1));
    let told = [ConnId(1), ConnId(2)];
    let is_left = |output: &RoomOutput| matches!(output, RoomOutput::Broadcast(to, ServerMessage::PeerLeft { .. }) if *to == told);
    assert!(outputs.iter().any(is_left), "{outputs:?}");
}

#[test]
fn joining_is_refused_without_capacity_for_another_room() {
    let mut single = SingleRoom::new(4);
    single.space.occupied = Err(7);
    let outputs = single.join(1, START);
    let [RoomOutput::Send(ConnId(1), ServerMessage::Error { code, .. })] = &outputs[..] else {
        panic!("{outputs:?}");
    };
    assert_eq!(*code, ErrorCode::TooManyRooms);
    assert!(!single.room.is_live());
}

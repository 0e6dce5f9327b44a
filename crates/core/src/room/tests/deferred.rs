//! Work outside of the rooms: on a disk that may be slow, full or locked, and by threads that may be
//! busy.

use super::*;
use crate::protocol::{Gate, HostAction};

mod loaded;
mod passcodes;
mod written;

fn name() -> RoomName {
    "123".parse().unwrap()
}

fn poll(rooms: &mut Directory) -> Vec<Command> {
    std::iter::from_fn(|| rooms.poll()).flat_map(each).collect()
}

fn hear(
    rooms: &mut Directory,
    conn: u64,
    message: ClientMessage,
    identity: Identity,
    now: Duration,
) -> Vec<Command> {
    rooms.handle(said(conn, message, identity), now);
    poll(rooms)
}

fn newcomer(conn: u64) -> Identity {
    Identity { id: PeerId(100 + conn), token: Some("seat".to_owned()), ..Identity::default() }
}

fn join(pass: Pass) -> ClientMessage {
    let presence = Presence::default();
    ClientMessage::Join(Join { room: name(), presence, seat: None, pass, hidden: false })
}

fn come(rooms: &mut Directory, conn: u64, host: bool) -> Vec<Command> {
    rooms.handle(Input::Opened(ConnId(conn)), START);
    hear(
        rooms,
        conn,
        join(Pass::default()),
        Identity { host: host.then_some(0), ..newcomer(conn) },
        START,
    )
}

fn lock(rooms: &mut Directory, now: Duration) -> Vec<Command> {
    hear(rooms, 1, ClientMessage::Host(HostAction::Lock { on: true }), newcomer(1), now)
}

/// A room with a host, connection 1, and a guest, connection 2.
fn hosted() -> Directory {
    let mut rooms = rooms(4);
    come(&mut rooms, 1, true);
    come(&mut rooms, 2, false);
    rooms
}

fn told(commands: &[Command], conn: u64) -> Vec<&ServerMessage> {
    let mine = |command| match command {
        &Command::Send(to, ref message) if to.0 == conn => Some(message),
        _ => None,
    };
    commands.iter().filter_map(mine).collect()
}

fn code(commands: &[Command], conn: u64) -> Option<ErrorCode> {
    told(commands, conn).into_iter().find_map(|message| match message {
        ServerMessage::Error { code, .. } => Some(*code),
        _ => None,
    })
}

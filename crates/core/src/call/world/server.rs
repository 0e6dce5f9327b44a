//! The server of the room, and what is under way between it and the people.

use super::*;

impl World {
    /// The oldest message of this person reaches the server, or their new socket does.
    pub fn deliver_up(&mut self, index: usize) {
        self.counter += 1;
        let person = &mut self.people[index];
        if let Some(generation) = person.opening.take() {
            let conn = ConnId(self.counter);
            person.socket = Some((generation, conn));
            self.rooms.handle(room::Input::Opened(conn), self.now);
            self.handle(index, Input::SocketOpened(generation));
            return;
        }
        let Some((_, conn)) = person.socket else { return };
        if let (Some(message), (false, _)) = (person.upstream.pop_front(), person.stalled) {
            let identity = self.identify(&message);
            let input =
                room::Input::Message { conn, message: Ok(message), identity: Box::new(identity) };
            self.rooms.handle(input, self.now);
            self.route();
        }
    }

    /// The oldest message of the server reaches this person.
    pub fn deliver_down(&mut self, index: usize) {
        let person = &mut self.people[index];
        let Some((generation, _)) = person.socket else { return };
        if let (Some(message), (_, false)) = (person.downstream.pop_front(), person.stalled) {
            let message = ServerMessage::parse(&message.to_json()).unwrap();
            self.handle(index, Input::SocketMessage(generation, message));
        }
    }

    /// What the server's task adds to a message. Its proofs are not signed here.
    fn identify(&self, message: &ClientMessage) -> Identity {
        let fresh = Identity { id: PeerId(self.counter), since: self.now, ..Identity::default() };
        let ClientMessage::Join(Join { seat: Some(claim), pass, .. }) = message else {
            return fresh;
        };
        let proven = claim.token.as_ref().map(|token| {
            let (id, since) = token.split_once('/').unwrap();
            let since = Duration::from_millis(since.parse().unwrap());
            Identity { id: id.parse().unwrap(), since, returning: true, ..Identity::default() }
        });
        let identity = proven.unwrap_or(fresh);
        let token = format!("{}/{}", identity.id, identity.since.as_millis());
        let host = pass.host.as_ref().map(|key| key.parse().unwrap());
        Identity { token: Some(token), host, ..identity }
    }

    /// Browsers answer pings, so nobody who has a socket is ever silent.
    pub(super) fn tick_rooms(&mut self) {
        for person in &self.people {
            if let (Some((_, conn)), (false, _)) = (person.socket, person.stalled) {
                self.rooms.handle(room::Input::Alive(conn), self.now);
            }
        }
        self.rooms.handle(room::Input::Tick, self.now);
        self.route();
    }

    pub(super) fn route(&mut self) {
        while let Some(command) = self.rooms.poll() {
            let (to, message) = match command {
                room::Command::Send(conn, message) => (vec![conn], message),
                room::Command::Broadcast(to, message) => (to, message),
                room::Command::SendHostKey(conn, _, generation) => {
                    (vec![conn], ServerMessage::HostKey(generation.to_string()))
                }
                other => {
                    self.execute_room_command(other);
                    continue;
                }
            };
            let is_recipient =
                |person: &Person| person.socket.is_some_and(|(_, of)| to.contains(&of));
            for person in self.people.iter_mut().filter(|person| is_recipient(person)) {
                person.downstream.push_back(message.clone());
            }
        }
    }

    /// Stores what the rooms want to have stored.
    fn execute_room_command(&mut self, command: room::Command) {
        let done = match command {
            room::Command::Sync(number) => room::Input::Synced(number, true),
            room::Command::Load(room) => {
                let kept = self.kept.get(&room).cloned();
                room::Input::Loaded(room, kept)
            }
            room::Command::Resume(input) => *input,
            room::Command::Forward(room, room::Forwarding::Offer { seat, link, offer, .. }) => {
                let answer = Ok(SessionDescription::new(SdpType::Answer, offer.sdp));
                room::Input::Answered { room, seat, link, answer }
            }
            room::Command::Store(room, kept) => {
                self.kept.insert(room, kept);
                return;
            }
            room::Command::Forget(room) => {
                self.kept.remove(&room);
                return;
            }
            _ => return,
        };
        self.rooms.handle(done, self.now);
    }

    /// Tells people whose data channels to the server are open: those of a person have opened or closed.
    pub(super) fn tell_channels(&mut self, index: usize, key: PeerKey, is_open: bool) {
        let name = |person: &Person| person.call.content.chat().me;
        let Some(me) = name(&self.people[index]) else { return };
        let control =
            |message: ControlMessage| PeerInput::Envelope(PeerId::SERVER, message.to_json());
        let mut others = Vec::new();
        for (other, person) in self.people.iter().enumerate().filter(|(other, _)| *other != index) {
            let is_open_to_server =
                |(key, pc): &(&PeerKey, &Pc)| key.id == PeerId::SERVER && pc.open;
            let Some((other_key, _)) = person.pcs.iter().find(is_open_to_server) else { continue };
            others.extend(name(person));
            let (open, closed) = if is_open { (vec![me], vec![]) } else { (vec![], vec![me]) };
            let input = control(ControlMessage::Channels { open, closed });
            self.talks.push_back((other, *other_key, input));
        }
        if is_open {
            let input = control(ControlMessage::Channels { open: others, closed: Vec::new() });
            self.talks.push_back((index, key, input));
        }
    }

    /// Passes on a message on the data channel of a connection to the server.
    pub(super) fn forward_message(&mut self, index: usize, to: PeerId, text: &str) {
        let name = |person: &Person| person.call.content.chat().me;
        let Some(from) = name(&self.people[index]) else { return };
        for (other, person) in self.people.iter().enumerate() {
            let is_meant = to == PeerId::EVERYONE || name(person) == Some(to);
            let mut open =
                person.pcs.iter().filter(|(key, pc)| key.id == PeerId::SERVER && pc.open);
            if let Some((key, _)) = open.next_back().filter(|_| other != index && is_meant) {
                let input = PeerInput::Envelope(from, text.to_owned());
                self.talks.push_back((other, *key, input));
            }
        }
    }
}

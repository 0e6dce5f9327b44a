//! Just enough of a browser: it carries out the commands of a call.

use super::*;

impl World {
    pub(super) fn execute(&mut self, index: usize, command: Command) {
        let person = &mut self.people[index];
        match command {
            Command::OpenSocket(generation) => {
                person.opening = None;
                // A socket that is closed in order still delivers what it was given.
                while !self.people[index].upstream.is_empty() {
                    self.deliver_up(index);
                }
                self.hang_up(index);
                self.people[index].opening = Some(generation);
            }
            Command::Send(message) => {
                // Messages cross the wire as text.
                let text = message.to_json();
                person.upstream.push_back(ClientMessage::parse(&text).unwrap());
            }
            Command::KeepHostKey(key) => person.host_key = Some(key),
            Command::DropHostKey => person.host_key = None,
            Command::HandOutHostKey(_) | Command::Notify(_) => {}
            Command::Mute(TrackSource::Microphone) => {
                self.switch(index, |presence| presence.mic = false);
            }
            Command::Mute(_) => self.switch(index, |presence| presence.camera = false),
            Command::SendBytes(key, messages) => {
                if let Some((to, back)) = self.other_end(index, key) {
                    let bytes = |bytes| (to, back, PeerInput::Channel(ChannelInput::Bytes(bytes)));
                    self.talks.extend(messages.into_iter().map(bytes));
                    let drained = PeerInput::Channel(ChannelInput::Drained);
                    self.talks.push_back((index, key, drained));
                }
            }
            Command::File(command) => {
                if let Some(done) = execute_file_command(command) {
                    self.handle(index, Input::File(done));
                }
            }
            Command::OpenPeer { key, role, config } => {
                self.open_peer(index, key, role, config.hidden);
            }
            Command::Configure(_) => {}
            Command::SendMessage(key, talk) => {
                if let Some((to, back)) = self.other_end(index, key) {
                    let text = PeerInput::Channel(ChannelInput::Text(talk.to_json()));
                    self.talks.push_back((to, back, text));
                }
            }
            Command::SendThroughServer(_, to, talk) => {
                self.forward_message(index, to, &talk.to_json());
            }
            Command::SendControl(..) | Command::Slots { .. } => {}
            Command::CloseChannel(key) => panic!("{key:?} says too much"),
            Command::ClosePeer(key) => {
                let removed = person.pcs.remove(&key);
                assert!(removed.is_some() || person.unmade.contains(&key), "closed twice");
                if key.id == PeerId::SERVER && removed.is_some_and(|pc| pc.open) {
                    self.tell_channels(index, key, false);
                }
            }
            Command::Peer(key, command) => self.execute_peer_command(index, key, command),
        }
    }

    fn open_peer(&mut self, index: usize, key: PeerKey, role: Role, hidden: bool) {
        self.made += 1;
        let person = &mut self.people[index];
        if person.disabled {
            person.unmade.push(key);
            self.failed.push((index, key));
            return;
        }
        // The caller adds its sections at once.
        let changes = u32::from(role == Role::Caller);
        let pc = Pc { hidden, changes, ..Pc::default() };
        assert!(person.pcs.insert(key, pc).is_none());
        self.handle(index, Input::Peer(key, PeerInput::NegotiationNeeded));
    }

    fn execute_peer_command(&mut self, index: usize, key: PeerKey, command: PeerCommand) {
        let person = &mut self.people[index];
        let Some(pc) = person.pcs.get_mut(&key) else {
            assert!(person.unmade.contains(&key), "a command for a closed connection");
            return;
        };
        match command {
            PeerCommand::AddCandidate(_) => {
                assert!(pc.agreed || pc.remote_offer.is_some(), "too early");
            }
            PeerCommand::RestartIce => {
                pc.restart = true;
                self.handle(index, Input::Peer(key, PeerInput::NegotiationNeeded));
            }
            PeerCommand::LimitPicture(_) | PeerCommand::Encodings(..) => {}
            operation => {
                assert!(pc.operation.replace(operation).is_none(), "two at a time");
            }
        }
    }

    /// Who is at the other end of a connection that is open on both sides, and what they call it.
    fn other_end(&self, index: usize, key: PeerKey) -> Option<(usize, PeerKey)> {
        let name = |person: &Person| person.call.content.chat().me;
        let me = name(&self.people[index]);
        let to = self.people.iter().position(|person| name(person) == Some(key.id))?;
        let mut pcs = self.people[to].pcs.iter();
        let back = pcs.find(|(back, pc)| Some(back.id) == me && pc.agreed)?.0;
        self.people[index].pcs.get(&key)?.agreed.then_some((to, *back))
    }

    pub(super) fn pass_on(&mut self) {
        while self.pass_one() {}
    }

    /// The oldest message on the data channels arrives; returns whether there was one.
    pub fn pass_one(&mut self) -> bool {
        let Some((to, key, input)) = self.talks.pop_front() else { return false };
        self.handle(to, Input::Peer(key, input));
        true
    }

    /// Data channels open on both sides at once.
    fn open_channel(&mut self, index: usize, key: PeerKey) {
        let ends = match self.other_end(index, key) {
            Some((other, back)) => vec![(index, key), (other, back)],
            None if key.id == PeerId::SERVER && self.people[index].pcs[&key].agreed => {
                vec![(index, key)]
            }
            None => return,
        };
        for (person, key) in ends {
            let pc = self.people[person].pcs.get_mut(&key).unwrap();
            if !std::mem::replace(&mut pc.open, true) {
                for input in [ChannelInput::Opened, ChannelInput::Drained] {
                    self.handle(person, Input::Peer(key, PeerInput::Channel(input)));
                }
                if key.id == PeerId::SERVER {
                    self.tell_channels(person, key, true);
                }
            }
        }
        self.pass_on();
    }

    /// A browser finishes what it does with a connection: the one that `pick` chooses.
    pub fn complete(&mut self, index: usize, pick: usize) {
        self.counter += 1;
        let (counter, maps) = (self.counter, self.people[index].maps);
        let working = |(_, pc): &(&PeerKey, &mut Pc)| pc.operation.is_some();
        let mut pcs: Vec<_> = self.people[index].pcs.iter_mut().filter(working).collect();
        let count = pcs.len().max(1);
        let Some((key, pc)) = pcs.get_mut(pick % count) else { return };
        let (key, input) = (**key, pc.complete(counter, maps));
        let connected = pc.agreed && pc.lost.is_none();
        let again = pc.needs_negotiation() && pc.signaling == SignalingState::Stable;
        self.handle(index, Input::Peer(key, input));
        if connected {
            for event in [
                PeerInput::IceConnection(IceConnectionState::Connected),
                PeerInput::Connection(ConnectionState::Connected),
            ] {
                self.handle(index, Input::Peer(key, event));
            }
        }
        self.open_channel(index, key);
        if again {
            // Another negotiation was first, or something was changed meanwhile (W3C WebRTC, section
            // 4.7.3).
            self.handle(index, Input::Peer(key, PeerInput::NegotiationNeeded));
        }
        let candidate = IceCandidate { candidate: "c".to_owned(), ..IceCandidate::default() };
        let found = PeerInput::LocalCandidate(Some(candidate));
        self.handle(index, Input::Peer(key, found));
    }

    /// Browsers notice that the other end of a connection is closed.
    pub(super) fn notice_closed(&mut self) {
        let pcs = || {
            self.people.iter().enumerate().flat_map(|(index, person)| {
                person.pcs.iter().map(move |(key, pc)| (index, *key, pc))
            })
        };
        let is_other_end =
            |pc: &Pc, other: &Pc| pc.first == other.first || pc.first == other.local_offer;
        let has_other_end =
            |index, pc: &Pc| pcs().any(|(other, _, far)| other != index && is_other_end(pc, far));
        let is_closed = |(index, key, pc): &(usize, PeerKey, &Pc)| {
            let is_direct = key.id.is_participant();
            is_direct && pc.agreed && !has_other_end(*index, pc)
        };
        let closed: Vec<_> = pcs().filter(is_closed).map(|(index, key, _)| (index, key)).collect();
        for (index, key) in closed {
            if let Some(pc) = self.people[index].pcs.get_mut(&key) {
                pc.lost = Some(Loss::Connection);
                let failed = PeerInput::Connection(ConnectionState::Failed);
                self.handle(index, Input::Peer(key, failed));
            }
        }
    }
}

/// What a browser does for files. All bytes of one are the same, and its hash is its number.
fn execute_file_command(command: FileCommand) -> Option<FileInput> {
    Some(match command {
        FileCommand::Read(number, to, from, length) => {
            FileInput::Read(number, to, from, Some(vec![0; length]))
        }
        FileCommand::Write(key, at, bytes) => {
            FileInput::Wrote(key, Some(at + u64::try_from(bytes.len()).unwrap()))
        }
        FileCommand::Sum(key) => FileInput::Summed(key, Some(format!("{:064x}", key.number))),
        FileCommand::Open(_) | FileCommand::Save(..) | FileCommand::Forget(_) => return None,
    })
}

//! What people do, and what happens to them and to their networks.

use super::*;

impl World {
    /// Somebody presses Join.
    pub fn join(&mut self, person: usize) {
        self.people[person].wants_in = true;
        let presence = self.people[person].call.presence.clone();
        self.handle(person, Input::Join(presence, None));
    }

    /// Somebody presses Leave.
    pub fn leave(&mut self, person: usize) {
        self.people[person].wants_in = false;
        self.handle(person, Input::Leave);
    }

    /// Somebody switches something, or raises a hand.
    pub fn switch(&mut self, person: usize, switch: impl FnOnce(&mut Presence)) {
        let mut presence = self.people[person].call.presence.clone();
        switch(&mut presence);
        self.handle(person, Input::SetPresence(presence));
    }

    /// Somebody writes to everybody.
    pub fn say(&mut self, person: usize, text: &str) {
        self.handle(person, Input::Say(text.into()));
    }

    /// Somebody offers a file to everybody.
    pub fn offer(&mut self, person: usize) {
        self.counter += 1;
        let file = FileInput::Offer(self.counter, "notes.txt".into(), FILE);
        self.handle(person, Input::File(file));
    }

    /// Somebody does the same with all files of the others: takes, pauses or declines them.
    pub fn treat_files(&mut self, person: usize, treat: fn(FileKey) -> FileInput) {
        let files = self.people[person].call.content.files().files;
        for file in files.iter().filter(|file| file.key.owner.is_some()) {
            self.handle(person, Input::File(treat(file.key)));
        }
    }

    /// Somebody opens a link with the room's host key.
    pub fn give_host_key(&mut self, index: usize) {
        let generation = self.kept.get(&room_name()).map_or(0, |kept| kept.generation);
        let person = &mut self.people[index];
        person.host_key = Some(generation.to_string());
        // The lobby is shown again.
        person.wants_in &=
            !matches!(person.call.admission.phase, Phase::Lobby | Phase::Left { .. });
        self.give_pass(index);
    }

    fn give_pass(&mut self, person: usize) {
        let pass = Pass { host: self.people[person].host_key.clone(), ..Pass::default() };
        self.handle(person, Input::SetPass(pass, None));
    }

    /// Somebody does something that only hosts may do.
    pub fn host(&mut self, person: usize, action: HostAction) {
        self.handle(person, Input::Host(action));
    }

    /// The network of somebody's device has changed.
    pub fn change_network(&mut self, person: usize) {
        self.handle(person, Input::NetworkChanged);
    }

    /// Somebody loads the page again, which returns to the seat that it had.
    pub fn reload(&mut self, index: usize) {
        if let Person { socket: Some((_, conn)), stalled: (false, _), .. } = self.people[index] {
            self.rooms.handle(room::Input::Unloaded(conn), self.now);
        }
        self.hang_up(index);
        let open =
            self.people[index].pcs.iter().find(|(key, pc)| key.id == PeerId::SERVER && pc.open);
        if let Some(key) = open.map(|(key, _)| *key) {
            self.tell_channels(index, key, false);
        }
        let person = &mut self.people[index];
        let before = std::mem::take(&mut person.call);
        (person.opening, person.wants_in) = (None, false);
        person.pcs.clear();
        person.unmade.clear();
        self.talks.retain(|(to, ..)| *to != index);
        self.handle(index, Input::HideAddress(before.ice.config().hidden));
        self.give_pass(index);
        self.handle(index, Input::Watch(room_name()));
        let Some((token, since, presence)) = before.seat() else { return };
        self.handle(index, Input::RestoreSeat(token.to_owned(), since));
        self.handle(index, Input::RestoreChat(before.content.messages().to_vec()));
        self.handle(index, Input::SetPresence(presence.clone()));
        self.join(index);
    }

    /// WebRTC is switched off in somebody's browser.
    pub fn disable(&mut self, person: usize) {
        self.people[person].disabled = true;
    }

    /// It is switched on again.
    pub fn enable(&mut self, person: usize) {
        self.people[person].disabled = false;
    }

    /// Somebody hides their address, or does not any more.
    pub fn hide_address(&mut self, person: usize, hidden: bool) {
        self.handle(person, Input::HideAddress(hidden));
    }

    /// Somebody changes their mind about hiding their address.
    pub fn toggle_hiding(&mut self, person: usize) {
        let hidden = self.people[person].call.ice.config().hidden;
        self.hide_address(person, !hidden);
    }

    /// Somebody changes a connection in a way that has to be negotiated: the one that `pick` chooses.
    pub fn renegotiate(&mut self, person: usize, pick: usize) {
        let mut pcs: Vec<_> = self.people[person].pcs.iter_mut().collect();
        let count = pcs.len().max(1);
        if let Some((key, pc)) = pcs.get_mut(pick % count) {
            pc.changes += 1;
            let key = **key;
            self.handle(person, Input::Peer(key, PeerInput::NegotiationNeeded));
        }
    }

    /// The socket breaks: what was under way in both directions is lost.
    pub fn cut(&mut self, person: usize) {
        if let Some(generation) = self.hang_up(person) {
            self.handle(person, Input::SocketClosed { generation, restarting: false, jitter: 0.5 });
        }
    }

    pub(super) fn hang_up(&mut self, person: usize) -> Option<Generation> {
        let (generation, conn) = self.people[person].socket.take()?;
        self.people[person].upstream.clear();
        self.people[person].downstream.clear();
        let (deaf, _) = std::mem::take(&mut self.people[person].stalled);
        // A server that hears nothing does not hear of the end either.
        if !deaf {
            self.rooms.handle(room::Input::Closed(conn), self.now);
        }
        self.route();
        Some(generation)
    }

    /// The socket stays open and brings nothing any more: TCP loses nothing in between.
    pub fn stall(&mut self, person: usize, up: bool, down: bool) {
        let Person { socket: Some(_), stalled, .. } = &mut self.people[person] else { return };
        *stalled = (stalled.0 || up, stalled.1 || down);
    }

    /// Nothing comes through any more between two people who were connected.
    pub fn lose(&mut self, one: usize, two: usize, loss: Loss) {
        let key = |from: usize, to: usize| {
            let to = self.people[to].call.me?;
            let lives = |(key, pc): &(&PeerKey, &Pc)| key.id == to && pc.agreed;
            self.people[from].pcs.iter().find(lives).map(|(key, _)| *key)
        };
        let (Some(there), Some(back)) = (key(one, two), key(two, one)) else { return };
        for (person, key) in [(one, there), (two, back)] {
            if let Some(pc) = self.people[person].pcs.get_mut(&key) {
                pc.lost = Some(loss);
            }
            let event = match loss {
                Loss::Path => PeerInput::IceConnection(IceConnectionState::Disconnected),
                Loss::Connection => PeerInput::Connection(ConnectionState::Failed),
            };
            self.handle(person, Input::Peer(key, event));
        }
    }

    /// The server is killed and started again: every socket breaks, and the rooms are empty.
    pub fn restart(&mut self) {
        let config = rooms_of(self.limit, self.max_direct);
        let kept = self.kept.keys().map(|room| (room.clone(), None));
        self.rooms = Directory::new(config, self.now, kept);
        for index in 0..self.people.len() {
            let person = &mut self.people[index];
            person.upstream.clear();
            person.downstream.clear();
            person.stalled = (false, false);
            if let Some((generation, _)) = person.socket.take() {
                self.handle(
                    index,
                    Input::SocketClosed { generation, restarting: false, jitter: 0.5 },
                );
            }
        }
    }
}

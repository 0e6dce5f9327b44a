//! What holds whenever everything has come to rest.

use super::{
    pc::{mapped, tracks},
    *,
};

impl World {
    /// Everybody inside is linked to everybody else inside, exactly once and in agreement.
    pub fn check(&self) {
        let state = self.rooms.seen_from_outside(&room_name(), self.now);
        let inside: Vec<_> = self.people.iter().filter(|person| person.call.me.is_some()).collect();
        let mut ids: Vec<_> = inside.iter().filter_map(|person| person.call.me).collect();
        assert_eq!(ids.len(), self.rooms.participant_count(), "ghosts");
        // Who is behind a door is not told.
        assert!(state.gate.is_some() || ids.len() == state.people.len(), "not seen from outside");
        ids.sort();
        for person in &self.people {
            person.check_admission(&state, ids.len() >= self.limit);
            person.check_files(&ids);
            let participants = &person.call.participants;
            let mut seen: Vec<_> = participants.iter().map(Participant::id).collect();
            let Some(me) = person.call.me else {
                assert!(seen.is_empty() && person.pcs.is_empty(), "peers outside of a call");
                continue;
            };
            seen.push(me);
            seen.sort();
            assert_eq!(seen, ids);
            let is_forwarded = person.is_forwarded();
            assert!(
                inside.iter().all(|other| other.is_forwarded() == is_forwarded),
                "not all in the same way"
            );
            let expected = if is_forwarded { 1 } else { ids.len() - 1 };
            assert_eq!(person.pcs.len(), expected, "a connection too many or too few");
            for (key, pc) in &person.pcs {
                assert!(pc.agreed && pc.signaling == SignalingState::Stable, "{key:?} not linked");
                assert_eq!(pc.lost, None, "nothing comes through");
                assert!(!pc.needs_negotiation(), "something was never offered");
                let other = self.people.iter().find(|other| other.call.me == Some(key.id));
                if let Some(other) = other {
                    assert_eq!(pc.tracks, other.tracks(), "taken for something else");
                }
                let hides = person.call.ice.config().hidden && key.id.is_participant();
                assert_eq!(pc.hidden, hides);
                assert!(person.call.ice.is_requested(), "the server does not know what to hide");
                let connection = participants.connections().find(|one| one.key() == *key);
                assert!(connection.is_some_and(|connection| !connection.is_negotiating()));
            }
            for other in inside.iter().filter(|other| other.call.me != Some(me)) {
                let id = other.call.me.unwrap();
                let known = participants.get(id).map(Participant::presence);
                assert_eq!(known, Some(&other.call.presence), "an earlier presence");
                let route = participants.route(id).unwrap();
                assert!(person.pcs.contains_key(&route), "reached by no connection");
                assert!([id, PeerId::SERVER].contains(&route.id), "reached by another's");
            }
            assert_eq!(participants.connections().count(), person.pcs.len());
            assert!(!person.call.view().introducing, "never drawn");
            let tiles = person.call.view().tiles;
            let routes = || tiles.iter().map(|tile| participants.route(tile.key.id).unwrap());
            assert!(routes().all(|key| person.pcs.contains_key(&key)), "shown by no connection");
            assert_eq!(tiles.len() + 1, ids.len());
            let chat = person.call.content.chat();
            let own = chat.messages.iter().filter(|message| chat.is_own(message));
            for message in own {
                assert_eq!(chat.missing(message.number), 0, "not everybody has got it");
                for other in &inside {
                    let messages = other.call.content.chat().messages;
                    let same = messages.iter().filter(|other| {
                        (other.author, other.number) == (message.author, message.number)
                    });
                    assert_eq!(same.count(), 1, "everybody reads it once");
                }
            }
        }
    }
}

impl Person {
    /// What is shown follows what is reported to have changed.
    pub(super) fn look(&mut self) {
        let (has_changed, view) = (self.call.take_change(), self.call.view());
        assert!(has_changed || view == self.shown, "a change that is not shown");
        self.shown = view;
    }

    /// Whether the server forwards to this person.
    pub(super) fn is_forwarded(&self) -> bool {
        self.pcs.keys().any(|key| key.id == PeerId::SERVER)
    }

    /// Who wants in is inside, or knows why not.
    fn check_admission(&self, state: &RoomState, is_full: bool) {
        let view = self.call.view().admission;
        match view.phase {
            Phase::Lobby | Phase::Left { .. } => {
                assert!(!self.wants_in || view.refusal.is_some(), "outside for no reason");
            }
            Phase::Joining => panic!("not answered"),
            Phase::WaitingForSeat => assert!(is_full, "waits in front of a room with space"),
            Phase::Knocking { .. } => {
                assert!(state.gate.is_some() || is_full, "waits at an open door");
            }
            Phase::InCall { .. } => assert!(self.wants_in && self.call.me.is_some()),
        }
    }

    /// No file is on its way between people who are inside.
    fn check_files(&self, inside: &[PeerId]) {
        for file in self.call.content.files().files.iter() {
            let owner = file.key.owner.map(|owner| (owner, file.state));
            for (other, state) in owner.into_iter().chain(file.receivers.iter().copied()) {
                let moves = matches!(state, FileState::Transferring(_) | FileState::Checking);
                assert!(!moves || !inside.contains(&other), "{:?} does not arrive", file.key);
            }
        }
    }

    /// What this person's sections bring.
    fn tracks(&self) -> Vec<TrackInfo> {
        match self.maps {
            true => mapped(),
            false => tracks([TrackSource::Microphone, TrackSource::Camera, TrackSource::Screen]),
        }
    }
}

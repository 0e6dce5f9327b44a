//! Rooms with too many people for direct connections: the server forwards their media. Each participant has one
//! connection, to the server, which is announced and signalled like one to a participant, [`PeerId::SERVER`].

use super::{Context, Refusal, Room, RoomOutput, nobody};
use crate::protocol::{
    ErrorCode, PeerId, Person, Presence, Role, ServerMessage, SessionDescription, Signal,
    TrackSource,
};

/// What the media plane is told about a participant of a room whose media it forwards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Forwarding {
    /// Answer this offer, in place of any earlier connection of the participant.
    Offer {
        /// The participant.
        seat: PeerId,
        /// The number of the connection.
        link: u64,
        /// The offer.
        offer: SessionDescription,
        /// What the participant has switched on.
        sources: Vec<TrackSource>,
    },
    /// What a participant has switched on: nothing else of them is forwarded.
    Sources(PeerId, Vec<TrackSource>),
}

/// The answer of the media plane: why it refuses is for the client.
pub type Answer = Result<SessionDescription, (ErrorCode, String)>;

fn sources(presence: &Presence) -> Vec<TrackSource> {
    TrackSource::ALL.into_iter().filter(|source| presence.is_on(*source)).collect()
}

impl Room {
    /// Whether the media of a room with a newly seated person is forwarded from now on. A room stays forwarded
    /// until everyone has left. A person who is connected to the server comes from such a room, before a restart.
    pub(super) fn update_topology(&mut self, is_connected_to_server: bool, cx: &Context<'_>) {
        let is_crowded = self.seats.all().len() > self.terms.max_direct;
        let was_forwarded = is_connected_to_server && cx.now < self.terms.resume_window_ends;
        let may_forward = self.terms.max_direct < self.terms.max_participants;
        if self.is_forwarded || !may_forward || !(is_crowded || was_forwarded) {
            return;
        }
        self.is_forwarded = true;
        // Those who were to be paired have not been announced to each other.
        self.unpaired.clear();
        let everyone: Vec<_> = self.seats.all().iter().map(|seat| seat.id).collect();
        for id in everyone {
            self.announce(id, cx);
            self.queue_for_server(id);
        }
    }

    /// Tells a participant's presence to all who do not know of them.
    fn announce(&mut self, id: PeerId, cx: &Context<'_>) {
        let Some(person) = self.seats.get(id).map(|seat| seat.person(cx.now)) else { return };
        let mut strangers = Vec::new();
        for other in self.seats.others_mut(id) {
            if !other.known.contains(id) {
                other.known.insert(id, ());
                strangers.extend(other.conn());
            }
        }
        self.broadcast(strangers, ServerMessage::PeerJoined(person));
    }

    /// Introduces a newly seated person in a forwarded room. `link` is the connection to the server that they
    /// still have.
    pub(super) fn introduce(&mut self, id: PeerId, link: Option<u64>, cx: &Context<'_>) {
        let Some(seat) = self.seats.get_mut(id) else { return };
        if let Some(link) = link {
            seat.linked.insert(PeerId::SERVER, link);
        }
        match link {
            None => self.queue_for_server(id),
            Some(_) => self.forward_sources(id),
        }
        let is_known = !self.seats.others_here(id).is_empty();
        if is_known {
            self.tell_presence(id, cx);
        }
        self.announce(id, cx);
        self.pair(cx);
    }

    /// Queues a participant to connect to the server.
    pub(super) fn queue_for_server(&mut self, id: PeerId) {
        if !self.unpaired.contains(&(id, PeerId::SERVER)) {
            self.unpaired.push((id, PeerId::SERVER));
        }
    }

    /// Tells a participant to connect to the server.
    pub(super) fn connect_to_server(&mut self, id: PeerId) {
        let Some(seat) = self.seats.get_mut(id) else { return };
        let Some(conn) = seat.conn() else { return };
        self.links += 1;
        let link = self.links;
        seat.linked.insert(PeerId::SERVER, link);
        let peer = Person { id: PeerId::SERVER, presence: Presence::default(), seconds: 0 };
        self.send(conn, ServerMessage::Ready { role: Role::Caller, peer, link });
    }

    /// Handles a signal to the server, which answers offers. It needs no candidates: it is a lite agent (RFC 8445,
    /// section 2.5), which learns the other side's address from its checks.
    pub(super) fn signal_server(
        &mut self,
        from: PeerId,
        link: Option<u64>,
        signal: Signal,
    ) -> Result<(), Refusal> {
        let seat = self.seats.get(from).ok_or_else(nobody)?;
        let current = *seat.linked.get(PeerId::SERVER).ok_or_else(nobody)?;
        if let Signal::Offer(offer) = signal
            && link.is_none_or(|link| link == current)
        {
            let sources = sources(&seat.presence);
            let offer = Forwarding::Offer { seat: from, link: current, offer, sources };
            self.outputs.push(RoomOutput::Forward(offer));
        }
        Ok(())
    }

    /// Passes on the server's answer to an offer.
    pub(super) fn answered(&mut self, id: PeerId, link: u64, answer: Answer) {
        let seat = self.seats.get_mut(id);
        let is_current = |seat: &&mut super::seats::Seat| {
            seat.linked.get(PeerId::SERVER).is_some_and(|current| *current == link)
        };
        let Some(seat) = seat.filter(is_current) else { return };
        match (seat.conn(), answer) {
            (Some(conn), Ok(answer)) => {
                let (from, signal) = (PeerId::SERVER, Signal::Answer(answer));
                self.send(conn, ServerMessage::Signal { from, link: Some(link), signal });
            }
            (Some(conn), Err(refusal)) => self.refuse(conn, refusal),
            // It is lost, so they have to connect again.
            (None, _) => drop(seat.linked.remove(PeerId::SERVER)),
        }
    }

    /// Tells the media plane what a participant has switched on, also by order of a host.
    pub(super) fn forward_sources(&mut self, id: PeerId) {
        if let Some(seat) = self.seats.get(id).filter(|_| self.is_forwarded) {
            let sources = sources(&seat.presence);
            self.outputs.push(RoomOutput::Forward(Forwarding::Sources(id, sources)));
        }
    }
}

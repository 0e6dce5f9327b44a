//! The other participants in the call, and the connections to them. A participant may have several
//! connections at once, for example while one replaces another.

use super::{
    connection::{Channels, Connection, Pair, PeerKey},
    forwarded::Forwarded,
    generation::Generation,
    participant::{ExpectedTracks, Participant},
    view::Tile,
};
use crate::protocol::{PeerId, Presence, Quality};
use std::{collections::BTreeSet, time::Duration};

/// The other participants, and the connections to them.
#[derive(Debug, Default)]
pub(super) struct Participants {
    /// In the order in which they joined. Few enough for a linear search.
    list: Vec<Participant>,
    connections: Vec<Connection>,
    /// The route to each participant at the last call of [`Self::reroute`].
    routes: Vec<(PeerId, PeerKey)>,
    /// What is known of those whom the server forwards.
    pub(super) forwarded: Forwarded,
    /// The participants who have an open data channel to the server.
    reachable: BTreeSet<PeerId>,
    /// This participant's own video quality.
    own_quality: Quality,
    /// Connections of this generation or earlier reveal an address that is now hidden, or use a
    /// relay that is no longer wanted.
    outdated_generation: Generation,
}

/// A changed route to a participant.
#[derive(Debug)]
pub(super) struct Rerouted {
    pub(super) id: PeerId,
    /// Whether there was a route before.
    pub(super) was_reached: bool,
    /// The data channels of the new connection.
    pub(super) channels: Channels,
}

impl Participants {
    pub(super) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Participant> {
        self.list.iter()
    }

    pub(super) fn get(&self, id: PeerId) -> Option<&Participant> {
        self.list.iter().find(|participant| participant.id() == id)
    }

    pub(super) fn connections(&self) -> impl Iterator<Item = &Connection> {
        self.connections.iter()
    }

    pub(super) fn connection_mut(&mut self, key: PeerKey) -> Option<&mut Connection> {
        self.connections.iter_mut().find(|connection| connection.key() == key)
    }

    /// The keys of all connections to a participant alone.
    pub(super) fn keys_of(&self, id: PeerId) -> Vec<PeerKey> {
        let keys = self.connections.iter().map(Connection::key);
        keys.filter(|key| key.id == id).collect()
    }

    /// The participants whom a connection carries now.
    pub(super) fn carried_by(&self, key: PeerKey) -> Vec<PeerId> {
        let ids = self.list.iter().map(Participant::id);
        ids.filter(|id| self.route(*id) == Some(key)).collect()
    }

    /// Removes a connection that was replaced by one that carries more.
    pub(super) fn drop_connection(&mut self, key: PeerKey) {
        self.connections.retain(|connection| connection.key() != key);
    }

    /// This participant's own video quality.
    pub(super) fn own_quality(&self) -> Quality {
        self.own_quality
    }

    fn connections_of(&self, id: PeerId) -> impl Iterator<Item = &Connection> {
        self.connections.iter().filter(move |connection| connection.carries(id))
    }

    /// The connection that carries a participant now: the newest that is up, or else the newest.
    pub(super) fn route(&self, id: PeerId) -> Option<PeerKey> {
        self.carrier(id).map(Connection::key)
    }

    fn carrier(&self, id: PeerId) -> Option<&Connection> {
        let order = |connection: &&Connection| (connection.is_up(), connection.key().generation);
        self.connections_of(id).max_by_key(order)
    }

    /// The routes that have changed since the last call.
    pub(super) fn reroute(&mut self) -> Vec<Rerouted> {
        let routes = self.list.iter().filter_map(|one| Some((one.id(), self.route(one.id())?)));
        let routes = routes.collect();
        let before = std::mem::replace(&mut self.routes, routes);
        let changed = self.routes.iter().filter(|route| !before.contains(route));
        let rerouted = changed.filter_map(|(id, _)| {
            Some(Rerouted {
                id: *id,
                was_reached: before.iter().any(|(other, _)| other == id),
                channels: self.channels(*id)?,
            })
        });
        rerouted.collect()
    }

    /// The data channels to a participant.
    fn channels(&self, id: PeerId) -> Option<Channels> {
        let carrier = self.carrier(id)?;
        let Channels { are_open, are_drained } = carrier.channels();
        Some(match carrier.is_to_server() {
            false => Channels { are_open, are_drained },
            // It forwards messages only.
            true => {
                Channels { are_open: are_open && self.reachable.contains(&id), are_drained: false }
            }
        })
    }

    /// Records whether a participant has an open data channel to the server. Returns whether that has changed.
    pub(super) fn set_reachable(&mut self, id: PeerId, is_reachable: bool) -> bool {
        if is_reachable { self.reachable.insert(id) } else { self.reachable.remove(&id) }
    }

    /// Whether these are several, and all whom messages over the connection to the server reach.
    pub(super) fn are_all_of(&self, server: PeerKey, ids: &[PeerId]) -> bool {
        let is_routed = |id: &PeerId| self.route(*id) == Some(server);
        ids.len() > 1 && ids.len() == self.reachable.len() && ids.iter().all(is_routed)
    }

    /// Whether a participant has an open data channel to the server.
    pub(super) fn is_reachable(&self, id: PeerId) -> bool {
        self.reachable.contains(&id)
    }

    /// The participants that have a connection, with the one that carries them.
    fn reached(&self) -> impl Iterator<Item = (&Participant, &Connection)> {
        self.list.iter().filter_map(|one| Some((one, self.carrier(one.id())?)))
    }

    pub(super) fn tiles(&self, me: &Presence, now: Duration) -> Vec<Tile> {
        let tile =
            |(participant, connection)| Tile::of(participant, connection, me, &self.forwarded, now);
        self.reached().map(tile).collect()
    }

    /// The quality of the connections in use.
    pub(super) fn pairs(&self) -> Vec<Pair> {
        let mut pairs: Vec<Pair> = Vec::new();
        for pair in self.reached().map(|(_, connection)| connection.pair()) {
            if pairs.iter().all(|known| known.id != pair.id) {
                pairs.push(pair);
            }
        }
        pairs
    }

    /// Whether there is no path to a new participant yet.
    pub(super) fn is_introducing(&self, now: Duration) -> bool {
        self.reached().any(|(_, connection)| connection.is_introducing(now))
    }

    /// Whether media arrives from any participant.
    pub(super) fn has_media(&self) -> bool {
        self.reached().any(|(_, connection)| connection.is_live())
    }

    /// Whether there are participants and none can be reached.
    pub(super) fn are_all_lost(&self) -> bool {
        let mut reached = self.reached();
        !self.is_empty() && reached.all(|(_, connection)| connection.broken().is_some())
    }

    /// Adds a participant, or updates the presence of a known one. Returns whether they are new.
    pub(super) fn add_or_update(&mut self, id: PeerId, presence: Presence) -> bool {
        match self.list.iter_mut().find(|participant| participant.id() == id) {
            Some(known) => {
                known.reconnect(presence);
                false
            }
            None => {
                self.list.push(Participant::new(id, presence));
                true
            }
        }
    }

    /// Adds a connection.
    pub(super) fn connect(&mut self, connection: Connection, own: Quality, now: Duration) {
        let id = connection.key().id;
        self.connections.push(connection);
        self.expect(id, own, now);
    }

    /// Removes the connections to a participant; the one in use comes last.
    pub(super) fn disconnect(&mut self, id: PeerId) -> Vec<Connection> {
        if id == PeerId::SERVER {
            self.reachable.clear();
        }
        let route = self.route(id);
        let is_meant = |connection: &mut Connection| connection.key().id == id;
        let mut removed: Vec<_> = self.connections.extract_if(.., is_meant).collect();
        removed.sort_by_key(|connection| Some(connection.key()) == route);
        removed
    }

    /// Removes a participant; returns the connections to close.
    pub(super) fn remove(&mut self, id: PeerId) -> Vec<PeerKey> {
        self.reachable.remove(&id);
        self.list.retain(|participant| participant.id() != id);
        self.routes.retain(|(other, _)| *other != id);
        self.disconnect(id).iter().map(Connection::key).collect()
    }

    /// Removes all participants; returns the connections to close.
    pub(super) fn clear(&mut self) -> Vec<PeerKey> {
        self.list.clear();
        self.routes.clear();
        self.reachable.clear();
        self.connections.drain(..).map(|connection| connection.key()).collect()
    }

    /// Changes a participant, and updates the tracks expected from them.
    pub(super) fn change(
        &mut self,
        id: PeerId,
        own: Quality,
        now: Duration,
        action: impl FnOnce(&mut Participant),
    ) {
        if let Some(known) = self.list.iter_mut().find(|participant| participant.id() == id) {
            action(known);
            self.expect(id, own, now);
        }
    }

    /// Sets this participant's own video quality.
    pub(super) fn set_quality(&mut self, own: Quality, now: Duration) {
        self.own_quality = own;
        let ids: Vec<_> = self.list.iter().map(Participant::id).collect();
        ids.into_iter().for_each(|id| self.expect(id, own, now));
        self.expect(PeerId::SERVER, own, now);
    }

    fn expect(&mut self, id: PeerId, own: Quality, now: Duration) {
        let participant = self.list.iter().find(|one| one.id() == id);
        let (expected, quality) = match participant {
            Some(participant) => (participant.expected(own), participant.quality(own)),
            // What comes from the server depends on who speaks, and on what it was asked for.
            None => (ExpectedTracks::default(), own),
        };
        for connection in self.connections.iter_mut().filter(|one| one.key().id == id) {
            connection.expect(expected, quality, now);
        }
    }

    /// From now on, only connections of a later generation may be kept.
    pub(super) fn mark_outdated(&mut self, generation: Generation) {
        self.outdated_generation = generation;
    }

    /// The participants to whom there is a connection that can be kept, and the server if there is one to it.
    pub(super) fn intact(&self) -> Vec<PeerId> {
        let is_intact = |connection: &Connection| {
            connection.key().generation > self.outdated_generation && connection.is_intact()
        };
        let reached = self.reached().filter(|(_, connection)| is_intact(connection));
        let mut ids: Vec<_> = reached.map(|(participant, _)| participant.id()).collect();
        let server = self.connections.iter().find(|connection| connection.is_to_server());
        ids.extend(server.filter(|server| is_intact(server)).map(|server| server.key().id));
        ids
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        call::connection::{ConnectionState, PeerInput},
        content::ChannelInput,
        protocol::Role,
    };

    const ID: PeerId = PeerId(1);

    fn key(generation: Generation) -> PeerKey {
        PeerKey { id: ID, generation }
    }

    fn add(participants: &mut Participants, generation: Generation) {
        let connection = Connection::new(key(generation), Role::Caller, generation, Duration::ZERO);
        participants.connect(connection, Quality::Auto, Duration::ZERO);
    }

    fn tell(participants: &mut Participants, generation: Generation, input: PeerInput) {
        let connection = participants.connection_mut(key(generation));
        connection.unwrap().handle(input, Duration::ZERO);
    }

    #[test]
    fn the_newer_of_two_connections_is_the_route_once_it_is_up() {
        use ConnectionState::{Connected, Disconnected};
        let mut participants = Participants::default();
        assert!(participants.add_or_update(ID, Presence::default()));
        add(&mut participants, 1);
        let carried = |participants: &Participants| {
            let tiles = participants.tiles(&Presence::default(), Duration::ZERO);
            let [tile] = &tiles[..] else { panic!("one person, one tile") };
            assert_eq!(participants.route(ID), Some(tile.key), "content goes the same way");
            tile.key.generation
        };
        assert_eq!(carried(&participants), 1);
        add(&mut participants, 2);
        assert_eq!(carried(&participants), 2, "none is up, and the newer is to be");
        let mut carriers = Vec::new();
        for (generation, state) in
            [(1, Connected), (2, Connected), (1, Disconnected), (1, Connected), (2, Disconnected)]
        {
            tell(&mut participants, generation, PeerInput::Connection(state));
            carriers.push(carried(&participants));
        }
        assert_eq!(carriers, [1, 2, 2, 2, 1]);
        let closed = participants.remove(ID);
        assert_eq!(closed, [key(2), key(1)], "the one in use goes last");
        assert!(participants.is_empty() && participants.route(ID).is_none());
    }

    #[test]
    fn a_change_of_route_is_reported_with_the_channels_of_the_new_one() {
        let mut participants = Participants::default();
        participants.add_or_update(ID, Presence::default());
        add(&mut participants, 1);
        let rerouted = |participants: &mut Participants| {
            let rerouted = participants.reroute().into_iter();
            let parts = rerouted.map(|one| (one.id, one.was_reached, one.channels.are_open));
            parts.collect::<Vec<_>>()
        };
        assert_eq!(rerouted(&mut participants), [(ID, false, false)]);
        tell(&mut participants, 1, PeerInput::Connection(ConnectionState::Connected));
        tell(&mut participants, 1, PeerInput::Channel(ChannelInput::Opened));
        assert!(rerouted(&mut participants).is_empty());
        add(&mut participants, 2);
        tell(&mut participants, 2, PeerInput::Channel(ChannelInput::Opened));
        assert!(rerouted(&mut participants).is_empty(), "it is not up yet");
        tell(&mut participants, 2, PeerInput::Connection(ConnectionState::Connected));
        assert_eq!(rerouted(&mut participants), [(ID, true, true)]);
    }
}

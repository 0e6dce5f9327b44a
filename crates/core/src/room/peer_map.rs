//! A map from the participants of a room.

use crate::protocol::PeerId;

/// A map from participants, in the order in which they were added. A list, as they are few; and no
/// larger than its entries, as there are many rooms.
#[derive(Debug, Default)]
pub(super) struct PeerMap<T>(Vec<(PeerId, T)>);

impl<T> PeerMap<T> {
    fn place(&self, peer: PeerId) -> Option<usize> {
        self.0.iter().position(|(other, _)| *other == peer)
    }

    pub(super) fn get(&self, peer: PeerId) -> Option<&T> {
        self.0.iter().find(|(other, _)| *other == peer).map(|(_, value)| value)
    }

    pub(super) fn contains(&self, peer: PeerId) -> bool {
        self.place(peer).is_some()
    }

    pub(super) fn insert(&mut self, peer: PeerId, value: T) {
        self.remove(peer);
        self.0.reserve_exact(1);
        self.0.push((peer, value));
    }

    pub(super) fn remove(&mut self, peer: PeerId) -> Option<T> {
        self.place(peer).map(|place| self.0.remove(place).1)
    }

    pub(super) fn peers(&self) -> impl Iterator<Item = PeerId> {
        self.0.iter().map(|(peer, _)| *peer)
    }
}

impl<T> FromIterator<(PeerId, T)> for PeerMap<T> {
    fn from_iter<I: IntoIterator<Item = (PeerId, T)>>(entries: I) -> Self {
        let mut map = Self(Vec::new());
        for (peer, value) in entries {
            map.insert(peer, value);
        }
        map
    }
}

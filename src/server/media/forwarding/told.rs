//! What the server tells a participant: states, of which the last one counts, and whose data channels have opened or
//! closed.

use crate::protocol::{ControlMessage, Envelope, PeerId, TrackSource};
use std::collections::{BTreeMap, BTreeSet};

/// What a state is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Topic {
    Slots,
    Demand(TrackSource),
    Paused,
    ActiveSpeaker,
}

impl Topic {
    /// What a message is about, if it is a state.
    fn of(message: &ControlMessage) -> Option<Self> {
        Some(match message {
            ControlMessage::Slots { .. } => Self::Slots,
            ControlMessage::Demand { source, .. } => Self::Demand(*source),
            ControlMessage::Paused { .. } => Self::Paused,
            ControlMessage::ActiveSpeaker { .. } => Self::ActiveSpeaker,
            ControlMessage::Channels { .. } => return None,
        })
    }
}

/// The state of each topic, and what of all this the participant does not know yet.
#[derive(Debug, Default)]
pub(super) struct Told {
    states: BTreeMap<Topic, Vec<u8>>,
    news: BTreeSet<Topic>,
    /// Whose data channels have opened, and before that closed.
    opened: BTreeSet<PeerId>,
    closed: BTreeSet<PeerId>,
}

impl Told {
    /// Replaces a state.
    pub(super) fn set(&mut self, message: &ControlMessage) {
        if let Some(topic) = Topic::of(message) {
            self.states.insert(topic, envelope(message));
            self.news.insert(topic);
        }
    }

    /// The data channel of another participant has opened or closed.
    pub(super) fn set_channel(&mut self, other: PeerId, is_open: bool) {
        if is_open {
            self.opened.insert(other);
        } else {
            self.opened.remove(&other);
            self.closed.insert(other);
        }
    }

    /// The participant knows nothing: their channel is new. The channels of these others are open.
    pub(super) fn begin(&mut self, others: BTreeSet<PeerId>) {
        self.news = self.states.keys().copied().collect();
        (self.opened, self.closed) = (others, BTreeSet::new());
    }

    /// Sends what the participant does not know, until a message is not taken. Returns whether any was.
    pub(super) fn send(&mut self, mut send: impl FnMut(&[u8]) -> bool) -> bool {
        let mut has_sent = false;
        if !(self.opened.is_empty() && self.closed.is_empty()) {
            let (open, closed) = (&self.opened, &self.closed);
            let (open, closed) = (open.iter().copied().collect(), closed.iter().copied().collect());
            if !send(&envelope(&ControlMessage::Channels { open, closed })) {
                return false;
            }
            (self.opened, self.closed) = Default::default();
            has_sent = true;
        }
        while let Some(topic) = self.news.first().copied() {
            let state = self.states.get(&topic);
            if state.is_some_and(|state| !send(state)) {
                break;
            }
            self.news.remove(&topic);
            has_sent = true;
        }
        has_sent
    }
}

fn envelope(message: &ControlMessage) -> Vec<u8> {
    Envelope { peer: PeerId::SERVER, text: &message.to_json() }.to_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn speaker(id: u64) -> ControlMessage {
        ControlMessage::ActiveSpeaker { of: PeerId(id) }
    }

    fn demand(source: TrackSource) -> ControlMessage {
        ControlMessage::Demand { source, encodings: vec![true] }
    }

    /// What is sent, of which this many messages are taken.
    fn sent(told: &mut Told, taken: usize) -> Vec<ControlMessage> {
        let mut messages = Vec::new();
        told.send(|bytes| {
            let is_taken = messages.len() < taken;
            let envelope = Envelope::parse(bytes).unwrap();
            assert_eq!(envelope.peer, PeerId::SERVER);
            messages.extend(ControlMessage::parse(envelope.text).filter(|_| is_taken));
            is_taken
        });
        messages
    }

    #[test]
    fn the_last_state_is_sent_once() {
        let mut told = Told::default();
        told.set(&speaker(1));
        told.set(&demand(TrackSource::Camera));
        told.set(&demand(TrackSource::Screen));
        told.set(&speaker(2));
        let all = [demand(TrackSource::Camera), demand(TrackSource::Screen), speaker(2)];
        assert_eq!(sent(&mut told, 9), all);
        assert_eq!(sent(&mut told, 9), []);
        told.set(&speaker(3));
        assert_eq!(sent(&mut told, 9), [speaker(3)]);
        told.begin(BTreeSet::new());
        assert_eq!(sent(&mut told, 9).len(), 3);
    }

    #[test]
    fn what_is_not_taken_is_sent_later() {
        let mut told = Told::default();
        told.set(&speaker(1));
        told.set(&demand(TrackSource::Camera));
        assert_eq!(sent(&mut told, 0), []);
        assert_eq!(sent(&mut told, 1), [demand(TrackSource::Camera)]);
        told.set(&speaker(2));
        assert_eq!(sent(&mut told, 9), [speaker(2)]);
    }

    #[test]
    fn changes_of_channels_add_up() {
        let channels = |open: &[u64], closed: &[u64]| ControlMessage::Channels {
            open: open.iter().copied().map(PeerId).collect(),
            closed: closed.iter().copied().map(PeerId).collect(),
        };
        let mut told = Told::default();
        told.set_channel(PeerId(9), true);
        told.begin([PeerId(1), PeerId(2)].into());
        told.set(&speaker(1));
        assert_eq!(sent(&mut told, 0), []);
        told.set_channel(PeerId(3), true);
        told.set_channel(PeerId(2), false);
        assert_eq!(sent(&mut told, 9), [channels(&[1, 3], &[2]), speaker(1)]);
        told.set_channel(PeerId(1), false);
        told.set_channel(PeerId(1), true);
        assert_eq!(sent(&mut told, 9), [channels(&[1], &[1])], "closed first");
        assert_eq!(sent(&mut told, 9), []);
    }
}

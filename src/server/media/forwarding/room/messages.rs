//! Messages on the data channels of a room.

use super::Room;
use crate::{
    protocol::{ControlMessage, ControlRequest, Envelope, PeerId, WantedVideo},
    server::media::forwarding::{leg::Delivery, participant::Participant},
};
use salon_sfu::{Input, Source, Want};
use std::time::Instant;

impl Room {
    /// The data channel of a participant is open.
    pub(super) fn channel_open(&mut self, seat: PeerId) {
        let is_open =
            |(other, it): &(&PeerId, &Participant)| **other != seat && it.is_channel_open();
        let others = self.participants.iter().filter(is_open).map(|(other, _)| *other).collect();
        self.touch_if(seat, |participant| participant.open_channel(others));
        self.tell_channel(seat, true);
    }

    /// The data channel of a participant is closed.
    pub(super) fn channel_closed(&mut self, seat: PeerId) {
        if self.participants.get_mut(&seat).is_some_and(Participant::close_channel) {
            self.tell_channel(seat, false);
        }
    }

    fn tell_channel(&mut self, of: PeerId, is_open: bool) {
        let others: Vec<PeerId> =
            self.participants.keys().copied().filter(|it| *it != of).collect();
        for other in others {
            self.touch_if(other, |participant| participant.tell_channel(of, is_open));
        }
    }

    /// Handles a message of a participant: for the server, for one of the others in the room, or for everyone.
    pub(super) fn message(&mut self, from: PeerId, message: &[u8], now: Instant) {
        let time = self.time(now);
        let Some(participant) = self.participants.get_mut(&from) else { return };
        let may = participant.talk.take(message.len(), time);
        let Some(Envelope { peer: to, text }) = Envelope::parse(message).filter(|_| may) else {
            return self.metrics.lost_message();
        };
        if to == PeerId::SERVER {
            return self.request(from, text, now);
        }
        let is_meant = |seat: &PeerId| *seat != from && (to == PeerId::EVERYONE || *seat == to);
        let others: Vec<PeerId> = self.participants.keys().copied().filter(is_meant).collect();
        let Some(participant) = self.participants.get_mut(&from) else { return };
        if !participant.talk.take_copies(message.len(), others.len(), time) {
            return self.metrics.lost_message();
        }
        // Its author is known from the connection.
        let message = Envelope { peer: from, text }.to_bytes();
        others.into_iter().for_each(|other| self.deliver(other, &message, now));
    }

    fn request(&mut self, from: PeerId, text: &str, now: Instant) {
        // Others may be of a later version.
        let Ok(ControlRequest::Want(videos)) = ControlRequest::parse(text) else { return };
        let Some(participant) = self.participants.get_mut(&from) else { return };
        participant.decide();
        let is_video = |video: &WantedVideo| !video.source.is_audio();
        let wants = videos.into_iter().filter(is_video).map(|video| Want {
            source: Source { seat: video.of, track: video.source },
            rank: video.rank,
            height: video.height,
        });
        self.core(Input::Wants(from, wants.collect()), None, now);
    }

    fn deliver(&mut self, to: PeerId, message: &[u8], now: Instant) {
        let Some(participant) = self.participants.get_mut(&to) else { return };
        match participant.deliver(message, now) {
            Delivery::Sent => drop(self.touched.insert(to)),
            Delivery::Full => {
                let is_stuck = participant.is_stuck(now);
                self.metrics.lost_message();
                if is_stuck {
                    self.close(to, now);
                }
            }
            Delivery::NoChannel => {}
        }
    }

    /// Tells a participant something, of which the last message counts.
    pub(super) fn tell(&mut self, seat: PeerId, message: &ControlMessage) {
        self.touch_if(seat, |participant| participant.tell(message));
    }
}

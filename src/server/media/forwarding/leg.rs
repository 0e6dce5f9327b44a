//! The connection of one participant to the forwarding server. Only this file, `setup.rs`, `sections.rs` and
//! `content.rs` know str0m.

use super::{
    content::{Content, read},
    fault::without_panic,
    sections::Sections,
    setup::{FEW_BYTES, lite_agent},
};
use crate::protocol::{PeerId, SessionDescription, TrackOf, TrackSource};
use salon_sfu::{Packet, Rewritten, Slot, Spatial};
use std::{
    mem,
    net::{IpAddr, SocketAddr},
    time::Instant,
};
use str0m::{
    Candidate, Event, Input, Output, Rtc,
    bwe::BweKind,
    change::SdpOffer,
    channel::ChannelId,
    media::KeyframeRequestKind,
    net::{Protocol, Receive},
    rtp::RtpPacket,
};
use tracing::debug;

/// Why an offer has no answer.
#[derive(Debug)]
pub(super) enum NoAnswer {
    /// The server has no address for media.
    NoAddress,
    /// The server has no time for more.
    Overloaded,
    /// There were too many before it.
    TooMany,
    /// It is no session description, or not one that can be answered.
    Refused(String),
    /// A fault of this program.
    Fault,
}

/// What became of a message to a participant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Delivery {
    /// It is on its way.
    Sent,
    /// It is lost, because too much is waiting.
    Full,
    /// There is no open channel.
    NoChannel,
}

/// What a connection does.
#[derive(Debug)]
pub(super) enum LegOutput {
    /// Send this to the participant.
    Transmit { to: SocketAddr, bytes: Vec<u8> },
    /// It is connected.
    Up,
    /// The participant has not been heard of for a while.
    Unreachable,
    /// It has failed, or was closed by the participant.
    Gone,
    /// It is broken by a fault of this program.
    Fault,
    /// What comes in has changed: [`Leg::tracks`].
    Tracks,
    /// A packet has come.
    Packet { packet: Packet, content: Content },
    /// The participant cannot show a slot for video.
    KeyframeNeeded(usize),
    /// An estimate of the bandwidth to the participant, in bits per second.
    Bandwidth(u64),
    /// The data channel is open.
    ChannelOpen,
    /// The data channel was closed by the participant.
    ChannelClosed,
    /// Few messages are waiting now.
    Drained,
    /// A message has come on the data channel.
    Message(Vec<u8>),
    /// Nothing more; call [`Leg::tick`] at this time.
    Idle(Instant),
}

/// A connection. A fault in it does not reach others: after that, it does nothing more.
pub(super) struct Leg {
    rtc: Rtc,
    sections: Sections,
    candidates: Vec<SocketAddr>,
    channel: ChannelId,
    /// It is connected, and its sections are not known yet.
    is_new: bool,
    is_reachable: bool,
    is_broken: bool,
}

impl Leg {
    /// Answers an offer, as a lite agent (RFC 8445, section 2.5) at these addresses.
    pub(super) fn answer(
        seat: PeerId,
        offer: &SessionDescription,
        candidates: &[SocketAddr],
        now: Instant,
    ) -> Result<(Self, String), NoAnswer> {
        let answer = || {
            let mut leg = Self::new(seat, now);
            let answer = leg.accept(offer, candidates)?;
            Ok((leg, answer))
        };
        without_panic(answer).unwrap_or(Err(NoAnswer::Fault))
    }

    fn new(seat: PeerId, now: Instant) -> Self {
        let (rtc, channel) = lite_agent(now);
        Self {
            rtc,
            sections: Sections::new(seat),
            candidates: Vec::new(),
            channel,
            is_new: false,
            is_reachable: true,
            is_broken: false,
        }
    }

    /// Answers a further offer of the participant.
    pub(super) fn renegotiate(
        &mut self,
        offer: &SessionDescription,
        candidates: &[SocketAddr],
    ) -> Result<String, NoAnswer> {
        self.guard(|leg| leg.accept(offer, candidates)).unwrap_or(Err(NoAnswer::Fault))
    }

    fn accept(
        &mut self,
        offer: &SessionDescription,
        candidates: &[SocketAddr],
    ) -> Result<String, NoAnswer> {
        let refused = |error: &dyn ToString| NoAnswer::Refused(error.to_string());
        let parsed = SdpOffer::from_sdp_string(&offer.sdp).map_err(|error| refused(&error))?;
        for address in candidates {
            let is_new = !self.candidates.contains(address);
            if let Some(candidate) = Candidate::host(*address, "udp").ok().filter(|_| is_new) {
                self.rtc.add_local_candidate(candidate);
                self.candidates.push(*address);
            }
        }
        let answer = self.rtc.sdp_api().accept_offer(parsed).map_err(|error| refused(&error))?;
        self.sections.renew(&offer.tracks, &self.rtc);
        Ok(answer.to_sdp_string())
    }

    /// Calls a function of str0m with what the participant has sent.
    fn guard<T>(&mut self, call: impl FnOnce(&mut Self) -> T) -> Option<T> {
        if self.is_broken {
            return None;
        }
        let result = without_panic(|| call(self));
        self.is_broken = result.is_none();
        result
    }

    /// The username fragment with which the participant checks this connection (RFC 8445, section 5.3).
    pub(super) fn username_fragment(&mut self) -> Option<String> {
        self.guard(|leg| leg.rtc.direct_api().local_ice_credentials().ufrag)
    }

    /// Handles a datagram of the participant that has come to an address of this machine.
    pub(super) fn receive(
        &mut self,
        from: SocketAddr,
        local: Option<IpAddr>,
        bytes: &[u8],
        now: Instant,
    ) {
        let Some(to) = self.candidate(from, local) else { return };
        self.guard(|leg| {
            // What is no packet of WebRTC is dropped. What is none of this participant, which anyone may send with a
            // forged address, is no reason to end the connection: str0m does that where it cannot go on.
            let receive = Receive::new(Protocol::Udp, from, to, bytes).map_err(Into::into);
            let handled = receive.and_then(|it| leg.rtc.handle_input(Input::Receive(now, it)));
            if let Err(error) = handled {
                debug!(%error, "cannot handle a packet of a participant");
            }
        });
    }

    /// The candidate to which a packet was sent. Behind a NAT, its address is not that of this machine.
    fn candidate(&self, from: SocketAddr, local: Option<IpAddr>) -> Option<SocketAddr> {
        let local = local.map(|ip| ip.to_canonical());
        let is_local = |candidate: &&SocketAddr| Some(candidate.ip()) == local;
        let is_like = |candidate: &&SocketAddr| candidate.is_ipv4() == from.is_ipv4();
        let found = self.candidates.iter().find(is_local);
        found.or_else(|| self.candidates.iter().find(is_like)).copied()
    }

    /// Lets time pass: what was forwarded leaves.
    pub(super) fn tick(&mut self, now: Instant) {
        self.guard(|leg| {
            if leg.rtc.handle_input(Input::Timeout(now)).is_err() {
                leg.rtc.disconnect();
            }
        });
    }

    /// What to do next.
    pub(super) fn poll(&mut self) -> LegOutput {
        self.guard(Self::next).unwrap_or(LegOutput::Fault)
    }

    fn next(&mut self) -> LegOutput {
        loop {
            let output = match self.rtc.poll_output() {
                Ok(Output::Timeout(_)) | Err(_) if !self.rtc.is_alive() => return LegOutput::Gone,
                // str0m tells of the sections after the connection.
                Ok(Output::Timeout(_)) if mem::take(&mut self.is_new) => {
                    self.sections.fix_slots();
                    Some(LegOutput::Up)
                }
                Ok(Output::Timeout(_)) if self.sections.take_change() => Some(LegOutput::Tracks),
                Ok(Output::Timeout(at)) => Some(LegOutput::Idle(at)),
                Ok(Output::Transmit(transmit)) => Some(LegOutput::Transmit {
                    to: transmit.destination,
                    bytes: transmit.contents.into(),
                }),
                Ok(Output::Event(event)) => self.event(event),
                Err(_) => {
                    self.rtc.disconnect();
                    None
                }
            };
            if let Some(output) = output {
                return output;
            }
        }
    }

    fn event(&mut self, event: Event) -> Option<LegOutput> {
        match event {
            Event::Connected => self.is_new = true,
            Event::Closed => return Some(LegOutput::Gone),
            Event::IceConnectionStateChange(state) => {
                self.is_reachable = !state.is_disconnected();
                return (!self.is_reachable).then_some(LegOutput::Unreachable);
            }
            Event::MediaAdded(added) => self.sections.add(&added, &mut self.rtc),
            Event::MediaChanged(changed) => self.sections.change(&changed),
            Event::RtpPacket(packet) => return self.packet(&packet),
            Event::KeyframeRequest(request) => {
                return self.sections.video_slot(request.mid).map(LegOutput::KeyframeNeeded);
            }
            Event::EgressBitrateEstimate(
                BweKind::Twcc { estimate, .. } | BweKind::Remb { estimate, .. },
            ) => return Some(LegOutput::Bandwidth(estimate.as_u64())),
            Event::ChannelOpen(id, _) => return self.channel_open(id),
            Event::ChannelData(message) if message.id == self.channel => {
                return Some(LegOutput::Message(message.data));
            }
            Event::ChannelBufferedAmountLow(id) if id == self.channel => {
                return Some(LegOutput::Drained);
            }
            Event::ChannelClose(id) if id == self.channel => return Some(LegOutput::ChannelClosed),
            _ => {}
        }
        None
    }

    /// There is one channel. Others would only make each look at the connection slower.
    fn channel_open(&mut self, id: ChannelId) -> Option<LegOutput> {
        if id != self.channel {
            self.rtc.direct_api().close_data_channel(id);
            return None;
        }
        self.rtc.channel(id)?.set_buffered_amount_low_threshold(FEW_BYTES);
        Some(LegOutput::ChannelOpen)
    }

    fn packet(&mut self, rtp: &RtpPacket) -> Option<LegOutput> {
        let incoming = self.sections.identify(rtp.header.ssrc, &mut self.rtc)?;
        let (packet, content) = read(rtp, &incoming)?;
        Some(LegOutput::Packet { packet, content })
    }

    /// What the participant sends, each with the number of its encodings.
    pub(super) fn tracks(&self) -> Vec<(TrackSource, u8)> {
        self.sections.tracks()
    }

    /// The number of slots for video and for audio.
    pub(super) fn slots(&self) -> (usize, usize) {
        self.sections.slots()
    }

    /// Forwards a packet in a slot, if the participant can be reached. It leaves at the next [`Self::tick`].
    pub(super) fn forward(
        &mut self,
        slot: Slot,
        of: TrackOf,
        rewritten: &Rewritten,
        content: &Content,
        now: Instant,
    ) -> bool {
        let outgoing = self.sections.outgoing(slot).filter(|_| self.is_reachable);
        let Some(outgoing) = outgoing else { return false };
        let written = self.guard(|leg| {
            let mut api = leg.rtc.direct_api();
            let stream = api.stream_tx(&outgoing.ssrc)?;
            stream.write_rtp(content.write(&outgoing, of, rewritten, now));
            Some(())
        });
        written.flatten().is_some()
    }

    /// Asks the participant for a keyframe of an encoding.
    pub(super) fn ask_for_keyframe(&mut self, track: TrackSource, spatial: Spatial) {
        let Some(incoming) = self.sections.incoming(track, spatial) else { return };
        self.guard(|leg| {
            let mut api = leg.rtc.direct_api();
            if let Some(stream) = api.stream_rx_by_mid(incoming.mid, incoming.rid) {
                stream.request_keyframe(KeyframeRequestKind::Pli);
            }
        });
    }

    /// Sends a message on the data channel. It leaves at the next [`Self::tick`].
    pub(super) fn send(&mut self, message: &[u8]) -> Delivery {
        let written = self.guard(|leg| {
            let mut channel = leg.rtc.channel(leg.channel)?;
            // An error is that of a message which is too large for the participant.
            Some(channel.write(true, message).unwrap_or(true))
        });
        match written.flatten() {
            Some(true) => Delivery::Sent,
            Some(false) => Delivery::Full,
            None => Delivery::NoChannel,
        }
    }

    /// Ends it, and tells the participant with what [`Self::poll`] transmits next.
    pub(super) fn close(&mut self) {
        self.guard(|leg| {
            if leg.rtc.close().is_err() {
                leg.rtc.disconnect();
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::SdpType;

    #[test]
    fn what_is_no_description_is_refused() {
        let candidates: [SocketAddr; 1] = [([127, 0, 0, 1], 9).into()];
        for sdp in ["", "hello", "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"] {
            let offer = SessionDescription::new(SdpType::Offer, sdp);
            let answer = Leg::answer(PeerId(1), &offer, &candidates, Instant::now());
            assert!(matches!(answer, Err(NoAnswer::Refused(_))), "{sdp}");
        }
    }

    #[test]
    fn a_packet_belongs_to_the_candidate_of_its_address() {
        let mut leg = Leg::new(PeerId(1), Instant::now());
        let candidates = ["9.9.9.9:1", "10.0.0.5:1", "[fd00::5]:1"];
        leg.candidates = candidates.iter().map(|address| address.parse().unwrap()).collect();
        let to = |from: &str, local: Option<&str>| {
            let local = local.map(|ip| ip.parse().unwrap());
            leg.candidate(from.parse().unwrap(), local).map(|to| to.ip().to_string())
        };
        let from = "8.8.8.8:7";
        assert_eq!(to(from, Some("10.0.0.5")).unwrap(), "10.0.0.5");
        assert_eq!(to(from, Some("::ffff:10.0.0.5")).unwrap(), "10.0.0.5");
        assert_eq!(to(from, Some("172.17.0.2")).unwrap(), "9.9.9.9", "behind a NAT");
        assert_eq!(to("[2a00::1]:7", None).unwrap(), "fd00::5");
    }
}

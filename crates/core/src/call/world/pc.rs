//! Peer connections.

use super::*;

/// The media sections of every description.
const SECTIONS: &str =
    "m=audio 9 x\r\na=mid:0\r\nm=video 9 x\r\na=mid:1\r\nm=video 9 x\r\na=mid:2\r\n";

/// What these sources bring, in the order of the sections.
pub(super) fn tracks(sources: [TrackSource; 3]) -> Vec<TrackInfo> {
    let mids = ["0", "1", "2"].map(|mid| mid.to_owned().try_into().unwrap());
    mids.into_iter().zip(sources).map(|(mid, source)| TrackInfo { mid, source }).collect()
}

/// What the sections bring of a client that says so.
pub(super) fn mapped() -> Vec<TrackInfo> {
    tracks([TrackSource::Microphone, TrackSource::Screen, TrackSource::Camera])
}

impl Pc {
    pub(super) fn needs_negotiation(&self) -> bool {
        self.restart || self.changes > self.negotiated
    }

    fn agree(&mut self, sdp: &str) {
        (self.signaling, self.agreed) = (SignalingState::Stable, true);
        self.first.get_or_insert_with(|| sdp.to_owned());
        if sdp.contains("restart") {
            self.restart = false;
            self.lost = self.lost.filter(|loss| *loss == Loss::Connection);
        }
    }

    /// Finishes the operation under way (W3C WebRTC, section 4.4.1.5). An answer repeats the name
    /// of the offer it belongs to.
    pub(super) fn complete(&mut self, counter: u64, maps: bool) -> PeerInput {
        use SignalingState::{HaveLocalOffer, HaveRemoteOffer, Stable};
        match self.operation.take() {
            Some(PeerCommand::SetLocal(Intent::Offer)) => {
                assert_eq!(self.signaling, Stable);
                let restart = if self.restart { " restart" } else { "" };
                // A line as there is one in every description, which may be read on the way.
                let sdp = format!("s=offer {counter}{restart}\r\n{SECTIONS}");
                self.local_offer = Some(sdp.clone());
                (self.signaling, self.offered) = (HaveLocalOffer, self.changes);
                let tracks = if maps { mapped() } else { Vec::new() };
                let offer = SessionDescription { kind: SdpType::Offer, sdp, tracks };
                PeerInput::LocalDone(Intent::Offer, Some(offer), self.signaling)
            }
            Some(PeerCommand::SetLocal(Intent::Answer)) => {
                assert_eq!(self.signaling, HaveRemoteOffer);
                let sdp = self.remote_offer.clone().unwrap();
                self.agree(&sdp);
                let tracks = if maps { mapped() } else { Vec::new() };
                let answer = SessionDescription { kind: SdpType::Answer, sdp, tracks };
                PeerInput::LocalDone(Intent::Answer, Some(answer), self.signaling)
            }
            Some(PeerCommand::SetRemote(remote)) => {
                self.tracks = remote.tracks;
                match remote.kind {
                    SdpType::Offer => {
                        self.local_offer = None;
                        self.remote_offer = Some(remote.sdp);
                        self.signaling = HaveRemoteOffer;
                    }
                    _ => {
                        let offer = self.local_offer.clone();
                        assert_eq!(Some(&remote.sdp), offer.as_ref(), "an answer to another offer");
                        self.agree(&remote.sdp);
                        self.negotiated = self.offered;
                    }
                }
                PeerInput::RemoteDone(true, self.signaling)
            }
            other => panic!("nothing to complete: {other:?}"),
        }
    }
}

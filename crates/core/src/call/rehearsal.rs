//! A rehearsal of the beginning of a call.

use super::{
    Call, Command, ConnectionState, Generation, IceConnectionState, Input, Intent, PeerInput,
    PeerKey, SignalingState,
};
use crate::protocol::{Presence, RoomName, SdpType, ServerMessage, SessionDescription};
use std::{collections::VecDeque, hint::black_box, time::Duration};

const SOCKET: Generation = 1;

/// What the server sends until the connection to a participant who was inside before is made.
const MESSAGES: [&str; 5] = [
    r#"{"type":"room-state","room":"babab-babab-babab-babab","people":[{"id":"0000000000000001","presence":{"name":"A"},"seconds":1}],"limit":4}"#,
    r#"{"type":"joined","protocol":1,"id":"0000000000000002","people":[{"id":"0000000000000001","presence":{"name":"A"},"seconds":1}],"limit":4,"iceServers":[{"urls":"turn:a","username":"a","credential":"a"}],"iceTtl":600,"seatToken":"a","settings":{"locked":false,"waitingRoom":false,"passcode":false,"hosts":[]}}"#,
    r#"{"type":"ready","role":"callee","peer":"0000000000000001","presence":{"name":"A"},"seconds":1,"link":1}"#,
    r#"{"type":"offer","from":"0000000000000001","link":1,"tracks":[{"mid":"0","source":"microphone"},{"mid":"1","source":"camera"}],"offer":{"type":"offer","sdp":"v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:1\r\na=rtpmap:96 VP8/90000\r\nm=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:2\r\n"}}"#,
    r#"{"type":"candidate","from":"0000000000000001","link":1,"candidate":{"candidate":"candidate:1 1 udp 1 192.0.2.1 9 typ host","sdpMid":"0","sdpMLineIndex":0}}"#,
];

/// What happens next.
enum Step {
    Input(Input),
    /// The server sends this.
    Message(&'static str),
    /// The connection to the participant reports this.
    Peer(PeerInput),
}

/// A call that nobody takes part in, one step at a time. It has no effect except that it has run: browsers
/// compile a function of WebAssembly when it is first called, and the first frame would wait for that.
pub struct Rehearsal {
    call: Call,
    steps: VecDeque<Step>,
    connection: Option<PeerKey>,
    time: Duration,
}

impl Default for Rehearsal {
    /// A rehearsal that has not begun.
    fn default() -> Self {
        let [state, joined, ready, offer, candidate] = MESSAGES.map(Step::Message);
        let answer = SessionDescription::new(SdpType::Answer, "v=0\r\n");
        let is = |connection, ice| {
            [PeerInput::IceConnection(ice), PeerInput::Connection(connection)].map(Step::Peer)
        };
        let mut steps = VecDeque::from([
            Step::Input(Input::Watch(RoomName::from_random([0; 8]))),
            Step::Input(Input::SocketOpened(SOCKET)),
            state,
            Step::Input(Input::Join(Presence::default(), None)),
            joined,
            ready,
            offer,
            Step::Peer(PeerInput::RemoteDone(true, SignalingState::HaveRemoteOffer)),
            Step::Peer(PeerInput::LocalDone(Intent::Answer, Some(answer), SignalingState::Stable)),
            Step::Peer(PeerInput::LocalCandidate(None)),
            candidate,
        ]);
        steps.extend(is(ConnectionState::Connecting, IceConnectionState::Checking));
        steps.extend(is(ConnectionState::Connected, IceConnectionState::Connected));
        Self { call: Call::new(), steps, connection: None, time: Duration::ZERO }
    }
}

impl Iterator for Rehearsal {
    type Item = ();

    fn next(&mut self) -> Option<()> {
        let input = match self.steps.pop_front()? {
            Step::Input(input) => input,
            Step::Message(text) => Input::SocketMessage(SOCKET, ServerMessage::parse(text).ok()?),
            Step::Peer(input) => Input::Peer(self.connection?, input),
        };
        self.time += Duration::from_millis(1);
        self.call.handle(input, self.time);
        while let Some(command) = self.call.poll() {
            match command {
                Command::OpenPeer { key, .. } => self.connection = Some(key),
                Command::Send(message) => drop(black_box(message.to_json())),
                _ => {}
            }
        }
        black_box(self.call.view());
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::Link;

    #[test]
    fn the_rehearsal_ends_with_a_connected_participant() {
        let mut rehearsal = Rehearsal::default();
        assert_eq!(rehearsal.by_ref().count(), 15);
        assert!(rehearsal.steps.is_empty(), "it stopped before {} steps", rehearsal.steps.len());
        let [tile] = &rehearsal.call.view().tiles[..] else { panic!("there is nobody") };
        assert_eq!(tile.link, Link::Connected);
        assert!(tile.camera);
    }
}

//! The data channels of a peer connection.

use super::{Listener, outgoing::Receiver, spawn_local};
use crate::{
    call::PeerInput,
    content::ChannelInput,
    protocol::{Envelope, PeerId},
};
use js_sys::{ArrayBuffer, Uint8Array};
use std::rc::Rc;
use wasm_bindgen::JsCast;
use web_sys::{
    Event, MessageEvent, RtcDataChannel, RtcDataChannelInit, RtcDataChannelState,
    RtcDataChannelType, RtcPeerConnection,
};

/// The ids of the channels, which both sides open without negotiation (W3C WebRTC, section 6.2). Messages
/// and file contents have separate channels, so that messages do not wait.
const MESSAGES: u16 = 0;
const BYTES: u16 = 1;
const LABEL: &str = "salon";

/// Number of buffered bytes at which more are requested: enough to keep the connection busy.
const LOW_WATER_MARK: u32 = 1024 * 1024;

type Handler = Rc<dyn Fn(PeerInput)>;

/// The channels of a connection, ordered and reliable: one for messages, and between participants one for file
/// contents. Dropping them closes them without a further event.
pub(super) struct DataChannels {
    messages: RtcDataChannel,
    bytes: Option<RtcDataChannel>,
    handler: Handler,
    _listeners: Vec<Listener>,
}

impl DataChannels {
    pub(super) fn open(
        pc: &RtcPeerConnection,
        receiver: Receiver,
        handler: impl Fn(PeerInput) + 'static,
    ) -> Self {
        let handler: Handler = Rc::new(handler);
        let messages = channel(pc, MESSAGES);
        let bytes = (receiver == Receiver::Participant).then(|| channel(pc, BYTES));
        let on = |channel: &RtcDataChannel, event, read: fn(Event) -> Option<PeerInput>| {
            let handler = handler.clone();
            Listener::new(channel, event, move |event| {
                if let Some(input) = read(event) {
                    handler(input);
                }
            })
        };
        let opened = {
            let (handler, bytes) = (handler.clone(), bytes.clone());
            move |_| {
                handler(PeerInput::Channel(ChannelInput::Opened));
                let state = bytes.as_ref().map(RtcDataChannel::ready_state);
                if state == Some(RtcDataChannelState::Open) {
                    handler(PeerInput::Channel(ChannelInput::Drained));
                }
            }
        };
        let mut listeners = vec![
            Listener::new(&messages, "open", opened),
            on(&messages, "message", |event| {
                let data = event.dyn_ref::<MessageEvent>()?.data();
                match data.as_string() {
                    Some(text) => Some(PeerInput::Channel(ChannelInput::Text(text))),
                    None => envelope(&Uint8Array::new(data.dyn_ref::<ArrayBuffer>()?).to_vec()),
                }
            }),
            on(&messages, "close", |_| Some(PeerInput::Channel(ChannelInput::Closed))),
        ];
        if let Some(bytes) = &bytes {
            bytes.set_buffered_amount_low_threshold(LOW_WATER_MARK);
            listeners.extend([
                on(bytes, "open", |_| Some(PeerInput::Channel(ChannelInput::Drained))),
                on(bytes, "message", |event| {
                    let data = event.dyn_ref::<MessageEvent>()?.data();
                    let bytes = Uint8Array::new(data.dyn_ref::<ArrayBuffer>()?);
                    Some(PeerInput::Channel(ChannelInput::Bytes(bytes.to_vec())))
                }),
                on(bytes, "close", |_| Some(PeerInput::Channel(ChannelInput::Closed))),
                on(bytes, "bufferedamountlow", |_| Some(PeerInput::Channel(ChannelInput::Drained))),
            ]);
        }
        Self { messages, bytes, handler, _listeners: listeners }
    }

    pub(super) fn send(&self, text: &str) {
        let _ = self.messages.send_with_str(text);
    }

    /// Sends a message to the server, or through it to a participant.
    pub(super) fn send_envelope(&self, to: PeerId, text: &str) {
        let _ = self.messages.send_with_u8_array(&Envelope { peer: to, text }.to_bytes());
    }

    /// Sends file contents, and reports when few bytes are left in the buffer.
    pub(super) fn send_bytes(&self, messages: &[Vec<u8>]) {
        let Some(bytes) = &self.bytes else { return };
        let sent = messages.iter().all(|message| bytes.send_with_u8_array(message).is_ok());
        if sent && bytes.buffered_amount() <= LOW_WATER_MARK {
            // The event fires only when the buffer shrinks to the threshold.
            let handler = self.handler.clone();
            spawn_local(async move { handler(PeerInput::Channel(ChannelInput::Drained)) });
        }
    }
}

impl Drop for DataChannels {
    fn drop(&mut self) {
        self.messages.close();
        self.bytes.iter().for_each(RtcDataChannel::close);
    }
}

fn envelope(bytes: &[u8]) -> Option<PeerInput> {
    let Envelope { peer, text } = Envelope::parse(bytes)?;
    Some(PeerInput::Envelope(peer, text.to_owned()))
}

fn channel(pc: &RtcPeerConnection, number: u16) -> RtcDataChannel {
    let init = RtcDataChannelInit::new();
    init.set_negotiated(true);
    init.set_id(number);
    let channel = pc.create_data_channel_with_data_channel_dict(LABEL, &init);
    channel.set_binary_type(RtcDataChannelType::Arraybuffer);
    channel
}

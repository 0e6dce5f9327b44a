//! The data channels of a peer connection.

use super::{Listener, spawn_local};
use crate::content::ChannelInput;
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

type Handler = Rc<dyn Fn(ChannelInput)>;

/// The channels of a connection, ordered and reliable: one for messages, one for file contents. Dropping
/// them closes them without a further event.
pub(super) struct DataChannels {
    messages: RtcDataChannel,
    bytes: RtcDataChannel,
    handler: Handler,
    _listeners: [Listener; 7],
}

impl DataChannels {
    pub(super) fn open(pc: &RtcPeerConnection, handler: impl Fn(ChannelInput) + 'static) -> Self {
        let handler: Handler = Rc::new(handler);
        let (messages, bytes) = (channel(pc, MESSAGES), channel(pc, BYTES));
        bytes.set_buffered_amount_low_threshold(LOW_WATER_MARK);
        let on = |channel: &RtcDataChannel, event, read: fn(Event) -> Option<ChannelInput>| {
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
                handler(ChannelInput::Opened);
                if bytes.ready_state() == RtcDataChannelState::Open {
                    handler(ChannelInput::Drained);
                }
            }
        };
        let listeners = [
            Listener::new(&messages, "open", opened),
            on(&messages, "message", |event| {
                let text = event.dyn_ref::<MessageEvent>()?.data().as_string()?;
                Some(ChannelInput::Text(text))
            }),
            on(&messages, "close", |_| Some(ChannelInput::Closed)),
            on(&bytes, "open", |_| Some(ChannelInput::Drained)),
            on(&bytes, "message", |event| {
                let data = event.dyn_ref::<MessageEvent>()?.data();
                let bytes = Uint8Array::new(data.dyn_ref::<ArrayBuffer>()?);
                Some(ChannelInput::Bytes(bytes.to_vec()))
            }),
            on(&bytes, "close", |_| Some(ChannelInput::Closed)),
            on(&bytes, "bufferedamountlow", |_| Some(ChannelInput::Drained)),
        ];
        Self { messages, bytes, handler, _listeners: listeners }
    }

    pub(super) fn send(&self, text: &str) {
        let _ = self.messages.send_with_str(text);
    }

    /// Sends file contents, and reports when few bytes are left in the buffer.
    pub(super) fn send_bytes(&self, messages: &[Vec<u8>]) {
        let sent = messages.iter().all(|message| self.bytes.send_with_u8_array(message).is_ok());
        if sent && self.bytes.buffered_amount() <= LOW_WATER_MARK {
            // The event fires only when the buffer shrinks to the threshold.
            let handler = self.handler.clone();
            spawn_local(async move { handler(ChannelInput::Drained) });
        }
    }
}

impl Drop for DataChannels {
    fn drop(&mut self) {
        self.messages.close();
        self.bytes.close();
    }
}

fn channel(pc: &RtcPeerConnection, number: u16) -> RtcDataChannel {
    let init = RtcDataChannelInit::new();
    init.set_negotiated(true);
    init.set_id(number);
    let channel = pc.create_data_channel_with_data_channel_dict(LABEL, &init);
    channel.set_binary_type(RtcDataChannelType::Arraybuffer);
    channel
}

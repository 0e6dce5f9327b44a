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

/// Both sides open the channels under these numbers, so that neither has to be told of them (W3C
/// WebRTC, section 6.2). Words have one of their own, so that they need not wait for bytes.
const WORDS: u16 = 0;
const BYTES: u16 = 1;
const LABEL: &str = "salon";

/// Buffered amount in bytes below which more data is requested.
const LITTLE: u32 = 1024 * 1024;

type Handler = Rc<dyn Fn(ChannelInput)>;

/// Ordered and reliable, one for words and one for bytes. Dropping them closes them without a
/// further event.
pub(super) struct DataChannels {
    words: RtcDataChannel,
    bytes: RtcDataChannel,
    handler: Handler,
    _listeners: [Listener; 7],
}

impl DataChannels {
    pub(super) fn open(pc: &RtcPeerConnection, handler: impl Fn(ChannelInput) + 'static) -> Self {
        let handler: Handler = Rc::new(handler);
        let (words, bytes) = (channel(pc, WORDS), channel(pc, BYTES));
        bytes.set_buffered_amount_low_threshold(LITTLE);
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
            Listener::new(&words, "open", opened),
            on(&words, "message", |event| {
                let text = event.dyn_ref::<MessageEvent>()?.data().as_string()?;
                Some(ChannelInput::Heard(text))
            }),
            on(&words, "close", |_| Some(ChannelInput::Closed)),
            on(&bytes, "open", |_| Some(ChannelInput::Drained)),
            on(&bytes, "message", |event| {
                let data = event.dyn_ref::<MessageEvent>()?.data();
                let bytes = Uint8Array::new(data.dyn_ref::<ArrayBuffer>()?);
                Some(ChannelInput::Bytes(bytes.to_vec()))
            }),
            on(&bytes, "close", |_| Some(ChannelInput::Closed)),
            on(&bytes, "bufferedamountlow", |_| Some(ChannelInput::Drained)),
        ];
        Self { words, bytes, handler, _listeners: listeners }
    }

    pub(super) fn send(&self, text: &str) {
        let _ = self.words.send_with_str(text);
    }

    /// Sends bytes, and reports when little of them is left to send.
    pub(super) fn pour(&self, messages: &[Vec<u8>]) {
        let sent = messages.iter().all(|message| self.bytes.send_with_u8_array(message).is_ok());
        if sent && self.bytes.buffered_amount() <= LITTLE {
            // Then there is no event.
            let handler = self.handler.clone();
            spawn_local(async move { handler(ChannelInput::Drained) });
        }
    }
}

impl Drop for DataChannels {
    fn drop(&mut self) {
        self.words.close();
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

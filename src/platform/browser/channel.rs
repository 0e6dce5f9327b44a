//! The data channel of a peer connection.

use super::Listener;
use crate::call::ChannelInput;
use std::rc::Rc;
use wasm_bindgen::JsCast;
use web_sys::{Event, MessageEvent, RtcDataChannel, RtcDataChannelInit, RtcPeerConnection};

/// Both sides open the channel under this number, so that neither has to be told of it (W3C WebRTC,
/// section 6.2).
const NUMBER: u16 = 0;
const LABEL: &str = "salon";

/// Ordered and reliable. Dropping it closes it without a further event.
pub(super) struct DataChannel {
    channel: RtcDataChannel,
    _listeners: [Listener; 3],
}

impl DataChannel {
    pub(super) fn open(pc: &RtcPeerConnection, handler: impl Fn(ChannelInput) + 'static) -> Self {
        let init = RtcDataChannelInit::new();
        init.set_negotiated(true);
        init.set_id(NUMBER);
        let channel = pc.create_data_channel_with_data_channel_dict(LABEL, &init);
        let handler = Rc::new(handler);
        let on = |event, read: fn(Event) -> Option<ChannelInput>| {
            let handler = handler.clone();
            Listener::new(&channel, event, move |event| {
                if let Some(input) = read(event) {
                    handler(input);
                }
            })
        };
        let listeners = [
            on("open", |_| Some(ChannelInput::Opened)),
            on("message", |event| {
                let text = event.dyn_ref::<MessageEvent>()?.data().as_string()?;
                Some(ChannelInput::Heard(text))
            }),
            on("close", |_| Some(ChannelInput::Closed)),
        ];
        Self { channel, _listeners: listeners }
    }

    pub(super) fn send(&self, text: &str) {
        let _ = self.channel.send_with_str(text);
    }
}

impl Drop for DataChannel {
    fn drop(&mut self) {
        self.channel.close();
    }
}

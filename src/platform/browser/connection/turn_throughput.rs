//! The throughput of a TURN server, measured from this page to itself.

use super::{Listener, Timer, configuration::configuration, elapsed, externs};
use crate::{call::PeerConfig, diagnostics::Throughput, protocol::IceServer};
use js_sys::{Function, Promise};
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::Duration,
};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    EventTarget, MessageEvent, RtcDataChannel, RtcDataChannelInit, RtcDataChannelState,
    RtcPeerConnection, RtcSdpType, RtcSessionDescription, RtcSessionDescriptionInit,
};

/// Timeout of each step of connecting.
const PATIENCE: Duration = Duration::from_secs(5);
/// Time for which data is sent: enough for congestion control to find the rate.
const TIME: Duration = Duration::from_secs(2);
/// Size of a message in bytes: the largest that every browser accepts (RFC 8831, section 6.6).
const CHUNK: usize = 16 * 1024;
/// Maximum number of messages: 2 MB, because operators pay for relayed traffic.
const CHUNKS: u32 = 122;
/// Number of bytes buffered in the browser: enough to never run dry between two events.
const AHEAD: u32 = 128 * 1024;

/// Measures the throughput of a TURN server from this page to itself, with at most 2 MB in two seconds.
pub async fn measure_relay(server: &IceServer) -> Option<Throughput> {
    let (near, far) = (End::new(server)?, End::new(server)?);
    connect(&near, &far).await?;
    let arrived = Rc::new(Cell::new(0));
    let _answers = Listener::new(&far.channel, "message", {
        let (channel, arrived) = (far.channel.clone(), arrived.clone());
        move |event| {
            let is_ping = |event: &MessageEvent| event.data().is_string();
            match event.dyn_ref().is_some_and(is_ping) {
                true => drop(channel.send_with_str("")),
                false => arrived.set(arrived.get() + 1),
            }
        }
    });
    let asked = elapsed();
    near.channel.send_with_str("").ok()?;
    if !wait(&near.channel, "message", || true, PATIENCE).await {
        return None;
    }
    let begun = elapsed();
    let _sending = send(&near.channel);
    let all = arrived.clone();
    wait(&far.channel, "message", move || all.get() >= CHUNKS, TIME).await;
    let bits = f64::from(arrived.get()) * CHUNK as f64 * 8.0;
    let time = elapsed().saturating_sub(begun).as_secs_f64();
    let rate = (bits > 0.0 && time > 0.0).then(|| bits / time)?;
    Some(Throughput { round_trip: begun.saturating_sub(asked), rate })
}

/// One end of the connection. Dropping it closes it.
struct End {
    pc: externs::Pc,
    channel: RtcDataChannel,
}

impl End {
    fn new(server: &IceServer) -> Option<Self> {
        let config = PeerConfig { ice_servers: vec![server.clone()], hidden: true };
        let pc = RtcPeerConnection::new_with_configuration(&configuration(&config)?).ok()?;
        let init = RtcDataChannelInit::new();
        init.set_negotiated(true);
        init.set_id(0);
        let channel = pc.create_data_channel_with_data_channel_dict("", &init);
        Some(Self { pc: pc.unchecked_into(), channel })
    }

    /// Its description with all candidates.
    async fn describe(&self) -> Option<RtcSessionDescription> {
        JsFuture::from(self.pc.set_local().ok()?).await.ok()?;
        let pc = self.pc.clone();
        let gathered = move || pc.ice_gathering_state() == "complete";
        let done =
            gathered() || wait(&self.pc, "icegatheringstatechange", gathered, PATIENCE).await;
        self.pc.local_description().filter(|_| done)
    }

    async fn accept(&self, kind: RtcSdpType, description: &RtcSessionDescription) -> Option<()> {
        let init = RtcSessionDescriptionInit::new(kind);
        init.set_sdp(&description.sdp());
        JsFuture::from(self.pc.set_remote_description(&init)).await.ok().map(drop)
    }

    async fn opened(&self) -> Option<()> {
        let channel = self.channel.clone();
        let is_open = move || channel.ready_state() == RtcDataChannelState::Open;
        (is_open() || wait(&self.channel, "open", is_open, PATIENCE).await).then_some(())
    }
}

impl Drop for End {
    fn drop(&mut self) {
        self.pc.close();
    }
}

async fn connect(near: &End, far: &End) -> Option<()> {
    far.accept(RtcSdpType::Offer, &near.describe().await?).await?;
    near.accept(RtcSdpType::Answer, &far.describe().await?).await?;
    near.opened().await?;
    far.opened().await
}

/// Sends chunks as fast as they leave, until dropped or all are sent.
fn send(channel: &RtcDataChannel) -> Listener {
    let (chunk, to_send) = (vec![0; CHUNK], Cell::new(CHUNKS));
    channel.set_buffered_amount_low_threshold(AHEAD / 2);
    let fill = {
        let channel = channel.clone();
        move || {
            while to_send.get() > 0 && channel.buffered_amount() < AHEAD {
                to_send.set(to_send.get() - 1);
                let _ = channel.send_with_u8_array(&chunk);
            }
        }
    };
    fill();
    Listener::new(channel, "bufferedamountlow", move |_| fill())
}

/// Waits for an event after which a condition holds; returns whether it arrived before the timeout.
async fn wait(
    target: &EventTarget,
    event: &'static str,
    is_so: impl Fn() -> bool + 'static,
    patience: Duration,
) -> bool {
    let resolve = Rc::new(RefCell::new(None::<Function>));
    let promise = Promise::new(&mut |function, _| drop(resolve.replace(Some(function))));
    let end = Rc::new(move |came: bool| {
        if let Some(resolve) = &*resolve.borrow() {
            let _ = resolve.call1(&JsValue::NULL, &came.into());
        }
    });
    let in_time = end.clone();
    let _listener = Listener::new(target, event, move |_| {
        if is_so() {
            in_time(true);
        }
    });
    let _timer = Timer::new(patience, move || end(false));
    JsFuture::from(promise).await == Ok(JsValue::TRUE)
}

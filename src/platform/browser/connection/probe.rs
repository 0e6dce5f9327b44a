//! Tests a STUN or TURN server.

use super::{Listener, Timer, configuration::configuration, externs, spawn_local};
use crate::{call::PeerConfig, diagnostics::CheckEvent, protocol::IceServer};
use js_sys::Reflect;
use std::{rc::Rc, time::Duration};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Event, RtcPeerConnection, RtcPeerConnectionIceEvent};

/// Time for a server to answer: enough for several retransmissions of a STUN request.
const PATIENCE: Duration = Duration::from_secs(8);

/// A connection without a peer that gathers candidates from one server, or without any. Dropping it ends
/// the test.
pub struct ServerProbe {
    pc: externs::Pc,
    _listeners: [Listener; 2],
    _timer: Timer,
}

impl ServerProbe {
    /// Starts the test. With `relayed`, the browser gathers relay candidates only.
    pub fn start(
        server: Option<&IceServer>,
        relayed: bool,
        handler: impl Fn(CheckEvent) + 'static,
    ) -> Option<Self> {
        let ice_servers = server.into_iter().cloned().collect();
        let config = PeerConfig { ice_servers, hidden: relayed };
        let pc = RtcPeerConnection::new_with_configuration(&configuration(&config)?).ok()?;
        let handler = Rc::new(handler);
        let on = |event, read: fn(&Event) -> Option<CheckEvent>| {
            let handler = handler.clone();
            Listener::new(&pc, event, move |event| {
                if let Some(sign) = read(&event) {
                    handler(sign);
                }
            })
        };
        let listeners = [on("icecandidate", candidate), on("icecandidateerror", error)];
        let timer = Timer::new(PATIENCE, move || handler(CheckEvent::TimedOut));
        // Without a media section or a channel, no candidates are gathered.
        pc.create_data_channel("");
        let pc: externs::Pc = pc.unchecked_into();
        if let Ok(promise) = pc.set_local() {
            spawn_local(async move {
                // Fails only if the connection was closed.
                let _ = JsFuture::from(promise).await;
            });
        }
        Some(Self { pc, _listeners: listeners, _timer: timer })
    }
}

impl Drop for ServerProbe {
    fn drop(&mut self) {
        self.pc.close();
    }
}

fn candidate(event: &Event) -> Option<CheckEvent> {
    let event: &RtcPeerConnectionIceEvent = event.dyn_ref()?;
    let Some(candidate) = event.candidate() else { return Some(CheckEvent::Done) };
    let candidate = candidate.candidate();
    match candidate.split_once(" typ ")?.1.split(' ').next()? {
        "host" => Some(CheckEvent::Found),
        "srflx" => Some(CheckEvent::Mapped),
        "relay" => Some(CheckEvent::Relayed),
        _ => None,
    }
}

fn error(event: &Event) -> Option<CheckEvent> {
    let code = Reflect::get(event, &"errorCode".into()).ok()?.as_f64()?;
    Some(CheckEvent::Error(code as u16))
}

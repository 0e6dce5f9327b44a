//! A connection created in advance: browsers need tens of milliseconds for it, which would otherwise
//! delay the first video frame after Join.

use super::{Timer, configuration::configuration, spawn_local, timer::idle};
use crate::call::PeerConfig;
use std::{cell::RefCell, time::Duration};
use web_sys::{RtcConfiguration, RtcPeerConnection};

/// The delay of the first one on a new page, which is being drawn.
const FIRST_AFTER: Duration = Duration::from_millis(100);
/// The delay of the next one after the last was used: longer than a slow device needs to connect.
const NEXT_AFTER: Duration = Duration::from_secs(2);

thread_local! {
    static PREWARMED: RefCell<Prewarmed> = const { RefCell::new(Prewarmed { pc: None, timer: None }) };
}

struct Prewarmed {
    pc: Option<RtcPeerConnection>,
    timer: Option<Timer>,
}

/// Creates a connection after a delay, and reports whether that worked: at once where the browser has no
/// WebRTC.
pub fn prepare_connection(tell: impl FnOnce(bool) + 'static) {
    let constructor = js_sys::Reflect::get(&js_sys::global(), &"RTCPeerConnection".into());
    match constructor.is_ok_and(|constructor| constructor.is_function()) {
        true => prepare(FIRST_AFTER, tell),
        false => tell(false),
    }
}

fn prepare(delay: Duration, tell: impl FnOnce(bool) + 'static) {
    let make = move || {
        let pc = configuration(&PeerConfig::default()).and_then(|configuration| {
            RtcPeerConnection::new_with_configuration(&configuration).ok()
        });
        let worked = pc.is_some();
        PREWARMED.with(|prewarmed| prewarmed.replace(Prewarmed { pc, timer: None }));
        tell(worked);
    };
    PREWARMED.with_borrow_mut(|prewarmed| {
        if prewarmed.pc.is_none() {
            let wait = move || {
                spawn_local(async move {
                    idle().await;
                    make();
                });
            };
            prewarmed.timer = Some(Timer::new(delay, wait));
        }
    });
}

/// Returns the connection that was created in advance, or else a new one.
pub(super) fn new_connection(configuration: &RtcConfiguration) -> Option<RtcPeerConnection> {
    let prewarmed = PREWARMED.with_borrow_mut(|prewarmed| prewarmed.pc.take());
    prepare(NEXT_AFTER, |_| ());
    if let Some(pc) = prewarmed {
        if pc.set_configuration_with_configuration(configuration).is_ok() {
            return Some(pc);
        }
        pc.close();
    }
    RtcPeerConnection::new_with_configuration(configuration).ok()
}

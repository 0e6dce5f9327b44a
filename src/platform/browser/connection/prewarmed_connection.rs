//! A connection made in advance: browsers take tens of milliseconds for it, which would otherwise
//! pass between Join and the first picture.

use super::Timer;
use std::{cell::RefCell, time::Duration};
use web_sys::{RtcConfiguration, RtcPeerConnection};

/// The pause after the last connection before the next one is made in advance.
const QUIET: Duration = Duration::from_millis(500);

thread_local! {
    static PREWARMED: RefCell<Prewarmed> = const { RefCell::new(Prewarmed { pc: None, timer: None }) };
}

struct Prewarmed {
    pc: Option<RtcPeerConnection>,
    timer: Option<Timer>,
}

/// Makes a connection in a quiet moment, and tells whether the browser can: at once where it has no
/// WebRTC.
pub fn prepare_connection(tell: impl FnOnce(bool) + 'static) {
    let constructor = js_sys::Reflect::get(&js_sys::global(), &"RTCPeerConnection".into());
    match constructor.is_ok_and(|constructor| constructor.is_function()) {
        true => prepare(tell),
        false => tell(false),
    }
}

fn prepare(tell: impl FnOnce(bool) + 'static) {
    let make = || {
        let pc = RtcPeerConnection::new().ok();
        let worked = pc.is_some();
        PREWARMED.with(|prewarmed| prewarmed.replace(Prewarmed { pc, timer: None }));
        tell(worked);
    };
    PREWARMED.with_borrow_mut(|prewarmed| {
        if prewarmed.pc.is_none() {
            prewarmed.timer = Some(Timer::new(QUIET, make));
        }
    });
}

/// A connection: the one that was made in advance, if there is one.
pub(super) fn new_connection(configuration: &RtcConfiguration) -> Option<RtcPeerConnection> {
    let prewarmed = PREWARMED.with_borrow_mut(|prewarmed| prewarmed.pc.take());
    prepare(|_| ());
    if let Some(pc) = prewarmed {
        if pc.set_configuration_with_configuration(configuration).is_ok() {
            return Some(pc);
        }
        pc.close();
    }
    RtcPeerConnection::new_with_configuration(configuration).ok()
}

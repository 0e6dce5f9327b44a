//! A connection made in advance: browsers take tens of milliseconds for it, which would otherwise
//! pass between Join and the first picture.

use super::Timer;
use std::{cell::RefCell, time::Duration};
use web_sys::{RtcConfiguration, RtcPeerConnection};

/// How long the page must have had nothing to connect before the next spare is made.
const QUIET: Duration = Duration::from_millis(500);

thread_local! {
    static SPARE: RefCell<Spare> = const { RefCell::new(Spare { pc: None, timer: None }) };
}

struct Spare {
    pc: Option<RtcPeerConnection>,
    timer: Option<Timer>,
}

/// Makes a connection in a quiet moment, for when one is needed, and tells whether the browser can: at
/// once where it has no such thing.
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
        SPARE.with(|spare| spare.replace(Spare { pc, timer: None }));
        tell(worked);
    };
    SPARE.with_borrow_mut(|spare| {
        if spare.pc.is_none() {
            spare.timer = Some(Timer::new(QUIET, make));
        }
    });
}

/// A connection: the one that was made in advance, if there is one.
pub(super) fn new_connection(configuration: &RtcConfiguration) -> Option<RtcPeerConnection> {
    let spare = SPARE.with_borrow_mut(|spare| spare.pc.take());
    prepare(|_| ());
    if let Some(pc) = spare {
        if pc.set_configuration_with_configuration(configuration).is_ok() {
            return Some(pc);
        }
        pc.close();
    }
    RtcPeerConnection::new_with_configuration(configuration).ok()
}

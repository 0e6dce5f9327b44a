//! Devices during a call: offers of new ones, and warnings about the microphone.

use super::Media;
use crate::{
    devices::{Gone, Input, MicActivity, MicWarning},
    i18n::call_texts,
    platform::{self, Device, DeviceKind, Interval, Kind, Meter},
    protocol::TrackSource,
    session::{Notice, Source, call_hints::DeviceState},
};
use leptos::prelude::*;
use std::{cell::RefCell, rc::Rc, time::Duration};

/// The interval at which a muted microphone is listened to, and one without a signal: short enough to
/// notice the first words, and to hear most of what there is.
const LISTEN_PERIOD: Duration = Duration::from_millis(200);

impl Media {
    /// Offers to use a device that was plugged in.
    pub(super) fn offer_device(self, device: Device) {
        let DeviceKind::Input(kind) = device.kind else { return };
        let (t, id) = (call_texts(), device.id.clone());
        let choose = Callback::new(move |()| self.choose(kind, id.clone()));
        self.notices.offer((t.notice)(&Notice::DeviceOffered(device)), t.use_it, choose);
    }

    /// Says that a device was unplugged and another replaces it, which can be undone, unless it is the
    /// same one.
    pub(super) fn tell_replaced(self, kind: Kind, gone: Gone, now: String) {
        let t = call_texts();
        let is_same = gone.label == now;
        let text = (t.notice)(&Notice::DeviceReplaced { gone: gone.clone(), now });
        match is_same {
            true => self.notices.say(text),
            false => {
                let undo = Callback::new(move |()| self.feed(Input::Undo(kind, gone.clone())));
                self.notices.offer(text, t.undo, undo);
            }
        }
    }

    /// Switches off what a host has muted. The person can switch it on again.
    pub(in crate::session) fn muted_by_host(self, what: TrackSource) {
        let Some(kind) = Kind::of(what) else { return };
        // Later, as the engine is still busy with the message.
        platform::spawn_local(async move {
            if self.switch_off(kind) {
                self.notices.show(&Notice::MutedByHost(kind));
            }
        });
    }

    /// The state of the devices beyond whether they are on.
    pub(in crate::session) fn state(self) -> DeviceState {
        let MicWarning { silent, talking_while_muted } = self.mic_warning.get();
        let muted = |kind| self.is_sending(kind) && self.shown(kind).muted.get();
        DeviceState {
            talking_while_muted,
            silent,
            microphone_muted: muted(Kind::Microphone),
            camera_muted: muted(Kind::Camera),
        }
    }

    /// Listens to the microphone while the caller lives: often while it is muted or may be silent, and else
    /// with each tick of the clock, which is enough to tell that it gives some sound.
    pub(in crate::session) fn monitor_microphone(
        self,
        clock: RwSignal<Option<Duration>>,
    ) -> RenderEffect<Option<RenderEffect<Option<Interval>>>> {
        RenderEffect::new(move |_| {
            self.mic_undecided.set(false);
            let Source::On(track) = self.source(Kind::Microphone) else {
                self.mic_warning.set(MicWarning::default());
                return None;
            };
            let heard = Rc::new(RefCell::new((Meter::of_muted(&track)?, MicActivity::default())));
            Some(RenderEffect::new(move |_| {
                let muted = !self.shown(Kind::Microphone).wanted.get();
                let is_often = muted || self.mic_undecided.get();
                let heard = heard.clone();
                if !is_often {
                    clock.track();
                    self.listen(&mut heard.borrow_mut(), muted);
                }
                let listen = move || self.listen(&mut heard.borrow_mut(), muted);
                is_often.then(|| Interval::new(LISTEN_PERIOD, listen))
            }))
        })
    }

    fn listen(self, (meter, activity): &mut (Meter, MicActivity), muted: bool) {
        if meter.run() {
            // How loud a microphone is that is not muted does not matter here.
            let level = match muted {
                true => meter.level(),
                false => meter.has_signal().then_some(0),
            };
            let mic_warning = activity.listen(level, muted, platform::elapsed());
            if self.mic_warning.try_get_untracked().is_some_and(|before| before != mic_warning) {
                self.mic_warning.set(mic_warning);
            }
            let undecided = activity.is_undecided();
            if self.mic_undecided.try_get_untracked().is_some_and(|before| before != undecided) {
                self.mic_undecided.set(undecided);
            }
        }
    }
}

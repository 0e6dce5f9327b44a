//! What happens to devices during a call: they come and go, fall silent, or are talked into in vain.

use super::{Media, is_alias};
use crate::{
    call::ear::{Ear, Overheard},
    platform::{self, Device, DeviceKind, Interval, Kind, Meter},
    session::{Notice, Source, advice::DeviceState},
};
use leptos::prelude::*;
use std::{cell::RefCell, rc::Rc, time::Duration};

/// How often a muted microphone is listened to.
const EAR_PERIOD: Duration = Duration::from_millis(200);

impl Media {
    /// Offers a device that has come, of a kind that is in use.
    pub(super) fn offer_new(self, before: &[Device]) {
        let Some(devices) = self.devices.try_get_untracked() else { return };
        let is_new = |device: &&Device| {
            let DeviceKind::Input(kind) = device.kind else { return false };
            let in_use = self.slot(kind).source.with_untracked(|s| matches!(s, Source::On(_)));
            let known = before.iter().any(|other| other.id == device.id);
            in_use && !known && !is_alias(&device.id)
        };
        // Before the permission was given, no device had a name.
        if before.iter().any(|device| !device.id.is_empty())
            && let Some(device) = devices.iter().find(is_new)
        {
            self.notices.show(Notice::Offered(device.clone()));
        }
    }

    /// Does what a notice offered: uses the new device, or undoes that one took the place of
    /// another. If that one has not come back, nothing is sent in its place.
    pub(in crate::session) fn accept(self, notice: Notice) {
        match notice {
            Notice::Offered(Device { id, kind: DeviceKind::Input(kind), .. }) => {
                self.choose(kind, id);
            }
            Notice::Replaced { kind, gone, .. } => {
                let is_back = self.devices.with_untracked(|devices| {
                    devices.iter().any(|device| device.id == gone.id && !is_alias(&gone.id))
                });
                if is_back {
                    self.choose(kind, gone.id);
                } else if self.slot(kind).wanted.get_untracked() {
                    self.toggle(kind);
                }
            }
            _ => {}
        }
    }

    /// What is known of the devices beyond whether they are on.
    pub(in crate::session) fn state(self) -> DeviceState {
        let Overheard { silent, talking_while_muted } = self.overheard.get();
        let muted = |kind| self.is_sending(kind) && self.slot(kind).muted.get();
        DeviceState {
            talking_while_muted,
            silent,
            microphone_muted: muted(Kind::Microphone),
            camera_muted: muted(Kind::Camera),
        }
    }

    /// Listens to the microphone as long as the caller lives: often while it is muted, and else, when it
    /// only has to give anything at all, with each tick of the clock.
    pub(in crate::session) fn overhear(
        self,
        clock: RwSignal<Option<Duration>>,
    ) -> RenderEffect<Option<RenderEffect<Option<Interval>>>> {
        RenderEffect::new(move |_| {
            let Source::On(track) = self.source(Kind::Microphone) else {
                self.overheard.set(Overheard::default());
                return None;
            };
            let heard = Rc::new(RefCell::new((Meter::of_muted(&track)?, Ear::default())));
            Some(RenderEffect::new(move |_| {
                let muted = !self.slot(Kind::Microphone).wanted.get();
                let heard = heard.clone();
                if !muted {
                    clock.track();
                    self.listen(&mut heard.borrow_mut(), muted);
                }
                let listen = move || self.listen(&mut heard.borrow_mut(), muted);
                muted.then(|| Interval::new(EAR_PERIOD, listen))
            }))
        })
    }

    fn listen(self, (meter, ear): &mut (Meter, Ear), muted: bool) {
        if meter.run() {
            let overheard = ear.listen(meter.level(), muted, platform::elapsed());
            if self.overheard.try_get_untracked().is_some_and(|before| before != overheard) {
                self.overheard.set(overheard);
            }
        }
    }
}

//! A rehearsal of the call while the person is in the lobby.

use crate::{admission::Phase, call::Rehearsal, platform, session::Session};
use leptos::prelude::*;

impl Session {
    /// Rehearses a call while the lobby is idle, until Join is pressed. Returns whether it goes on:
    /// meanwhile, the stage, which is not visible, has one participant to draw.
    pub fn rehearse(self) -> Memo<bool> {
        let is_on = RwSignal::new(false);
        let goes_on = Memo::new(move |_| is_on.get() && self.phase() == Phase::Lobby);
        platform::spawn_local(async move {
            platform::idle().await;
            is_on.try_set(true);
            for () in Rehearsal::default() {
                platform::idle().await;
                if goes_on.try_get_untracked() != Some(true) {
                    break;
                }
            }
            is_on.try_set(false);
        });
        goes_on
    }
}

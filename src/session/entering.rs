//! The way into the call, and out of it.

use super::{Session, chat::history};
use crate::{
    call::Input,
    platform::{self, Kind},
    reactive::effect_holding,
    storage::{SavedSeat, remember_room, save_name, stored_pass, take_from_address},
};
use leptos::prelude::*;

impl Session {
    /// Shows the room from outside, and goes back to the seat that this tab had a moment ago.
    pub(super) fn enter(self) {
        let room = self.lobby.room.name.get_value();
        take_from_address(&room);
        self.send_pass();
        effect_holding(move || platform::watch_fragment(move || self.take_pass()));
        self.call.send(Input::Watch(room.clone()));
        match SavedSeat::load(&room) {
            Some(seat) => self.return_to_seat(&seat),
            None => history::save(&room, &[]),
        }
    }

    /// Takes the secret of another link to this room that was opened in this tab.
    fn take_pass(self) {
        if take_from_address(&self.lobby.room.name.get_value()) {
            self.send_pass();
        }
    }

    fn send_pass(self) {
        let (pass, spare_key) = stored_pass(&self.lobby.room.name.get_value());
        self.lobby.host_for_now.set(pass.host.is_some() && !platform::can_remember());
        self.call.send(Input::SetPass(pass, spare_key));
    }

    /// Comes back to a seat: after a reload at once, and else when Join is pressed.
    fn return_to_seat(self, seat: &SavedSeat) {
        self.call.send(Input::RestoreSeat(seat.token.clone(), seat.since));
        self.call.send(Input::RestoreChat(history::load(&self.lobby.room.name.get_value())));
        self.chat.restore_unseen();
        if platform::was_reloaded() && self.connectivity.connects.get_untracked() {
            self.media.reopen(|kind| match kind {
                Kind::Microphone => seat.mic,
                Kind::Camera => seat.camera,
            });
            self.own.hand.set(seat.hand);
            self.call.send(Input::Join(untrack(|| self.presence()), None));
        }
    }

    /// Presses Join. Devices that were never asked for are asked for now, while the call begins. Where no
    /// connection can be made, nothing could be said or shown inside, nor written.
    pub fn join(self) {
        if !self.connectivity.connects.get_untracked() {
            return;
        }
        let passcode = self.lobby.passcode.get_untracked();
        let passcode = (!passcode.is_empty()).then_some(passcode);
        self.call.send(Input::Join(untrack(|| self.presence()), passcode));
        self.media.open_unasked();
        let (name, room) = (untrack(|| self.lobby.own_name()), self.lobby.room.name.get_value());
        platform::spawn_local(async move {
            platform::idle().await;
            save_name(&name);
            remember_room(&room);
        });
    }

    /// Leaves the call, or stops waiting in front of the room; then the preview stays.
    pub fn leave(self) {
        self.call.send(Input::Leave);
    }
}

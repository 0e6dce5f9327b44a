//! The way into the call, and out of it.

use super::{
    Session,
    naming::own_name,
    storage::{SavedSeat, chat_history, remember_room, room_keys},
};
use crate::{
    call::Input,
    platform::{self, local_storage},
    reactive::effect_holding,
};
use leptos::prelude::*;

const NAME_KEY: &str = "salon.name";

/// The name under which this person joined last.
pub(super) fn saved_name() -> String {
    local_storage::get(NAME_KEY).unwrap_or_default()
}

impl Session {
    /// Shows the room from outside, and goes back to the seat that this tab had a moment ago.
    pub(super) fn enter(self) {
        let room = self.room.name.get_value();
        room_keys::take_from_address(&room);
        self.send_pass();
        effect_holding(move || platform::watch_fragment(move || self.take_pass()));
        self.call.send(Input::Watch(room.clone()));
        match SavedSeat::load(&room) {
            Some(seat) => self.return_to_seat(&seat),
            None => chat_history::save(&room, &[]),
        }
    }

    /// Takes the secret of another link to this room that was opened in this tab.
    fn take_pass(self) {
        if room_keys::take_from_address(&self.room.name.get_value()) {
            self.send_pass();
        }
    }

    fn send_pass(self) {
        let (pass, spare_key) = room_keys::stored(&self.room.name.get_value());
        self.own.host_for_now.set(pass.host.is_some() && !platform::can_remember());
        self.call.send(Input::SetPass(pass, spare_key));
    }

    /// Comes back to a seat: after a reload at once, and else when Join is pressed.
    fn return_to_seat(self, seat: &SavedSeat) {
        self.call.send(Input::RestoreSeat(seat.token.clone(), seat.since));
        self.call.send(Input::RestoreChat(chat_history::load(&self.room.name.get_value())));
        self.chat.restore_unseen();
        if platform::was_reloaded() && self.connectivity.connects.get_untracked() {
            self.media.reopen(|kind| seat.sent(kind));
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
        let passcode = self.own.passcode.get_untracked();
        let passcode = (!passcode.is_empty()).then_some(passcode);
        self.call.send(Input::Join(untrack(|| self.presence()), passcode));
        self.media.open_unasked();
        let (name, room) = (self.own.name.get_untracked(), self.room.name.get_value());
        platform::spawn_local(async move {
            platform::idle().await;
            local_storage::set(NAME_KEY, own_name(&name).as_str());
            remember_room(&room);
        });
    }

    /// Stops waiting in front of a full room; the preview stays.
    pub fn stop_waiting(self) {
        self.call.send(Input::Leave);
    }

    /// Leaves the call.
    pub fn leave(self) {
        self.call.send(Input::Leave);
    }
}

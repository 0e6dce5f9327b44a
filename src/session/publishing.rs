//! Shows what the call says, as soon as it matters.

use super::{Session, chat::history, engine::Redraw};
use crate::{
    admission::Phase,
    call::View,
    platform::{self, Timer},
};
use leptos::prelude::*;
use std::time::Duration;

/// The longest delay of showing the room after a press of Join: what the server answers is more urgent.
/// While the others then make their offers, the page has time to draw.
const ENTERING: Duration = Duration::from_millis(150);
/// The delay from the server's answer to showing the room: the messages that follow it come first.
const ANSWERED: Duration = Duration::from_millis(10);
/// The longest delay of drawing a new participant while their connection is made: the messages for it
/// are more urgent. Once the connection has a path, the page has time until the first frame.
const HEAD_START: Duration = Duration::from_millis(300);
/// The delay of drawing a message of the chat: of a flood of them, drawing is what costs.
const FLOW: Duration = Duration::from_millis(50);
/// The period at which the progress of files is drawn.
const PROGRESS: Duration = Duration::from_millis(400);

/// Puts what the call says into signals. Cheap to copy.
#[derive(Clone, Copy)]
pub(super) struct Publisher {
    session: Session,
    /// Runs while drawing waits for something more urgent, until this time.
    timer: StoredValue<Option<(Duration, Timer)>>,
    /// The room as it was to be shown when Join was pressed.
    entering: StoredValue<Option<View>>,
    /// Whether anything is shown yet.
    has_begun: StoredValue<bool>,
}

impl Publisher {
    pub(super) fn new(session: Session) -> Self {
        Self {
            session,
            timer: StoredValue::new(None),
            entering: StoredValue::new(None),
            has_begun: StoredValue::new(false),
        }
    }

    /// Shows what the session has come to so far, and everything from now on. A person who goes back to
    /// their seat does not see the lobby.
    pub(super) fn begin(self) {
        self.has_begun.set_value(true);
        if let Some(view) = self.session.call.ask(|engine| engine.view()) {
            self.publish(view);
        }
    }

    /// Shows the outcome of an input.
    pub(super) fn redraw(self, redraw: Redraw) {
        if !self.has_begun.get_value() {
            return;
        }
        match redraw {
            Redraw::Never => {}
            Redraw::Progress => self.draw_within(PROGRESS),
            Redraw::Soon => self.draw_within(FLOW),
            Redraw::Now => {
                let Some(view) = self.session.call.ask(|engine| engine.view()) else { return };
                if self.session.view.with_untracked(|shown| shown.can_wait_for(&view)) {
                    self.draw_within(HEAD_START);
                } else if view.admission.inside && !self.shows_inside() {
                    self.enter(view);
                } else {
                    self.publish(view);
                }
            }
        }
    }

    fn shows_inside(self) -> bool {
        self.session.view.with_untracked(|shown| shown.admission.inside)
    }

    /// Shows the room soon, as it was when Join was pressed: the participants have their turn after that.
    fn enter(self, view: View) {
        let is_answered = view.admission.phase != Phase::Joining;
        if self.entering.with_value(Option::is_none) {
            self.entering.set_value(Some(view));
        }
        self.draw_within(if is_answered { ANSWERED } else { ENTERING });
    }

    fn draw_within(self, wait: Duration) {
        let due = platform::elapsed() + wait;
        let is_set =
            |timer: &Option<(Duration, Timer)>| timer.as_ref().is_some_and(|(set, _)| *set <= due);
        if !self.timer.with_value(is_set) {
            let publish = move || {
                if let Some(view) = self.entering.try_update_value(Option::take).flatten() {
                    self.publish(view);
                    self.redraw(Redraw::Now);
                } else if let Some(view) = self.session.call.ask(|engine| engine.view()) {
                    self.publish(view);
                }
            };
            self.timer.set_value(Some((due, Timer::new(wait, publish))));
        }
    }

    /// Shows a view, and tells the person what has changed.
    pub(super) fn publish(self, view: View) {
        self.timer.set_value(None);
        self.entering.set_value(None);
        let Session { lobby, clock, media, own, chat, notices, .. } = self.session;
        if self.session.view.with_untracked(|before| *before == view) {
            return;
        }
        let before = self.session.view.get_untracked();
        let now = platform::elapsed();
        notices.compare(&before, &view);
        if before.chat.messages != view.chat.messages {
            history::save(&lobby.room.name.get_value(), &view.chat.messages);
            chat.announce_message(&before.chat, &view.chat);
        }
        chat.announce_files(&before, &view);
        if before.admission.state != view.admission.state {
            clock.state_at.set(now);
        }
        clock.now.set(now);
        if matches!(view.admission.phase, Phase::Left { .. }) {
            media.release();
            own.hand.set(false);
            chat.reset();
        }
        if before.admission != view.admission {
            lobby.view.set(view.admission.clone());
        }
        self.session.view.set(view);
    }
}

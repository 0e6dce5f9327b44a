//! The call's part of the app. Everything that only a call needs is behind these functions, so that
//! it is not part of the first download. Its style sheet is fetched with it.

use super::left::Left;
use crate::{
    i18n::texts,
    lobby::Lobby,
    parts::NotLoaded,
    platform::{self, Local, OnlineWatch, Timer},
    protocol::{NoRoom, RoomLink},
    reactive::{boxed_bool, click},
    session::Session,
    ui::{CallView, DeviceChoices, LazyRecordings, LazyTest, Preview, ServerBanner, Show},
};
use leptos::prelude::*;
use std::{pin::Pin, time::Duration};

part! {
    call, fetched by fetch_call;

    /// Gives the page of a room, which owns it, its session.
    fn open_session(lobby: Lobby, owner: Owner) -> () => Session::open(lobby, &owner);

    /// See [`RoomLink::read`].
    fn read_room_link(text: String, origin: String) -> Result<RoomLink, NoRoom> =>
        RoomLink::read(&text, &origin);

    fn preview() -> AnyView => view! { <Preview /> }.into_any();
    fn device_choices() -> AnyView => view! { <DeviceChoices /> }.into_any();
    fn connection_test() -> AnyView => view! { <LazyTest /> }.into_any();
    fn recordings() -> AnyView => view! { <LazyRecordings /> }.into_any();
    fn call_view() -> AnyView => view! { <CallView /> }.into_any();
    fn left() -> AnyView => view! { <Left /> }.into_any();
    fn server_banner() -> AnyView => view! { <ServerBanner /> }.into_any();
}

/// The number of failures in a row after which the person is told: one may fail because the network is
/// just changing.
const TOLD_AFTER: u32 = 2;

/// The time after which the person is told in any case. Requests are abandoned after as long without an
/// answer, those for code by `public/start.js`.
const PATIENCE: Duration = Duration::from_secs(12);

/// Fetches the part and its style sheet, and tries again until both are there. Cheap to copy.
#[derive(Clone, Copy, Default)]
pub struct CallPart {
    loaded: RwSignal<bool>,
    /// Whether the person has to be told that the part is not there.
    overdue: RwSignal<bool>,
    /// The number of attempts. What becomes of earlier ones than the last does not matter.
    attempts: StoredValue<u32>,
    /// Failures in a row.
    failures: StoredValue<u32>,
    /// Until the next attempt.
    timer: StoredValue<Option<Timer>>,
    /// Until the part is there.
    watches: StoredValue<Option<(Timer, Option<OnlineWatch>)>>,
}

impl CallPart {
    /// Fetches the part, unless it was asked for before.
    pub fn load(self) {
        if self.attempts.get_value() == 0 {
            let told = Timer::new(PATIENCE, move || self.overdue.set(true));
            let online = platform::watch_online(move || self.load_now());
            self.watches.set_value(Some((told, online)));
            self.load_now();
        }
    }

    /// Fetches the part now, in place of an attempt that is not answered.
    pub fn load_now(self) {
        if self.loaded.get_untracked() {
            return;
        }
        let attempt = self.attempts.get_value() + 1;
        self.attempts.set_value(attempt);
        platform::abandon_silent_fetches();
        let styled = platform::load_call_style(PATIENCE);
        platform::spawn_local(async move {
            let complete = fetch_call().await.is_ok() && styled.await;
            if self.attempts.get_value() != attempt {
                return;
            }
            match complete {
                true => {
                    self.watches.set_value(None);
                    self.loaded.set(true);
                }
                false => self.load_later(attempt),
            }
        });
    }

    fn load_later(self, attempt: u32) {
        let failures = self.failures.get_value() + 1;
        self.failures.set_value(failures);
        if failures >= TOLD_AFTER {
            self.overdue.set(true);
        }
        let next = move || {
            if self.attempts.get_value() == attempt {
                self.load_now();
            }
        };
        self.timer.set_value(Some(Timer::new(wait_after(failures), next)));
    }

    /// Whether the part is there.
    #[must_use]
    pub fn is_loaded(self) -> bool {
        self.loaded.get()
    }

    /// Whether the person has to be told that the part cannot be fetched.
    #[must_use]
    pub fn is_failing(self) -> bool {
        self.overdue.get() && !self.loaded.get()
    }

    /// Gives the page of a room, which owns it, its session.
    pub fn open_session(self, lobby: Lobby, owner: Owner) {
        platform::spawn_local(async move {
            // The part is loaded, so that this does not fail.
            let _ = open_session(lobby, owner).await;
        });
    }

    /// Reads the room in a link or name, see [`RoomLink::read`].
    ///
    /// # Errors
    ///
    /// If the part cannot be fetched, or there is no room.
    pub async fn read_link(
        self,
        text: String,
        origin: String,
    ) -> Result<Result<RoomLink, NoRoom>, NotLoaded> {
        read_room_link(text, origin).await
    }
}

/// The time from a failure in a row of them to the next attempt: 1 second, and up to 8.
fn wait_after(failures: u32) -> Duration {
    Duration::from_secs(1 << failures.saturating_sub(1).min(3))
}

/// A view in the part.
#[derive(Clone, Copy, PartialEq)]
pub enum PartView {
    /// What the others will see.
    Preview,
    /// The devices to choose from.
    DeviceChoices,
    /// The connection test.
    ConnectionTest,
    /// The recordings on this device.
    Recordings,
    /// The call.
    Call,
    /// The page after the call.
    Left,
    /// The banner while the server is unreachable.
    ServerBanner,
}

impl PartView {
    async fn build(self) -> AnyView {
        let built = match self {
            Self::Preview => preview().await,
            Self::DeviceChoices => device_choices().await,
            Self::ConnectionTest => connection_test().await,
            Self::Recordings => recordings().await,
            Self::Call => call_view().await,
            Self::Left => left().await,
            Self::ServerBanner => server_banner().await,
        };
        built.unwrap_or_else(|_| ().into_any())
    }
}

/// Shows a view in the part while a condition holds, which must not hold before the part is loaded.
#[component]
pub fn FromPart(
    /// What to show.
    view: PartView,
    /// The condition.
    #[prop(into)]
    when: Signal<bool>,
) -> impl IntoView {
    let build = move || -> Pin<Box<dyn Future<Output = AnyView>>> { Box::pin(view.build()) };
    view! { <Show when>{Suspend::new(Local::new(build()))}</Show> }
}

/// Says that the part cannot be fetched.
#[component]
pub fn PartBanner() -> impl IntoView {
    let t = texts();
    let part = expect_context::<CallPart>();
    view! {
        <div role="status">
            // Not hidden, as the server would render it then: it is no news without scripts.
            <Show when=boxed_bool(move || part.is_failing())>
                <div class="banner" data-notice="part">
                    <span>{t.call_not_loaded}</span>
                    <button class="button small" on:click=click(move |_| part.load_now())>{t.try_now}</button>
                </div>
            </Show>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_part_is_fetched_again_at_least_every_eight_seconds() {
        assert_eq!([1, 2, 3, 4, 5, 100].map(|n| wait_after(n).as_secs()), [1, 2, 4, 8, 8, 8]);
    }
}

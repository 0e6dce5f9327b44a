//! Brings a session to life in the browser, and keeps it going: the clock, the page and the devices.

use super::{
    SECONDS_SHOWN, Session,
    engine::{Context, Engine},
    publishing::Publisher,
};
use crate::{
    call::{Input, Link, PeerKey, Tile},
    diagnostics::StatsHistory,
    platform::{self, Interval, PageEvent, Timer},
    protocol::Quality,
    reactive::{effect, effect_holding},
};
use leptos::prelude::*;
use std::time::Duration;

/// The period of the clock while the times on the page show seconds.
const TICK: Duration = Duration::from_secs(1);

/// The period of the clock in an idle call.
const IDLE_TICK: Duration = Duration::from_secs(2);

/// The period of the statistics that nobody looks at: two of those at which a calm connection is read,
/// less what timers are late.
const SAMPLED: Duration = Duration::from_millis(3500);

/// The time after joining at which the microphone is listened to and the screen kept on: browsers
/// take a tenth of a second to begin, during which connections are made.
const SETTLED: Duration = Duration::from_secs(2);

impl Session {
    /// Connects to the server and begins to listen to the page.
    pub(super) fn start(self) {
        let now = platform::elapsed();
        self.clock.now.set(now);
        let publisher = self.start_engine();
        self.preferences.load();
        self.media.start();
        self.sharing.start();
        self.watch_over_quality();
        self.recording.start();
        platform::prepare_connection(move |worked| {
            let _ = self.connectivity.connects.try_set(worked);
        });
        self.hand_over_media();
        self.clock.set_epoch(now);
        self.enter();
        publisher.begin();
        self.watch_over_call();
        self.chat.start();
    }

    /// Starts the engine, the clock and the watch over the page.
    fn start_engine(self) -> Publisher {
        let publisher = Publisher::new(self);
        let context = Context {
            inputs: self.call.inputs,
            room: self.lobby.room,
            streams: self.streams,
            media: self.media,
            notices: self.notices,
            barriers: self.connectivity.barriers,
        };
        self.call.start(context, move |redraw| publisher.redraw(redraw));
        on_cleanup(move || self.call.stop());
        let shows_seconds = Memo::new(move |_| self.shows_seconds());
        effect_holding(move || {
            let period = if shows_seconds.get() { TICK } else { IDLE_TICK };
            Interval::new(period, move || self.tick())
        });
        effect_holding(move || platform::watch_page(move |event| self.page_event(event)));
        publisher
    }

    /// Hands what this person sends, and says of themselves, to the engine whenever it changes.
    fn hand_over_media(self) {
        effect(move || {
            let tracks = self.media.tracks();
            self.call.order(move |engine| engine.set_tracks(tracks));
        });
        effect(move || {
            let screen = self.sharing.screen();
            self.call.order(move |engine| engine.set_screen(screen));
        });
        effect(move || self.call.send(Input::SetPresence(self.presence())));
        effect(move || self.lobby.devices_asked.set(!self.media.is_untouched()));
    }

    /// Keeps the camera off where only sound is wanted, until the person shows something.
    fn watch_over_quality(self) {
        let quality = self.preferences.quality;
        if quality.get_untracked() == Quality::AudioOnly {
            self.media.leave_camera_off();
        }
        effect(move || {
            let shows = self.media.own_picture().is_some() || self.sharing.is_on();
            if shows && quality.get_untracked() == Quality::AudioOnly {
                self.preferences.set_quality(Quality::Auto);
            }
        });
    }

    /// While the person is in the call: listens to their microphone and keeps the screen on.
    fn watch_over_call(self) {
        let inside = Memo::new(move |_| self.view.with(|view| view.admission.is_in_call()));
        let settled = self.clock.settled;
        effect_holding(move || {
            settled.set(false);
            inside.get().then(|| Timer::new(SETTLED, move || settled.set(true)))
        });
        effect_holding(move || {
            settled.get().then(|| self.media.monitor_microphone(self.clock.ticks()))
        });
        effect(move || {
            if settled.get() {
                platform::spawn_local(platform::remove_stale_files());
            }
        });
        effect(move || {
            let shares = self.sharing.is_on() || self.sharing.is_asking();
            if shares && !self.view.with(|view| view.admission.inside) {
                self.sharing.stop();
            }
        });
        effect_holding(move || {
            let seen = settled.get() && !self.own.hidden.get();
            seen.then(platform::keep_awake)
        });
    }

    /// Whether a time on the page shows seconds, as everywhere but in a call that has gone on for a while.
    fn shows_seconds(self) -> bool {
        let is_broken = |tile: &Tile| matches!(tile.link, Link::Reconnecting { .. });
        !self.clock.settled.get()
            || self.connectivity.measuring.get()
            || self.recording.is_announced()
            || self.view.with(|view| view.tiles.iter().any(is_broken))
            || self.time_inside() < SECONDS_SHOWN
    }

    fn tick(self) {
        let now = platform::elapsed();
        self.clock.now.set(now);
        let measuring = self.connectivity.measuring.get_untracked();
        self.call.order(move |engine| engine.tick(measuring, now));
        self.note_statistics(if measuring { Duration::ZERO } else { SAMPLED }, now);
        self.clock.set_epoch(now);
        if self.clock.tick() {
            self.call.send(Input::NetworkChanged);
        }
    }

    fn note_statistics(self, period: Duration, now: Duration) {
        let snapshots = self.call.ask(|engine| engine.snapshots(period, now)).unwrap_or_default();
        if snapshots.is_empty() {
            return;
        }
        self.histories.update(|histories| {
            let is_there = |id| self.view.with_untracked(|view| view.has(id));
            histories.retain(|(id, _)| is_there(*id));
            for (PeerKey { id, generation }, snapshot) in snapshots {
                match histories.iter_mut().find(|(other, _)| *other == id) {
                    Some((_, history)) => history.note(generation, snapshot),
                    None => {
                        let mut history = StatsHistory::default();
                        history.note(generation, snapshot);
                        histories.push((id, history));
                    }
                }
            }
        });
    }

    fn page_event(self, event: PageEvent) {
        match event {
            PageEvent::Awake => {
                self.own.hidden.set(false);
                self.call.send(Input::CheckServer);
                self.media.retry_busy();
            }
            PageEvent::Hidden => {
                self.own.hidden.set(true);
                self.call.order(Engine::keep_seat);
            }
            PageEvent::NetworkChanged => self.call.send(Input::NetworkChanged),
            PageEvent::DevicesChanged => self.media.devices_changed(),
            PageEvent::Unloading => self.call.order(Engine::hang_up),
        }
    }
}

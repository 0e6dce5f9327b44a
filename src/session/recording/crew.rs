//! Makes a recording: tells everybody, waits, and then follows who is there with sound and picture.

use super::{KEPT_KEY, Stage, delete};
use crate::{
    call::{Input, PeerKey, Tile, places::Item},
    i18n::{shown_name, texts},
    platform::{
        self, Incoming, Interval, Kind, Leaving, Local, Mixer, Stream, Studio, StudioEvent, Take,
        Timer,
    },
    reactive::{effect, holding},
    recording::{ALL, COUNTDOWN, Cast, Note, Part, RecordingProblem, SIZE, Scene},
    session::{Notice, Session, Source, initials},
};
use leptos::prelude::*;
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::Duration,
};

const SECOND: Duration = Duration::from_secs(1);
/// So long the last of a recording is waited for.
const FINISH_WITHIN: Duration = Duration::from_secs(10);
/// So long its first second is waited for.
const BEGINS_WITHIN: Duration = Duration::from_secs(10);

/// One recording under way, and what keeps it going.
struct Crew {
    session: Session,
    /// Where it is found itself.
    call: Call,
    studio: Studio,
    id: String,
    since: Duration,
    /// Nothing came of it for so long that it was ended.
    late: Cell<bool>,
    note: RefCell<Note>,
    /// Each with whose it is; none for that of everybody.
    takes: RefCell<Vec<(Option<Item>, Take)>>,
    /// What comes from everybody else. While a connection takes another one's place, the last
    /// sound and picture stay.
    incoming: RefCell<Vec<(PeerKey, Incoming<Stream>)>>,
    clock: RefCell<Option<Interval>>,
    patience: RefCell<Option<Timer>>,
    _leaving: Leaving,
}

/// The crew, where the effects that direct it find it.
type Call = StoredValue<Option<Local<Rc<Crew>>>>;

impl Session {
    /// Tells everybody that the call is going to be recorded, and then begins, unless it is stopped
    /// before.
    pub fn record(self) {
        let recording = self.recording;
        if recording.stage.get_untracked() != Stage::Off {
            return;
        }
        let reachable = self.server_round_trip().is_some();
        recording.problem.set((!reachable).then_some(RecordingProblem::Untold));
        let Some(page) = recording.page.get_value().filter(|_| reachable) else { return };
        platform::spawn_local(async move {
            if !platform::can_keep().await {
                let _ = recording.problem.try_set(Some(RecordingProblem::Forbidden));
            } else if recording.stage.try_get_untracked() == Some(Stage::Off) {
                self.announce_recording(&page);
            }
        });
    }

    fn announce_recording(self, page: &Owner) {
        let recording = self.recording;
        recording.stage.set(Stage::Counting(COUNTDOWN));
        // The server answers what is asked after it was told: if it does not, nothing begins.
        self.send(Input::SetPresence(untrack(|| self.presence())));
        self.send(Input::Awake);
        let owner = page.child();
        owner.with(|| self.follow_recording());
        recording.current.set_value(Some(owner));
    }

    fn server_answers(self) -> bool {
        self.ask(|engine| engine.server_answers()).unwrap_or_default()
    }

    /// Does what the stage of the recording asks for, until the next one.
    fn follow_recording(self) {
        let recording = self.recording;
        let crew = Call::new(None);
        let counting = Memo::new(move |_| matches!(recording.stage.get(), Stage::Counting(_)));
        holding(move || {
            counting.get().then(|| {
                let mixer = Mixer::wake();
                Interval::new(SECOND, move || self.count_down(crew, mixer.as_ref()))
            })
        });
        effect(move || {
            if !self.view.with(|view| view.inside) {
                recording.stop();
            }
        });
        effect(move || match (recording.stage.get(), crew.get_value()) {
            (Stage::Running { .. }, Some(crew)) => crew.direct(),
            (Stage::Finishing, Some(crew)) => crew.finish(),
            _ => {}
        });
    }

    fn count_down(self, crew: Call, mixer: Option<&Mixer>) {
        let recording = self.recording;
        match recording.stage.get_untracked() {
            Stage::Counting(left @ 2..) => recording.stage.set(Stage::Counting(left - 1)),
            Stage::Counting(_) if self.server_round_trip().is_none() => {
                self.give_up_recording(RecordingProblem::Untold);
            }
            // It is slow, or gone: that shows in a moment.
            Stage::Counting(_) if !self.server_answers() => {}
            Stage::Counting(_) if mixer.is_some_and(Mixer::is_waking) => {}
            Stage::Counting(_) => {
                let mixer = match mixer {
                    Some(mixer) if mixer.runs() => mixer,
                    Some(_) => return self.give_up_recording(RecordingProblem::Silent),
                    None => return self.give_up_recording(RecordingProblem::Unable),
                };
                let since = platform::elapsed();
                let gathered = Crew::gather(self, crew, mixer, since);
                if gathered.is_none() {
                    self.give_up_recording(RecordingProblem::Unable);
                } else {
                    crew.set_value(gathered.map(Local::new));
                    recording.stage.set(Stage::Running { since });
                }
            }
            _ => {}
        }
    }

    /// Ends it, or does not begin it, and says why.
    fn give_up_recording(self, problem: RecordingProblem) {
        // One failure may bring others.
        if self.recording.problem.get_untracked().is_none() {
            self.recording.problem.set(Some(problem));
            self.notices.show(Notice::NotRecorded(problem));
        }
        self.recording.stop();
    }

    fn hear_from_studio(self, event: StudioEvent, crew: Call) {
        let wrote = crew.get_value().is_some_and(|made| made.studio.has_written());
        let lost = |problem| if wrote { problem } else { RecordingProblem::Unable };
        match event {
            StudioEvent::Full if wrote => self.give_up_recording(RecordingProblem::Full),
            StudioEvent::Full => self.give_up_recording(RecordingProblem::NoSpace),
            StudioEvent::NotWritten => self.give_up_recording(lost(RecordingProblem::Storage)),
            StudioEvent::NotEncoded => self.give_up_recording(lost(RecordingProblem::Encoder)),
            StudioEvent::Finished => self.wrap_recording(crew, None),
        }
    }

    /// All is written that will be, unless there was a problem.
    fn wrap_recording(self, crew: Call, problem: Option<RecordingProblem>) {
        let Some(made) = crew.get_value() else { return };
        let wrote = made.studio.has_written();
        let late = made.late.get().then_some(RecordingProblem::Encoder);
        let unable = (!wrote).then_some(RecordingProblem::Unable);
        if let Some(problem) = unable.or(late).or(problem) {
            self.give_up_recording(problem);
        }
        let (recording, id) = (self.recording, made.id.clone());
        // Not from within what ends with it.
        platform::spawn_local(async move {
            drop(made);
            let _ = crew.try_set_value(None);
            if !wrote {
                delete(&id).await;
            }
            let _ = recording.stage.try_set(Stage::Off);
            let _ = recording.changes.try_update(|count| *count += 1);
        });
    }
}

impl Crew {
    /// Begins to record.
    fn gather(session: Session, call: Call, mixer: &Mixer, since: Duration) -> Option<Rc<Self>> {
        let began = platform::wall_clock().as_millis();
        let id = format!("{began}-{:08x}", (platform::random_fraction() * 1e9) as u32);
        let heard = move |event| session.hear_from_studio(event, call);
        let studio = Studio::open(&id, mixer.clone(), heard)?;
        let note = Note {
            room: Some(session.room.get_value()),
            began: u64::try_from(began).unwrap_or_default(),
            length: 0,
            format: studio.format().to_owned(),
            parts: Vec::new(),
            ended: false,
        };
        platform::save(KEPT_KEY, "yes");
        let crew = Rc::new(Self {
            session,
            call,
            studio,
            id,
            since,
            late: Cell::new(false),
            note: RefCell::new(note),
            takes: RefCell::default(),
            incoming: RefCell::default(),
            clock: RefCell::default(),
            patience: RefCell::default(),
            _leaving: platform::ask_before_leaving(),
        });
        crew.roll(None, None)?;
        let weak = Rc::downgrade(&crew);
        let tick = move || {
            if let Some(crew) = weak.upgrade() {
                crew.write_note();
                crew.expect_something();
            }
        };
        crew.clock.replace(Some(Interval::new(SECOND, tick)));
        Some(crew)
    }

    /// Begins a file.
    fn roll(&self, who: Option<Item>, person: Option<String>) -> Option<()> {
        let file = match self.note.borrow().parts.len() {
            0 => ALL.to_owned(),
            number => format!("person-{number}"),
        };
        let take = self.studio.roll(&file)?;
        self.takes.borrow_mut().push((who, take));
        self.note.borrow_mut().parts.push(Part { file, person });
        self.write_note();
        Some(())
    }

    fn write_note(&self) {
        let mut note = self.note.borrow_mut();
        let length = platform::elapsed().saturating_sub(self.since).as_millis();
        note.length = u64::try_from(length).unwrap_or_default();
        self.studio.note(&note.to_text());
    }

    /// Nobody is to believe in a recording of which nothing comes.
    fn expect_something(&self) {
        let time = platform::elapsed().saturating_sub(self.since);
        if time > BEGINS_WITHIN && !self.studio.has_written() {
            self.late.set(true);
            self.session.recording.stop();
        }
    }

    /// Sets what is seen and heard now; runs again whenever that changes.
    fn direct(&self) {
        let people = self.people();
        let separate = self.session.recording.separate.get_untracked();
        let emphasis = self.session.recording.emphasis.get();
        let is_new = |item| self.takes.borrow().iter().all(|(known, _)| *known != Some(item));
        for cast in people.iter().filter(|cast| separate && is_new(cast.item)) {
            // Without a file of their own they are still in that of all.
            let _ = self.roll(Some(cast.item), Some(cast.name.clone()));
        }
        self.takes.borrow_mut().retain(|(who, take)| {
            match people.iter().find(|cast| Some(cast.item) == *who) {
                Some(cast) => take.set(Scene::of_one(cast, SIZE)),
                None if who.is_none() => take.set(Scene::of_all(&people, &emphasis, SIZE)),
                None => {
                    // Who comes back gets another file.
                    take.stop();
                    return false;
                }
            }
            true
        });
    }

    fn finish(&self) {
        self.clock.replace(None);
        self.note.borrow_mut().ended = true;
        self.write_note();
        self.studio.finish();
        let (session, crew) = (self.session, self.call);
        let late = Some(RecordingProblem::Storage);
        let patience = Timer::new(FINISH_WITHIN, move || session.wrap_recording(crew, late));
        self.patience.replace(Some(patience));
    }

    /// Everybody in the call, this person last as on the stage.
    fn people(&self) -> Vec<Cast<Stream>> {
        let tiles = self.session.view.with(|view| view.tiles.clone());
        self.follow_connections(&tiles);
        let incoming = self.incoming.borrow();
        let other = |tile: &Tile| {
            let streams = incoming.iter().find(|(key, _)| key.id == tile.key.id);
            let of = |pick: fn(&Incoming<Stream>) -> Option<&Stream>, on: bool| {
                streams.filter(|_| on).and_then(|(_, streams)| pick(streams)).cloned()
            };
            let presence = &tile.presence;
            let name = shown_name(presence.clone());
            let screen = of(|streams| streams.screen.get(Kind::Camera), tile.screen);
            Cast {
                item: Item::Person(tile.key.id),
                initials: initials(presence),
                camera: of(|streams| streams.own.get(Kind::Camera), tile.camera),
                // As it is played: what somebody sends who is muted is not heard.
                microphone: of(|streams| streams.own.get(Kind::Microphone), presence.mic),
                screen: screen.map(|screen| (screen, (texts().screen_of)(&name))),
                screen_sound: of(|streams| streams.screen.get(Kind::Microphone), presence.screen),
                name,
            }
        };
        tiles.iter().map(other).chain([self.me()]).collect()
    }

    fn me(&self) -> Cast<Stream> {
        let Session { media, sharing, view, .. } = self.session;
        let presence = view.with(|view| view.presence.clone());
        let device = |kind| match media.source(kind) {
            Source::On(track) if media.is_sending(kind) => Stream::of(&track),
            _ => None,
        };
        let screen = sharing.screen();
        let shared = |kind| screen.as_ref().and_then(|screen| Stream::of(screen.track(kind)?));
        let name = shown_name(presence.clone());
        Cast {
            item: Item::Own,
            initials: initials(&presence),
            camera: device(Kind::Camera),
            microphone: device(Kind::Microphone),
            screen: shared(Kind::Camera).map(|screen| (screen, (texts().screen_of)(&name))),
            screen_sound: shared(Kind::Microphone),
            name,
        }
    }

    fn follow_connections(&self, tiles: &[Tile]) {
        let mut incoming = self.incoming.borrow_mut();
        incoming.retain(|(key, _)| tiles.iter().any(|tile| tile.key.id == key.id));
        self.session.streams.with(|streams| {
            for tile in tiles {
                let Some((_, new)) = streams.iter().find(|(key, _)| *key == tile.key) else {
                    continue;
                };
                match incoming.iter_mut().find(|(key, _)| key.id == tile.key.id) {
                    Some(known) if tile.up && known.0 != tile.key => {
                        *known = (tile.key, new.clone());
                    }
                    Some(_) => {}
                    None => incoming.push((tile.key, new.clone())),
                }
            }
        });
    }
}

//! One recording: follows who is in the call with sound and picture.

use super::{KEPT_KEY, Labels};
use crate::{
    call::{Path, PeerKey, Tile},
    layout::Item,
    platform::{
        self, FileRecorder, Kind, Leaving, Mixer, PerSource, RecorderWorker, Stream, local_storage,
    },
    protocol::TrackSource,
    recording::{
        ALL, Composition, Manifest, ManifestFile, RecordedPerson, SIZE, lifecycle::RecorderEvent,
    },
    session::{Session, Source, initials},
};
use leptos::prelude::*;
use std::time::Duration;

/// One recording under way. What was written stays when it is dropped.
pub(super) struct Recorder {
    session: Session,
    labels: Labels,
    worker: RecorderWorker,
    since: Duration,
    manifest: Manifest,
    /// The files, each with the person it is about; none for the common one.
    files: Vec<(Option<Item>, FileRecorder)>,
    /// What the others send. While a connection replaces another one, the last sound and picture stay.
    incoming: Vec<(PeerKey, PerSource<Stream>)>,
    _leaving: Leaving,
}

impl Recorder {
    /// Begins to record. The mixer must be running.
    pub(super) fn prepare(
        session: Session,
        labels: Labels,
        id: &str,
        mixer: Mixer,
        since: Duration,
        report: impl Fn(RecorderEvent) + 'static,
    ) -> Option<Self> {
        let began = platform::wall_clock().as_millis();
        let worker = RecorderWorker::open(id, mixer, report)?;
        let manifest = Manifest {
            room: Some(session.lobby.room.name.get_value()),
            began: u64::try_from(began).unwrap_or_default(),
            length: 0,
            format: worker.format().to_owned(),
            parts: Vec::new(),
            ended: false,
        };
        local_storage::set(KEPT_KEY, "yes");
        let mut recorder = Self {
            session,
            labels,
            worker,
            since,
            manifest,
            files: Vec::new(),
            incoming: Vec::new(),
            _leaving: platform::ask_before_leaving(),
        };
        recorder.start(None, None)?;
        Some(recorder)
    }

    /// Begins a file.
    fn start(&mut self, who: Option<Item>, person: Option<String>) -> Option<()> {
        let file = match self.manifest.parts.len() {
            0 => ALL.to_owned(),
            number => format!("person-{number}"),
        };
        let recorder = self.worker.record(&file)?;
        self.files.push((who, recorder));
        self.manifest.parts.push(ManifestFile { file, person });
        self.write_manifest();
        Some(())
    }

    /// Writes the manifest with the length so far.
    pub(super) fn write_manifest(&mut self) {
        let length = platform::elapsed().saturating_sub(self.since).as_millis();
        self.manifest.length = u64::try_from(length).unwrap_or_default();
        self.worker.write_manifest(&self.manifest.to_text());
    }

    /// Sets what is seen and heard now. An effect that calls this depends on all of it.
    pub(super) fn update_layout(&mut self) {
        let people = self.people();
        let separate = self.session.recording.separate.get_untracked();
        let spotlight = self.session.recording.spotlight.get();
        for cast in people.iter().filter(|_| separate) {
            if self.files.iter().all(|(known, _)| *known != Some(cast.item)) {
                // Where this fails, they are still part of the common file.
                let _ = self.start(Some(cast.item), Some(cast.name.clone()));
            }
        }
        self.files.retain(|(who, recorder)| {
            match people.iter().find(|cast| Some(cast.item) == *who) {
                Some(cast) => recorder.set(Composition::of_one(cast, SIZE)),
                None if who.is_none() => {
                    recorder.set(Composition::of_all(&people, &spotlight, SIZE));
                }
                None => {
                    // A person who comes back gets another file.
                    recorder.stop();
                    return false;
                }
            }
            true
        });
    }

    /// Stops recording; [`RecorderEvent::Finished`] follows when everything is written.
    pub(super) fn finish(&mut self) {
        self.manifest.ended = true;
        self.write_manifest();
        self.worker.finish();
    }

    /// Everybody in the call; this person comes last, as on the stage.
    fn people(&mut self) -> Vec<RecordedPerson<Stream>> {
        let tiles = self.session.view.with(|view| view.tiles.clone());
        self.follow_connections(&tiles);
        let (incoming, labels) = (&self.incoming, self.labels);
        let is_forwarded = |tile: &Tile| tile.path == Some(Path::Server);
        let other = |tile: &Tile| {
            let streams = incoming.iter().find(|(key, _)| key.id == tile.key.id);
            let of = |source: TrackSource, on: bool| {
                streams.filter(|_| on).and_then(|(_, streams)| streams.get(source)).cloned()
            };
            let presence = &tile.presence;
            let name = (labels.name)(presence.clone());
            let screen = of(TrackSource::Screen, tile.screen);
            RecordedPerson {
                item: Item::Person(tile.key.id),
                initials: initials(presence),
                // A participant without a slot has no picture, and not the last one either.
                camera: of(TrackSource::Camera, tile.camera && (tile.up || !is_forwarded(tile))),
                // As it is played: a muted person is not heard.
                microphone: of(TrackSource::Microphone, presence.mic),
                screen: screen.map(|screen| (screen, (labels.screen_of)(&name))),
                screen_sound: of(TrackSource::ScreenAudio, presence.screen),
                name,
            }
        };
        tiles.iter().map(other).chain([self.me()]).collect()
    }

    fn me(&self) -> RecordedPerson<Stream> {
        let Session { media, sharing, view, .. } = self.session;
        let presence = view.with(|view| view.presence.clone());
        let device = |kind| match media.source(kind) {
            Source::On(track) if media.is_sending(kind) => Stream::of(&track),
            _ => None,
        };
        let screen = sharing.screen();
        let shared = |source| screen.as_ref().and_then(|screen| Stream::of(screen.track(source)?));
        let name = (self.labels.name)(presence.clone());
        RecordedPerson {
            item: Item::Own,
            initials: initials(&presence),
            camera: device(Kind::Camera),
            microphone: device(Kind::Microphone),
            screen: shared(TrackSource::Screen)
                .map(|screen| (screen, (self.labels.screen_of)(&name))),
            screen_sound: shared(TrackSource::ScreenAudio),
            name,
        }
    }

    fn follow_connections(&mut self, tiles: &[Tile]) {
        let incoming = &mut self.incoming;
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

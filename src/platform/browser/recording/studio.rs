//! Where a recording is made: takes, each of which becomes a file, and the worker that writes them.

use super::{
    NOTE, SHELF, lock,
    picture::Picture,
    sound::{Mixer, Sound},
};
use crate::{
    platform::browser::{Listener, Stream, externs},
    recording::{FORMATS, Scene, WRITTEN_EVERY, between_key_frames, lifecycle::RecorderEvent},
};
use js_sys::{Object, Reflect};
use send_wrapper::SendWrapper;
use std::{
    cell::{Cell, RefCell},
    rc::{Rc, Weak},
};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{
    Blob, BlobEvent, MediaRecorder, MediaRecorderOptions, MediaStreamTrack, MessageEvent,
    RecordingState, Worker, window,
};

const WORKER: &str = "/recorder.js";

/// In bits per second: enough for eight faces and for what is read on a screen.
const PICTURE_RATE: u32 = 2_500_000;
const SOUND_RATE: u32 = 128_000;

/// Interval, in frames, at which tracks are updated.
const FOLLOW_EVERY: u32 = 6;

/// What this browser can write, if it can record at all.
#[must_use]
pub fn can_record() -> Option<&'static str> {
    let global = js_sys::global();
    let has = |name: &str| Reflect::has(&global, &name.into()).unwrap_or_default();
    let stores =
        externs::storage().is_some() && has("FileSystemFileHandle") && externs::has_locks();
    let records = stores && has("MediaRecorder") && has("AudioContext");
    let writes = |format: &&str| MediaRecorder::is_type_supported(format);
    FORMATS.into_iter().filter(|_| records).find(writes)
}

/// Makes one recording. It stops when it is dropped; what was written stays.
pub struct Studio(SendWrapper<Rc<Inner>>);

struct Inner {
    worker: Worker,
    mixer: Mixer,
    format: &'static str,
    takes: RefCell<Vec<Rc<Reel>>>,
    handler: Box<dyn Fn(RecorderEvent)>,
    /// No more data follows.
    ending: Cell<bool>,
    frames: Cell<u32>,
    listeners: RefCell<Vec<Listener>>,
}

/// One file of a recording, as long as it is recorded.
#[derive(Clone)]
pub struct Take(SendWrapper<Rc<Reel>>);

struct Reel {
    picture: Picture,
    sound: Sound,
    recorder: MediaRecorder,
    /// Whether it was told to stop, and whether it has.
    told: Cell<bool>,
    stopped: Cell<bool>,
    listeners: RefCell<Vec<Listener>>,
}

impl Studio {
    /// Begins a recording with this id, which no other has, with a mixer that runs.
    #[must_use]
    pub fn open(id: &str, mixer: Mixer, handler: impl Fn(RecorderEvent) + 'static) -> Option<Self> {
        let inner = Rc::new(Inner {
            format: can_record()?,
            worker: Worker::new(WORKER).ok()?,
            mixer,
            takes: RefCell::default(),
            handler: Box::new(handler),
            ending: Cell::new(false),
            frames: Cell::new(0),
            listeners: RefCell::default(),
        });
        let on = |react: fn(&Inner, &web_sys::Event)| {
            let inner = Rc::downgrade(&inner);
            move |event: web_sys::Event| {
                if let Some(inner) = inner.upgrade() {
                    react(&inner, &event);
                }
            }
        };
        let heard = on(|inner, event| {
            let event: Option<&MessageEvent> = event.dyn_ref();
            inner.hear(event.and_then(|event| event.data().as_string()).as_deref());
        });
        let failed = on(|inner, _| (inner.handler)(RecorderEvent::NotWritten));
        inner.listeners.replace(vec![
            Listener::new(&inner.worker, "message", heard),
            Listener::new(&inner.worker, "error", failed),
        ]);
        inner.tell(
            "begin",
            &[("shelf", SHELF.into()), ("id", id.into()), ("lock", lock(id).into())],
        );
        Some(Self(SendWrapper::new(inner)))
    }

    /// The media type of the files.
    #[must_use]
    pub fn format(&self) -> &'static str {
        self.0.format
    }

    /// Begins to record into a file of this name.
    #[must_use]
    pub fn roll(&self, file: &str) -> Option<Take> {
        let reel = Reel::start(&self.0, file)?;
        self.0.takes.borrow_mut().push(reel.clone());
        Some(Take(SendWrapper::new(reel)))
    }

    /// Writes down what is to be known of the recording, in place of what was written before.
    pub fn note(&self, text: &str) {
        self.0.tell("note", &[("name", NOTE.into()), ("note", text.into())]);
    }

    /// Ends all takes. [`RecorderEvent::Finished`] follows when all is written.
    pub fn finish(&self) {
        self.0.ending.set(true);
        let takes = self.0.takes.borrow().clone();
        takes.iter().for_each(|reel| reel.stop());
        self.0.end_when_stopped();
    }
}

impl Inner {
    fn tell(&self, action: &str, words: &[(&str, JsValue)]) {
        let message = Object::new();
        let _ = Reflect::set(&message, &"action".into(), &action.into());
        for (name, value) in words {
            let _ = Reflect::set(&message, &(*name).into(), value);
        }
        let _ = self.worker.post_message(&message);
    }

    fn hear(&self, word: Option<&str>) {
        match word {
            Some("draw") => {
                let frame = self.frames.get();
                self.frames.set(frame.wrapping_add(1));
                let takes = self.takes.borrow().clone();
                for reel in takes.iter().filter(|reel| !reel.stopped.get()) {
                    if frame.is_multiple_of(FOLLOW_EVERY) {
                        reel.sound.follow();
                    }
                    reel.picture.draw();
                }
                let _ = self.worker.post_message(&"drawn".into());
            }
            Some("written") => (self.handler)(RecorderEvent::Written),
            Some("finished") => (self.handler)(RecorderEvent::Finished),
            Some("full") => (self.handler)(RecorderEvent::Full),
            _ => (self.handler)(RecorderEvent::NotWritten),
        }
    }

    fn end_when_stopped(&self) {
        if self.ending.get() && self.takes.borrow().iter().all(|reel| reel.stopped.get()) {
            self.ending.set(false);
            self.tell("finish", &[]);
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.worker.terminate();
    }
}

impl Reel {
    fn start(studio: &Rc<Inner>, file: &str) -> Option<Rc<Self>> {
        let (picture, sound) = (Picture::new()?, Sound::new(&studio.mixer)?);
        let stream = picture.stream()?;
        for track in sound.stream().get_audio_tracks().iter() {
            stream.add_track(&track.unchecked_into::<MediaStreamTrack>());
        }
        let options = MediaRecorderOptions::new();
        options.set_mime_type(studio.format);
        options.set_video_bits_per_second(PICTURE_RATE);
        options.set_audio_bits_per_second(SOUND_RATE);
        let between = between_key_frames(studio.format).as_millis() as u32;
        let _ = Reflect::set(&options, &"videoKeyFrameIntervalDuration".into(), &between.into());
        let recorder =
            MediaRecorder::new_with_media_stream_and_media_recorder_options(&stream, &options);
        let recorder = recorder.ok()?;
        picture.draw();
        let (told, stopped) = (Cell::new(false), Cell::new(false));
        let listeners = RefCell::default();
        let reel = Rc::new(Self { picture, sound, recorder, told, stopped, listeners });
        reel.listeners.replace(reel.listen(studio, file));
        reel.recorder.start_with_time_slice(WRITTEN_EVERY.as_millis() as i32).ok()?;
        Some(reel)
    }

    fn listen(self: &Rc<Self>, studio: &Rc<Inner>, file: &str) -> Vec<Listener> {
        // Where one person's file fails, they are still in that of all.
        let is_first = studio.takes.borrow().is_empty();
        let (reel, studio): (Weak<Self>, _) = (Rc::downgrade(self), Rc::downgrade(studio));
        let written = {
            let (studio, file) = (studio.clone(), file.to_owned());
            move |event: web_sys::Event| {
                let blob = event.dyn_ref().and_then(BlobEvent::data);
                if let (Some(studio), Some(blob)) = (studio.upgrade(), blob.filter(is_something)) {
                    let name = file.as_str().into();
                    studio.tell("append", &[("name", name), ("blob", blob.into())]);
                }
            }
        };
        let stopped = {
            let studio = studio.clone();
            move |_| {
                let (Some(reel), Some(studio)) = (reel.upgrade(), studio.upgrade()) else { return };
                reel.stopped.set(true);
                reel.set(Scene { panes: Vec::new(), sounds: Vec::new() });
                if is_first && !reel.told.get() {
                    (studio.handler)(RecorderEvent::NotEncoded);
                }
                studio.takes.borrow_mut().retain(|other| !Rc::ptr_eq(other, &reel));
                studio.end_when_stopped();
            }
        };
        let failed = move |_| {
            if let Some(studio) = studio.upgrade().filter(|_| is_first) {
                (studio.handler)(RecorderEvent::NotEncoded);
            }
        };
        vec![
            Listener::new(&self.recorder, "dataavailable", written),
            Listener::new(&self.recorder, "stop", stopped),
            Listener::new(&self.recorder, "error", failed),
        ]
    }

    fn set(&self, scene: Scene<Stream>) {
        self.picture.set(scene.panes);
        self.sound.set(scene.sounds);
    }

    fn stop(&self) {
        self.told.set(true);
        match self.recorder.state() {
            RecordingState::Inactive => self.stopped.set(true),
            _ => {
                let _ = self.recorder.stop();
            }
        }
    }
}

fn is_something(blob: &Blob) -> bool {
    blob.size() > 0.0
}

impl Take {
    /// What is seen and heard from now on.
    pub fn set(&self, scene: Scene<Stream>) {
        if !self.0.stopped.get() {
            self.0.set(scene);
        }
    }

    /// Ends the file.
    pub fn stop(&self) {
        self.0.stop();
    }
}

/// Has the browser ask before the page is closed, until it is dropped.
pub struct Leaving(#[allow(dead_code, reason = "held")] SendWrapper<Option<Listener>>);

/// Has the browser ask whether the page is to be closed (HTML, section 7.5.3).
#[must_use]
pub fn ask_before_leaving() -> Leaving {
    let listen = |window: web_sys::Window| {
        Listener::new(&window, "beforeunload", |event| event.prevent_default())
    };
    Leaving(SendWrapper::new(window().map(listen)))
}

//! The media recorders of a recording, one per file, and the worker that writes the files.

use super::{
    LIBRARY, MANIFEST, lock,
    picture::Picture,
    sound::{Mixer, Sound},
};
use crate::{
    platform::browser::{Listener, Stream, externs, network::prefetch_file, page::page_data},
    recording::{
        Composition, FORMATS, WRITTEN_EVERY, between_key_frames, lifecycle::RecorderEvent,
    },
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
    RecordingState, Worker,
};

/// Bits per second: enough for eight faces, and for text on a shared screen.
const PICTURE_RATE: u32 = 2_500_000;
const SOUND_RATE: u32 = 128_000;

/// Number of frames between two checks for new tracks, so that they are recorded within a second.
const FOLLOW_EVERY: u32 = 6;

/// The first media type that this browser can record, if any.
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

/// Fetches the worker's script, so that the browser has it even after an update of the server. Returns
/// whether it is there, or will not be needed.
pub async fn prefetch_recorder() -> bool {
    let url = page_data("recorder").filter(|_| can_record().is_some());
    match url {
        Some(url) => prefetch_file(&url).await,
        None => true,
    }
}

/// A running recording. Dropping it stops it and keeps what was written.
pub struct RecorderWorker(SendWrapper<Rc<Inner>>);

struct Inner {
    worker: Worker,
    mixer: Mixer,
    format: &'static str,
    encoders: RefCell<Vec<Rc<Encoder>>>,
    handler: Box<dyn Fn(RecorderEvent)>,
    /// Whether the recording is finishing and the worker has not been told yet.
    ending: Cell<bool>,
    frames: Cell<u32>,
    listeners: RefCell<Vec<Listener>>,
}

/// A file of a running recording.
#[derive(Clone)]
pub struct FileRecorder(SendWrapper<Rc<Encoder>>);

struct Encoder {
    picture: Picture,
    sound: Sound,
    recorder: MediaRecorder,
    /// Whether it was stopped, and whether it has ended.
    told: Cell<bool>,
    stopped: Cell<bool>,
    listeners: RefCell<Vec<Listener>>,
}

impl RecorderWorker {
    /// Starts the worker for a recording with a unique id. The mixer must be running.
    #[must_use]
    pub fn open(id: &str, mixer: Mixer, handler: impl Fn(RecorderEvent) + 'static) -> Option<Self> {
        let inner = Rc::new(Inner {
            format: can_record()?,
            worker: Worker::new(&page_data("recorder")?).ok()?,
            mixer,
            encoders: RefCell::default(),
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
        let failed = on(|inner, _| inner.fail());
        inner.listeners.replace(vec![
            Listener::new(&inner.worker, "message", heard),
            Listener::new(&inner.worker, "error", failed),
        ]);
        inner.tell(
            "begin",
            &[("library", LIBRARY.into()), ("id", id.into()), ("lock", lock(id).into())],
        );
        Some(Self(SendWrapper::new(inner)))
    }

    /// The media type of the files.
    #[must_use]
    pub fn format(&self) -> &'static str {
        self.0.format
    }

    /// Starts to record a file with this name.
    #[must_use]
    pub fn record(&self, file: &str) -> Option<FileRecorder> {
        let encoder = Encoder::start(&self.0, file)?;
        self.0.encoders.borrow_mut().push(encoder.clone());
        Some(FileRecorder(SendWrapper::new(encoder)))
    }

    /// Replaces the manifest of the recording.
    pub fn write_manifest(&self, text: &str) {
        self.0.tell("manifest", &[("name", MANIFEST.into()), ("manifest", text.into())]);
    }

    /// Ends all files. [`RecorderEvent::Finished`] follows when everything is written.
    pub fn finish(&self) {
        self.0.ending.set(true);
        let encoders = self.0.encoders.borrow().clone();
        encoders.iter().for_each(|encoder| encoder.stop());
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

    /// The worker failed. One that has never asked for a frame was not loaded.
    fn fail(&self) {
        (self.handler)(match self.frames.get() {
            0 => RecorderEvent::NotLoaded,
            _ => RecorderEvent::NotWritten,
        });
    }

    fn hear(&self, word: Option<&str>) {
        match word {
            Some("draw") => {
                let frame = self.frames.get();
                self.frames.set(frame.wrapping_add(1));
                let encoders = self.encoders.borrow().clone();
                for encoder in encoders.iter().filter(|encoder| !encoder.stopped.get()) {
                    if frame.is_multiple_of(FOLLOW_EVERY) {
                        encoder.sound.follow();
                    }
                    encoder.picture.draw();
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
        if self.ending.get() && self.encoders.borrow().iter().all(|encoder| encoder.stopped.get()) {
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

impl Encoder {
    fn start(worker: &Rc<Inner>, file: &str) -> Option<Rc<Self>> {
        let (picture, sound) = (Picture::new()?, Sound::new(&worker.mixer)?);
        let stream = picture.stream()?;
        for track in sound.stream().get_audio_tracks().iter() {
            stream.add_track(&track.unchecked_into::<MediaStreamTrack>());
        }
        let options = MediaRecorderOptions::new();
        options.set_mime_type(worker.format);
        options.set_video_bits_per_second(PICTURE_RATE);
        options.set_audio_bits_per_second(SOUND_RATE);
        let between = between_key_frames(worker.format).as_millis() as u32;
        let _ = Reflect::set(&options, &"videoKeyFrameIntervalDuration".into(), &between.into());
        let recorder =
            MediaRecorder::new_with_media_stream_and_media_recorder_options(&stream, &options);
        let recorder = recorder.ok()?;
        picture.draw();
        let (told, stopped) = (Cell::new(false), Cell::new(false));
        let listeners = RefCell::default();
        let encoder = Rc::new(Self { picture, sound, recorder, told, stopped, listeners });
        encoder.listeners.replace(encoder.listen(worker, file));
        encoder.recorder.start_with_time_slice(WRITTEN_EVERY.as_millis() as i32).ok()?;
        Some(encoder)
    }

    fn listen(self: &Rc<Self>, worker: &Rc<Inner>, file: &str) -> Vec<Listener> {
        // A participant whose own file fails is still in the common one.
        let is_first = worker.encoders.borrow().is_empty();
        let (encoder, worker): (Weak<Self>, _) = (Rc::downgrade(self), Rc::downgrade(worker));
        let written = {
            let (worker, file) = (worker.clone(), file.to_owned());
            move |event: web_sys::Event| {
                let blob = event.dyn_ref().and_then(BlobEvent::data);
                if let (Some(worker), Some(blob)) = (worker.upgrade(), blob.filter(is_something)) {
                    let name = file.as_str().into();
                    worker.tell("append", &[("name", name), ("blob", blob.into())]);
                }
            }
        };
        let stopped = {
            let worker = worker.clone();
            move |_| {
                let (Some(encoder), Some(worker)) = (encoder.upgrade(), worker.upgrade()) else {
                    return;
                };
                encoder.stopped.set(true);
                encoder.set(Composition { panes: Vec::new(), sounds: Vec::new() });
                if is_first && !encoder.told.get() {
                    (worker.handler)(RecorderEvent::NotEncoded);
                }
                worker.encoders.borrow_mut().retain(|other| !Rc::ptr_eq(other, &encoder));
                worker.end_when_stopped();
            }
        };
        let failed = move |_| {
            if let Some(worker) = worker.upgrade().filter(|_| is_first) {
                (worker.handler)(RecorderEvent::NotEncoded);
            }
        };
        vec![
            Listener::new(&self.recorder, "dataavailable", written),
            Listener::new(&self.recorder, "stop", stopped),
            Listener::new(&self.recorder, "error", failed),
        ]
    }

    fn set(&self, composition: Composition<Stream>) {
        self.picture.set(composition.panes);
        self.sound.set(composition.sounds);
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

impl FileRecorder {
    /// Sets the recorded tracks.
    pub fn set(&self, composition: Composition<Stream>) {
        if !self.0.stopped.get() {
            self.0.set(composition);
        }
    }

    /// Ends the file.
    pub fn stop(&self) {
        self.0.stop();
    }
}

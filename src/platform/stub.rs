//! The server's side of the switch: the same names, none of which ever runs, because effects and
//! event handlers do not run there.

use super::{
    Brought, Device, KeptRecording, Kind, Local, PageEvent, PerKind, PerSource, Problem,
    Processing, SocketEvent,
};
use crate::{
    call::{PeerCommand, PeerConfig, PeerInput},
    diagnostics::{CheckEvent, ConnectionStats, Throughput, UploadResult},
    protocol::{Boot, IceServer, Role, TrackSource},
    recording::{Piece, Scene, lifecycle::RecorderEvent},
};
use std::{any::Any, time::Duration};

type Watch = Option<Local<Box<dyn Any>>>;

/// See the browser's `Track`.
#[derive(Clone, PartialEq)]
pub struct Track;

#[allow(missing_docs)]
impl Track {
    pub fn set_enabled(&self, _: bool) {}
    pub fn label(&self) -> String {
        String::new()
    }
    pub fn device_id(&self) -> String {
        String::new()
    }
    pub fn on_ended(&self, _: impl FnMut() + 'static) {}
    pub fn is_muted(&self) -> bool {
        false
    }
    pub fn on_muted(&self, _: impl Fn(bool) + 'static) {}
    pub fn can_blur(&self) -> bool {
        false
    }
    pub fn set_blur(&self, _: bool) {}
}

/// See the browser's `Screen`.
#[derive(Clone)]
pub struct Screen {
    /// The picture.
    pub picture: Track,
}

#[allow(missing_docs)]
impl Screen {
    pub fn track(&self, _: TrackSource) -> Option<&Track> {
        None
    }
}

/// See the browser's `Stream`.
#[derive(Clone)]
pub struct Stream;

#[allow(missing_docs)]
impl Stream {
    pub fn of(_: &Track) -> Option<Self> {
        None
    }
}

/// See the browser's `Player`.
pub struct Player;

#[allow(missing_docs)]
impl Player {
    pub fn of<T>(_: &T) -> Self {
        Self
    }
    pub async fn play(&self, _: &Stream, _: Option<&str>) -> bool {
        true
    }
    pub fn pause(&self) {}
    pub fn set_volume(&self, _: f64) {}
}

/// See the browser's `Meter`.
pub struct Meter;

#[allow(missing_docs)]
impl Meter {
    pub fn new(_: &Track) -> Option<Self> {
        None
    }
    pub fn of_muted(_: &Track) -> Option<Self> {
        None
    }
    pub fn level(&self) -> Option<u32> {
        None
    }
    pub fn run(&self) -> bool {
        false
    }
}

/// See the browser's `Socket`.
pub struct Socket;

#[allow(missing_docs)]
impl Socket {
    pub fn open(_: impl Fn(SocketEvent) + 'static) -> Option<Self> {
        None
    }
    pub fn send(&self, _: &str) {}
    pub fn abandon(self) {}
}

/// See the browser's `PeerConnection`.
pub struct PeerConnection;

#[allow(missing_docs, clippy::needless_pass_by_value)]
impl PeerConnection {
    pub fn open(
        _: Role,
        _: &PeerConfig,
        _: PerKind<Track>,
        _: Option<Screen>,
        _: impl Fn(PeerInput) + 'static,
    ) -> Option<Self> {
        None
    }
    pub fn streams(&self) -> PerSource<Stream> {
        PerSource::default()
    }
    pub fn set_screen(&self, _: Option<&Screen>) {}
    pub fn read(&self) {}
    pub fn stats(&self) -> Option<ConnectionStats> {
        None
    }
    pub fn configure(&self, _: &PeerConfig) {}
    pub fn level(&self) -> f64 {
        0.0
    }
    pub fn set_track(&self, _: Kind, _: Option<&Track>) {}
    pub fn talk(&self, _: &str) {}
    pub fn pour(&self, _: &[Vec<u8>]) {}
    pub fn close_channels(&self) {}
    pub fn run(&self, _: PeerCommand) {}
}

#[allow(missing_docs)]
pub fn take_fragment() -> Option<String> {
    None
}

/// See the browser's `StoredBytes`.
#[derive(Clone)]
pub struct StoredBytes;

#[allow(missing_docs)]
impl StoredBytes {
    pub fn name(&self) -> String {
        String::new()
    }
    pub fn size(&self) -> u64 {
        0
    }
    pub async fn read(&self, _: u64, _: usize) -> Option<Vec<u8>> {
        None
    }
    pub async fn sum(&self) -> Option<String> {
        None
    }
    pub fn save(&self, _: &str) {}
    pub fn assemble(&self, _: Vec<Piece>, _: &str) -> Option<Self> {
        None
    }
}

/// See the browser's `Sink`.
#[derive(Clone)]
pub struct Sink;

#[allow(missing_docs)]
impl Sink {
    pub async fn create() -> Self {
        Self
    }
    pub async fn write(&self, _: &[u8]) -> bool {
        false
    }
    pub async fn finish(&self) -> Option<StoredBytes> {
        None
    }
    pub async fn remove(&self) {}
}

/// See the browser's `Timer`.
pub struct Timer;

#[allow(missing_docs)]
impl Timer {
    pub fn new(_: Duration, _: impl FnOnce() + 'static) -> Self {
        Self
    }
}

/// See the browser's `Interval`.
pub struct Interval;

#[allow(missing_docs)]
impl Interval {
    pub fn new(_: Duration, _: impl FnMut() + 'static) -> Self {
        Self
    }
}

/// See the browser's `ServerProbe`.
pub struct ServerProbe;

#[allow(missing_docs)]
impl ServerProbe {
    pub fn start(_: Option<&IceServer>, _: bool, _: impl Fn(CheckEvent) + 'static) -> Option<Self> {
        None
    }
}

/// See the browser's `UploadTrial`.
pub struct UploadTrial;

#[allow(missing_docs)]
impl UploadTrial {
    pub fn start(_: impl FnOnce(UploadResult) + 'static) -> Option<Self> {
        None
    }
}

/// See the browser's `Mixer`.
#[derive(Clone)]
pub struct Mixer;

#[allow(missing_docs)]
impl Mixer {
    pub fn wake() -> Option<Self> {
        None
    }
    pub fn runs(&self) -> bool {
        false
    }
    pub fn is_waking(&self) -> bool {
        false
    }
}

/// See the browser's `Studio`.
pub struct Studio;

#[allow(missing_docs)]
impl Studio {
    pub fn open(_: &str, _: Mixer, _: impl Fn(RecorderEvent) + 'static) -> Option<Self> {
        None
    }
    pub fn format(&self) -> &'static str {
        ""
    }
    pub fn roll(&self, _: &str) -> Option<Take> {
        None
    }
    pub fn note(&self, _: &str) {}
    pub fn finish(&self) {}
}

/// See the browser's `Take`.
#[derive(Clone)]
pub struct Take;

#[allow(missing_docs)]
impl Take {
    pub fn set(&self, _: Scene<Stream>) {}
    pub fn stop(&self) {}
}

/// See the browser's `Leaving`.
pub struct Leaving;

/// See the browser's `PageWatch`.
pub struct PageWatch;

/// See the browser's `HistoryWatch`.
pub struct HistoryWatch;

/// See the browser's `FocusWatch`.
pub struct FocusWatch;

/// See the browser's `TextWatch`.
pub struct TextWatch;

/// See the browser's `SmallWindow`.
pub struct SmallWindow;

/// See the browser's `KeptAwake`.
pub struct KeptAwake;

#[allow(missing_docs)]
mod functions {
    use super::*;

    pub fn spawn_local(_: impl Future<Output = ()> + 'static) {}
    pub async fn capture(
        _: &[(Kind, String)],
        _: Processing,
    ) -> Result<Vec<(Kind, Track)>, Problem> {
        Err(Problem::Failed)
    }
    pub async fn devices() -> Option<Vec<Device>> {
        None
    }
    pub async fn is_granted(_: Kind) -> bool {
        false
    }
    pub fn barred(_: Kind) -> Option<Problem> {
        None
    }
    pub async fn watch_permission(_: Kind, _: impl Fn() + 'static) -> Watch {
        None
    }
    pub fn prepare_connection(_: impl FnOnce(bool) + 'static) {}
    pub fn keep_awake() -> KeptAwake {
        KeptAwake
    }
    pub fn watch_page(_: impl Fn(PageEvent) + 'static) -> PageWatch {
        PageWatch
    }
    pub fn boot() -> Boot {
        Boot::default()
    }
    pub fn elapsed() -> Duration {
        Duration::ZERO
    }
    pub async fn try_relay(_: &IceServer) -> Option<Throughput> {
        None
    }
    pub fn download_rate() -> Option<f64> {
        None
    }
    pub fn was_reloaded() -> bool {
        false
    }
    pub fn watch_focus() -> Option<FocusWatch> {
        None
    }
    pub fn watch_texts() -> Option<TextWatch> {
        None
    }
    pub fn characters(text: &str) -> Vec<String> {
        text.chars().map(String::from).collect()
    }
    pub fn takes_keys() -> bool {
        false
    }
    pub fn takes_text() -> bool {
        false
    }
    pub fn is_handheld() -> bool {
        false
    }
    pub fn wall_clock() -> Duration {
        Duration::ZERO
    }
    pub async fn remove_stale_files() {}
    pub fn picked_files<T>(_: &T) -> Vec<StoredBytes> {
        Vec::new()
    }
    pub fn dropped_files<T>(_: &T) -> Brought {
        Brought::default()
    }
    pub fn pasted_files<T>(_: &T) -> Brought {
        Brought::default()
    }
    pub fn drag_has_left<T>(_: &T) -> bool {
        false
    }
    pub fn drags_files<T>(_: &T) -> bool {
        false
    }
    pub fn can_share_screen() -> bool {
        false
    }
    pub async fn capture_screen() -> Result<Screen, Problem> {
        Err(Problem::Failed)
    }
    pub async fn short_code(_: &str) -> Option<[u8; 8]> {
        None
    }
    pub fn clock_time(_: Duration) -> String {
        String::new()
    }
    pub fn calendar_time(_: Duration) -> String {
        String::new()
    }
    pub fn can_record() -> Option<&'static str> {
        None
    }
    pub fn ask_before_leaving() -> Leaving {
        Leaving
    }
    pub async fn recordings() -> Vec<KeptRecording> {
        Vec::new()
    }
    pub async fn can_keep() -> bool {
        false
    }
    pub async fn has_recordings() -> bool {
        false
    }
    pub async fn mark_saved(_: &str, _: &str) {}
    pub async fn delete_recording(_: &str) {}
    pub fn random_fraction() -> f32 {
        0.0
    }
    pub fn load(_: &str) -> Option<String> {
        None
    }
    pub fn save(_: &str, _: &str) {}
    pub fn recall(_: &str) -> Option<String> {
        None
    }
    pub fn keep(_: &str, _: Option<&str>) {}
    pub fn can_remember() -> bool {
        true
    }
    pub fn push_path(_: &str) {}
    pub fn watch_history() -> Option<HistoryWatch> {
        None
    }
    pub fn watch_fragment(_: impl Fn() + 'static) -> Option<HistoryWatch> {
        None
    }
    pub fn own_host() -> String {
        String::new()
    }
    pub async fn ask_server(_: &str) -> Option<String> {
        None
    }
    pub fn set_title(_: &str) {}
    pub async fn copy(_: &str) -> bool {
        false
    }
    pub fn can_share() -> bool {
        false
    }
    pub async fn share(_: &str) {}
    pub fn can_set_volume() -> bool {
        true
    }
    pub fn can_choose_speaker() -> bool {
        false
    }
    pub fn capture_pointer<T>(_: &T, _: i32) {}
    pub fn page_size() -> (f64, f64) {
        (0.0, 0.0)
    }
    pub fn focus<T>(_: &T) {}
    pub fn focus_into<T>(_: &T) {}
    pub fn adopt_input<T>(_: &T, saved: &str) -> String {
        saved.to_owned()
    }
    pub fn add_panic_notice() {}
    pub fn tell_live() {}
    pub fn can_fill_screen() -> bool {
        false
    }
    pub fn toggle_full_screen() {}
    pub fn can_open_window() -> bool {
        false
    }
    pub async fn open_window<V>(
        _: &leptos::prelude::Owner,
        _: (u32, u32),
        _: impl FnOnce() -> V + 'static,
        _: impl FnMut() + 'static,
    ) -> Option<Local<SmallWindow>> {
        None
    }
    pub fn size<T>(_: &T) -> (f64, f64) {
        (0.0, 0.0)
    }
    pub fn picture_size<T>(_: &T) -> (f64, f64) {
        (0.0, 0.0)
    }
    pub fn watch_size<T>(_: &T, _: impl FnMut() + 'static) -> Watch {
        None
    }
}
pub use functions::*;

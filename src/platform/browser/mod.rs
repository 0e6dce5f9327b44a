//! The browser, through web-sys. Every closure passed to it is owned by a value that detaches it on
//! drop.

mod clock;
mod connection;
mod externs;
mod listener;
mod media;
mod network;
mod page;
mod recording;
mod storage;
mod timer;

use clock::INSTANT;
pub use clock::{calendar_time, clock_time, elapsed, random_fraction, wall_clock};
pub use connection::{PeerConnection, ServerProbe, measure_relay, prepare_connection};
use listener::Listener;
pub use media::{
    Meter, Player, Screen, Stream, Track, can_choose_speaker, can_set_volume, can_share_screen,
    capture, capture_screen, device_problem, devices, is_granted, picture_size, size, watch_denial,
    watch_grant, watch_size,
};
pub use network::{Socket, UploadTrial, ask_server, download_rate, own_host};
pub use page::{
    FocusWatch, HistoryWatch, Leaving, OnlineWatch, PageWatch, SmallWindow, TextWatch, WakeLock,
    abandon_silent_fetches, add_panic_notice, adopt_input, ask_before_leaving, boot,
    can_fill_screen, can_open_window, can_share, capture_pointer, characters, copy, focus,
    focus_into, is_handheld, keep_awake, load_call_style, open_window, page_size, pixel_ratio,
    push_path, safety_code, set_title, share, take_fragment, takes_keys, takes_text, tell_live,
    toggle_full_screen, was_reloaded, watch_focus, watch_fragment, watch_history, watch_online,
    watch_page, watch_texts,
};
pub use recording::{
    FileRecorder, Mixer, RecorderWorker, can_keep, can_record, delete_recording, has_recordings,
    mark_saved, prefetch_recorder, recordings,
};
use std::pin::Pin;
pub use storage::{
    Sink, StoredBytes, can_remember, drag_has_left, drags_files, dropped_files, local_storage,
    pasted_files, picked_files, remove_stale_files, session_storage,
};
pub use timer::{Interval, NextFrame, Timer, idle};

/// Runs a future on the page's single thread. It is boxed, so that the code for it exists once.
pub fn spawn_local(future: impl Future<Output = ()> + 'static) {
    let future: Pin<Box<dyn Future<Output = ()>>> = Box::pin(future);
    wasm_bindgen_futures::spawn_local(future);
}

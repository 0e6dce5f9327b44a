//! The browser, through web-sys. Every closure handed to it is owned by something that detaches it
//! on drop.

mod channel;
mod code;
mod externs;
mod files;
mod focus;
mod listener;
mod media;
mod meter;
mod outgoing;
mod page;
mod peer;
mod playback;
mod probe;
mod recording;
mod sections;
mod sender;
mod snapshot;
mod socket;
mod spare;
mod statistics;
mod stats_report;
mod text;
mod timer;
mod trial;
mod upload;
mod window;

pub use code::short_code;
pub use files::{
    Sink, StoredBytes, drag_has_left, drags_files, dropped_files, pasted_files, picked_files,
    remove_stale_files,
};
pub use focus::{FocusWatch, focus, focus_into, takes_keys, takes_text, watch_focus};
use listener::Listener;
pub use media::{
    Screen, Track, barred, can_share_screen, capture, capture_screen, devices, is_granted,
    watch_permission,
};
pub use meter::Meter;
pub use page::{
    HistoryWatch, KeptAwake, PageWatch, add_panic_notice, adopt_input, ask_server, boot,
    calendar_time, can_choose_speaker, can_remember, can_share, capture_pointer, clock_time, copy,
    download_rate, elapsed, is_handheld, keep, keep_awake, load, own_host, page_size, push_path,
    random_fraction, recall, save, set_title, share, take_fragment, tell_live, wall_clock,
    was_reloaded, watch_fragment, watch_history, watch_page,
};
pub use peer::PeerConnection;
pub use playback::{Player, Stream, can_set_volume, picture_size, size, watch_size};
pub use probe::ServerProbe;
pub use recording::{
    Leaving, Mixer, Studio, Take, ask_before_leaving, can_keep, can_record, delete_recording,
    has_recordings, mark_saved, recordings,
};
pub use socket::Socket;
pub use spare::prepare_connection;
use std::pin::Pin;
pub use text::{TextWatch, characters, watch_texts};
pub use timer::{Interval, Timer};
pub use trial::try_relay;
pub use upload::UploadTrial;
pub use window::{SmallWindow, can_fill_screen, can_open_window, open_window, toggle_full_screen};

/// Runs a future on the page's one thread. Boxed, so that the code that runs futures exists once.
pub fn spawn_local(future: impl Future<Output = ()> + 'static) {
    let future: Pin<Box<dyn Future<Output = ()>>> = Box::pin(future);
    wasm_bindgen_futures::spawn_local(future);
}

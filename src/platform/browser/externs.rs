//! Browser APIs that web-sys has only behind its unstable flag, or not at all.

use js_sys::{Array, Object, Promise};
use wasm_bindgen::prelude::*;
use web_sys::{
    DataTransfer, File, HtmlMediaElement, MediaStream, Navigator, Performance, RtcPeerConnection,
    RtcRtpReceiver, RtcRtpSender, RtcRtpTransceiver, RtcSessionDescriptionInit,
};

#[wasm_bindgen]
extern "C" {
    /// `RTCPeerConnection` as in W3C WebRTC, section 4.4.
    #[wasm_bindgen(extends = RtcPeerConnection, extends = web_sys::EventTarget)]
    #[derive(Clone)]
    pub(super) type Pc;

    #[wasm_bindgen(method, catch, js_name = setLocalDescription)]
    pub(super) fn set_local(this: &Pc) -> Result<Promise, JsValue>;

    #[wasm_bindgen(method, catch, js_name = setLocalDescription)]
    pub(super) fn set_local_to(
        this: &Pc,
        description: &RtcSessionDescriptionInit,
    ) -> Result<Promise, JsValue>;

    #[wasm_bindgen(method, catch, js_name = addIceCandidate)]
    pub(super) fn add_candidate(this: &Pc, candidate: &JsValue) -> Result<Promise, JsValue>;

    #[wasm_bindgen(method, catch, js_name = restartIce)]
    pub(super) fn restart_ice(this: &Pc) -> Result<(), JsValue>;

    #[wasm_bindgen(method, getter, js_name = connectionState)]
    pub(super) fn connection_state(this: &Pc) -> String;

    #[wasm_bindgen(method, getter, js_name = iceConnectionState)]
    pub(super) fn ice_connection_state(this: &Pc) -> String;

    #[wasm_bindgen(method, getter, js_name = iceGatheringState)]
    pub(super) fn ice_gathering_state(this: &Pc) -> String;

    #[wasm_bindgen(method, getter, js_name = signalingState)]
    pub(super) fn signaling_state(this: &Pc) -> String;

    /// `MediaDevices` as in W3C Screen Capture, section 5.1.
    #[wasm_bindgen(extends = web_sys::MediaDevices)]
    pub(super) type Capturer;

    #[wasm_bindgen(method, catch, js_name = getDisplayMedia)]
    pub(super) fn display_media(this: &Capturer, options: &JsValue) -> Result<Promise, JsValue>;

    /// Names of constraints, each `true`.
    #[wasm_bindgen(method, js_name = getSupportedConstraints)]
    pub(super) fn supported(this: &Capturer) -> JsValue;

    /// `RTCRtpSender` as in W3C WebRTC, section 5.2.
    #[wasm_bindgen(extends = RtcRtpSender)]
    #[derive(Clone, PartialEq)]
    pub(super) type Sender;

    #[wasm_bindgen(method, catch, js_name = setStreams)]
    pub(super) fn set_streams(this: &Sender, stream: &MediaStream) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch, js_name = replaceTrack)]
    pub(super) fn replace_track(this: &Sender, track: &JsValue) -> Result<Promise, JsValue>;

    #[wasm_bindgen(method, catch, js_name = getParameters)]
    pub(super) fn parameters(this: &Sender) -> Result<Object, JsValue>;

    #[wasm_bindgen(method, catch, js_name = setParameters)]
    pub(super) fn set_parameters(this: &Sender, parameters: &Object) -> Result<Promise, JsValue>;

    /// `RTCRtpTransceiver` as in W3C WebRTC, section 5.4. web-sys does not know the direction `stopped`.
    #[wasm_bindgen(extends = RtcRtpTransceiver)]
    #[derive(Clone, PartialEq)]
    pub(super) type Transceiver;

    #[wasm_bindgen(method, getter, js_name = direction)]
    pub(super) fn direction_text(this: &Transceiver) -> Option<String>;

    #[wasm_bindgen(method, catch, js_name = setCodecPreferences)]
    pub(super) fn set_codec_preferences(this: &Transceiver, codecs: &Array) -> Result<(), JsValue>;

    #[wasm_bindgen(method, getter, js_name = currentDirection)]
    pub(super) fn current_direction_text(this: &Transceiver) -> Option<String>;

    /// `DataTransfer` as in HTML, section 6.11.3.
    #[wasm_bindgen(extends = DataTransfer)]
    pub(super) type Transfer;

    #[wasm_bindgen(method, getter)]
    pub(super) fn items(this: &Transfer) -> JsValue;

    /// `DataTransferItem`.
    pub(super) type Item;

    #[wasm_bindgen(method, catch, js_name = getAsFile)]
    pub(super) fn get_as_file(this: &Item) -> Result<Option<File>, JsValue>;

    #[wasm_bindgen(method, catch, js_name = webkitGetAsEntry)]
    pub(super) fn entry(this: &Item) -> Result<Option<Entry>, JsValue>;

    /// `FileSystemEntry` (WICG Entries API).
    pub(super) type Entry;

    #[wasm_bindgen(method, getter, js_name = isDirectory)]
    pub(super) fn is_directory(this: &Entry) -> bool;

    /// `DocumentPictureInPicture` as in W3C Document Picture-in-Picture, section 3.
    pub(super) type WindowOpener;

    #[wasm_bindgen(method, catch, js_name = requestWindow)]
    pub(super) fn request_window(this: &WindowOpener, options: &Object)
    -> Result<Promise, JsValue>;

    /// `Intl.Segmenter` as in ECMA-402, section 18; splits text into grapheme clusters.
    #[wasm_bindgen(js_namespace = Intl)]
    pub(super) type Segmenter;

    #[wasm_bindgen(constructor, js_namespace = Intl, catch)]
    pub(super) fn new() -> Result<Segmenter, JsValue>;

    /// Its result, an iterable.
    #[wasm_bindgen(method)]
    pub(super) fn segment(this: &Segmenter, text: &str) -> JsValue;

    /// `RTCRtpReceiver` as in W3C WebRTC, section 5.3.
    #[wasm_bindgen(extends = RtcRtpReceiver, js_name = RTCRtpReceiver)]
    pub(super) type Receiver;

    #[wasm_bindgen(method, catch, js_name = getContributingSources)]
    pub(super) fn contributing_sources(this: &Receiver) -> Result<Array, JsValue>;

    #[wasm_bindgen(static_method_of = Receiver, js_class = "RTCRtpReceiver", catch, js_name = getCapabilities)]
    pub(super) fn capabilities(kind: &str) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(method, catch, js_name = getSynchronizationSources)]
    pub(super) fn synchronization_sources(this: &Receiver) -> Result<Array, JsValue>;

    /// `RTCStatsReport` as in W3C WebRTC, section 8.4.
    #[derive(Clone)]
    pub(super) type Stats;

    #[wasm_bindgen(method, js_name = forEach)]
    pub(super) fn for_each(this: &Stats, callback: &mut dyn FnMut(Stat));

    #[wasm_bindgen(method)]
    pub(super) fn get(this: &Stats, id: &str) -> Option<Stat>;

    /// An entry of a report, with the members that are used (W3C WebRTC Statistics).
    #[derive(Clone)]
    pub(super) type Stat;

    /// A numeric member.
    #[wasm_bindgen(method, structural, indexing_getter)]
    pub(super) fn number(this: &Stat, name: &str) -> Option<f64>;

    /// A string member.
    #[wasm_bindgen(method, structural, indexing_getter)]
    pub(super) fn text(this: &Stat, name: &str) -> Option<String>;

    #[wasm_bindgen(method, getter, js_name = type)]
    pub(super) fn kind_of_stat(this: &Stat) -> String;

    #[wasm_bindgen(method, getter)]
    pub(super) fn kind(this: &Stat) -> Option<String>;

    #[wasm_bindgen(method, getter, js_name = packetsReceived)]
    pub(super) fn packets_received(this: &Stat) -> Option<f64>;

    #[wasm_bindgen(method, getter, js_name = packetsLost)]
    pub(super) fn packets_lost(this: &Stat) -> Option<f64>;

    #[wasm_bindgen(method, getter, js_name = lastPacketReceivedTimestamp)]
    pub(super) fn last_packet(this: &Stat) -> Option<f64>;

    /// When these values were read, in milliseconds since the Unix epoch.
    #[wasm_bindgen(method, getter)]
    pub(super) fn timestamp(this: &Stat) -> Option<f64>;

    #[wasm_bindgen(method, getter, js_name = bytesReceived)]
    pub(super) fn bytes_received(this: &Stat) -> Option<f64>;

    #[wasm_bindgen(method, getter, js_name = requestsReceived)]
    pub(super) fn requests_received(this: &Stat) -> Option<f64>;

    #[wasm_bindgen(method, getter, js_name = responsesReceived)]
    pub(super) fn responses_received(this: &Stat) -> Option<f64>;

    #[wasm_bindgen(method, getter)]
    pub(super) fn id(this: &Stat) -> String;

    #[wasm_bindgen(method, getter, js_name = selectedCandidatePairId)]
    pub(super) fn selected_pair(this: &Stat) -> Option<String>;

    #[wasm_bindgen(method, getter, js_name = localCandidateId)]
    pub(super) fn local_candidate(this: &Stat) -> Option<String>;

    #[wasm_bindgen(method, getter, js_name = remoteCandidateId)]
    pub(super) fn remote_candidate(this: &Stat) -> Option<String>;

    #[wasm_bindgen(method, getter, js_name = candidateType)]
    pub(super) fn candidate_type(this: &Stat) -> Option<String>;

    #[wasm_bindgen(method, getter)]
    pub(super) fn selected(this: &Stat) -> Option<bool>;

    #[wasm_bindgen(method, getter)]
    pub(super) fn nominated(this: &Stat) -> Option<bool>;

    #[wasm_bindgen(method, getter, js_name = currentRoundTripTime)]
    pub(super) fn round_trip_time(this: &Stat) -> Option<f64>;

    #[wasm_bindgen(method, getter, js_name = availableOutgoingBitrate)]
    pub(super) fn available_outgoing_bitrate(this: &Stat) -> Option<f64>;

    #[wasm_bindgen(method, getter, js_name = targetBitrate)]
    pub(super) fn target_bitrate(this: &Stat) -> Option<f64>;

    /// A media element that can play on a chosen device (W3C Audio Output Devices).
    #[wasm_bindgen(extends = HtmlMediaElement)]
    pub(super) type Player;

    #[wasm_bindgen(method, catch, js_name = setSinkId)]
    pub(super) fn set_sink_id(this: &Player, id: &str) -> Result<Promise, JsValue>;

    #[wasm_bindgen(extends = Navigator)]
    pub(super) type Sharer;

    #[wasm_bindgen(method, catch)]
    pub(super) fn share(this: &Sharer, data: &JsValue) -> Result<Promise, JsValue>;

    #[wasm_bindgen(js_namespace = ["navigator", "clipboard"], js_name = writeText, catch)]
    pub(super) fn write_clipboard(text: &str) -> Result<Promise, JsValue>;

    #[wasm_bindgen(js_namespace = ["navigator", "wakeLock"], js_name = request, catch)]
    pub(super) fn request_wake_lock(kind: &str) -> Result<Promise, JsValue>;

    /// `UserActivation` as in HTML, section 6.4.
    pub(super) type UserActivation;

    #[wasm_bindgen(js_namespace = navigator, js_name = userActivation, thread_local_v2)]
    pub(super) static USER_ACTIVATION: Option<UserActivation>;

    /// The page's clock (W3C High Resolution Time, section 5).
    #[wasm_bindgen(js_name = performance, thread_local_v2)]
    pub(super) static CLOCK: Option<Performance>;

    #[wasm_bindgen(method, getter, js_name = hasBeenActive)]
    pub(super) fn has_been_active(this: &UserActivation) -> bool;

    /// `WakeLockSentinel` as in W3C Screen Wake Lock, section 7.
    pub(super) type WakeLock;

    #[wasm_bindgen(method, catch)]
    pub(super) fn release(this: &WakeLock) -> Result<Promise, JsValue>;

    /// `ResizeObserver`.
    pub(super) type ResizeObserver;

    #[wasm_bindgen(constructor, catch)]
    pub(super) fn new(callback: &js_sys::Function) -> Result<ResizeObserver, JsValue>;

    #[wasm_bindgen(method)]
    pub(super) fn observe(this: &ResizeObserver, element: &web_sys::Element);

    #[wasm_bindgen(method)]
    pub(super) fn disconnect(this: &ResizeObserver);

    #[wasm_bindgen(method, catch, js_name = getStats)]
    pub(super) fn stats(this: &Pc) -> Result<Promise, JsValue>;

    #[wasm_bindgen(method, catch, js_name = getTransceivers)]
    pub(super) fn transceivers(this: &Pc) -> Result<Array, JsValue>;

    /// `StorageManager`, with the origin private file system (WHATWG File System, section 3).
    pub(super) type Storage;

    #[wasm_bindgen(method, catch, js_name = getDirectory)]
    pub(super) fn directory(this: &Storage) -> Result<Promise, JsValue>;

    /// `FileSystemDirectoryHandle` (section 2.5).
    #[derive(Clone)]
    pub(super) type Folder;

    #[wasm_bindgen(method, catch, js_name = getFileHandle)]
    pub(super) fn file(this: &Folder, name: &str, options: &JsValue) -> Result<Promise, JsValue>;

    #[wasm_bindgen(method, catch, js_name = removeEntry)]
    pub(super) fn remove(this: &Folder, name: &str) -> Result<Promise, JsValue>;

    #[wasm_bindgen(method, catch, js_name = removeEntry)]
    pub(super) fn remove_all(
        this: &Folder,
        name: &str,
        options: &JsValue,
    ) -> Result<Promise, JsValue>;

    #[wasm_bindgen(method, catch, js_name = getDirectoryHandle)]
    pub(super) fn folder(this: &Folder, name: &str, options: &JsValue) -> Result<Promise, JsValue>;

    #[wasm_bindgen(method, js_name = keys)]
    pub(super) fn names(this: &Folder) -> js_sys::AsyncIterator;

    /// `FileSystemFileHandle` (section 2.4).
    #[derive(Clone)]
    pub(super) type StoredFile;

    #[wasm_bindgen(method, catch, js_name = createWritable)]
    pub(super) fn writable(this: &StoredFile) -> Result<Promise, JsValue>;

    #[wasm_bindgen(method, catch, js_name = getFile)]
    pub(super) fn file(this: &StoredFile) -> Result<Promise, JsValue>;

    /// `FileSystemWritableFileStream` (section 2.6).
    #[derive(Clone)]
    pub(super) type WritableFile;

    #[wasm_bindgen(method, catch)]
    pub(super) fn write(
        this: &WritableFile,
        bytes: &js_sys::Uint8Array,
    ) -> Result<Promise, JsValue>;

    #[wasm_bindgen(method, catch)]
    pub(super) fn close(this: &WritableFile) -> Result<Promise, JsValue>;

    #[wasm_bindgen(method, catch)]
    pub(super) fn abort(this: &WritableFile) -> Result<Promise, JsValue>;
}

#[wasm_bindgen]
extern "C" {
    /// `LockManager.query()` (W3C Web Locks, section 3.3).
    #[wasm_bindgen(js_namespace = ["navigator", "locks"], js_name = query, catch)]
    pub(super) fn query_locks() -> Result<Promise, JsValue>;
}

/// Whether the browser has Web Locks (W3C Web Locks), with which tabs coordinate.
pub(super) fn has_locks() -> bool {
    let has = |window: web_sys::Window| js_sys::Reflect::has(&window.navigator(), &"locks".into());
    web_sys::window().and_then(|window| has(window).ok()).unwrap_or_default()
}

/// The browser's storage; `None` on pages that are neither https nor localhost.
pub(super) fn storage() -> Option<Storage> {
    let navigator = web_sys::window()?.navigator();
    let storage = js_sys::Reflect::get(&navigator, &"storage".into()).ok()?;
    (!storage.is_undefined()).then(|| storage.unchecked_into())
}

//! Files that the person picks, and incoming files, which are stored in the origin private file system
//! (WHATWG File System) until they are complete.

use crate::{
    platform::{
        Brought,
        browser::{
            externs::{self, WritableFile},
            wall_clock,
        },
    },
    recording::Piece,
};
use js_sys::{Array, ArrayBuffer, Reflect, Uint8Array};
use std::{cell::RefCell, rc::Rc, time::Duration};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    Blob, BlobPropertyBag, ClipboardEvent, DataTransfer, DragEvent, HtmlAnchorElement,
    HtmlInputElement, Url, window,
};

/// Size of the pieces in which files are hashed, because browsers can only hash data in memory.
const HASHED: f64 = 4.0 * 1024.0 * 1024.0;

/// Age at which files of earlier visits are removed: newer ones may belong to an open tab.
const STALE: Duration = Duration::from_secs(6 * 60 * 60);
/// Maximum size of a file that is kept in memory because it cannot be stored.
const IN_MEMORY: f64 = 256.0 * 1024.0 * 1024.0;
const PREFIX: &str = "salon-file-";

/// Bytes that can be read repeatedly, and need not be in memory.
#[derive(Clone)]
pub struct StoredBytes(pub(in crate::platform::browser) Blob);

impl StoredBytes {
    /// The file name, if any.
    #[must_use]
    pub fn name(&self) -> String {
        self.0.dyn_ref::<web_sys::File>().map(web_sys::File::name).unwrap_or_default()
    }

    /// Its size in bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.0.size() as u64
    }

    /// Reads some of its bytes; `None` if the file is gone or has changed.
    pub async fn read(&self, from: u64, length: usize) -> Option<Vec<u8>> {
        let (from, length) = (from as f64, length as f64);
        let bytes = Uint8Array::new(&buffer(&self.0, from, from + length).await?.into()).to_vec();
        (bytes.len() as f64 == length).then_some(bytes)
    }

    /// Assembles a file from new bytes and pieces of this one.
    #[must_use]
    pub fn assemble(&self, pieces: Vec<Piece>, format: &str) -> Option<Self> {
        let parts = Array::new();
        for piece in pieces {
            let _ = match piece {
                Piece::New(bytes) => parts.push(&Uint8Array::from(bytes.as_slice())),
                Piece::Kept { from, to } => {
                    let slice = self.0.slice_with_f64_and_f64(from as f64, to as f64).ok()?;
                    parts.push(slice.as_ref())
                }
            };
        }
        let options = BlobPropertyBag::new();
        options.set_type(format);
        Blob::new_with_blob_sequence_and_options(&parts, &options).ok().map(Self)
    }

    /// The SHA-256 hash of the SHA-256 hashes of its pieces, in hexadecimal digits.
    pub async fn sum(&self) -> Option<String> {
        let subtle = window()?.crypto().ok()?.subtle();
        let digest = async |bytes: &ArrayBuffer| {
            let promise = subtle.digest_with_str_and_buffer_source("SHA-256", bytes).ok()?;
            Some(Uint8Array::new(&JsFuture::from(promise).await.ok()?).to_vec())
        };
        let (mut digests, mut from) = (Vec::new(), 0.0);
        while from < self.0.size() {
            digests.extend(digest(&buffer(&self.0, from, from + HASHED).await?).await?);
            from += HASHED;
        }
        let sum = digest(&Uint8Array::from(digests.as_slice()).buffer()).await?;
        Some(sum.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// Saves it as a download.
    pub fn save(&self, name: &str) {
        let save = || {
            let url = Url::create_object_url_with_blob(&self.0).ok()?;
            let link = window()?.document()?.create_element("a").ok()?;
            let link: HtmlAnchorElement = link.unchecked_into();
            link.set_href(&url);
            link.set_download(name);
            link.click();
            Some(())
        };
        // The URL is never revoked, because the end of the download is not reported.
        let _ = save();
    }
}

async fn buffer(blob: &Blob, from: f64, to: f64) -> Option<ArrayBuffer> {
    let slice = blob.slice_with_f64_and_f64(from, to.min(blob.size())).ok()?;
    let buffer = JsFuture::from(slice.array_buffer()).await.ok()?;
    buffer.dyn_into().ok()
}

/// Takes the files that were picked with an input.
#[must_use]
pub fn picked_files(input: &HtmlInputElement) -> Vec<StoredBytes> {
    let list = input.files().map(|list| Array::from(&list)).unwrap_or_default();
    let picked = list.iter().map(|file| StoredBytes(file.unchecked_into())).collect();
    input.set_value("");
    picked
}

/// The files that were dropped.
#[must_use]
pub fn dropped_files(event: &DragEvent) -> Brought {
    event.data_transfer().map(brought).unwrap_or_default()
}

/// The files and folders of a transfer, as browsers present folders as unreadable files. Works only during
/// the event.
#[allow(clippy::needless_pass_by_value, reason = "used with map over owned values")]
fn brought(transfer: DataTransfer) -> Brought {
    let transfer: externs::Transfer = transfer.unchecked_into();
    let mut brought = Brought::default();
    for item in Array::from(&transfer.items()).iter() {
        let item: externs::Item = item.unchecked_into();
        let Ok(Some(file)) = item.get_as_file() else { continue };
        // Missing in some browsers, and null for data that is not from a disk.
        match item.entry().ok().flatten() {
            Some(entry) if entry.is_directory() => brought.folders.push(file.name()),
            _ => brought.files.push(StoredBytes(file.into())),
        }
    }
    brought
}

/// Whether a drag has left the page.
#[must_use]
pub fn drag_has_left(event: &DragEvent) -> bool {
    event.related_target().is_none()
}

/// Whether files are dragged over the page.
#[must_use]
pub fn drags_files(event: &DragEvent) -> bool {
    let types = event.data_transfer().map(|transfer| Array::from(&transfer.types()));
    types.is_some_and(|types| types.includes(&"Files".into(), 0))
}

/// The files that were pasted. Part of a document may be copied as text and as a picture; then it counts
/// as text.
#[must_use]
pub fn pasted_files(event: &ClipboardEvent) -> Brought {
    let is_document = |transfer: &DataTransfer| {
        let types = Array::from(&transfer.types());
        ["text/plain", "text/html"].iter().all(|kind| types.includes(&(*kind).into(), 0))
    };
    let transfer = event.clipboard_data().filter(|transfer| !is_document(transfer));
    transfer.map(brought).unwrap_or_default()
}

/// A file that is being received. If it is not removed, a later visit does so.
#[derive(Clone)]
pub struct Sink(Place);

#[derive(Clone)]
enum Place {
    Disk(Rc<Written>),
    /// In memory, where the browser has no storage, such as in some private windows.
    Memory(Rc<RefCell<Vec<Blob>>>),
}

struct Written {
    folder: externs::Folder,
    name: String,
    file: externs::StoredFile,
    writable: WritableFile,
}

impl Sink {
    /// Creates an empty file.
    pub async fn create() -> Self {
        Self(match Written::create().await {
            Some(written) => Place::Disk(Rc::new(written)),
            None => Place::Memory(Rc::default()),
        })
    }

    /// Appends bytes; false if there is no space.
    pub async fn write(&self, bytes: &[u8]) -> bool {
        match &self.0 {
            Place::Disk(written) => written.write(bytes).await,
            Place::Memory(pieces) => {
                let mut pieces = pieces.borrow_mut();
                let so_far: f64 = pieces.iter().map(Blob::size).sum();
                let fits = so_far + bytes.len() as f64 <= IN_MEMORY;
                let parts = Array::of1(&Uint8Array::from(bytes));
                let piece = Blob::new_with_u8_array_sequence(&parts).ok().filter(|_| fits);
                let worked = piece.is_some();
                pieces.extend(piece);
                worked
            }
        }
    }

    /// Closes the file, and returns its bytes.
    pub async fn finish(&self) -> Option<StoredBytes> {
        match &self.0 {
            Place::Disk(written) => written.finish().await,
            Place::Memory(pieces) => {
                let parts: Array = pieces.borrow().iter().collect();
                Blob::new_with_blob_sequence(&parts).ok().map(StoredBytes)
            }
        }
    }

    /// Removes the file.
    pub async fn remove(&self) {
        match &self.0 {
            Place::Disk(written) => written.remove().await,
            Place::Memory(pieces) => pieces.borrow_mut().clear(),
        }
    }
}

impl Written {
    async fn create() -> Option<Self> {
        let folder = folder().await?;
        let (now, chance) = (js_sys::Date::now() as u64, js_sys::Math::random());
        let name = format!("{PREFIX}{now}-{:08x}", (chance * f64::from(u32::MAX)) as u32);
        let create = js_sys::JSON::parse(r#"{"create":true}"#).ok()?;
        let file = JsFuture::from(folder.file(&name, &create).ok()?).await.ok()?;
        let file: externs::StoredFile = file.unchecked_into();
        let writable = JsFuture::from(file.writable().ok()?).await.ok()?.unchecked_into();
        Some(Self { folder, name, file, writable })
    }

    async fn write(&self, bytes: &[u8]) -> bool {
        match self.writable.write(&Uint8Array::from(bytes)) {
            Ok(promise) => JsFuture::from(promise).await.is_ok(),
            Err(_) => false,
        }
    }

    async fn finish(&self) -> Option<StoredBytes> {
        // A file that is already closed is complete.
        if let Ok(promise) = self.writable.close() {
            let _ = JsFuture::from(promise).await;
        }
        let file = JsFuture::from(self.file.file().ok()?).await.ok()?;
        Some(StoredBytes(file.dyn_into().ok()?))
    }

    async fn remove(&self) {
        if let Ok(promise) = self.writable.abort() {
            let _ = JsFuture::from(promise).await;
        }
        remove(&self.folder, &self.name).await;
    }
}

pub(in crate::platform::browser) async fn folder() -> Option<externs::Folder> {
    let folder = JsFuture::from(externs::storage()?.directory().ok()?).await.ok()?;
    Some(folder.unchecked_into())
}

async fn remove(folder: &externs::Folder, name: &str) {
    if let Ok(promise) = folder.remove(name) {
        let _ = JsFuture::from(promise).await;
    }
}

/// The names in a folder.
pub(in crate::platform::browser) async fn names(folder: &externs::Folder) -> Vec<String> {
    let (iterator, mut all) = (folder.names(), Vec::new());
    while let Ok(next) = iterator.next() {
        let Ok(next) = JsFuture::from(next).await else { break };
        let value = Reflect::get(&next, &"value".into()).ok().and_then(|value| value.as_string());
        let Some(name) = value else { break };
        all.push(name);
    }
    all
}

/// Removes files that earlier visits have left behind.
pub async fn remove_stale_files() {
    let Some(folder) = folder().await else { return };
    for name in names(&folder).await {
        let written =
            name.strip_prefix(PREFIX).and_then(|rest| rest.split('-').next()?.parse().ok());
        // As an integer: the code for parsing floats is larger than this whole file.
        let age =
            written.map(|written| wall_clock().saturating_sub(Duration::from_millis(written)));
        if age.is_some_and(|age| age > STALE) {
            remove(&folder, &name).await;
        }
    }
}

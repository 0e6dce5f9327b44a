//! The recordings that are stored on this device.

use super::KEPT_KEY;
use crate::{
    platform::{self, StoredBytes, StoredRecording, local_storage},
    recording::{Manifest, ManifestFile, Scanner},
};
use std::time::Duration;

/// The number of bytes that are read at a time: little enough for the memory of a phone.
const PIECE: u64 = 4 * 1024 * 1024;

/// The time after which a saved recording is removed. It is not removed at once, as the page does not
/// learn whether a download was completed, and this may be the only copy.
const SAVED_FOR: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// All recordings on this device that no tab is writing, the last one first. Those of which every
/// file was saved a while ago are removed.
pub async fn stored_recordings() -> Vec<StoredRecording> {
    let now = platform::wall_clock();
    let mut stored = Vec::new();
    for recording in platform::recordings().await {
        match recording.saved {
            Some(at) if now.saturating_sub(at) > SAVED_FOR => {
                platform::delete_recording(&recording.id).await;
            }
            _ => stored.push(recording),
        }
    }
    stored
}

/// Saves a file of a recording as a download; false if it cannot be repaired.
pub async fn save_recording(
    id: &str,
    manifest: &Manifest,
    part: &ManifestFile,
    file: &StoredBytes,
) -> bool {
    // An MP4 that cannot be repaired plays unchanged, if not as well.
    let as_it_is = || (!manifest.is_webm()).then(|| file.clone());
    let whole = whole(file, manifest).await.or_else(as_it_is);
    if let Some(whole) = &whole {
        whole.save(&manifest.file_name(part, &platform::calendar_time(manifest.began())));
        platform::mark_saved(id, &part.file).await;
    }
    whole.is_some()
}

/// Removes a recording.
pub async fn delete_recording(id: &str) {
    platform::delete_recording(id).await;
    if !platform::has_recordings().await {
        local_storage::set(KEPT_KEY, "");
    }
}

/// The file with a length and an index. It stays on disk: only a piece is read at a time.
async fn whole(file: &StoredBytes, manifest: &Manifest) -> Option<StoredBytes> {
    let (mut scanner, mut at) = (Scanner::of(manifest), 0);
    while at < file.size() {
        let length = PIECE.min(file.size() - at);
        let bytes = file.read(at, usize::try_from(length).ok()?).await?;
        scanner.feed(&bytes).ok()?;
        at += length;
    }
    file.assemble(scanner.finish().ok()?.pieces, &manifest.format)
}

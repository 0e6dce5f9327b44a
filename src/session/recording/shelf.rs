//! What is kept on this device, and how the person gets it.

use super::KEPT_KEY;
use crate::{
    platform::{self, KeptRecording, StoredBytes},
    recording::{Note, Part, Scanner},
};
use std::time::Duration;

/// Number of bytes read at a time.
const PIECE: u64 = 4 * 1024 * 1024;

/// Time after which saved recordings are deleted. No event tells a page whether the download is complete,
/// and this may be the only copy.
const SAVED_FOR: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// All recordings on this device that no tab is writing, the last one first. Those of which every
/// file was saved a while ago are removed.
pub async fn kept() -> Vec<KeptRecording> {
    let now = platform::wall_clock();
    let mut kept = Vec::new();
    for recording in platform::recordings().await {
        match recording.saved {
            Some(at) if now.saturating_sub(at) > SAVED_FOR => {
                platform::delete_recording(&recording.id).await;
            }
            _ => kept.push(recording),
        }
    }
    kept
}

/// Hands a file of a recording to the person; false if nothing can be made of it.
pub async fn save(id: &str, note: &Note, part: &Part, file: &StoredBytes) -> bool {
    // An MP4 of a kind that is not known here plays as it is, too, if not as well.
    let as_it_is = || (!note.is_webm()).then(|| file.clone());
    let whole = whole(file, note).await.or_else(as_it_is);
    if let Some(whole) = &whole {
        whole.save(&note.file_name(part, &platform::calendar_time(note.began())));
        platform::mark_saved(id, &part.file).await;
    }
    whole.is_some()
}

/// Removes a recording.
pub async fn delete(id: &str) {
    platform::delete_recording(id).await;
    if !platform::has_recordings().await {
        platform::save(KEPT_KEY, "");
    }
}

/// The file with a length and an index. It stays on the disk: only a piece is read at a time.
async fn whole(file: &StoredBytes, note: &Note) -> Option<StoredBytes> {
    let (mut scanner, mut at) = (Scanner::of(note), 0);
    while at < file.size() {
        let length = PIECE.min(file.size() - at);
        let bytes = file.read(at, usize::try_from(length).ok()?).await?;
        scanner.feed(&bytes).ok()?;
        at += length;
    }
    file.assemble(scanner.finish().ok()?.pieces, &note.format)
}

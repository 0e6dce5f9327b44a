//! The recordings on this device: each has a folder in the browser's storage.

use super::{LIBRARY, MANIFEST, SAVED, lock};
use crate::{
    platform::{
        StoredRecording,
        browser::{
            externs::{self, Folder, StoredFile},
            storage::{StoredBytes, folder, names},
        },
    },
    recording::Manifest,
};
use js_sys::{Array, JSON, Reflect};
use std::time::Duration;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, File};

/// Number of bytes that identify the format of a file.
const BEGINNING: usize = 16;

/// All recordings on this device that no tab is writing, newest first.
pub async fn recordings() -> Vec<StoredRecording> {
    let mut kept = Vec::new();
    let (Some(library), Some(held)) = (library().await, held_locks().await) else { return kept };
    for id in names(&library).await {
        if !held.contains(&lock(&id)) {
            kept.extend(recording(&library, id).await);
        }
    }
    kept.sort_by_key(|recording| std::cmp::Reverse(recording.manifest.began));
    kept
}

/// Whether recordings can be stored, which some browsers do not allow in private windows.
pub async fn can_keep() -> bool {
    folder().await.is_some()
}

/// Whether there are recordings, including those that a tab is writing.
pub async fn has_recordings() -> bool {
    match library().await {
        Some(library) => !names(&library).await.is_empty(),
        None => false,
    }
}

/// Marks a file of a recording as saved now.
pub async fn mark_saved(id: &str, file: &str) {
    let mark = async {
        let folder = subfolder(&library().await?, id).await?;
        // An existing marker would keep its time.
        if let Ok(removed) = folder.remove(&mark_of(file)) {
            let _ = JsFuture::from(removed).await;
        }
        let create = JSON::parse(r#"{"create":true}"#).ok()?;
        JsFuture::from(folder.file(&mark_of(file), &create).ok()?).await.ok()
    };
    mark.await;
}

fn mark_of(file: &str) -> String {
    format!("{SAVED}-{file}")
}

/// Removes a recording.
pub async fn delete_recording(id: &str) {
    let delete = async {
        let all = JSON::parse(r#"{"recursive":true}"#).ok()?;
        JsFuture::from(library().await?.remove_all(id, &all).ok()?).await.ok()
    };
    delete.await;
}

async fn library() -> Option<Folder> {
    subfolder(&folder().await?, LIBRARY).await
}

async fn subfolder(folder: &Folder, name: &str) -> Option<Folder> {
    let found = JsFuture::from(folder.folder(name, &JsValue::UNDEFINED).ok()?).await.ok()?;
    Some(found.unchecked_into())
}

async fn file(folder: &Folder, name: &str) -> Option<File> {
    let found = JsFuture::from(folder.file(name, &JsValue::UNDEFINED).ok()?).await.ok()?;
    let found: StoredFile = found.unchecked_into();
    JsFuture::from(found.file().ok()?).await.ok()?.dyn_into().ok()
}

async fn recording(library: &Folder, id: String) -> Option<StoredRecording> {
    let folder = subfolder(library, &id).await?;
    let manifest = match manifest(&folder).await {
        Some(manifest) => manifest,
        None => lost_manifest(&folder, &id).await?,
    };
    let (mut files, mut saved) = (Vec::new(), Some(Duration::ZERO));
    for part in &manifest.parts {
        if let Some(found) = file(&folder, &part.file).await.filter(|found| found.size() > 0.0) {
            files.push((part.clone(), StoredBytes(Blob::from(found))));
            let mark = file(&folder, &mark_of(&part.file)).await;
            let at = mark
                .and_then(|mark| Duration::try_from_secs_f64(mark.last_modified() / 1000.0).ok());
            saved = saved.zip(at).map(|(last, at)| last.max(at));
        }
    }
    (!files.is_empty()).then_some(StoredRecording { id, manifest, files, saved })
}

async fn manifest(folder: &Folder) -> Option<Manifest> {
    let text = JsFuture::from(file(folder, MANIFEST).await?.text()).await.ok()?.as_string()?;
    Manifest::parse(&text)
}

async fn lost_manifest(folder: &Folder, id: &str) -> Option<Manifest> {
    let is_film = |name: &String| name != MANIFEST && !name.starts_with(SAVED);
    let mut files: Vec<_> = names(folder).await.into_iter().filter(is_film).collect();
    files.sort();
    for name in &files {
        let bytes = StoredBytes(file(folder, name).await?.into());
        if let Some(beginning) = bytes.read(0, BEGINNING).await {
            return Manifest::lost(id, &files, &beginning);
        }
    }
    None
}

/// The names of the locks that some tab holds.
async fn held_locks() -> Option<Vec<String>> {
    let state = JsFuture::from(externs::query_locks().ok()?).await.ok()?;
    let held: Array = Reflect::get(&state, &"held".into()).ok()?.dyn_into().ok()?;
    let name = |lock: JsValue| Reflect::get(&lock, &"name".into()).ok()?.as_string();
    Some(held.iter().filter_map(name).collect())
}

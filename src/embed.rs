//! The pages as they lay in target/site when this program was built.

use crate::server::EmbeddedFile;
use rust_embed::RustEmbed;
use std::time::{Duration, UNIX_EPOCH};

#[derive(RustEmbed)]
#[folder = "target/site"]
struct Files;

/// Finds a file of the pages.
#[must_use]
pub fn file(path: &str) -> Option<EmbeddedFile> {
    let file = Files::get(path)?;
    let modified = Duration::from_secs(file.metadata.last_modified().unwrap_or_default());
    Some(EmbeddedFile { data: file.data, modified: UNIX_EPOCH + modified })
}

//! The built pages: in a directory, or embedded in the binary.

use std::{borrow::Cow, fmt, path::PathBuf, time::SystemTime};

/// Name of the browser app and its directory within the site, as in Cargo.toml for cargo-leptos.
pub(super) const OUTPUT_NAME: &str = "salon";
pub(super) const PKG: &str = "pkg";

/// Finds an embedded file by its path within the site, such as `pkg/salon.js`.
pub type Embedded = fn(&str) -> Option<EmbeddedFile>;

/// A file embedded in the binary.
#[derive(Clone, Debug)]
pub struct EmbeddedFile {
    /// The contents.
    pub data: Cow<'static, [u8]>,
    /// The modification time at build time.
    pub modified: SystemTime,
}

/// The output of `cargo leptos build`.
#[derive(Clone)]
pub enum Site {
    /// In a directory.
    Folder(PathBuf),
    /// In the binary.
    Embedded(Embedded),
}

impl fmt::Debug for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(folder) => folder.display().fmt(f),
            Self::Embedded(_) => f.write_str("the binary"),
        }
    }
}

impl Site {
    pub(super) fn has(&self, file: &str) -> bool {
        match self {
            Self::Folder(folder) => folder.join(file).is_file(),
            Self::Embedded(find) => find(file).is_some(),
        }
    }

    /// Returns the directory of the browser app if it is missing.
    pub(super) fn missing(&self) -> Option<PathBuf> {
        match self {
            Self::Folder(folder) => Some(folder.join(PKG)).filter(|pkg| !pkg.is_dir()),
            Self::Embedded(_) => None,
        }
    }
}

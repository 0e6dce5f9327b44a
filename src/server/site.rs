//! Where the built pages come from: a folder, or the program itself.

use std::{borrow::Cow, fmt, path::PathBuf, time::SystemTime};

/// Name of the built browser app, and the folder of the site that holds it: cargo-leptos is told
/// the same in Cargo.toml.
pub(super) const OUTPUT_NAME: &str = "salon";
pub(super) const PKG: &str = "pkg";

/// Finds a file that the program carries, by its path below the site, such as `pkg/salon.js`.
pub type Embedded = fn(&str) -> Option<EmbeddedFile>;

/// A file that the program carries.
#[derive(Clone, Debug)]
pub struct EmbeddedFile {
    /// What is in it.
    pub data: Cow<'static, [u8]>,
    /// When it was built.
    pub modified: SystemTime,
}

/// The built pages, as `cargo leptos build` leaves them behind.
#[derive(Clone)]
pub enum Site {
    /// In a folder.
    Folder(PathBuf),
    /// In the program.
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
            Self::Embedded(_) => f.write_str("the program itself"),
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

    /// The folder that should hold the browser app, if it does not.
    pub(super) fn missing(&self) -> Option<PathBuf> {
        match self {
            Self::Folder(folder) => Some(folder.join(PKG)).filter(|pkg| !pkg.is_dir()),
            Self::Embedded(_) => None,
        }
    }
}

//! The built pages: in a directory, or embedded in the binary.

use std::{borrow::Cow, fmt, fs, path::PathBuf, time::SystemTime};

/// Name of the browser app and its directory within the site, as in Cargo.toml for cargo-leptos.
pub(super) const OUTPUT_NAME: &str = "salon";
pub(super) const PKG: &str = "pkg";
/// The file with the id of a packed build (`scripts/pack.mjs`).
const BUILD: &str = "pkg/build.txt";
/// Number of hexadecimal digits of the id.
const ID_DIGITS: usize = 16;

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

    /// How the files are named. Reads a file unless the site is embedded: another build may have replaced
    /// the one before.
    pub(super) fn names(&self) -> FileNames {
        let text = match self {
            Self::Folder(folder) => fs::read_to_string(folder.join(BUILD)).ok(),
            Self::Embedded(find) => {
                find(BUILD).and_then(|file| String::from_utf8(file.data.into_owned()).ok())
            }
        };
        FileNames { build: text.filter(|id| is_build_id(id)) }
    }

    /// Returns the directory of the browser app if it is missing.
    pub(super) fn missing(&self) -> Option<PathBuf> {
        match self {
            Self::Folder(folder) => Some(folder.join(PKG)).filter(|pkg| !pkg.is_dir()),
            Self::Embedded(_) => None,
        }
    }
}

/// The names of the files of one build.
#[derive(Clone, Debug)]
pub(super) struct FileNames {
    /// The id in the names of a packed build; none in development.
    build: Option<String>,
}

impl FileNames {
    /// The id of a packed build.
    pub(super) fn build(&self) -> Option<&str> {
        self.build.as_deref()
    }

    /// The path of a file within the site. In a packed build `start.js` is `pkg/start.0123456789abcdef.js`,
    /// and likewise files that are in `pkg` anyway.
    pub(super) fn path(&self, file: &str) -> String {
        let name = file.strip_prefix("pkg/").unwrap_or(file);
        match (&self.build, name.rsplit_once('.')) {
            (Some(build), Some((stem, end))) => format!("{PKG}/{stem}.{build}.{end}"),
            _ => file.to_owned(),
        }
    }
}

/// Whether the path of a URL is in the directory of the browser app.
pub(super) fn is_of_app(path: &str) -> bool {
    path.starts_with("/pkg/")
}

/// Whether the path of a URL names a file of one build, whose content never changes.
pub(super) fn is_of_one_build(path: &str) -> bool {
    is_of_app(path) && path.split('.').skip(1).any(is_build_id)
}

fn is_build_id(text: &str) -> bool {
    let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    text.len() == ID_DIGITS && text.bytes().all(is_digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_a_packed_build_are_named_after_it() {
        let packed = FileNames { build: Some("0123456789abcdef".to_owned()) };
        let plain = FileNames { build: None };
        for (file, path) in [
            ("pkg/salon.js", "pkg/salon.0123456789abcdef.js"),
            ("start.js", "pkg/start.0123456789abcdef.js"),
        ] {
            assert_eq!(packed.path(file), path);
            assert!(is_of_one_build(&format!("/{path}")));
            assert_eq!(plain.path(file), file);
            assert!(!is_of_one_build(&format!("/{file}")));
        }
    }

    #[test]
    fn only_names_with_an_id_are_of_one_build() {
        for other in [
            "/start.0123456789abcdef.js",
            "/pkg/0123456789abcdef.js",
            "/pkg/salon.0123456789ABCDEF.js",
            "/pkg/salon.0123456789abcdefg.js",
            "/pkg/__wasm_split.______________________.js",
            "/pkg/build.txt",
        ] {
            assert!(!is_of_one_build(other), "{other}");
        }
    }
}

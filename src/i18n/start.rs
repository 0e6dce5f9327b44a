//! Texts shown before the app has loaded or after it has crashed. Separate from the other texts,
//! because only the server contains them: the page passes them to `public/start.js`, which shows
//! them.

use serde::Serialize;

/// The texts of one language about the start of the app. `{}` is replaced by the missing or blocked
/// part, or by `part` if it is unknown.
#[derive(Serialize)]
#[allow(missing_docs, reason = "the fields are named after what they say")]
pub struct StartTexts {
    pub waiting: &'static str,
    pub slow: &'static str,
    pub wasm: &'static str,
    pub file: &'static str,
    pub part: &'static str,
    pub folder: &'static str,
    pub policy: &'static str,
    pub sandbox: &'static str,
    pub changed: &'static str,
    pub crash: &'static str,
    /// The server has another build than the page.
    pub updated: &'static str,
    pub reload: &'static str,
    pub tab: &'static str,
    /// Shown by the style sheet when no script runs although the browser supports scripts.
    #[serde(skip)]
    pub stalled: &'static str,
}

//! What is said while the app is not there, or no more. Apart from the other texts, because only the
//! server has it: the page carries it to `public/start.js`, which says it.

use serde::Serialize;

/// The texts of one language about the start of the app. `{}` stands for what is missing or blocked,
/// `part` for what is missing and not known.
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
    pub reload: &'static str,
    pub tab: &'static str,
    /// Where no script runs, though the browser would run some. The style sheet shows it.
    #[serde(skip)]
    pub stalled: &'static str,
}

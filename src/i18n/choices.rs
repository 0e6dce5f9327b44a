//! Texts about optional settings. Separate from the other texts, because their code is loaded with
//! the panels.

use crate::{
    protocol::{DisplayName, Quality},
    session::Shortcut,
};

/// The texts of one language about settings in a call.
#[allow(missing_docs, reason = "the fields are named after what they say")]
pub struct ChoiceTexts {
    pub view: &'static str,
    pub grid: &'static str,
    pub speaker: &'static str,
    pub hide_self: &'static str,
    pub full_screen: &'static str,
    pub open_window: &'static str,
    pub close_window: &'static str,
    pub shortcuts: &'static str,
    pub use_shortcuts: &'static str,
    pub shortcut: fn(Shortcut) -> &'static str,
    pub space: &'static str,
    pub push_to_talk: &'static str,
    pub close_panel: &'static str,
    pub quality: &'static str,
    pub auto: &'static str,
    pub save_data: &'static str,
    pub audio_only: &'static str,
    pub quality_means: fn(Quality) -> &'static str,
    pub sound_and_picture: &'static str,
    pub blur: &'static str,
    pub noise: &'static str,
    pub echo: &'static str,
    pub gain: &'static str,
    pub music: &'static str,
    pub music_means: &'static str,
    pub mute_for_me: fn(&DisplayName) -> String,
    pub volume_of: fn(&DisplayName) -> String,
}

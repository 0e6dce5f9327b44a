//! English, about choices in a call.

use super::someone;
use crate::{i18n::ChoiceTexts, protocol::Quality, session::Shortcut};

pub(in crate::i18n) static TEXTS: ChoiceTexts = ChoiceTexts {
    view: "View",
    grid: "Everybody equal",
    speaker: "Who talks is large",
    hide_self: "Hide my own picture from me",
    full_screen: "Full screen",
    open_window: "Small window on top",
    close_window: "Close the small window",
    shortcuts: "Keyboard shortcuts",
    use_shortcuts: "Use them",
    shortcut: |shortcut| match shortcut {
        Shortcut::Microphone => "Mute or unmute",
        Shortcut::Camera => "Camera on or off",
        Shortcut::Screen => "Share your screen, or stop",
        Shortcut::Chat => "Open or close the chat",
        Shortcut::People => "Open or close the people",
        Shortcut::Hand => "Raise or lower your hand",
        Shortcut::Layout => "Everybody equal, or who talks large",
    },
    space: "Space",
    push_to_talk: "Talk while you hold it",
    close_panel: "Close what is open",
    quality: "Quality",
    auto: "Automatic",
    save_data: "Save data",
    audio_only: "Sound only",
    quality_means: |quality| match quality {
        Quality::Auto => "As good as the connection carries.",
        Quality::SaveData => "Pictures are small, yours and theirs.",
        Quality::AudioOnly => "No pictures are sent to you, and your camera is off.",
    },
    sound_and_picture: "Sound and picture",
    blur: "Blur my background",
    noise: "Suppress noise",
    echo: "Cancel echo",
    gain: "Even out my loudness",
    music: "Music",
    music_means: "Your microphone is sent as it is, at a higher rate. Wear headphones.",
    mute_for_me: |name| format!("Mute {} for me", someone(name.as_str())),
    volume_of: |name| format!("Volume of {}", someone(name.as_str())),
};

//! English texts about settings in a call.

use super::words::someone;
use crate::{i18n::ChoiceTexts, protocol::Quality, session::Shortcut};

pub(in crate::i18n) static TEXTS: ChoiceTexts = ChoiceTexts {
    view: "View",
    grid: "Grid",
    speaker: "Speaker",
    hide_self: "Hide self-view",
    full_screen: "Full screen",
    open_window: "Picture-in-picture",
    close_window: "Close picture-in-picture",
    shortcuts: "Keyboard shortcuts",
    use_shortcuts: "Use shortcuts",
    shortcut: |shortcut| match shortcut {
        Shortcut::Microphone => "Mute or unmute",
        Shortcut::Camera => "Camera on or off",
        Shortcut::Screen => "Start or stop screen sharing",
        Shortcut::Chat => "Open or close the chat",
        Shortcut::People => "Open or close the list of people",
        Shortcut::Hand => "Raise or lower your hand",
        Shortcut::Layout => "Switch between grid and speaker",
    },
    space: "Space",
    push_to_talk: "Hold to talk",
    close_panel: "Close the open panel",
    quality: "Quality",
    auto: "Automatic",
    save_data: "Save data",
    audio_only: "Audio only",
    quality_means: |quality| match quality {
        Quality::Auto => "As good as your connection allows.",
        Quality::SaveData => "Video is smaller, yours and theirs.",
        Quality::AudioOnly => "You receive no video, and your camera is off.",
    },
    sound_and_picture: "Audio and video",
    blur: "Blur my background",
    noise: "Suppress noise",
    echo: "Cancel echo",
    gain: "Adjust my volume automatically",
    music: "Music mode",
    music_means: "Sends your microphone unprocessed, at a higher bitrate. Wear headphones.",
    mute_for_me: |name| format!("Mute {} for me", someone(name.as_str())),
    volume_of: |name| format!("Volume of {}", someone(name.as_str())),
};

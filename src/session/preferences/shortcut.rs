//! The keyboard shortcuts of a call.

/// The letters of the shortcuts, pressed together with Alt: single keys are for typing, and what speech
/// recognition types.
pub const SHORTCUT_KEYS: [(&str, Shortcut); 7] = [
    ("M", Shortcut::Microphone),
    ("V", Shortcut::Camera),
    ("S", Shortcut::Screen),
    ("C", Shortcut::Chat),
    ("P", Shortcut::People),
    ("R", Shortcut::Hand),
    ("L", Shortcut::Layout),
];

/// The action of a shortcut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shortcut {
    /// Mutes, or unmutes.
    Microphone,
    /// Turns the camera on or off.
    Camera,
    /// Starts or stops sharing the screen.
    Screen,
    /// Opens or closes the chat.
    Chat,
    /// Opens or closes the list of people.
    People,
    /// Raises or lowers the hand.
    Hand,
    /// Switches between grid and speaker layout.
    Layout,
}

/// Finds a shortcut by the letter on the key; where Alt turns it into another character, or the keyboard
/// has other letters, by its place (W3C UI Events Code), unless the person is typing.
#[must_use]
pub fn find_shortcut(key: &str, code: &str, types: bool) -> Option<(&'static str, Shortcut)> {
    let is_letter = key.len() == 1 && key.starts_with(|letter: char| letter.is_ascii_alphabetic());
    let letter = if is_letter { Some(key) } else { code.strip_prefix("Key").filter(|_| !types) };
    SHORTCUT_KEYS
        .into_iter()
        .find(|(other, _)| letter.is_some_and(|letter| letter.eq_ignore_ascii_case(other)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shortcuts_follow_the_letter_on_the_key_and_ignore_typed_characters() {
        let find = |key, code, types| find_shortcut(key, code, types).map(|(_, shortcut)| shortcut);
        assert_eq!(find("m", "KeyM", true), Some(Shortcut::Microphone));
        assert_eq!(find("m", "Semicolon", false), Some(Shortcut::Microphone), "another layout");
        assert_eq!(find("q", "KeyM", false), None);
        assert_eq!(
            find("\u{b5}", "KeyM", false),
            Some(Shortcut::Microphone),
            "Alt made a sign of it"
        );
        assert_eq!(find("\u{b5}", "KeyM", true), None, "somebody types it");
        assert_eq!(find("ArrowLeft", "ArrowLeft", false), None);
    }
}

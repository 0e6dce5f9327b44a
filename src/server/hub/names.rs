//! Cuts names between grapheme clusters, for which only the server has the tables.

use crate::protocol::{ClientMessage, Join};
use unicode_segmentation::UnicodeSegmentation;

/// Shortens the display name in a message to its maximum length.
pub(super) fn shorten(mut message: ClientMessage) -> ClientMessage {
    if let ClientMessage::Join(Join { presence, .. }) | ClientMessage::Presence(presence) =
        &mut message
    {
        presence.name = presence.name.shortened(split);
    }
    message
}

fn split(text: &str) -> Vec<String> {
    text.graphemes(true).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{DisplayName, Presence};

    #[test]
    fn t22_received_names_are_cut_between_characters() {
        let sent = |name: &str| {
            let presence = Presence { name: DisplayName::from(name), ..Presence::default() };
            match shorten(ClientMessage::Presence(presence)) {
                ClientMessage::Presence(presence) => presence.name.as_str().to_owned(),
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(sent("Ada"), "Ada");
        assert_eq!(sent(&"👩🏽".repeat(60)), "👩🏽".repeat(48));
        assert_eq!(sent(&"e\u{301}".repeat(60)), "e\u{301}".repeat(48));
    }
}

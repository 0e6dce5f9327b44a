//! Names of people end where a character does, which takes tables that only the server links.

use crate::protocol::{ClientMessage, Join};
use unicode_segmentation::UnicodeSegmentation;

/// The message with the name in it as others will see it.
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

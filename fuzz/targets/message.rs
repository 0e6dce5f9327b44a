//! Any text, as a message to the server and as one to a browser: it is understood or refused in
//! words, and what was understood means the same once it is written again.

#![no_main]

use libfuzzer_sys::fuzz_target;
use salon::protocol::{ClientMessage, ServerMessage, limits::MESSAGE_BYTES};

/// A sentence for a person, whatever the message was.
const SENTENCE_BYTES: usize = 2048;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = str::from_utf8(data) else { return };
    if text.len() > MESSAGE_BYTES {
        return;
    }
    match ClientMessage::parse(text) {
        Ok(message) => {
            let written = message.to_json();
            assert_eq!(ClientMessage::parse(&written), Ok(message), "{written}");
        }
        Err(error) => {
            let sentence = error.to_string();
            assert!(sentence.len() <= SENTENCE_BYTES, "{} bytes: {sentence}", sentence.len());
        }
    }
    if let Ok(message) = ServerMessage::parse(text) {
        let written = message.to_json();
        assert_eq!(ServerMessage::parse(&written), Ok(message), "{written}");
    }
});

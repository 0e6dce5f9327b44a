//! Any input as a message to the server, to a client, and on a data channel: it is parsed or refused, and
//! parsing what was written for it gives the same message. What a client reads, serde reads the same.

#![no_main]

use libfuzzer_sys::fuzz_target;
use salon_core::protocol::{
    ClientMessage, ServerMessage, Slice, Talk, json::Json, limits::MESSAGE_BYTES, reference,
};

/// Maximum length of an error message, for any input.
const SENTENCE_BYTES: usize = 2048;

fuzz_target!(|data: &[u8]| {
    let _ = Slice::parse(data);
    let Ok(text) = str::from_utf8(data) else { return };
    if text.len() > MESSAGE_BYTES {
        return;
    }
    // Serde cannot read some numbers.
    let is_json = reference::is_json(text);
    let is_comparable = is_json.is_some();
    if Json::parse(text).is_some() {
        assert_ne!(is_json, Some(false), "{text}");
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
    if let Some(talk) = Talk::parse(text) {
        if is_comparable {
            assert_eq!(reference::talk(text).as_ref(), Some(&talk), "{text}");
        }
        let written = talk.to_json();
        assert_eq!(Talk::parse(&written), Some(talk), "{written}");
    }
    if let Ok(message) = ServerMessage::parse(text) {
        if is_comparable {
            assert_eq!(reference::server_message(text).as_ref(), Some(&message), "{text}");
        }
        let written = message.to_json();
        assert_eq!(ServerMessage::parse(&written), Ok(message), "{written}");
    }
});

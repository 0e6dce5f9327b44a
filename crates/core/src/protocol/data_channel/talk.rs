//! Messages between participants over a data channel (RFC 8831).

use super::super::{
    DisplayName, FileNews, FileNumber, PeerId, Presence, Reaction,
    json::{self, FromJson, Json, ToJson, Writer, field, message, object, string},
    limits::{TALK_BYTES, TEXT_CHARS},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The text of a chat message.
///
/// Control characters other than line breaks, and bidirectional overrides and isolates (UAX #9), are
/// removed. It is cut to [`TEXT_CHARS`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String")]
pub struct ChatText(String);

string!(ChatText, |text| Some(text.into()));

impl ChatText {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether there is no visible text.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<String> for ChatText {
    fn from(text: String) -> Self {
        Self::from(text.as_str())
    }
}

impl From<&str> for ChatText {
    fn from(text: &str) -> Self {
        let reorders = |c| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        let stays = |c: &char| *c == '\n' || !c.is_control() && !reorders(*c);
        let plain = |c| if c == '\t' { ' ' } else { c };
        let text: String = text.chars().map(plain).filter(stays).take(TEXT_CHARS).collect();
        let is_seen =
            |c: char| !c.is_whitespace() && !matches!(c, '\u{200b}'..='\u{200f}' | '\u{feff}');
        match text.contains(is_seen) {
            true => Self(text.trim_end().trim_start_matches('\n').to_owned()),
            false => Self::default(),
        }
    }
}

/// A chat message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "message")]
pub struct ChatMessage {
    /// Its author.
    pub author: PeerId,
    /// Increases with each message of the author in this room.
    pub number: u64,
    /// Its logical time: greater than that of every message that the author had received.
    pub order: u64,
    /// Its age in milliseconds, because clocks differ.
    pub age: u64,
    /// The author's name.
    pub name: DisplayName,
    /// The text.
    pub text: ChatText,
}

object!(ChatMessage: "message" { author, number, order, age, name, text });

/// A version vector of the chat: the messages that a participant has.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "sync")]
pub struct ChatSync {
    /// The number of the last message of each author.
    pub last: BTreeMap<PeerId, u64>,
    /// The authors who are present. Only their own messages are accepted from them; missing messages of
    /// all others may come from anyone.
    pub present: Vec<PeerId>,
}

object!(ChatSync: "sync" { last, present });

impl FromJson for BTreeMap<PeerId, u64> {
    fn from_json(json: &Json) -> Option<Self> {
        let Json::Object(fields) = json else { return None };
        // One by one, because `collect` brings a sorting algorithm.
        let mut map = Self::new();
        for (id, number) in fields {
            map.insert(id.parse().ok()?, u64::from_json(number)?);
        }
        Some(map)
    }
}

impl ToJson for BTreeMap<PeerId, u64> {
    fn write(&self, out: &mut Writer) {
        let fields: Vec<_> = self.iter().map(|(id, number)| (id.to_string(), number)).collect();
        out.object(&mut fields.iter().map(|(id, number)| (id.as_str(), number as &dyn ToJson)));
    }
}

/// One message on the data channel: a JSON object with a `type`, as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Talk {
    /// Requests missing messages; sent first on every channel, and when someone has left.
    Sync(ChatSync),
    /// A chat message.
    Message(ChatMessage),
    /// The receiver's own messages up to this number have arrived.
    Ack(u64),
    /// A message about a file.
    File(FileNumber, FileNews),
    /// A reaction. It is not sent again after a lost connection.
    Reaction(Reaction),
    /// A changed presence. The server sends it as well; the name and the place of a raised hand are
    /// accepted only from the server.
    Presence(Presence),
}

impl Talk {
    /// Writes the message as JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        match self {
            Self::Sync(sync) => json::to_string(sync),
            Self::Message(message) => json::to_string(message),
            Self::Ack(number) => message("ack", &[field("number", number)]),
            Self::File(number, news) => {
                message("file", &[field("number", number), field("news", news)])
            }
            Self::Reaction(reaction) => message("reaction", &[field("reaction", reaction)]),
            Self::Presence(presence) => message("presence", &[field("presence", presence)]),
        }
    }

    /// Parses a message. `None` if it is unknown, because it may come from a later version.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > TALK_BYTES {
            return None;
        }
        let json = Json::parse(text)?;
        Some(match json.get("type")?.text()? {
            "sync" => Self::Sync(ChatSync::from_json(&json)?),
            "message" => Self::Message(ChatMessage::from_json(&json)?),
            "ack" => Self::Ack(json.field("number")?),
            "file" => {
                let news = json.field("news").filter(FileNews::is_sane)?;
                Self::File(json.field("number")?, news)
            }
            "presence" => Self::Presence(json.field("presence")?),
            "reaction" => Self::Reaction(json.field("reaction")?),
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clean(text: &str) -> String {
        ChatText::from(text).0
    }

    #[test]
    fn t22_texts_are_cleaned() {
        assert_eq!(clean("\nfirst\r\n  second \n\n"), "first\n  second");
        assert_eq!(clean("ev\u{202e}il\u{0}\u{7}"), "evil");
        assert_eq!(clean(" \u{200b}\n\u{200d} "), "");
        assert_eq!(clean("<b>👩\u{200d}🚀 שלום</b>"), "<b>👩\u{200d}🚀 שלום</b>");
        assert_eq!(clean(&"é".repeat(TEXT_CHARS + 1)).chars().count(), TEXT_CHARS);
    }

    #[test]
    fn messages_are_written_and_parsed() {
        let message = ChatMessage {
            author: PeerId(7),
            number: 1,
            order: 3,
            age: 20,
            name: "Ada".into(),
            text: "a \"b\"\nc".into(),
        };
        let sync = ChatSync { last: [(PeerId(7), 1)].into(), present: vec![PeerId(7)] };
        let offer = FileNews::Offer { name: "a.txt".into(), size: 3 };
        let file = |news| Talk::File(5, news);
        let files =
            [offer, FileNews::Request(9), FileNews::Pause, FileNews::Digest("0a".repeat(32))];
        let presence = Presence { mic: false, recording: true, ..Presence::default() };
        let presence = Talk::Presence(presence);
        let all = [Talk::Message(message), Talk::Sync(sync), Talk::Ack(12), presence];
        let reactions = Reaction::ALL.map(Talk::Reaction);
        for talk in all.into_iter().chain(files.map(file)).chain(reactions) {
            assert_eq!(Talk::parse(&talk.to_json()), Some(talk));
        }
        for reaction in Reaction::ALL {
            let text = format!(r#"{{"type":"reaction","reaction":"{}"}}"#, reaction.emoji());
            assert_eq!(Talk::Reaction(reaction).to_json(), text);
        }
        assert_eq!(Talk::parse(r#"{"type":"ack","number":12.0}"#), Some(Talk::Ack(12)));
        let request = file(FileNews::Request(9)).to_json();
        assert_eq!(request, r#"{"type":"file","number":5,"news":{"request":9}}"#);
        assert_eq!(Talk::Ack(12).to_json(), r#"{"type":"ack","number":12}"#);
        let sync = ChatSync { last: [(PeerId(7), 1)].into(), present: vec![] };
        let text = r#"{"type":"sync","last":{"0000000000000007":1},"present":[]}"#;
        assert_eq!(Talk::Sync(sync).to_json(), text);
    }

    #[test]
    fn invalid_and_unknown_messages_are_ignored() {
        for text in [
            "",
            "[]",
            r#"{"type":"later"}"#,
            r#"{"type":"ack"}"#,
            r#"{"type":"ack","number":-1}"#,
            r#"{"type":"file","number":1,"news":"later"}"#,
            r#"{"type":"file","number":1,"news":{"digest":"short"}}"#,
            r#"{"type":"file","number":1,"news":{"offer":{"name":"a","size":9007199254740993}}}"#,
        ] {
            assert_eq!(Talk::parse(text), None, "{text}");
        }
        let long = format!(r#"{{"type":"ack","number":1,"more":"{}"}}"#, "a".repeat(TALK_BYTES));
        assert_eq!(Talk::parse(&long), None);
    }

    #[test]
    fn the_longest_text_fits_into_a_message() {
        for longest in ["\u{10ffff}", "\"", "\n"] {
            let text = ChatText(longest.repeat(TEXT_CHARS));
            let name = DisplayName::from("\u{10ffff}".repeat(1000).as_str());
            let (author, most) = (PeerId(u64::MAX), u64::MAX);
            let (number, order, age) = (most, most, most);
            let message = ChatMessage { author, number, order, age, name, text };
            assert!(Talk::Message(message).to_json().len() <= TALK_BYTES);
        }
    }
}

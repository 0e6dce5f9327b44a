//! Serde reads and writes the same. The reader may refuse more, but accepts nothing else.

pub mod any;

use super::{FromJson, Json, ToJson, from_str, to_string};
use crate::protocol::*;
use any::{
    boot, candidate, chat_message, chat_sync, client_message, client_metrics, description,
    file_news, host_action, host_state, ice, pass, person, presence, reception, room_state,
    seat_claim, server_message, settings, talk, text,
};
use proptest::{collection::vec, prelude::*, sample::select};
use serde::{Serialize, de::DeserializeOwned};
use std::fmt::Debug;

/// Checks that both write the same text, and that each reads the value that the other wrote.
pub fn check<T>(value: &T)
where
    T: FromJson + ToJson + Serialize + DeserializeOwned + PartialEq + Debug,
{
    let (own, serde) = (to_string(value), serde_json::to_string(value).unwrap());
    assert_eq!(own, serde);
    assert_eq!(from_str::<T>(&serde).as_ref(), Some(value), "{serde}");
    assert_eq!(serde_json::from_str::<T>(&own).ok().as_ref(), Some(value), "{own}");
}

/// Checks that serde reads the same if the reader accepts this text.
fn check_read<T: FromJson + DeserializeOwned + PartialEq + Debug>(text: &str) {
    if let Some(value) = from_str::<T>(text) {
        assert_eq!(reference::from_str::<T>(text), Some(value), "{text}");
    }
}

/// JSON, changed in a few places: a token is replaced, inserted or removed.
fn nearly(text: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    let token = prop_oneof![
        4 => select(&[
            "", ",", ":", "{", "}", "[", "]", "{}", "[]", "null", "true", "false", " ", "\u{b}",
            "0", "-0", "7", "7.0", "70e-1", "-1", "0.5", "1e2", "01", "1.", "65536", "1E+18",
            "9007199254740993.0", "18446744073709551615", "18446744073709551616", "\"", "\"\"",
            "\"0000000000000007\"", "\"a\"", r#""\u00e9""#, r#""\ud83d\ude00""#, r#""\ud83d""#,
            r#""\u+041""#, r#""\x""#, "\"\t\"", "\"other\"", "\"later\"", "\"withdraw\"",
            r#","x":{"y":[1.5,"\/"]}"#, r#","type":"pong""#, r#"{"pause":null}"#,
            r#"{"pause":0}"#, r#","gate":null"#, r#","settings":null"#, r#","hand":3.0"#,
        ][..]).prop_map(str::to_owned),
        1 => any::<char>().prop_map(String::from),
    ];
    (text, vec((any::<prop::sample::Index>(), token, 0..3_u8), 0..4)).prop_map(|(text, changes)| {
        let mut tokens = tokens(&text);
        for (index, token, change) in changes {
            let index = index.index(tokens.len());
            match change {
                0 => tokens[index] = token,
                1 => tokens.insert(index, token),
                _ => tokens[index] += &token,
            }
        }
        tokens.concat()
    })
}

/// Splits JSON into punctuation and what stands between it.
fn tokens(json: &str) -> Vec<String> {
    let mut tokens = vec![String::new()];
    let (mut in_string, mut is_escaped) = (false, false);
    for c in json.chars() {
        let is_end = !in_string && "{}[]:,".contains(c);
        if is_end {
            tokens.push(String::new());
        }
        (in_string, is_escaped) =
            (in_string != (c == '"' && !is_escaped), in_string && c == '\\' && !is_escaped);
        tokens.last_mut().unwrap().push(c);
        if is_end {
            tokens.push(String::new());
        }
    }
    tokens
}

fn any_json() -> impl Strategy<Value = String> {
    prop_oneof![
        server_message().prop_map(|message| message.to_json()),
        client_message().prop_map(|message| message.to_json()),
        talk().prop_map(|talk| talk.to_json()),
        boot().prop_map(|boot| to_string(&boot)),
        presence().prop_map(|presence| to_string(&presence)),
        room_state().prop_map(|state| to_string(&state)),
        file_news().prop_map(|news| to_string(&news)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

    #[test]
    fn both_write_and_read_the_same(
        (presence, person, state) in (presence(), person(), room_state()),
        (settings, host_state, ice) in (settings(), host_state(), ice()),
        (candidate, reception, claim) in (candidate(), reception(), seat_claim()),
        (pass, metrics, text) in (pass(), client_metrics(), text()),
        description in description(SdpType::Offer),
        (message, sync, news, boot) in (chat_message(), chat_sync(), file_news(), boot()),
    ) {
        check(&presence);
        check(&person);
        check(&state);
        check(&settings);
        check(&host_state);
        check(&ice);
        check(&ice.servers);
        check(&candidate);
        check(&reception);
        check(&claim);
        check(&pass);
        check(&metrics);
        check(&text);
        check(&message);
        check(&sync);
        check(&news);
        check(&boot);
        // Both leave the tracks to the message.
        description.tracks.iter().for_each(check);
        check(&SessionDescription { tracks: Vec::new(), ..description });
    }

    #[test]
    fn a_host_action_is_written_the_same(action in host_action()) {
        let text = to_string(&action);
        prop_assert_eq!(&text, &serde_json::to_string(&action).unwrap());
        prop_assert_eq!(serde_json::from_str::<HostAction>(&text).unwrap(), action);
    }

    #[test]
    fn the_client_reads_what_the_server_writes(message in server_message()) {
        let text = message.to_json();
        prop_assert_eq!(reference::server_message(&text), Some(message.clone()));
        prop_assert_eq!(ServerMessage::parse(&text), Ok(message));
    }

    #[test]
    fn the_server_reads_what_the_client_writes(message in client_message()) {
        prop_assert_eq!(ClientMessage::parse(&message.to_json()), Ok(message));
    }

    #[test]
    fn clients_read_what_clients_write(talk in talk()) {
        let text = talk.to_json();
        prop_assert_eq!(reference::talk(&text), Some(talk.clone()));
        prop_assert_eq!(Talk::parse(&text), Some(talk));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1024, failure_persistence: None, ..Default::default() })]

    #[test]
    fn both_accept_the_same_syntax(text in nearly(any_json())) {
        if let Some(is_json) = reference::is_json(&text) {
            prop_assert_eq!(Json::parse(&text).is_some(), is_json, "{}", text);
        }
    }

    #[test]
    fn what_the_reader_accepts_is_the_same_for_serde(text in nearly(any_json())) {
        prop_assume!(reference::is_json(&text).is_some());
        if let Ok(message) = ServerMessage::parse(&text) {
            prop_assert_eq!(reference::server_message(&text), Some(message), "{}", text);
        }
        if let Some(talk) = Talk::parse(&text) {
            prop_assert_eq!(reference::talk(&text), Some(talk), "{}", text);
        }
        check_read::<Boot>(&text);
        check_read::<Presence>(&text);
        check_read::<RoomState>(&text);
        check_read::<RoomSettings>(&text);
        check_read::<HostState>(&text);
        check_read::<IceGrant>(&text);
        check_read::<ChatMessage>(&text);
        check_read::<ChatSync>(&text);
        check_read::<FileNews>(&text);
        check_read::<Vec<u8>>(&text);
    }
}

#[test]
fn words_are_the_same() {
    fn all<T>(variants: &[T])
    where
        T: FromJson + ToJson + Serialize + DeserializeOwned + PartialEq + Debug,
    {
        variants.iter().for_each(check);
    }
    all(ErrorCode::VARIANTS);
    all(Failure::VARIANTS);
    all(Gate::VARIANTS);
    all(Grade::VARIANTS);
    all(Quality::VARIANTS);
    all(Reaction::VARIANTS);
    all(Role::VARIANTS);
    all(SdpType::VARIANTS);
    all(TrackSource::VARIANTS);
    assert_eq!(from_str(r#""later""#), Some(ErrorCode::Other));
    assert_eq!(from_str::<Gate>(r#""later""#), None);
}

#[test]
fn strings_are_unescaped() {
    let read = |text: &str| from_str::<String>(text);
    assert_eq!(read(r#""a\"\\\/\b\f\n\r\tb""#).unwrap(), "a\"\\/\u{8}\u{c}\n\r\tb");
    assert_eq!(read(r#" "\u00e9\uD83D\ude00" "#).unwrap(), "é😀");
    for text in [
        r#""\ud83d""#,
        r#""\ude00""#,
        r#""\ud83d\u0041""#,
        r#""\ud83dx""#,
        r#""\u+041""#,
        r#""\u12""#,
        r#""\é""#,
        "\"\n\"",
        "\"a",
        "\"\\",
    ] {
        assert_eq!(read(text), None, "{text}");
    }
}

#[test]
fn nesting_is_limited() {
    let nested = |depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(Json::parse(&nested(32)).is_some());
    assert!(Json::parse(&nested(33)).is_none());
    assert!(Json::parse(&"[".repeat(1 << 20)).is_none());
    assert!(Json::parse(&format!("[{}]", vec![nested(31); 100].join(","))).is_some());
}

#[test]
fn a_missing_field_is_not_a_repeated_or_another_one() {
    let read = |text: &str| from_str::<Person>(text);
    let person = |rest: &str| format!(r#"{{"id":"0000000000000007","seconds":3.0{rest}}}"#);
    let bo = Person { id: PeerId(7), presence: Presence::default(), seconds: 3 };
    assert_eq!(read(&person("")), Some(bo.clone()));
    assert_eq!(read(&person(r#","later":{"id":1},"later":2"#)), Some(bo));
    assert_eq!(read(&person(r#","presence":null"#)), None);
    assert_eq!(read(&person(r#","seconds":3"#)), None);
    assert_eq!(read(r#"{"id":"0000000000000007"}"#), None);
    assert_eq!(read(r#"["0000000000000007",{},3]"#), None);
}

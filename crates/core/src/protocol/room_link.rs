//! Links and names that people type or paste to join a room, and the secrets in the fragment of a link.

mod spelling;

use super::{
    RoomName,
    json::{FromJson, Json, Object, ToJson, Writer, field},
};
use percent_encoding::percent_decode_str;
use spelling::{is_around, is_foreign, name_in, visible};
use std::fmt;

/// Characters that surround links and names in text, but occur in neither.
const WRAPPING: &[char] = &[
    '<', '>', '(', ')', '[', ']', '{', '}', '|', '\\', '^', '"', '\'', '`', '*', '„', '“', '”',
    '‚', '‘', '’', '«', '»', '‹', '›',
];
/// Characters that end a sentence.
const SENTENCE: &[char] = &['.', ',', ';', ':', '!', '?', '…'];

const ROOM: &str = "/room/";

/// The secret in the fragment of a link, which browsers do not send to the server.
#[derive(Clone, PartialEq, Eq)]
pub enum LinkSecret {
    /// A host key.
    Host(String),
    /// The token of an invitation.
    Invitation(String),
}

impl LinkSecret {
    /// Finds the secret in a fragment, to which other programs may have added parameters.
    #[must_use]
    pub fn in_fragment(fragment: &str) -> Option<Self> {
        let decoded = percent_decode_str(fragment).decode_utf8_lossy();
        let visible = visible(&decoded);
        visible.split(['#', '&', '?']).find_map(|part| {
            let (name, value) = part.trim().split_once('=')?;
            let end = value.find(is_foreign).unwrap_or(value.len());
            let secret = Some(value.split_at(end).0.to_owned()).filter(|it| !it.is_empty())?;
            match name {
                "host" => Some(Self::Host(secret)),
                "invite" => Some(Self::Invitation(secret)),
                _ => None,
            }
        })
    }
}

/// As in a fragment.
impl fmt::Display for LinkSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host(key) => write!(f, "host={key}"),
            Self::Invitation(token) => write!(f, "invite={token}"),
        }
    }
}

/// Without the secret.
impl fmt::Debug for LinkSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Host(_) => "Host",
            Self::Invitation(_) => "Invitation",
        })
    }
}

/// A room, as named by a text or a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomLink {
    /// The room.
    pub room: RoomName,
    /// The secret in the link, if any.
    pub secret: Option<LinkSecret>,
}

/// Why a text does not lead to a room of this server.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(test, derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(test, serde(rename_all = "kebab-case"))]
pub enum NoRoom {
    /// It is empty.
    Empty,
    /// It is longer than [`ROOM_NAME_BYTES`](super::limits::ROOM_NAME_BYTES).
    TooLong,
    /// It contains characters that are not allowed in names.
    Name {
        /// The name without them, if any is left.
        offer: Option<RoomName>,
    },
    /// It is a link to another page of this server.
    Here,
    /// It is a link to another server.
    Elsewhere {
        /// The other server; empty if it is unknown.
        host: String,
        /// The link, if it is one for browsers.
        url: Option<String>,
    },
}

impl FromJson for NoRoom {
    fn from_json(json: &Json) -> Option<Self> {
        Some(match json.variant()? {
            ("empty", Json::Null) => Self::Empty,
            ("too-long", Json::Null) => Self::TooLong,
            ("name", reason) => Self::Name { offer: reason.field("offer")? },
            ("here", Json::Null) => Self::Here,
            ("elsewhere", reason) => {
                Self::Elsewhere { host: reason.field("host")?, url: reason.field("url")? }
            }
            _ => return None,
        })
    }
}

impl ToJson for NoRoom {
    fn write(&self, out: &mut Writer) {
        match self {
            Self::Empty => out.string("empty"),
            Self::TooLong => out.string("too-long"),
            Self::Name { offer } => {
                Object(&[field("name", &Object(&[field("offer", offer)]))]).write(out);
            }
            Self::Here => out.string("here"),
            Self::Elsewhere { host, url } => {
                let reason = Object(&[field("host", host), field("url", url)]);
                Object(&[field("elsewhere", &reason)]).write(out);
            }
        }
    }
}

impl NoRoom {
    /// The code in the URL of the start page.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty | Self::Name { .. } => "bad-name",
            Self::TooLong => "long-name",
            Self::Here => "here",
            Self::Elsewhere { .. } => "elsewhere",
        }
    }

    /// The reason for a code, without the text that was typed: a link to the start page must not be able
    /// to show its author's words or links there.
    #[must_use]
    pub fn of_code(code: &str) -> Option<Self> {
        match code {
            "bad-name" => Some(Self::Name { offer: None }),
            "long-name" => Some(Self::TooLong),
            "here" => Some(Self::Here),
            "elsewhere" => Some(Self::Elsewhere { host: String::new(), url: None }),
            _ => None,
        }
    }
}

impl RoomLink {
    /// Reads the name or link of a room, alone or within other text. `origin` is that of this server, such
    /// as `https://host:port`.
    ///
    /// Spaces in names become hyphens, and letters are converted to `a` to `z`.
    ///
    /// # Errors
    /// Why it leads to no room.
    pub fn read(text: &str, origin: &str) -> Result<Self, NoRoom> {
        let mut text = visible(text);
        // A link that was a parameter of another link.
        let is_encoded = |word: &str| {
            let word = word.trim_start_matches(WRAPPING).to_ascii_lowercase();
            word.starts_with("http%3a%2f%2f") || word.starts_with("https%3a%2f%2f")
        };
        if text.split_whitespace().any(is_encoded) {
            text = visible(&percent_decode_str(&text).decode_utf8_lossy());
        }
        match text.split_whitespace().find_map(|word| Link::in_word(word, origin)) {
            Some(link) => link.follow(origin),
            None => Self::of_path(&text),
        }
    }

    /// Reads the part of a URL after `/room/`: a name, possibly followed by punctuation from the text
    /// around the link, or by an encoded `#`.
    #[must_use]
    pub fn in_address(path: &str) -> Option<Self> {
        let decoded = visible(&percent_decode_str(path).decode_utf8().ok()?);
        let (place, fragment) = match decoded.split_once('#') {
            Some((place, fragment)) => (place, LinkSecret::in_fragment(fragment)),
            None => (decoded.as_str(), None),
        };
        let (name, end) = place.split_at(place.find(is_foreign).unwrap_or(place.len()));
        let room = name.parse().ok().filter(|_| end.chars().all(is_around))?;
        Some(Self { room, secret: fragment })
    }

    /// Reads a name, possibly with a query and a fragment.
    fn of_path(text: &str) -> Result<Self, NoRoom> {
        let (name, rest) = text.split_at(text.find(['?', '#']).unwrap_or(text.len()));
        let room = name_in(name)?;
        Ok(Self {
            room,
            secret: rest.split_once('#').and_then(|(_, it)| LinkSecret::in_fragment(it)),
        })
    }
}

/// The parts of a link.
struct Link<'a> {
    scheme: Option<&'a str>,
    host: &'a str,
    /// Everything after the host.
    path: &'a str,
}

impl<'a> Link<'a> {
    fn in_word(word: &'a str, origin: &str) -> Option<Self> {
        let is_outside = |c: char| WRAPPING.contains(&c);
        let word = match word.find("://") {
            Some(colon) => {
                let before = word.split_at(colon).0;
                let is_scheme = |c: char| c.is_ascii_alphanumeric();
                let scheme = before.trim_end_matches(is_scheme).len();
                word.split_at(scheme).1
            }
            None => word.trim_start_matches(is_outside),
        };
        let word = word.split_at(word.find(is_outside).unwrap_or(word.len())).0;
        let word = word.trim_end_matches(SENTENCE);
        let (scheme, rest) = match word.split_once("://") {
            Some((scheme, rest)) => (Some(scheme), rest),
            None => mistyped(word),
        };
        let (host, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        let is_host = word.contains("://")
            || is_own(host, origin)
            || is_known_form(host) && (path.starts_with('/') || rest.len() < word.len());
        match is_host {
            true => Some(Self { scheme, host, path }),
            // A path of this server, with or without the leading slash.
            false if rest.trim_start_matches('/').to_ascii_lowercase().starts_with("room/") => {
                Some(Self { scheme: None, host: "", path: rest })
            }
            false => None,
        }
    }

    fn follow(&self, origin: &str) -> Result<RoomLink, NoRoom> {
        let Self { scheme, host, path } = self;
        let is_web =
            |scheme: &str| ["http", "https"].iter().any(|web| scheme.eq_ignore_ascii_case(web));
        let is_web = scheme.is_none_or(is_web);
        let is_here = host.is_empty() || is_web && is_own(host, origin);
        if !is_here {
            let scheme = scheme.unwrap_or("https").to_ascii_lowercase();
            let url = is_web.then(|| format!("{scheme}://{host}{path}"));
            return Err(NoRoom::Elsewhere { host: (*host).to_owned(), url });
        }
        let path = percent_decode_str(path).decode_utf8_lossy();
        let path = format!("/{}", visible(&path).trim_start_matches('/'));
        let end = path.find(['?', '#']).unwrap_or(path.len());
        let (place, rest) = path.split_at(end);
        let Some(start) = place.to_ascii_lowercase().rfind(ROOM) else {
            return Err(match host.is_empty() {
                true => NoRoom::Name { offer: None },
                false => NoRoom::Here,
            });
        };
        let name = place.split_at(start + ROOM.len()).1;
        let name = name.split('/').next().unwrap_or_default();
        RoomLink::of_path(&format!("{name}{rest}"))
    }
}

/// Splits off a mistyped scheme: `http:/`, `https//`, or `//` alone.
fn mistyped(word: &str) -> (Option<&str>, &str) {
    let web = ["https", "http"].into_iter().find_map(|web| {
        let (scheme, rest) = word.split_at_checked(web.len())?;
        let rest = rest.strip_prefix(':').or_else(|| rest.strip_prefix("//"))?;
        let is_web = scheme.eq_ignore_ascii_case(web);
        is_web.then(|| (Some(scheme), rest.trim_start_matches('/')))
    });
    web.unwrap_or_else(|| (None, word.strip_prefix("//").unwrap_or(word)))
}

/// Whether a text without a scheme looks like a host.
fn is_known_form(authority: &str) -> bool {
    let (host, port) = authority.rsplit_once(':').unwrap_or((authority, ""));
    let has_port = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    authority.contains('.') || has_port || host.eq_ignore_ascii_case("localhost")
}

/// Whether a host, possibly with a port, is that of this origin. People add `www.` and omit the port.
fn is_own(host: &str, origin: &str) -> bool {
    let own = origin.split_once("://").map_or(origin, |(_, host)| host);
    let ((host, port), (own_host, own_port)) = (host_and_port(host), host_and_port(own));
    host == own_host && (port.is_none() || port == own_port)
}

fn host_and_port(authority: &str) -> (String, Option<&str>) {
    let is_port = |port: &str| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if is_port(port) => (host, Some(port)),
        _ => (authority, None),
    };
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    let host = host.strip_prefix("www.").unwrap_or(&host).to_owned();
    (host, port.filter(|port| !matches!(*port, "80" | "443")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORIGIN: &str = "https://salon.example";

    fn room(name: &str) -> RoomName {
        name.parse().unwrap()
    }

    #[test]
    fn names_are_read_in_any_spelling() {
        for (text, name) in [
            ("standup", "standup"),
            (" Stand-Up ", "stand-up"),
            ("team meeting", "team-meeting"),
            ("Team  Meeting", "team-meeting"),
            ("team\u{a0}meeting", "team-meeting"),
            ("team - meeting", "team-meeting"),
            ("MÜLLER", "mueller"),
            ("Mu\u{308}ller", "mueller"),
            ("Café Größe", "cafe-groesse"),
            ("Łódź", "lodz"),
            ("İzmir", "izmir"),
            ("standup/", "standup"),
            ("/standup", "standup"),
            ("\"standup\"", "standup"),
            ("„standup“", "standup"),
            ("<standup>", "standup"),
            ("standup.", "standup"),
            ("(standup)", "standup"),
            ("stand\u{200b}up\u{feff}", "standup"),
            ("standup\r\n", "standup"),
            ("standup?from=mail", "standup"),
            ("a_b-c", "a_b-c"),
            ("a--b", "a--b"),
            ("\u{ff33}tand\u{ff35}p\u{ff11}", "standup1"),
        ] {
            let read = RoomLink::read(text, ORIGIN);
            assert_eq!(read, Ok(RoomLink { room: room(name), secret: None }), "{text:?}");
        }
    }

    #[test]
    fn links_are_read_however_they_were_copied() {
        for text in [
            "https://salon.example/room/standup",
            "http://salon.example/room/standup",
            "HTTPS://Salon.Example/Room/StandUp",
            "https://www.salon.example/room/standup",
            "https://salon.example:443/room/standup",
            "https://salon.example./room/standup",
            "salon.example/room/standup",
            "www.salon.example/room/standup",
            "/room/standup",
            "room/standup",
            "https://salon.example/room/standup/",
            "https://salon.example/room/standup/qr.svg",
            "https://salon.example/room/standup?utm_source=mail&x=1",
            "salon.example/room/standup?from=https%3A%2F%2Fother.example%2F",
            "https://salon.example/room/standup#",
            "https://salon.example/room/%73tandup",
            "https://salon.example/room/stand%55p",
            "https://salon.example/calls/room/standup",
            "<https://salon.example/room/standup>",
            "\"https://salon.example/room/standup\"",
            "“https://salon.example/room/standup”",
            "(https://salon.example/room/standup)",
            "(salon.example/room/standup).",
            "https://salon.example/room/standup.",
            "https://salon.example/room/standup, please",
            "**https://salon.example/room/standup**",
            "[Join](https://salon.example/room/standup)",
            "Join here:\nhttps://salon.example/room/standup\nSee you!",
            "href=\"https://salon.example/room/standup\"",
            "\u{feff}https://salon.example/room/standup\u{200b}",
            "url:https://salon.example/room/standup",
            "//salon.example/room/standup",
            "http//salon.example/room/standup",
            "HTTPS//salon.example/room/standup",
            "http:/salon.example/room/standup",
            "https:salon.example/room/standup",
            "https:/room/standup",
            "https%3A%2F%2Fsalon.example%2Froom%2Fstandup",
            "see https%3a%2f%2fsalon.example%2froom%2fstandup.",
            "\u{ff48}ttps\u{ff1a}\u{ff0f}\u{ff0f}salon.example\u{ff0f}room\u{ff0f}standup",
        ] {
            let read = RoomLink::read(text, ORIGIN);
            assert_eq!(read, Ok(RoomLink { room: room("standup"), secret: None }), "{text:?}");
        }
        let port = RoomLink::read("localhost/room/standup", "http://localhost:3000");
        assert_eq!(port.map(|link| link.room), Ok(room("standup")));
        let spaced = RoomLink::read("https://salon.example/room/Team%20Meeting", ORIGIN);
        assert_eq!(spaced.map(|link| link.room), Ok(room("team-meeting")));
    }

    #[test]
    fn secrets_are_found_among_added_parameters() {
        let (token, key) = ("AAAAAAAAAAE-_k", "k-_9");
        let invitation = Some(LinkSecret::Invitation(token.to_owned()));
        for end in [
            "",
            ".",
            ")",
            ",",
            ">",
            "\"",
            " ",
            "\u{200b}",
            "&utm_source=mail",
            "?utm_source=mail",
            "/",
            "%20",
            "\u{2060}.",
            "…",
        ] {
            for begin in ["invite=", "utm_source=mail&invite=", "invite%3D", "in\u{200b}vite="] {
                let fragment = format!("{begin}{token}{end}");
                assert_eq!(LinkSecret::in_fragment(&fragment), invitation, "{fragment:?}");
                let link = format!("https://salon.example/room/standup#{fragment}");
                let read = RoomLink::read(&link, ORIGIN);
                let expected = RoomLink { room: room("standup"), secret: invitation.clone() };
                assert_eq!(read, Ok(expected), "{link:?}");
            }
        }
        let encoded = format!("https://salon.example/room/standup%23invite%3D{token}");
        assert_eq!(RoomLink::read(&encoded, ORIGIN).map(|link| link.secret), Ok(invitation));
        let host = LinkSecret::Host(key.to_owned());
        let link = format!("<salon.example/room/standup?x=1#{host}>");
        assert_eq!(RoomLink::read(&link, ORIGIN).map(|link| link.secret), Ok(Some(host)));
        for nothing in ["", "invite", "invite=", "invite=.", "top", "other=x", "xinvite=abc"] {
            assert_eq!(LinkSecret::in_fragment(nothing), None, "{nothing:?}");
        }
    }

    #[test]
    fn texts_that_name_no_room_have_a_reason() {
        let offer = |name: &str| Err(NoRoom::Name { offer: Some(room(name)) });
        let elsewhere = |host: &str, url: &str| {
            Err(NoRoom::Elsewhere { host: host.into(), url: Some(url.into()) })
        };
        for (text, expected) in [
            ("", Err(NoRoom::Empty)),
            (" \u{200b}\n", Err(NoRoom::Empty)),
            ("\"\"", Err(NoRoom::Empty)),
            ("team & friends", offer("team-friends")),
            ("stand.up", offer("stand-up")),
            ("a/b", offer("a-b")),
            ("party 🎉", offer("party")),
            ("会议", Err(NoRoom::Name { offer: None })),
            ("https://", Err(NoRoom::Name { offer: None })),
            ("https://salon.example/", Err(NoRoom::Here)),
            ("salon.example", Err(NoRoom::Here)),
            ("https://salon.example/room/", Err(NoRoom::Empty)),
            ("https://salon.example/about", Err(NoRoom::Here)),
            ("data:text/html,x", offer("data-text-html-x")),
            ("http:/standup", offer("http-standup")),
            ("//standup", Ok(room("standup"))),
            ("//other.example", elsewhere("other.example", "https://other.example")),
            (
                "http:/other.example/room/x",
                elsewhere("other.example", "http://other.example/room/x"),
            ),
            ("localhost/room/x", elsewhere("localhost", "https://localhost/room/x")),
            ("other:8080/room/x", elsewhere("other:8080", "https://other:8080/room/x")),
            ("https://intranet/room/x", elsewhere("intranet", "https://intranet/room/x")),
            (
                "https://other.example/room/standup#invite=abc",
                elsewhere("other.example", "https://other.example/room/standup#invite=abc"),
            ),
            ("other.example/room/x", elsewhere("other.example", "https://other.example/room/x")),
            (
                "<http://other.example/j/12?p=3>.",
                elsewhere("other.example", "http://other.example/j/12?p=3"),
            ),
            (
                "https://salon.example:8443/room/x",
                elsewhere("salon.example:8443", "https://salon.example:8443/room/x"),
            ),
            (
                "https://salon.example@evil.example/room/x",
                elsewhere(
                    "salon.example@evil.example",
                    "https://salon.example@evil.example/room/x",
                ),
            ),
            (
                "javascript://salon.example/room/x",
                Err(NoRoom::Elsewhere { host: "salon.example".into(), url: None }),
            ),
        ] {
            assert_eq!(RoomLink::read(text, ORIGIN).map(|link| link.room), expected, "{text:?}");
        }
        assert_eq!(RoomLink::read(&"a".repeat(65), ORIGIN), Err(NoRoom::TooLong));
        assert_eq!(
            RoomLink::read(&"a.".repeat(65), ORIGIN).map(|link| link.room),
            offer(&"a-".repeat(32))
        );
    }

    #[test]
    fn punctuation_after_a_url_is_ignored() {
        let read = |path| RoomLink::in_address(path).map(|link| (link.room, link.secret));
        let standup = Some((room("standup"), None));
        for path in [
            "standup",
            "Standup",
            "standup/",
            "standup.",
            "standup)",
            "standup%22",
            "standup%20",
            "standup%E2%80%8B",
        ] {
            assert_eq!(read(path), standup, "{path}");
        }
        let invited = LinkSecret::Invitation("a-_b".to_owned());
        assert_eq!(read("standup%23invite%3Da-_b."), Some((room("standup"), Some(invited))));
        for path in ["", "/", "two%20words", "%3Cscript%3E", "stand.up", "standup/more", "%ff"] {
            assert_eq!(read(path), None, "{path}");
        }
    }

    #[test]
    fn codes_do_not_contain_the_typed_text() {
        let url = Some("https://evil.example/".to_owned());
        let elsewhere = NoRoom::Elsewhere { host: "evil.example".into(), url };
        let told = NoRoom::of_code(elsewhere.code());
        assert_eq!(told, Some(NoRoom::Elsewhere { host: String::new(), url: None }));
        assert_eq!(NoRoom::of_code("nonsense"), None);
    }
}

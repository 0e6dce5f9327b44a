//! What a client and a forwarding server tell each other over the data channel of their connection.
//!
//! Every message on that channel is an [`Envelope`]: for the server itself, for one participant, or for
//! everyone. Its content is text: a [`ControlRequest`] or a [`ControlMessage`] between the client and the
//! server, anything between clients.

use super::super::{
    ParseError, PeerId, TrackSource,
    json::{Json, field, message, object, word},
    wire::{self, number::needed},
};
use serde::{Deserialize, Serialize};

/// Maximum number of videos that a client asks for, and of the slots of a connection for each kind.
pub const SLOTS_MAX: usize = 25;

const ID_BYTES: usize = size_of::<u64>();

/// A message on the data channel: eight bytes for the other side, the most significant first, and UTF-8 text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope<'a> {
    /// From a client: the addressee. From the server: the author, whom it knows from the connection.
    pub peer: PeerId,
    /// The content.
    pub text: &'a str,
}

impl<'a> Envelope<'a> {
    /// Reads a message; `None` if it is too short, or its content is no text.
    #[must_use]
    pub fn parse(bytes: &'a [u8]) -> Option<Self> {
        let (id, text) = bytes.split_first_chunk::<ID_BYTES>()?;
        let peer = PeerId(u64::from_be_bytes(*id));
        Some(Self { peer, text: str::from_utf8(text).ok()? })
    }

    /// The message.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        [&self.peer.0.to_be_bytes(), self.text.as_bytes()].concat()
    }
}

/// A track of a participant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TrackOf {
    /// The participant.
    pub of: PeerId,
    /// The source of the track.
    pub source: TrackSource,
}

object!(TrackOf { of, source });

impl TrackOf {
    /// What the contributing sources of a forwarded packet say (RFC 3550, section 5.1): the lower half of the
    /// participant's id, which is random, and the place of the source in [`TrackSource::ALL`].
    #[must_use]
    pub fn contributing_sources(self) -> [u32; 2] {
        let is_meant = |source: &TrackSource| *source == self.source;
        let place = TrackSource::ALL.iter().position(is_meant).unwrap_or_default();
        [(self.of.0 & u64::from(u32::MAX)) as u32, place as u32]
    }
}

/// How important a video is to a receiver, most important first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rank {
    /// A shared screen.
    Screen,
    /// A tile that the receiver has pinned.
    Pinned,
    /// The large tile: the active speaker.
    Stage,
    /// A tile of the grid.
    Tile,
    /// A small tile beside a large one.
    Thumbnail,
}

word!(Rank {
    Screen = "screen",
    Pinned = "pinned",
    Stage = "stage",
    Tile = "tile",
    Thumbnail = "thumbnail",
});

/// A video that a client wants to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WantedVideo {
    /// The participant.
    pub of: PeerId,
    /// Their camera or their screen.
    pub source: TrackSource,
    /// How important it is.
    pub rank: Rank,
    /// The height of its tile in device pixels.
    #[serde(deserialize_with = "needed")]
    pub height: u16,
}

object!(WantedVideo { of, source, rank, height });

/// A request of a client to the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ControlRequest {
    /// All videos that the client shows, at most [`SLOTS_MAX`]. It replaces the request before.
    Want(Vec<WantedVideo>),
}

#[derive(Deserialize)]
struct Want {
    videos: Vec<WantedVideo>,
}

impl ControlRequest {
    /// Reads a request.
    ///
    /// # Errors
    /// Why it is invalid.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        match wire::head(text)?.as_ref() {
            "want" => {
                let Want { mut videos } = wire::fields(text)?;
                videos.truncate(SLOTS_MAX);
                Ok(Self::Want(videos))
            }
            kind => Err(ParseError::UnknownType(kind.to_owned())),
        }
    }

    /// Writes the request as JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        match self {
            Self::Want(videos) => message("want", &[field("videos", videos)]),
        }
    }
}

/// A message of the server to a client. Each is the whole state of what it is about, except for
/// [`ControlMessage::Channels`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum ControlMessage {
    /// Whose tracks the slots carry, by their order in the offer. A hint: what a packet belongs to is said by
    /// its contributing source (RFC 3550, section 5.1).
    Slots {
        /// The slots for video.
        video: Vec<Option<TrackOf>>,
        /// The slots for audio.
        audio: Vec<Option<TrackOf>>,
    },
    /// Which encodings of a track of this client somebody receives. The others need not be sent.
    Demand {
        /// The track.
        source: TrackSource,
        /// By encoding, the smallest first.
        encodings: Vec<bool>,
    },
    /// The videos that this client wants and does not get, because its bandwidth is too low for all.
    Paused {
        /// The videos.
        videos: Vec<TrackOf>,
    },
    /// Whose data channel to the server is open now, or is not any more: at first all others', then the changes. A
    /// channel that was replaced is closed first.
    Channels {
        /// The participants whose channel is open now.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        open: Vec<PeerId>,
        /// The participants whose channel is closed now.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        closed: Vec<PeerId>,
    },
    /// The active speaker.
    ActiveSpeaker {
        /// The participant.
        of: PeerId,
    },
}

impl ControlMessage {
    /// Reads a message; `None` if it is invalid, or of a later version.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let json = Json::parse(text)?;
        Some(match json.get("type")?.text()? {
            "slots" => Self::Slots { video: json.field("video")?, audio: json.field("audio")? },
            "demand" => {
                Self::Demand { source: json.field("source")?, encodings: json.field("encodings")? }
            }
            "paused" => Self::Paused { videos: json.field("videos")? },
            "channels" => Self::Channels {
                open: json.field_or("open", Vec::new())?,
                closed: json.field_or("closed", Vec::new())?,
            },
            "active-speaker" => Self::ActiveSpeaker { of: json.field("of")? },
            _ => return None,
        })
    }

    /// Writes the message as JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        wire::write(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_envelope_is_read_as_it_was_written() {
        let envelope = Envelope { peer: PeerId(0x0102_0304_0506_0708), text: "äöü" };
        let bytes = envelope.to_bytes();
        assert_eq!(bytes[..8], [1, 2, 3, 4, 5, 6, 7, 8]);
        assert_eq!(Envelope::parse(&bytes), Some(envelope));
        assert_eq!(
            Envelope::parse(&bytes[..8]),
            Some(Envelope { peer: PeerId(0x0102_0304_0506_0708), text: "" })
        );
        assert_eq!(Envelope::parse(&bytes[..7]), None);
        assert_eq!(Envelope::parse(&[0, 0, 0, 0, 0, 0, 0, 0, 0xff]), None, "no text");
    }

    #[test]
    fn requests_are_read_as_they_were_written() {
        let of = |source, rank| WantedVideo { of: PeerId(7), source, rank, height: 360 };
        let all: Vec<_> =
            Rank::VARIANTS.iter().map(|rank| of(TrackSource::Camera, *rank)).collect();
        let all = ControlRequest::Want(all);
        assert_eq!(ControlRequest::parse(&all.to_json()), Ok(all));
        let want = ControlRequest::Want(vec![
            of(TrackSource::Camera, Rank::Stage),
            of(TrackSource::Screen, Rank::Screen),
        ]);
        assert_eq!(
            want.to_json(),
            concat!(
                r#"{"type":"want","videos":[{"of":"0000000000000007","source":"camera","rank":"stage","height":360},"#,
                r#"{"of":"0000000000000007","source":"screen","rank":"screen","height":360}]}"#
            )
        );
        assert_eq!(ControlRequest::parse(&want.to_json()), Ok(want));
        let many = ControlRequest::Want(vec![of(TrackSource::Camera, Rank::Tile); SLOTS_MAX + 1]);
        let ControlRequest::Want(videos) = ControlRequest::parse(&many.to_json()).unwrap();
        assert_eq!(videos.len(), SLOTS_MAX);
        for text in [
            "",
            "{}",
            r#"{"type":"want"}"#,
            r#"{"type":"want","videos":[{"of":1}]}"#,
            r#"{"type":"x"}"#,
        ] {
            assert!(ControlRequest::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn messages_are_read_as_they_were_written() {
        let track = |of, source| TrackOf { of: PeerId(of), source };
        let messages = [
            ControlMessage::Slots {
                video: vec![None, Some(track(1, TrackSource::Screen))],
                audio: vec![Some(track(2, TrackSource::Microphone))],
            },
            ControlMessage::Demand {
                source: TrackSource::Camera,
                encodings: vec![true, false, true],
            },
            ControlMessage::Paused { videos: vec![track(3, TrackSource::Camera)] },
            ControlMessage::Channels { open: vec![PeerId(4), PeerId(5)], closed: Vec::new() },
            ControlMessage::Channels { open: Vec::new(), closed: vec![PeerId(4)] },
            ControlMessage::ActiveSpeaker { of: PeerId(4) },
        ];
        assert_eq!(
            messages[0].to_json(),
            concat!(
                r#"{"type":"slots","video":[null,{"of":"0000000000000001","source":"screen"}],"#,
                r#""audio":[{"of":"0000000000000002","source":"microphone"}]}"#
            )
        );
        for message in messages {
            assert_eq!(ControlMessage::parse(&message.to_json()), Some(message));
        }
        assert_eq!(ControlMessage::parse(r#"{"type":"later"}"#), None);
    }
}

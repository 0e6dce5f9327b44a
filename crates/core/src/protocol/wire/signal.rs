//! The messages that are forwarded between clients, the same in both directions.

use super::{ParseError, fields, number::whole, write};
use crate::protocol::{
    IceCandidate, PeerId, Reception, SdpType, SessionDescription, Signal, TrackInfo,
    json::{Field, FromJson, Json, field, message, unless},
    limits::{CANDIDATE_BYTES, CANDIDATE_NAME_BYTES, SDP_BYTES},
    track,
};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// Declares a forwarded message: its own fields, and the common ones.
macro_rules! forwarded {
    ($name:ident $(<$life:lifetime>)?, $kind:literal, $($(#[$attribute:meta])* $body:ident: $type:ty),+) => {
        #[derive(Serialize, Deserialize)]
        #[serde(tag = "type", rename = $kind)]
        struct $name$(<$life>)? {
            $($(#[$attribute])* $body: $type,)+
            #[serde(default, skip_serializing_if = "Option::is_none")]
            to: Option<PeerId>,
            #[serde(default, skip_serializing_if = "Option::is_none")]
            from: Option<PeerId>,
            #[serde(default, deserialize_with = "whole", skip_serializing_if = "Option::is_none")]
            link: Option<u64>,
        }
    };
}

forwarded!(
    Offer<'a>,
    "offer",
    offer: Cow<'a, SessionDescription>,
    #[serde(default, deserialize_with = "track::known", skip_serializing_if = "Option::is_none")]
    tracks: Option<Cow<'a, [TrackInfo]>>
);
forwarded!(
    Answer<'a>,
    "answer",
    answer: Cow<'a, SessionDescription>,
    #[serde(default, deserialize_with = "track::known", skip_serializing_if = "Option::is_none")]
    tracks: Option<Cow<'a, [TrackInfo]>>
);
forwarded!(Candidate<'a>, "candidate", #[serde(default)] candidate: Option<Cow<'a, IceCandidate>>);
forwarded!(ReceptionFields, "reception", reception: Reception);

/// A forwarded message as the server receives it.
pub(super) struct Forwarded {
    pub(super) signal: Signal,
    pub(super) link: Option<u64>,
    pub(super) to: Option<PeerId>,
}

impl Forwarded {
    /// `None` if messages of this type are not forwarded.
    pub(super) fn parse(kind: &str, text: &str) -> Option<Result<Self, ParseError>> {
        Some(match kind {
            "offer" => {
                fields::<Offer>(text).and_then(|Offer { offer, tracks, to, link, .. }| {
                    let tracks = tracks.map(Cow::into_owned).unwrap_or_default();
                    let signal =
                        Signal::Offer(described(offer.into_owned(), tracks, SdpType::Offer)?);
                    Ok(Self { signal, link, to })
                })
            }
            "answer" => {
                fields::<Answer>(text).and_then(|Answer { answer, tracks, to, link, .. }| {
                    let tracks = tracks.map(Cow::into_owned).unwrap_or_default();
                    let answer = described(answer.into_owned(), tracks, SdpType::Answer)?;
                    Ok(Self { signal: Signal::Answer(answer), link, to })
                })
            }
            "candidate" => {
                fields::<Candidate>(text).and_then(|Candidate { candidate, to, link, .. }| {
                    let signal = Signal::Candidate(bounded(candidate.map(Cow::into_owned))?);
                    Ok(Self { signal, link, to })
                })
            }
            "reception" => fields::<ReceptionFields>(text).map(
                |ReceptionFields { reception, to, link, .. }| Self {
                    signal: Signal::Reception(reception),
                    link,
                    to,
                },
            ),
            _ => return None,
        })
    }
}

/// Reads the signal of a forwarded message as a client. `None` if messages of this type are not
/// forwarded.
pub(super) fn read_signal(kind: &str, json: &Json) -> Option<Result<Signal, ParseError>> {
    Some(match kind {
        "offer" => read_description(json, kind, SdpType::Offer).map(Signal::Offer),
        "answer" => read_description(json, kind, SdpType::Answer).map(Signal::Answer),
        "candidate" => read(json, kind).and_then(bounded).map(Signal::Candidate),
        "reception" => read(json, kind).map(Signal::Reception),
        _ => return None,
    })
}

fn read<T: FromJson>(json: &Json, name: &str) -> Result<T, ParseError> {
    json.field(name).ok_or_else(ParseError::shape)
}

fn read_description(
    json: &Json,
    name: &str,
    kind: SdpType,
) -> Result<SessionDescription, ParseError> {
    let tracks = json.get("tracks").and_then(track::known_in).ok_or_else(ParseError::shape)?;
    described(read(json, name)?, tracks, kind)
}

fn tracks(description: &SessionDescription) -> Field<'_> {
    unless("tracks", &description.tracks, &Vec::new())
}

/// Writes a signal as a client, with the common fields.
pub(super) fn signal_message(signal: &Signal, common: &[Field]) -> String {
    let write = |kind: &str, fields: &[Field]| message(kind, &[fields, common].concat());
    match signal {
        Signal::Offer(offer) => write("offer", &[field("offer", offer), tracks(offer)]),
        Signal::Answer(answer) => write("answer", &[field("answer", answer), tracks(answer)]),
        Signal::Candidate(candidate) => write("candidate", &[field("candidate", candidate)]),
        Signal::Reception(reception) => write("reception", &[field("reception", reception)]),
    }
}

/// Writes a signal as the server, which names the sender.
pub(super) fn write_signal(signal: &Signal, link: Option<u64>, from: PeerId) -> String {
    let (to, from) = (None, Some(from));
    match signal {
        Signal::Offer(offer) => {
            let tracks = named(offer);
            write(&Offer { offer: Cow::Borrowed(offer), tracks, to, from, link })
        }
        Signal::Answer(answer) => {
            let tracks = named(answer);
            write(&Answer { answer: Cow::Borrowed(answer), tracks, to, from, link })
        }
        Signal::Candidate(candidate) => {
            let candidate = candidate.as_ref().map(Cow::Borrowed);
            write(&Candidate { candidate, to, from, link })
        }
        Signal::Reception(reception) => {
            write(&ReceptionFields { reception: *reception, to, from, link })
        }
    }
}

/// Checks a description, whose type has to match its message, and adds its tracks.
fn described(
    description: SessionDescription,
    tracks: Vec<TrackInfo>,
    kind: SdpType,
) -> Result<SessionDescription, ParseError> {
    if description.kind != kind {
        return Err(ParseError::Shape(
            "the type of the description does not match the message".to_owned(),
        ));
    }
    short("SDP", &description.sdp, SDP_BYTES)?;
    TrackInfo::check(&tracks).map_err(ParseError::Shape)?;
    Ok(SessionDescription { tracks, ..description })
}

fn short(what: &'static str, text: &str, most: usize) -> Result<(), ParseError> {
    if text.len() > most { Err(ParseError::Large(what, most)) } else { Ok(()) }
}

/// Checks the lengths of a candidate's parts.
fn bounded(candidate: Option<IceCandidate>) -> Result<Option<IceCandidate>, ParseError> {
    let Some(candidate) = candidate else { return Ok(None) };
    short("candidate", &candidate.candidate, CANDIDATE_BYTES)?;
    for (what, name) in
        [("sdpMid", &candidate.sdp_mid), ("usernameFragment", &candidate.username_fragment)]
    {
        short(what, name.as_deref().unwrap_or_default(), CANDIDATE_NAME_BYTES)?;
    }
    Ok(Some(candidate))
}

/// The tracks of a description, if they are named.
fn named(description: &SessionDescription) -> Option<Cow<'_, [TrackInfo]>> {
    let tracks = &description.tracks;
    (!tracks.is_empty()).then_some(Cow::Borrowed(tracks.as_slice()))
}

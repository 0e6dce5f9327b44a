//! The messages that are forwarded between clients, the same in both directions.

use super::{ParseError, fields, number::whole, write};
use crate::protocol::{
    IceCandidate, PeerId, Reception, SdpType, SessionDescription, Signal, TrackInfo,
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

/// A forwarded message: `to` is set by its sender, `from` by the server.
pub(super) struct Forwarded {
    pub(super) signal: Signal,
    pub(super) link: Option<u64>,
    pub(super) to: Option<PeerId>,
    pub(super) from: Option<PeerId>,
}

impl Forwarded {
    /// `None` if messages of this type are not forwarded.
    pub(super) fn parse(kind: &str, text: &str) -> Option<Result<Self, ParseError>> {
        Some(match kind {
            "offer" => fields::<Offer>(text).and_then(|Offer { offer, tracks, to, from, link }| {
                let signal = Signal::Offer(described(offer, tracks, SdpType::Offer)?);
                Ok(Self { signal, link, to, from })
            }),
            "answer" => {
                fields::<Answer>(text).and_then(|Answer { answer, tracks, to, from, link }| {
                    let signal = Signal::Answer(described(answer, tracks, SdpType::Answer)?);
                    Ok(Self { signal, link, to, from })
                })
            }
            "candidate" => {
                fields::<Candidate>(text).and_then(|Candidate { candidate, to, from, link }| {
                    let signal = Signal::Candidate(bounded(candidate)?);
                    Ok(Self { signal, link, to, from })
                })
            }
            "reception" => fields::<ReceptionFields>(text).map(
                |ReceptionFields { reception, to, from, link }| Self {
                    signal: Signal::Reception(reception),
                    link,
                    to,
                    from,
                },
            ),
            _ => return None,
        })
    }
}

pub(super) fn write_signal(
    signal: &Signal,
    link: Option<u64>,
    to: Option<PeerId>,
    from: Option<PeerId>,
) -> String {
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
    description: Cow<'_, SessionDescription>,
    tracks: Option<Cow<'_, [TrackInfo]>>,
    kind: SdpType,
) -> Result<SessionDescription, ParseError> {
    if description.kind != kind {
        return Err(ParseError::Shape(
            "the type of the description does not match the message".to_owned(),
        ));
    }
    short("SDP", &description.sdp, SDP_BYTES)?;
    let tracks = tracks.map(Cow::into_owned).unwrap_or_default();
    TrackInfo::check(&tracks).map_err(ParseError::Shape)?;
    Ok(SessionDescription { tracks, ..description.into_owned() })
}

fn short(what: &'static str, text: &str, most: usize) -> Result<(), ParseError> {
    if text.len() > most { Err(ParseError::Large(what, most)) } else { Ok(()) }
}

/// Checks the lengths of a candidate's parts.
fn bounded(candidate: Option<Cow<'_, IceCandidate>>) -> Result<Option<IceCandidate>, ParseError> {
    let Some(candidate) = candidate.map(Cow::into_owned) else { return Ok(None) };
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

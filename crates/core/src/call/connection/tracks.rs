//! The sources of the other side's media sections: as signalled, or else by their order.

use super::sdp::{Section, sections};
use crate::protocol::{Mid, SessionDescription, TrackInfo, TrackSource};

/// The source of each media section of the other side. A section keeps its first source until it is
/// rejected.
#[derive(Debug, Default)]
pub(super) struct TrackMap {
    agreed: Vec<TrackInfo>,
    /// With a description that the browser has not applied yet.
    proposed: Option<Vec<TrackInfo>>,
}

impl TrackMap {
    /// Reads a description of the other side, and returns the sources of its sections. They count
    /// until [`TrackMap::settle`] says that the browser has not applied it.
    pub(super) fn learn(&mut self, description: &SessionDescription) -> Vec<TrackInfo> {
        let sections = sections(&description.sdp);
        let live = |mid: &Mid| sections.iter().find(|one| one.mid == *mid && !one.is_rejected);
        let mut tracks = self.agreed.clone();
        tracks.retain(|track| live(&track.mid).is_some());
        let said = match description.tracks.is_empty() {
            true => by_order(&tracks, &sections),
            false => description.tracks.clone(),
        };
        for track in said {
            let is_new = TrackInfo::find(&tracks, &track.mid).is_none();
            let fits = live(&track.mid).is_some_and(|one| one.is_audio == track.source.is_audio());
            if is_new && fits {
                tracks.push(track);
            }
        }
        self.proposed = Some(tracks.clone());
        tracks
    }

    /// The browser has applied the last description, or has not.
    pub(super) fn settle(&mut self, applied: bool) {
        if let Some(tracks) = self.proposed.take().filter(|_| applied) {
            self.agreed = tracks;
        }
    }
}

/// Adds the sources of unnamed sections to the known ones, by order: the first section of each kind
/// is the microphone or the camera, further ones belong to the screen.
fn by_order(known: &[TrackInfo], sections: &[Section]) -> Vec<TrackInfo> {
    let mut tracks = known.to_vec();
    for Section { mid, is_audio, is_rejected } in sections {
        if *is_rejected || TrackInfo::find(&tracks, mid).is_some() {
            continue;
        }
        let (own, of_screen) = match is_audio {
            true => (TrackSource::Microphone, TrackSource::ScreenAudio),
            false => (TrackSource::Camera, TrackSource::Screen),
        };
        let is_taken = tracks.iter().any(|track| track.source == own);
        let source = if is_taken { of_screen } else { own };
        tracks.push(TrackInfo { mid: mid.clone(), source });
    }
    tracks
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::SdpType;
    use TrackSource::{Camera, Microphone, Screen, ScreenAudio};

    /// A description with these sections: whether they are audio, their port, and their `mid`.
    fn described(sections: &[(bool, u16, &str)]) -> SessionDescription {
        let section = |(is_audio, port, mid): &(bool, u16, &str)| {
            let kind = if *is_audio { "audio" } else { "video" };
            format!("m={kind} {port} UDP/TLS/RTP/SAVPF 96\r\na=mid:{mid}\r\n")
        };
        let sections: String = sections.iter().map(section).collect();
        SessionDescription::new(SdpType::Offer, format!("v=0\r\n{sections}"))
    }

    fn track((mid, source): &(&str, TrackSource)) -> TrackInfo {
        TrackInfo { mid: (*mid).to_owned().try_into().unwrap(), source: *source }
    }

    /// The same with a track map.
    fn named(sections: &[(bool, u16, &str)], tracks: &[(&str, TrackSource)]) -> SessionDescription {
        let tracks = tracks.iter().map(track).collect();
        SessionDescription { tracks, ..described(sections) }
    }

    /// Reads a description that the browser applies.
    fn learn(map: &mut TrackMap, description: &SessionDescription) -> Vec<TrackInfo> {
        let tracks = map.learn(description);
        map.settle(true);
        tracks
    }

    fn tracks(expected: &[(&str, TrackSource)]) -> Vec<TrackInfo> {
        expected.iter().map(track).collect()
    }

    #[test]
    fn without_a_map_the_first_section_of_each_kind_is_microphone_or_camera() {
        let mut map = TrackMap::default();
        let first = [(true, 9, "0"), (false, 9, "1")];
        let own = [("0", Microphone), ("1", Camera)];
        assert_eq!(learn(&mut map, &described(&first)), tracks(&own));
        let shares = [first[0], first[1], (true, 9, "3"), (false, 9, "4")];
        let shared = [own[0], own[1], ("3", ScreenAudio), ("4", Screen)];
        assert_eq!(learn(&mut map, &described(&shares)), tracks(&shared));
        let stopped = [first[0], (false, 0, "1"), shares[2], shares[3]];
        let without = [own[0], shared[2], shared[3]];
        assert_eq!(
            learn(&mut map, &described(&stopped)),
            tracks(&without),
            "what it was, it stays"
        );
        let again = [first[0], (false, 9, "5"), shares[2], shares[3]];
        let expected = [own[0], shared[2], shared[3], ("5", Camera)];
        assert_eq!(learn(&mut map, &described(&again)), tracks(&expected), "a place that was free");
        let mut map = TrackMap::default();
        let both = [(false, 9, "x"), (false, 9, "y")];
        assert_eq!(learn(&mut map, &described(&both)), tracks(&[("x", Camera), ("y", Screen)]));
        assert_eq!(learn(&mut TrackMap::default(), &described(&[])), []);
    }

    #[test]
    fn a_map_overrides_the_order_of_sections() {
        let mut map = TrackMap::default();
        let sections = [(false, 9, "0"), (true, 9, "1"), (false, 9, "2"), (true, 9, "3")];
        let said = [("2", Camera), ("0", Screen), ("3", Microphone), ("1", ScreenAudio)];
        assert_eq!(learn(&mut map, &named(&sections, &said)), tracks(&said));
        let fewer = [said[0], said[2]];
        assert_eq!(learn(&mut map, &named(&sections[..2], &fewer)), tracks(&[said[1], said[3]]));
    }

    #[test]
    fn wrong_map_entries_are_ignored() {
        let sections = [(true, 9, "0"), (false, 9, "1"), (false, 0, "2"), (false, 9, "3")];
        let said = [("7", Camera), ("0", Camera), ("1", Screen), ("1", Camera), ("2", Camera)];
        let expected = tracks(&[("1", Screen)]);
        let mut map = TrackMap::default();
        assert_eq!(
            learn(&mut map, &named(&sections, &said)),
            expected,
            "no such section, another kind, named twice, rejected; and one that is not named"
        );
        let later = named(&sections, &[("1", Camera), ("3", Camera)]);
        let expected = tracks(&[("1", Screen), ("3", Camera)]);
        assert_eq!(learn(&mut map, &later), expected, "a track does not become another one");
    }

    #[test]
    fn a_description_that_is_not_applied_changes_no_track() {
        let mut map = TrackMap::default();
        let own = [(true, 9, "0"), (false, 9, "1")];
        let expected = learn(&mut map, &described(&own));
        let refused = named(&[(true, 0, "0"), own[1], (false, 9, "2")], &[("2", Screen)]);
        assert_eq!(map.learn(&refused), tracks(&[("1", Camera), ("2", Screen)]));
        map.settle(false);
        assert_eq!(learn(&mut map, &described(&own)), expected);
    }
}

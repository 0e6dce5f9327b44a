//! The composition of a recording: everyone who is present, as on the stage.

use crate::layout::{Fit, Item, Spotlight, TileRect, arrange, spotlighted};

/// Margin around the composition, in pixels.
const MARGIN: f64 = 8.0;

/// A participant, with the streams that may be recorded now. `S` is a stream.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordedPerson<S> {
    /// The participant's item on the stage.
    pub item: Item,
    /// Their name.
    pub name: String,
    /// Shown without video.
    pub initials: String,
    /// Their camera, while it is on.
    pub camera: Option<S>,
    /// Their microphone, while it is on.
    pub microphone: Option<S>,
    /// Their screen while it is shared, and its title.
    pub screen: Option<(S, String)>,
    /// The audio of that screen.
    pub screen_sound: Option<S>,
}

/// One tile of the composition.
#[derive(Clone, Debug, PartialEq)]
pub struct Pane<S> {
    /// Where.
    pub place: TileRect,
    /// Whether it shows a screen, which is never cropped.
    pub is_screen: bool,
    /// The video, if there is one.
    pub picture: Option<S>,
    /// Text in the corner.
    pub name: String,
    /// Drawn without video.
    pub initials: String,
    /// Whether they are muted.
    pub muted: bool,
}

/// The composition at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Composition<S> {
    /// The visible tiles.
    pub panes: Vec<Pane<S>>,
    /// The audible streams.
    pub sounds: Vec<S>,
}

impl<S: Clone> Composition<S> {
    /// All participants, on a stage with this spotlight.
    #[must_use]
    pub fn of_all(
        people: &[RecordedPerson<S>],
        spotlight: &Spotlight,
        (width, height): (u32, u32),
    ) -> Self {
        let screens = people.iter().filter_map(|person| person.screen.as_ref());
        let screens = screens.map(|(picture, name)| Pane {
            place: TileRect::default(),
            is_screen: true,
            picture: Some(picture.clone()),
            name: name.clone(),
            initials: String::new(),
            muted: false,
        });
        let sharing = people.iter().filter(|person| person.screen.is_some());
        let items = sharing.map(|person| person.item.screen());
        let items: Vec<_> = items.chain(people.iter().map(|person| person.item)).collect();
        let faces = people.iter().map(|person| person.pane(TileRect::default()));
        let panes: Vec<_> = items.iter().copied().zip(screens.chain(faces)).collect();
        let inside = |length: u32| f64::from(length) - 2.0 * MARGIN;
        let large = spotlighted(&items, spotlight);
        let places = arrange(&items, &large, inside(width), inside(height));
        let placed = places.into_iter().filter_map(|(item, place)| {
            let (_, pane) = panes.iter().find(|(other, _)| *other == item)?;
            let (left, top) = (place.left + MARGIN, place.top + MARGIN);
            Some(Pane { place: TileRect { left, top, ..place }, ..pane.clone() })
        });
        let microphones = people.iter().filter_map(|person| person.microphone.clone());
        let sounds = people.iter().filter_map(|person| person.screen_sound.clone());
        Self { panes: placed.collect(), sounds: microphones.chain(sounds).collect() }
    }

    /// One participant alone, without their screen.
    #[must_use]
    pub fn of_one(person: &RecordedPerson<S>, (width, height): (u32, u32)) -> Self {
        let place = TileRect { left: 0.0, top: 0.0, width: width.into(), height: height.into() };
        Self {
            panes: vec![person.pane(place)],
            sounds: person.microphone.iter().cloned().collect(),
        }
    }
}

impl<S> Pane<S> {
    /// The part of a picture of this size to draw, and where.
    #[must_use]
    pub fn lay(&self, picture: (f64, f64)) -> (TileRect, TileRect) {
        let fit = match self.is_screen {
            true => Fit::Contain,
            false => Fit::of_face(picture, (self.place.width, self.place.height)),
        };
        fit.lay(picture, self.place)
    }
}

impl<S: Clone> RecordedPerson<S> {
    fn pane(&self, place: TileRect) -> Pane<S> {
        Pane {
            place,
            is_screen: false,
            picture: self.camera.clone(),
            name: self.name.clone(),
            initials: self.initials.clone(),
            muted: self.microphone.is_none(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{layout::Layout, protocol::PeerId};

    const SIZE: (u32, u32) = (1280, 720);

    fn person(id: u64, name: &'static str) -> RecordedPerson<&'static str> {
        RecordedPerson {
            item: if id == 0 { Item::Own } else { Item::Person(PeerId(id)) },
            name: name.to_owned(),
            initials: "P".to_owned(),
            camera: Some("camera"),
            microphone: Some("microphone"),
            screen: None,
            screen_sound: None,
        }
    }

    fn overlap(a: TileRect, b: TileRect) -> bool {
        let across = a.left < b.left + b.width && b.left < a.left + a.width;
        across && a.top < b.top + b.height && b.top < a.top + a.height
    }

    /// The composition after Bob has spoken.
    fn composition(
        cast: &[RecordedPerson<&'static str>],
        layout: Layout,
        pinned: Option<Item>,
    ) -> Composition<&'static str> {
        Composition::of_all(cast, &Spotlight { layout, pinned, spoke: Some(PeerId(2)) }, SIZE)
    }

    #[test]
    fn tiles_in_a_recording_do_not_overlap() {
        for people in 1..=16 {
            for sharing in 0..=people.min(3) {
                let cast: Vec<_> = (0..people)
                    .map(|index| RecordedPerson {
                        screen: (index < sharing).then(|| ("screen", "Screen".to_owned())),
                        ..person(index, "Ada")
                    })
                    .collect();
                let panes = composition(&cast, Layout::Grid, None).panes;
                assert_eq!(panes.len() as u64, people + sharing);
                for (index, Pane { place, .. }) in panes.iter().enumerate() {
                    assert!(place.left >= 0.0 && place.left + place.width <= 1280.0);
                    assert!(place.top >= 0.0 && place.top + place.height <= 720.0);
                    assert!(place.width > 20.0 && place.height > 20.0);
                    let others = panes.iter().skip(index + 1);
                    assert!(others.clone().all(|other| !overlap(*place, other.place)));
                }
            }
        }
    }

    #[test]
    fn a_shared_screen_is_the_largest_tile() {
        let ada = RecordedPerson {
            screen: Some(("screen", "Screen of Ada".to_owned())),
            ..person(0, "Ada")
        };
        let Composition { panes, .. } = composition(&[ada, person(1, "Bob")], Layout::Grid, None);
        let [screen, ada, bob] = panes.as_slice() else { panic!() };
        assert_eq!((screen.is_screen, screen.name.as_str()), (true, "Screen of Ada"));
        assert!(screen.place.width > 1000.0);
        assert!(
            ada.place.left > 1000.0 && bob.place.left > 1000.0 && bob.place.top > ada.place.top
        );
    }

    #[test]
    fn the_spotlight_of_the_stage_is_recorded() {
        let cast = [person(1, "Ada"), person(2, "Bob"), person(0, "Cleo")];
        let largest = |layout, pinned| composition(&cast, layout, pinned).panes.swap_remove(0);
        let bob = largest(Layout::Speaker, None);
        assert_eq!((bob.name.as_str(), bob.place.width > 1000.0), ("Bob", true), "who spoke");
        let ada = largest(Layout::Grid, Some(Item::Person(PeerId(1))));
        assert_eq!((ada.name.as_str(), ada.place.width > 1000.0), ("Ada", true), "who is pinned");
    }

    #[test]
    fn the_last_of_three_tiles_is_centred() {
        let cast = [person(1, "Ada"), person(2, "Bob"), person(0, "Cleo")];
        let place = composition(&cast, Layout::Grid, None).panes[2].place;
        assert!((place.left + place.width / 2.0 - 640.0).abs() < 1e-6);
    }

    #[test]
    fn muted_microphones_are_not_recorded() {
        let muted = RecordedPerson { microphone: None, ..person(0, "Ada") };
        let sharing = RecordedPerson { screen_sound: Some("film"), ..person(1, "Bob") };
        let composition = composition(&[muted.clone(), sharing], Layout::Grid, None);
        assert_eq!(composition.sounds, ["microphone", "film"]);
        assert_eq!(
            composition.panes.iter().map(|pane| pane.muted).collect::<Vec<_>>(),
            [true, false]
        );
        assert!(Composition::of_one(&muted, SIZE).sounds.is_empty());
    }

    #[test]
    fn upright_video_is_recorded_whole() {
        let ada = person(1, "Ada");
        let pane = Composition::of_one(&ada, SIZE).panes.swap_remove(0);
        let (seen, drawn) = pane.lay((720.0, 1280.0));
        assert_eq!((seen.width, seen.height), (720.0, 1280.0));
        assert_eq!((drawn.left, drawn.width, drawn.height), (437.5, 405.0, 720.0));
        assert_eq!(pane.lay((1280.0, 720.0)).1, pane.place);
        assert_eq!(pane.lay((640.0, 480.0)).1, pane.place, "a quarter may go");
    }
}

//! What is to be seen and heard in a recording: everybody who is there, as on the stage.

use crate::call::grid::grid;

/// Between two places, in pixels.
const GAP: f64 = 8.0;
/// So much of the width is for faces beside a screen.
const BESIDE: f64 = 0.2;

/// A part of the picture, in pixels from its top left.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[allow(missing_docs)]
pub struct Rect {
    pub x: f64,
    pub y: f64,
    pub width: f64,
    pub height: f64,
}

/// How something of another shape fills its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fit {
    /// All of the place; what juts out is cut off.
    Cover,
    /// With all of it to be seen.
    Contain,
}

impl Fit {
    /// Which part of a picture of this size is drawn, and where in its place.
    #[must_use]
    pub fn lay(self, (width, height): (f64, f64), place: Rect) -> (Rect, Rect) {
        let (across, down) = (place.width / width, place.height / height);
        match self {
            Self::Cover => {
                let scale = across.max(down);
                let (seen_width, seen_height) = (place.width / scale, place.height / scale);
                let (x, y) = ((width - seen_width) / 2.0, (height - seen_height) / 2.0);
                (Rect { x, y, width: seen_width, height: seen_height }, place)
            }
            Self::Contain => {
                let scale = across.min(down);
                let (drawn_width, drawn_height) = (width * scale, height * scale);
                let x = place.x + (place.width - drawn_width) / 2.0;
                let y = place.y + (place.height - drawn_height) / 2.0;
                let target = Rect { x, y, width: drawn_width, height: drawn_height };
                (Rect { x: 0.0, y: 0.0, width, height }, target)
            }
        }
    }
}

/// Somebody in the call, with what may be recorded of them now. `S` is a stream.
#[derive(Clone, Debug, PartialEq)]
pub struct Cast<S> {
    /// What they are called.
    pub name: String,
    /// What stands where no picture is.
    pub initials: String,
    /// Their camera, while it is on.
    pub camera: Option<S>,
    /// Their microphone, while it is on.
    pub microphone: Option<S>,
    /// Their screen, while they share it, and what it is called.
    pub screen: Option<(S, String)>,
    /// What is heard of that.
    pub screen_sound: Option<S>,
}

/// What is in one place of the picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Pane<S> {
    /// Where.
    pub place: Rect,
    /// How a picture fills it.
    pub fit: Fit,
    /// The picture, if there is one.
    pub picture: Option<S>,
    /// Written into the corner.
    pub name: String,
    /// Drawn where no picture is.
    pub initials: String,
    /// Whether nothing is heard of them.
    pub muted: bool,
}

/// What is seen and heard at a time.
#[derive(Clone, Debug, PartialEq)]
pub struct Scene<S> {
    /// What is seen.
    pub panes: Vec<Pane<S>>,
    /// What is heard.
    pub sounds: Vec<S>,
}

impl<S: Clone> Scene<S> {
    /// Everybody: screens take the stage, and faces stand beside them.
    #[must_use]
    pub fn of_all(people: &[Cast<S>], size: (u32, u32)) -> Self {
        let screens: Vec<_> = people.iter().filter_map(|person| person.screen.as_ref()).collect();
        let (stage, beside) = stage(!screens.is_empty(), size);
        let screen = |((picture, name), place): (&&(S, String), Rect)| Pane {
            place,
            fit: Fit::Contain,
            picture: Some(picture.clone()),
            name: name.clone(),
            initials: String::new(),
            muted: false,
        };
        let screens = screens.iter().zip(places(screens.len(), stage)).map(screen);
        let faces = people.iter().zip(places(people.len(), beside));
        let faces = faces.map(|(person, place)| person.pane(place));
        let microphones = people.iter().filter_map(|person| person.microphone.clone());
        let sounds = people.iter().filter_map(|person| person.screen_sound.clone());
        Self { panes: screens.chain(faces).collect(), sounds: microphones.chain(sounds).collect() }
    }

    /// One person alone, without their screen.
    #[must_use]
    pub fn of_one(person: &Cast<S>, (width, height): (u32, u32)) -> Self {
        let place = Rect { x: 0.0, y: 0.0, width: width.into(), height: height.into() };
        Self {
            panes: vec![person.pane(place)],
            sounds: person.microphone.iter().cloned().collect(),
        }
    }
}

impl<S: Clone> Cast<S> {
    fn pane(&self, place: Rect) -> Pane<S> {
        Pane {
            place,
            fit: Fit::Cover,
            picture: self.camera.clone(),
            name: self.name.clone(),
            initials: self.initials.clone(),
            muted: self.microphone.is_none(),
        }
    }
}

/// Where screens are, and where faces are.
fn stage(has_screens: bool, (width, height): (u32, u32)) -> (Rect, Rect) {
    let all = Rect { x: 0.0, y: 0.0, width: width.into(), height: height.into() };
    let beside = (all.width * BESIDE).round();
    match has_screens {
        true => (
            Rect { width: all.width - beside, ..all },
            Rect { x: all.width - beside, width: beside, ..all },
        ),
        false => (Rect::default(), all),
    }
}

/// So many places in an area, as large as can be; those of a last row that is not full stand in its
/// middle.
fn places(count: usize, area: Rect) -> impl Iterator<Item = Rect> {
    let shape = grid(count, area.width, area.height);
    let (columns, rows) = (shape.columns, shape.rows);
    let width = (area.width - GAP) / to_f64(columns) - GAP;
    let height = (area.height - GAP) / to_f64(rows) - GAP;
    (0..count).map(move |index| {
        let (row, column) = (index / columns, index % columns);
        let in_row = (count - row * columns).min(columns);
        let shift = to_f64(columns - in_row) * (width + GAP) / 2.0;
        Rect {
            x: area.x + GAP + shift + to_f64(column) * (width + GAP),
            y: area.y + GAP + to_f64(row) * (height + GAP),
            width,
            height,
        }
    })
}

fn to_f64(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::MAX, f64::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: (u32, u32) = (1280, 720);

    fn person(name: &'static str) -> Cast<&'static str> {
        Cast {
            name: name.to_owned(),
            initials: "P".to_owned(),
            camera: Some("camera"),
            microphone: Some("microphone"),
            screen: None,
            screen_sound: None,
        }
    }

    fn overlap(a: Rect, b: Rect) -> bool {
        a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height
    }

    #[test]
    fn everybody_has_a_place_of_their_own_in_the_picture() {
        for people in 1..=16 {
            for sharing in 0..=people.min(3) {
                let cast: Vec<_> = (0..people)
                    .map(|index| Cast {
                        screen: (index < sharing).then(|| ("screen", "Screen".to_owned())),
                        ..person("Ada")
                    })
                    .collect();
                let panes = Scene::of_all(&cast, SIZE).panes;
                assert_eq!(panes.len(), people + sharing);
                for (index, Pane { place, .. }) in panes.iter().enumerate() {
                    assert!(place.x >= 0.0 && place.x + place.width <= 1280.0);
                    assert!(place.y >= 0.0 && place.y + place.height <= 720.0);
                    assert!(place.width > 20.0 && place.height > 20.0);
                    let others = panes.iter().skip(index + 1);
                    assert!(others.clone().all(|other| !overlap(*place, other.place)));
                }
            }
        }
    }

    #[test]
    fn a_screen_takes_the_stage() {
        let ada = Cast { screen: Some(("screen", "Screen of Ada".to_owned())), ..person("Ada") };
        let Scene { panes, .. } = Scene::of_all(&[ada, person("Bob")], SIZE);
        let [screen, ada, bob] = panes.as_slice() else { panic!() };
        assert_eq!((screen.fit, screen.name.as_str()), (Fit::Contain, "Screen of Ada"));
        assert!(screen.place.width > 1000.0);
        assert!(ada.place.x > 1000.0 && bob.place.x > 1000.0 && bob.place.y > ada.place.y);
    }

    #[test]
    fn the_last_of_three_stands_in_the_middle() {
        let cast = [person("Ada"), person("Bob"), person("Cleo")];
        let place = Scene::of_all(&cast, SIZE).panes[2].place;
        assert!((place.x + place.width / 2.0 - 640.0).abs() < 1e-6);
    }

    #[test]
    fn who_is_muted_is_not_heard() {
        let muted = Cast { microphone: None, ..person("Ada") };
        let sharing = Cast { screen_sound: Some("film"), ..person("Bob") };
        let scene = Scene::of_all(&[muted.clone(), sharing], SIZE);
        assert_eq!(scene.sounds, ["microphone", "film"]);
        assert_eq!(scene.panes.iter().map(|pane| pane.muted).collect::<Vec<_>>(), [true, false]);
        assert!(Scene::of_one(&muted, SIZE).sounds.is_empty());
    }

    #[test]
    fn pictures_are_cut_or_shown_whole() {
        let place = Rect { x: 10.0, y: 10.0, width: 100.0, height: 100.0 };
        let (seen, drawn) = Fit::Cover.lay((200.0, 100.0), place);
        assert_eq!(seen, Rect { x: 50.0, y: 0.0, width: 100.0, height: 100.0 });
        assert_eq!(drawn, place);
        let (seen, drawn) = Fit::Contain.lay((200.0, 100.0), place);
        assert_eq!(seen, Rect { x: 0.0, y: 0.0, width: 200.0, height: 100.0 });
        assert_eq!(drawn, Rect { x: 10.0, y: 35.0, width: 100.0, height: 50.0 });
    }
}

//! How a picture fits into a place of another shape.

use super::TileRect;

/// Fraction of a picture of a person that must stay visible: a face cropped further is
/// unrecognisable.
const SEEN: f64 = 2.0 / 3.0;

/// How something of another shape fills its place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fit {
    /// Fills the place; overflow is cropped.
    #[default]
    Cover,
    /// Shows the whole picture.
    Contain,
}

impl Fit {
    /// How the picture of a person fits a place, both given by width and height: it fills the place
    /// unless more than a third of the picture would be cropped, as with an upright phone shown on
    /// a desktop.
    #[must_use]
    pub fn of_face(picture: (f64, f64), place: (f64, f64)) -> Self {
        let ratio = (picture.0 * place.1) / (picture.1 * place.0);
        let seen = ratio.min(ratio.recip());
        if seen > 0.0 && seen < SEEN { Self::Contain } else { Self::Cover }
    }

    /// The part of a picture of this size to draw, and where to draw it.
    #[must_use]
    pub fn lay(self, (width, height): (f64, f64), place: TileRect) -> (TileRect, TileRect) {
        let (across, down) = (place.width / width, place.height / height);
        match self {
            Self::Cover => {
                let scale = across.max(down);
                let (seen_width, seen_height) = (place.width / scale, place.height / scale);
                let (left, top) = ((width - seen_width) / 2.0, (height - seen_height) / 2.0);
                (TileRect { left, top, width: seen_width, height: seen_height }, place)
            }
            Self::Contain => {
                let scale = across.min(down);
                let (drawn_width, drawn_height) = (width * scale, height * scale);
                let left = place.left + (place.width - drawn_width) / 2.0;
                let top = place.top + (place.height - drawn_height) / 2.0;
                let target = TileRect { left, top, width: drawn_width, height: drawn_height };
                (TileRect { left: 0.0, top: 0.0, width, height }, target)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn video_is_cropped_or_shown_whole() {
        let place = TileRect { left: 10.0, top: 10.0, width: 100.0, height: 100.0 };
        let (seen, drawn) = Fit::Cover.lay((200.0, 100.0), place);
        assert_eq!(seen, TileRect { left: 50.0, top: 0.0, width: 100.0, height: 100.0 });
        assert_eq!(drawn, place);
        let (seen, drawn) = Fit::Contain.lay((200.0, 100.0), place);
        assert_eq!(seen, TileRect { left: 0.0, top: 0.0, width: 200.0, height: 100.0 });
        assert_eq!(drawn, TileRect { left: 10.0, top: 35.0, width: 100.0, height: 50.0 });
    }

    #[test]
    fn cropping_removes_at_most_a_third() {
        let fit = Fit::of_face;
        let (desk, phone) = ((1280.0, 720.0), (720.0, 1280.0));
        assert_eq!(fit(phone, (1256.0, 680.0)), Fit::Contain, "27 % would be seen");
        assert_eq!(fit(desk, (366.0, 700.0)), Fit::Contain);
        assert_eq!(fit(desk, (1256.0, 680.0)), Fit::Cover);
        assert_eq!(fit(phone, (366.0, 700.0)), Fit::Cover);
        assert_eq!(fit((640.0, 480.0), (1256.0, 680.0)), Fit::Cover);
        assert_eq!(fit((300.0, 200.0), (200.0, 200.0)), Fit::Cover, "a third, and no more");
        assert_eq!(fit((301.0, 200.0), (200.0, 200.0)), Fit::Contain);
    }

    #[test]
    fn without_a_size_the_fit_is_undecided() {
        for nothing in [(0.0, 0.0), (0.0, 720.0), (1280.0, 0.0)] {
            assert_eq!(Fit::of_face(nothing, (300.0, 200.0)), Fit::Cover);
            assert_eq!(Fit::of_face((1280.0, 720.0), nothing), Fit::Cover);
        }
    }
}

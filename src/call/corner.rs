//! Where the own picture floats.

/// A corner of the stage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Corner {
    TopLeft,
    TopRight,
    BottomLeft,
    #[default]
    BottomRight,
}

impl Corner {
    const ALL: [Self; 4] = [Self::TopLeft, Self::TopRight, Self::BottomLeft, Self::BottomRight];

    /// The corner nearest to a point on a stage of `width` by `height` (any unit), measured from
    /// its top left.
    #[must_use]
    pub fn nearest((x, y): (f64, f64), (width, height): (f64, f64)) -> Self {
        Self::at(x * 2.0 >= width, y * 2.0 >= height)
    }

    /// The corner that an arrow key (W3C UI Events, `KeyboardEvent.key`) leads to; none for other
    /// keys.
    #[must_use]
    pub fn towards(self, key: &str) -> Option<Self> {
        let (right, bottom) = self.sides();
        match key {
            "ArrowLeft" => Some(Self::at(false, bottom)),
            "ArrowRight" => Some(Self::at(true, bottom)),
            "ArrowUp" => Some(Self::at(right, false)),
            "ArrowDown" => Some(Self::at(right, true)),
            _ => None,
        }
    }

    /// The corner with this name; where there is none, the usual one.
    #[must_use]
    pub fn from_name(name: &str) -> Self {
        Self::ALL.into_iter().find(|corner| corner.name() == name).unwrap_or_default()
    }

    /// The name it is saved and styled by.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::TopLeft => "top-left",
            Self::TopRight => "top-right",
            Self::BottomLeft => "bottom-left",
            Self::BottomRight => "bottom-right",
        }
    }

    fn at(right: bool, bottom: bool) -> Self {
        match (right, bottom) {
            (false, false) => Self::TopLeft,
            (true, false) => Self::TopRight,
            (false, true) => Self::BottomLeft,
            (true, true) => Self::BottomRight,
        }
    }

    fn sides(self) -> (bool, bool) {
        match self {
            Self::TopLeft => (false, false),
            Self::TopRight => (true, false),
            Self::BottomLeft => (false, true),
            Self::BottomRight => (true, true),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_dropped_goes_to_the_nearest_corner() {
        let stage = (300.0, 200.0);
        assert_eq!(Corner::nearest((10.0, 10.0), stage), Corner::TopLeft);
        assert_eq!(Corner::nearest((160.0, 90.0), stage), Corner::TopRight);
        assert_eq!(Corner::nearest((140.0, 110.0), stage), Corner::BottomLeft);
        assert_eq!(Corner::nearest((-5.0, 900.0), stage), Corner::BottomLeft);
    }

    #[test]
    fn arrows_lead_along_the_edges_and_stop_at_the_corners() {
        let walk = |keys: &[&str]| {
            let step = |corner: Corner, key: &&str| corner.towards(key).unwrap_or(corner);
            keys.iter().fold(Corner::default(), step)
        };
        assert_eq!(walk(&["ArrowLeft"]), Corner::BottomLeft);
        assert_eq!(walk(&["ArrowLeft", "ArrowUp", "ArrowUp"]), Corner::TopLeft);
        assert_eq!(walk(&["ArrowRight", "Enter", "ArrowUp"]), Corner::TopRight);
    }

    #[test]
    fn names_are_read_back() {
        for corner in Corner::ALL {
            assert_eq!(Corner::from_name(corner.name()), corner);
        }
        assert_eq!(Corner::from_name("elsewhere"), Corner::default());
    }
}

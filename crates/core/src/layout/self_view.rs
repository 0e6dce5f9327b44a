//! The position of the floating self-view.

/// A corner of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SelfViewPosition {
    right: bool,
    bottom: bool,
}

impl Default for SelfViewPosition {
    fn default() -> Self {
        Self { right: true, bottom: true }
    }
}

impl SelfViewPosition {
    /// The corner nearest to a point on a page of `width` by `height` (any unit), measured from its
    /// top left.
    #[must_use]
    pub fn nearest((x, y): (f64, f64), (width, height): (f64, f64)) -> Self {
        Self { right: x * 2.0 >= width, bottom: y * 2.0 >= height }
    }

    /// The corner that an arrow key (W3C UI Events, `KeyboardEvent.key`) leads to; none for other
    /// keys.
    #[must_use]
    pub fn towards(self, key: &str) -> Option<Self> {
        match key {
            "ArrowLeft" => Some(Self { right: false, ..self }),
            "ArrowRight" => Some(Self { right: true, ..self }),
            "ArrowUp" => Some(Self { bottom: false, ..self }),
            "ArrowDown" => Some(Self { bottom: true, ..self }),
            _ => None,
        }
    }

    /// The corner with this name, or the default one.
    #[must_use]
    pub fn from_name(name: &str) -> Self {
        let sides = [(false, false), (true, false), (false, true)];
        let corners = sides.map(|(right, bottom)| Self { right, bottom });
        corners.into_iter().find(|corner| corner.name() == name).unwrap_or_default()
    }

    /// The name under which it is saved and styled.
    #[must_use]
    pub fn name(self) -> &'static str {
        match (self.right, self.bottom) {
            (false, false) => "top-left",
            (true, false) => "top-right",
            (false, true) => "bottom-left",
            (true, true) => "bottom-right",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(name: &str) -> SelfViewPosition {
        let corner = SelfViewPosition::from_name(name);
        assert_eq!(corner.name(), name);
        corner
    }

    #[test]
    fn a_dropped_self_view_moves_to_the_nearest_corner() {
        let page = (300.0, 200.0);
        assert_eq!(SelfViewPosition::nearest((10.0, 10.0), page), at("top-left"));
        assert_eq!(SelfViewPosition::nearest((160.0, 90.0), page), at("top-right"));
        assert_eq!(SelfViewPosition::nearest((140.0, 110.0), page), at("bottom-left"));
        assert_eq!(SelfViewPosition::nearest((-5.0, 900.0), page), at("bottom-left"));
    }

    #[test]
    fn arrow_keys_move_along_the_edges_and_stop_at_corners() {
        let walk = |keys: &[&str]| {
            let step = |corner: SelfViewPosition, key: &&str| corner.towards(key).unwrap_or(corner);
            keys.iter().fold(SelfViewPosition::default(), step)
        };
        assert_eq!(walk(&["ArrowLeft"]), at("bottom-left"));
        assert_eq!(walk(&["ArrowLeft", "ArrowUp", "ArrowUp"]), at("top-left"));
        assert_eq!(walk(&["ArrowRight", "Enter", "ArrowUp"]), at("top-right"));
    }

    #[test]
    fn an_unknown_name_is_the_default_corner() {
        assert_eq!(SelfViewPosition::from_name("elsewhere"), at("bottom-right"));
    }
}

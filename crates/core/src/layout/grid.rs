//! How to lay tiles out so that faces are as large as the stage allows.

/// Width of a tile divided by its height, as cameras send it in landscape.
const ASPECT: f64 = 16.0 / 9.0;

/// Columns and rows of a grid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grid {
    /// Tiles next to each other; at least 1.
    pub columns: usize,
    /// Tiles below each other; at least 1.
    pub rows: usize,
}

/// The grid for `count` tiles on a stage of `width` by `height` (any unit) with the largest picture
/// of each participant in its own aspect ratio. Among equal grids, the one with the fewest empty
/// cells wins.
#[must_use]
pub fn grid(count: usize, width: f64, height: f64) -> Grid {
    let count = count.max(1);
    let candidates = (1..=count).map(|columns| Grid { columns, rows: count.div_ceil(columns) });
    let merit = |grid: &Grid| {
        let tile_width = width / to_f64(grid.columns);
        let tile_height = height / to_f64(grid.rows);
        let picture = tile_width.min(tile_height * ASPECT).max(0.0);
        // Cropping lets a picture fill more of its tile than its aspect ratio alone would.
        let filled = (tile_width * tile_height).max(0.0).sqrt();
        picture * 4.0 + filled - to_f64(grid.columns * grid.rows - count) * 1e-3
    };
    let best = candidates.max_by(|a, b| merit(a).total_cmp(&merit(b)));
    best.unwrap_or(Grid { columns: 1, rows: 1 })
}

/// Tile counts are far below 2^32, up to which this is exact.
fn to_f64(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::MAX, f64::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_to_four_people_use_the_stage_in_both_orientations() {
        let shape = |count, width, height| {
            let Grid { columns, rows } = grid(count, width, height);
            (columns, rows)
        };
        let landscape = [1, 2, 3, 4].map(|count| shape(count, 1280.0, 700.0));
        assert_eq!(landscape, [(1, 1), (2, 1), (2, 2), (2, 2)]);
        let portrait = [1, 2, 3, 4].map(|count| shape(count, 390.0, 700.0));
        assert_eq!(portrait, [(1, 1), (1, 2), (1, 3), (1, 4)]);
        let wide = [1, 2, 3, 4].map(|count| shape(count, 844.0, 300.0));
        assert_eq!(wide, [(1, 1), (2, 1), (3, 1), (2, 2)]);
    }

    #[test]
    fn every_tile_fits_and_no_row_is_empty() {
        for count in 0..=16 {
            for (width, height) in [(1280.0, 800.0), (390.0, 844.0), (0.0, 0.0), (1.0, 9999.0)] {
                let Grid { columns, rows } = grid(count, width, height);
                assert!(columns * rows >= count.max(1));
                assert!(columns * (rows - 1) < count.max(1));
            }
        }
    }
}

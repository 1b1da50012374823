//! What an explainer returns.

use serde::Serialize;

/// How a map's values are to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MapKind {
    /// At least 0: how much a pixel speaks for the class.
    NonNegative,
    /// Above 0 for the class, below 0 against it.
    Signed,
}

/// One image's explanation. The scale is each explainer's own; its file says what the values are.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Map {
    /// Pixels across, as in the image.
    pub width: usize,
    /// Pixels down, as in the image.
    pub height: usize,
    /// How the values are to be read.
    pub kind: MapKind,
    /// `[height, width]`, row by row.
    pub values: Vec<f32>,
}

impl Map {
    /// Enlarges `coarse` `[from_height, from_width]` bilinearly, cells being areas whose centres carry
    /// the values (half-pixel centres, beyond the outermost ones constant), as OpenCV and PyTorch's
    /// `align_corners=False` do.
    pub(super) fn enlarged(coarse: &[f32], from: [usize; 2], to: [usize; 2], kind: MapKind) -> Self {
        let axis = |from: usize, to: usize| -> Vec<(usize, usize, f32)> {
            let at = |index: usize| {
                let centre = ((index as f32 + 0.5) * from as f32 / to as f32 - 0.5).max(0.0);
                let low = (centre as usize).min(from - 1);
                (low, (low + 1).min(from - 1), centre - low as f32)
            };
            (0..to).map(at).collect()
        };
        let (rows, columns) = (axis(from[0], to[0]), axis(from[1], to[1]));
        let cell = |row: usize, column: usize| coarse[row * from[1] + column];
        let mut values = Vec::with_capacity(to[0] * to[1]);
        for &(top, bottom, down) in &rows {
            for &(left, right, across) in &columns {
                let along = |row| cell(row, left) * (1.0 - across) + cell(row, right) * across;
                values.push(along(top) * (1.0 - down) + along(bottom) * down);
            }
        }
        Self { width: to[1], height: to[0], kind, values }
    }
}

#[cfg(test)]
mod tests {
    use super::{Map, MapKind};

    #[test]
    fn enlarging_keeps_constants_centres_and_slopes() {
        let constant = Map::enlarged(&[2.5; 6], [2, 3], [7, 11], MapKind::Signed);
        assert!(constant.values.iter().all(|&value| value == 2.5));
        let ramp = Map::enlarged(&[0.0, 1.0], [1, 2], [1, 8], MapKind::Signed);
        assert_eq!(ramp.values, [0.0, 0.0, 0.125, 0.375, 0.625, 0.875, 1.0, 1.0]);
        let same = [3.0, -1.0, 0.5, 7.0];
        assert_eq!(Map::enlarged(&same, [2, 2], [2, 2], MapKind::Signed).values, same);
    }
}

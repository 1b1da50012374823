//! A large photograph in parts: squares on an even grid that together cover it, each resized to the
//! detector's input like an image of its own.
//!
//! Their side is the least that covers the picture with no more than the number allowed, and never less
//! than the detector's input: a tile of fewer pixels would have to be enlarged. Neighbours overlap
//! where the picture is no multiple of the side.

use serde::Serialize;

use crate::image::RgbImage;

/// A square part of a picture, in its pixels. The field names are stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Tile {
    /// Pixels left of it.
    pub left: usize,
    /// Pixels above it.
    pub top: usize,
    /// Its side.
    pub side: usize,
}

/// At most `most` tiles of a picture for a detector of `input` pixels a side, row by row; none where it
/// is not at least twice that size both ways. A picture more than `most` times as long as it is wide is
/// sampled evenly instead of covered.
#[must_use]
pub fn grid(width: usize, height: usize, input: usize, most: usize) -> Vec<Tile> {
    let shorter = width.min(height);
    if shorter < 2 * input.max(1) || most < 2 {
        return Vec::new();
    }
    let side = (1..=most)
        .map(|across| width.div_ceil(across).max(height.div_ceil(most / across)))
        .min()
        .map_or(shorter, |side| side.clamp(input, shorter));
    let [across, down] = [width, height].map(|length| length.div_ceil(side).min(most));
    let places = |length: usize, count: usize| {
        (0..count).map(move |index| match count {
            1 => (length - side) / 2,
            _ => (length - side) * index / (count - 1),
        })
    };
    places(height, down).flat_map(|top| places(width, across).map(move |left| Tile { left, top, side })).collect()
}

impl Tile {
    /// The part of `image` it names.
    ///
    /// # Panics
    /// If it reaches beyond the image.
    #[must_use]
    pub fn cut(&self, image: &RgbImage) -> RgbImage {
        let mut pixels = Vec::with_capacity(3 * self.side * self.side);
        for row in self.top..self.top + self.side {
            let start = 3 * (row * image.width + self.left);
            pixels.extend_from_slice(&image.pixels[start..start + 3 * self.side]);
        }
        RgbImage { width: self.side, height: self.side, pixels }
    }
}

/// What the parts of a picture scored. The field names are stable.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Tiles {
    /// Mean of the tiles' probabilities of fake.
    pub probability_fake: f64,
    /// The least of them.
    pub least: f64,
    /// The greatest of them.
    pub greatest: f64,
    /// Tiles called fake.
    pub n_fake: usize,
    /// Every tile, row by row.
    pub tiles: Vec<ScoredTile>,
}

/// A tile with its score.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ScoredTile {
    /// Where it is.
    #[serde(flatten)]
    pub tile: Tile,
    /// Its probability of fake.
    pub probability_fake: f64,
}

impl Tiles {
    /// `tiles` with their `probabilities`, fake from `threshold` on; none where there is none.
    #[must_use]
    pub fn new(tiles: &[Tile], probabilities: &[f64], threshold: f64) -> Option<Self> {
        if tiles.is_empty() {
            return None;
        }
        let scored = tiles.iter().zip(probabilities);
        Some(Self {
            probability_fake: probabilities.iter().sum::<f64>() / probabilities.len() as f64,
            least: probabilities.iter().copied().fold(1.0, f64::min),
            greatest: probabilities.iter().copied().fold(0.0, f64::max),
            n_fake: probabilities.iter().filter(|&&p| p >= threshold).count(),
            tiles: scored.map(|(&tile, &probability_fake)| ScoredTile { tile, probability_fake }).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn tiles_cover_the_picture_and_are_no_more_than_allowed(
            width in 1usize..5000, height in 1usize..5000, input in 8usize..300, most in 0usize..40,
        ) {
            let tiles = grid(width, height, input, most);
            prop_assert!(tiles.len() <= most);
            if width.min(height) < 2 * input || most < 2 {
                prop_assert!(tiles.is_empty());
                return Ok(());
            }
            for tile in &tiles {
                prop_assert!(tile.side >= input && tile.side == tiles[0].side);
                prop_assert!(tile.left + tile.side <= width && tile.top + tile.side <= height);
            }
            if width.max(height) <= most * width.min(height) {
                let covered = |length: usize, starts: &mut Vec<usize>| {
                    starts.sort_unstable();
                    starts.dedup();
                    let side = tiles[0].side;
                    starts[0] == 0
                        && starts.windows(2).all(|pair| pair[1] <= pair[0] + side)
                        && starts.last().is_some_and(|last| last + side == length)
                };
                prop_assert!(covered(width, &mut tiles.iter().map(|tile| tile.left).collect()), "{:?}", tiles);
                prop_assert!(covered(height, &mut tiles.iter().map(|tile| tile.top).collect()), "{:?}", tiles);
            }
        }
    }

    #[test]
    fn a_photograph_is_cut_as_large_as_the_number_allows() {
        let tiles = grid(4000, 3000, 32, 16);
        assert_eq!((tiles.len(), tiles[0].side), (12, 1000));
        assert_eq!(tiles[11], Tile { left: 3000, top: 2000, side: 1000 });
        assert_eq!(grid(64, 64, 32, 16).len(), 4, "not smaller than the input");
        assert!(grid(63, 640, 32, 16).is_empty());
        assert_eq!(grid(6400, 64, 32, 4).len(), 4, "a strip longer than covered is sampled");
    }

    #[test]
    fn a_tile_is_its_part_of_the_picture() {
        let image = RgbImage { width: 4, height: 3, pixels: (0..36).collect() };
        let cut = Tile { left: 1, top: 1, side: 2 }.cut(&image);
        assert_eq!(cut.pixels, [15, 16, 17, 18, 19, 20, 27, 28, 29, 30, 31, 32]);
        let tiles = Tiles::new(&[Tile { left: 0, top: 0, side: 2 }; 2], &[0.25, 0.75], 0.5).unwrap();
        assert_eq!((tiles.probability_fake, tiles.least, tiles.greatest, tiles.n_fake), (0.5, 0.25, 0.75, 1));
        assert_eq!(Tiles::new(&[], &[], 0.5), None);
    }
}

//! Light between the picture and the camera.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::{Augmentation, Parameters};
use crate::Result;
use crate::image::FloatImage;

/// Most cells of the field across an image: what varies faster is no haze.
const MOST_CELLS: usize = 6;

/// Koschmieder's model of hazy pictures, `pixel * t + airlight * (1 - t)`, with a transmission `t` that varies smoothly
/// over the image: `1 - opacity * field`, the field random at the nodes of a coarse grid and bilinear between them.
#[derive(Debug)]
struct RandomHaze {
    opacity: [f64; 2],
    airlight: [f64; 2],
}

impl Augmentation for RandomHaze {
    fn apply(&self, image: FloatImage, stream: &mut ChaCha8Rng) -> Result<FloatImage> {
        let opacity = stream.random_range(self.opacity[0]..=self.opacity[1]) as f32;
        let airlight = stream.random_range(self.airlight[0]..=self.airlight[1]) as f32;
        let cells = stream.random_range(1..=MOST_CELLS);
        let nodes: Vec<f32> = (0..(cells + 1) * (cells + 1)).map(|_| stream.random()).collect();
        Ok(haze(image, &nodes, opacity, airlight))
    }
}

pub(super) fn build(parameters: &mut Parameters) -> Result<Box<dyn Augmentation>> {
    Ok(Box::new(RandomHaze {
        opacity: parameters.interval("opacity", 0.0, 1.0)?,
        airlight: parameters.interval_or("airlight", 0.0, 1.0, [0.6, 1.0])?,
    }))
}

/// Veils `image` by the grey `airlight` in `0..=1`, as densely as `opacity` in `0..=1` times a field that is bilinear
/// between `nodes`: a square grid in `0..=1`, at least 2 by 2, whose corners are the image's.
#[must_use]
pub fn haze(mut image: FloatImage, nodes: &[f32], opacity: f32, airlight: f32) -> FloatImage {
    let side = nodes.len().isqrt();
    let (rows, columns) = (places(image.height, side), places(image.width, side));
    let pixels = image.pixels.chunks_exact_mut(3);
    let grid = rows.iter().flat_map(|row| columns.iter().map(move |column| (row, column)));
    for (pixel, (&(above, down), &(left, right))) in pixels.zip(grid) {
        let at = |row: usize, column: usize| nodes[row * side + column];
        let upper = at(above, left) * (1.0 - right) + at(above, left + 1) * right;
        let lower = at(above + 1, left) * (1.0 - right) + at(above + 1, left + 1) * right;
        let veil = opacity * (upper * (1.0 - down) + lower * down);
        for value in pixel {
            *value = (*value * (1.0 - veil) + airlight * veil).clamp(0.0, 1.0);
        }
    }
    image
}

/// For every pixel of `length`, the node before its centre among `side` nodes, and the share of the way to the next.
fn places(length: usize, side: usize) -> Vec<(usize, f32)> {
    let cells = (side - 1) as f32;
    let place = |pixel: usize| (pixel as f32 + 0.5) / length as f32 * cells;
    (0..length).map(|pixel| (place(pixel) as usize, place(pixel).fract())).collect()
}

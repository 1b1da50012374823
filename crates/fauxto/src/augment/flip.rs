//! Mirror images.

use rand_chacha::ChaCha8Rng;

use super::{Augmentation, Parameters};
use crate::Result;
use crate::image::FloatImage;

#[derive(Debug)]
struct Flip(fn(FloatImage) -> FloatImage);

impl Augmentation for Flip {
    fn apply(&self, image: FloatImage, _: &mut ChaCha8Rng) -> Result<FloatImage> {
        Ok(self.0(image))
    }
}

pub(super) fn build_horizontal(_: &mut Parameters) -> Result<Box<dyn Augmentation>> {
    Ok(Box::new(Flip(flip_horizontally)))
}

pub(super) fn build_vertical(_: &mut Parameters) -> Result<Box<dyn Augmentation>> {
    Ok(Box::new(Flip(flip_vertically)))
}

/// Swaps left and right.
#[must_use]
pub fn flip_horizontally(mut image: FloatImage) -> FloatImage {
    for row in image.pixels.chunks_exact_mut(image.width * 3) {
        let pixels = row.as_chunks_mut::<3>().0;
        pixels.reverse();
    }
    image
}

/// Swaps top and bottom.
#[must_use]
pub fn flip_vertically(mut image: FloatImage) -> FloatImage {
    let row = image.width * 3;
    for y in 0..image.height / 2 {
        let (upper, lower) = image.pixels.split_at_mut((image.height - 1 - y) * row);
        upper[y * row..(y + 1) * row].swap_with_slice(&mut lower[..row]);
    }
    image
}

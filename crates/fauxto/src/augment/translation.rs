//! Shifts by whole pixels.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::{Augmentation, Parameters};
use crate::Result;
use crate::image::FloatImage;

#[derive(Debug)]
struct RandomTranslation {
    /// Largest shift as a share of the width.
    horizontal: f64,
    /// Largest shift as a share of the height.
    vertical: f64,
}

impl Augmentation for RandomTranslation {
    fn apply(&self, image: FloatImage, stream: &mut ChaCha8Rng) -> Result<FloatImage> {
        let mut draw = |share: f64, side: usize| {
            let most = share * side as f64;
            stream.random_range(-most..=most).round() as isize
        };
        let right = draw(self.horizontal, image.width);
        let down = draw(self.vertical, image.height);
        Ok(translate(&image, right, down))
    }
}

pub(super) fn build(parameters: &mut Parameters) -> Result<Box<dyn Augmentation>> {
    Ok(Box::new(RandomTranslation {
        horizontal: parameters.number("horizontal", 0.0, 1.0)?,
        vertical: parameters.number("vertical", 0.0, 1.0)?,
    }))
}

/// Shifts `image` by `right` and `down` pixels; what comes in is black. Whole pixels, as torchvision's
/// `RandomAffine` draws them, so that no interpolation smooths the grain.
#[must_use]
pub fn translate(image: &FloatImage, right: isize, down: isize) -> FloatImage {
    let (width, height) = (image.width, image.height);
    let mut pixels = vec![0.0; image.pixels.len()];
    let kept = width.saturating_sub(right.unsigned_abs()) * 3;
    let [to_x, from_x] = [right, -right].map(|shift| usize::try_from(shift).unwrap_or(0));
    let [to_y, from_y] = [down, -down].map(|shift| usize::try_from(shift).unwrap_or(0));
    if kept > 0 {
        for row in 0..height.saturating_sub(down.unsigned_abs()) {
            let to = ((row + to_y) * width + to_x) * 3;
            let from = ((row + from_y) * width + from_x) * 3;
            pixels[to..to + kept].copy_from_slice(&image.pixels[from..from + kept]);
        }
    }
    FloatImage { width, height, pixels }
}

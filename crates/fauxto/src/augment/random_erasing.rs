//! A rectangle without a picture.

use rand_chacha::ChaCha8Rng;

use super::rectangle::{ATTEMPTS, Rectangle, draw_sides, place};
use super::{Augmentation, Parameters};
use crate::Result;
use crate::image::FloatImage;

#[derive(Debug)]
struct RandomErasing {
    /// Share of the area.
    scale: [f64; 2],
    /// Height by width.
    ratio: [f64; 2],
    value: f32,
}

impl Augmentation for RandomErasing {
    fn apply(&self, image: FloatImage, stream: &mut ChaCha8Rng) -> Result<FloatImage> {
        let (height, width) = (image.height, image.width);
        for _ in 0..ATTEMPTS {
            let (h, w) = draw_sides(height * width, self.scale, self.ratio, stream);
            if h < height && w < width {
                let rectangle = place((h, w), (height, width), stream);
                return Ok(erase(image, rectangle, self.value));
            }
        }
        Ok(image)
    }
}

pub(super) fn build(parameters: &mut Parameters) -> Result<Box<dyn Augmentation>> {
    Ok(Box::new(RandomErasing {
        scale: parameters.interval_or("scale", 0.0, 1.0, [0.02, 0.33])?,
        ratio: parameters.interval_or("ratio", 0.05, 20.0, [0.3, 3.3])?,
        value: parameters.optional_number("value", 0.0, 1.0)?.unwrap_or(0.0) as f32,
    }))
}

/// Fills `rectangle`, which lies within `image`, with the grey `value` in `0..=1`.
///
/// torchvision's default value of 0 is meant for normalised tensors, where it is the mean colour; here
/// pixels are not yet normalised, and 0 is black.
#[must_use]
pub fn erase(mut image: FloatImage, rectangle: Rectangle, value: f32) -> FloatImage {
    for row in rectangle.top..rectangle.top + rectangle.height {
        let start = (row * image.width + rectangle.left) * 3;
        image.pixels[start..start + rectangle.width * 3].fill(value);
    }
    image
}

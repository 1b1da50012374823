//! A part of the image, enlarged to its size.

use fast_image_resize::FilterType;
use rand_chacha::ChaCha8Rng;

use super::rectangle::{ATTEMPTS, Rectangle, draw_sides, place};
use super::resample::resample;
use super::{Augmentation, Parameters};
use crate::Result;
use crate::image::FloatImage;

#[derive(Debug)]
struct RandomResizedCrop {
    /// Share of the area.
    scale: [f64; 2],
    /// Width by height.
    ratio: [f64; 2],
}

impl Augmentation for RandomResizedCrop {
    fn apply(&self, image: FloatImage, stream: &mut ChaCha8Rng) -> Result<FloatImage> {
        let rectangle = self.draw(image.height, image.width, stream);
        resized_crop(&image, rectangle)
    }
}

impl RandomResizedCrop {
    fn draw(&self, height: usize, width: usize, stream: &mut ChaCha8Rng) -> Rectangle {
        for _ in 0..ATTEMPTS {
            let (w, h) = draw_sides(height * width, self.scale, self.ratio, stream);
            if (1..=width).contains(&w) && (1..=height).contains(&h) {
                return place((h, w), (height, width), stream);
            }
        }
        // The largest rectangle in the middle whose ratio is allowed.
        let own = width as f64 / height as f64;
        let [least, most] = self.ratio;
        let (h, w) = if own < least {
            ((width as f64 / least).round() as usize, width)
        } else if own > most {
            (height, (height as f64 * most).round() as usize)
        } else {
            (height, width)
        };
        let (h, w) = (h.max(1), w.max(1));
        Rectangle { top: (height - h) / 2, left: (width - w) / 2, height: h, width: w }
    }
}

pub(super) fn build(parameters: &mut Parameters) -> Result<Box<dyn Augmentation>> {
    Ok(Box::new(RandomResizedCrop {
        scale: parameters.interval("scale", 0.01, 1.0)?,
        ratio: parameters.interval_or("ratio", 0.05, 20.0, [3.0 / 4.0, 4.0 / 3.0])?,
    }))
}

/// Brings the pixels of `rectangle`, which lies within `image`, to the image's size.
///
/// Bilinear with `antialias`, torchvision's `resized_crop` on tensors. The filter sees nothing beyond the
/// rectangle. No side of a rectangle is longer than the image's, so nothing is ever shrunk and
/// antialiasing, which only widens the filter for shrinking, makes no difference.
///
/// # Errors
/// If the image's size is beyond what can be resized.
pub fn resized_crop(image: &FloatImage, rectangle: Rectangle) -> Result<FloatImage> {
    let Rectangle { top, left, height, width } = rectangle;
    let mut pixels = Vec::with_capacity(height * width * 3);
    for row in top..top + height {
        let start = (row * image.width + left) * 3;
        pixels.extend_from_slice(&image.pixels[start..start + width * 3]);
    }
    resample(&FloatImage { width, height, pixels }, image.width, image.height, FilterType::Bilinear)
}

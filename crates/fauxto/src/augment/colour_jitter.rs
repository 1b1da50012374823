//! Brightness, contrast and saturation, as torchvision defines them for floating-point images.

use rand::RngExt;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::{Augmentation, Parameters};
use crate::Result;
use crate::image::FloatImage;

/// Weights of red, green and blue in a grey value (ITU-R BT.601, rounded as torchvision does).
const GREY: [f32; 3] = [0.2989, 0.587, 0.114];

#[derive(Debug)]
struct ColourJitter {
    brightness: f64,
    contrast: f64,
    saturation: f64,
}

impl Augmentation for ColourJitter {
    fn apply(&self, image: FloatImage, stream: &mut ChaCha8Rng) -> FloatImage {
        type Adjust = fn(FloatImage, f32) -> FloatImage;
        let mut adjustments: [(Adjust, f64); 3] = [
            (adjust_brightness, self.brightness),
            (adjust_contrast, self.contrast),
            (adjust_saturation, self.saturation),
        ];
        adjustments.shuffle(stream);
        adjustments.into_iter().fold(image, |image, (adjust, amount)| {
            let factor = stream.random_range((1.0 - amount).max(0.0)..=1.0 + amount);
            adjust(image, factor as f32)
        })
    }
}

pub(super) fn build(parameters: &mut Parameters) -> Result<Box<dyn Augmentation>> {
    Ok(Box::new(ColourJitter {
        brightness: parameters.number("brightness", 0.0, 1.0)?,
        contrast: parameters.number("contrast", 0.0, 1.0)?,
        saturation: parameters.number("saturation", 0.0, 1.0)?,
    }))
}

/// Scales every value by `factor`, cut at 1.
#[must_use]
pub fn adjust_brightness(mut image: FloatImage, factor: f32) -> FloatImage {
    for value in &mut image.pixels {
        *value = (*value * factor).clamp(0.0, 1.0);
    }
    image
}

/// Scales every value's distance from the image's mean grey by `factor`, cut to `0..=1`.
#[must_use]
pub fn adjust_contrast(mut image: FloatImage, factor: f32) -> FloatImage {
    let pixels = image.pixels.as_chunks::<3>().0;
    let mean = pixels.iter().map(|pixel| f64::from(grey(pixel))).sum::<f64>() / pixels.len().max(1) as f64;
    for value in &mut image.pixels {
        *value = blend(*value, mean as f32, factor);
    }
    image
}

/// Scales every value's distance from its pixel's grey by `factor`, cut to `0..=1`.
#[must_use]
pub fn adjust_saturation(mut image: FloatImage, factor: f32) -> FloatImage {
    for pixel in image.pixels.as_chunks_mut::<3>().0 {
        let grey = grey(pixel);
        *pixel = pixel.map(|value| blend(value, grey, factor));
    }
    image
}

fn grey(pixel: &[f32; 3]) -> f32 {
    GREY[0] * pixel[0] + GREY[1] * pixel[1] + GREY[2] * pixel[2]
}

fn blend(value: f32, towards: f32, factor: f32) -> f32 {
    (factor * value + (1.0 - factor) * towards).clamp(0.0, 1.0)
}

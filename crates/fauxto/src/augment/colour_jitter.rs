//! Brightness, contrast, saturation and hue, as torchvision defines them for floating-point images.

use rand::RngExt;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::{Augmentation, Parameters};
use crate::Result;
use crate::image::FloatImage;

/// Weights of red, green and blue in a grey value (ITU-R BT.601, rounded as torchvision does).
const GREY: [f32; 3] = [0.2989, 0.587, 0.114];

type Adjust = fn(FloatImage, f32) -> FloatImage;

#[derive(Debug)]
struct ColourJitter {
    /// Each adjustment with the interval its factor is drawn from.
    adjustments: Vec<(Adjust, [f64; 2])>,
}

impl Augmentation for ColourJitter {
    fn apply(&self, image: FloatImage, stream: &mut ChaCha8Rng) -> Result<FloatImage> {
        let mut adjustments = self.adjustments.clone();
        adjustments.shuffle(stream);
        Ok(adjustments.into_iter().fold(image, |image, (adjust, [least, most])| {
            let factor = stream.random_range(least..=most);
            adjust(image, factor as f32)
        }))
    }
}

pub(super) fn build(parameters: &mut Parameters) -> Result<Box<dyn Augmentation>> {
    let scalings: [(&str, Adjust); 3] =
        [("brightness", adjust_brightness), ("contrast", adjust_contrast), ("saturation", adjust_saturation)];
    let mut adjustments = Vec::new();
    for (name, adjust) in scalings {
        let amount = parameters.number(name, 0.0, 1.0)?;
        adjustments.push((adjust, [(1.0 - amount).max(0.0), 1.0 + amount]));
    }
    // Without a hue there is nothing to put in order, so that earlier presets keep their random numbers.
    if let Some(hue) = parameters.optional_number("hue", 0.0, 0.5)? {
        adjustments.push((adjust_hue, [-hue, hue]));
    }
    Ok(Box::new(ColourJitter { adjustments }))
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

/// Turns every pixel's hue by `turn`, a share of the circle in `-0.5..=0.5`; value and saturation stay.
/// Grey has no hue and stays grey.
///
/// As torchvision's `adjust_hue`, which follows Pillow's conversion but without rounding to levels.
#[must_use]
pub fn adjust_hue(mut image: FloatImage, turn: f32) -> FloatImage {
    for pixel in image.pixels.as_chunks_mut::<3>().0 {
        let [hue, saturation, value] = hsv_from_rgb(*pixel);
        *pixel = rgb_from_hsv([(hue + turn).rem_euclid(1.0), saturation, value]);
    }
    image
}

/// Hue as a share of the circle in `0..1`, saturation and value in `0..=1`.
fn hsv_from_rgb([red, green, blue]: [f32; 3]) -> [f32; 3] {
    let (most, least) = (red.max(green).max(blue), red.min(green).min(blue));
    let range = most - least;
    if range == 0.0 {
        return [0.0, 0.0, most];
    }
    let [from_red, from_green, from_blue] = [red, green, blue].map(|channel| (most - channel) / range);
    let sixths = if most == red {
        from_blue - from_green
    } else if most == green {
        2.0 + from_red - from_blue
    } else {
        4.0 + from_green - from_red
    };
    [(sixths / 6.0 + 1.0) % 1.0, range / most, most]
}

fn rgb_from_hsv([hue, saturation, value]: [f32; 3]) -> [f32; 3] {
    let sector = (hue * 6.0).floor();
    let within = hue * 6.0 - sector;
    let least = (value * (1.0 - saturation)).clamp(0.0, 1.0);
    let falling = (value * (1.0 - saturation * within)).clamp(0.0, 1.0);
    let rising = (value * (1.0 - saturation * (1.0 - within))).clamp(0.0, 1.0);
    match sector as u8 % 6 {
        0 => [value, rising, least],
        1 => [falling, value, least],
        2 => [least, value, rising],
        3 => [least, falling, value],
        4 => [rising, least, value],
        _ => [value, least, falling],
    }
}

fn grey(pixel: &[f32; 3]) -> f32 {
    GREY[0] * pixel[0] + GREY[1] * pixel[1] + GREY[2] * pixel[2]
}

fn blend(value: f32, towards: f32, factor: f32) -> f32 {
    (factor * value + (1.0 - factor) * towards).clamp(0.0, 1.0)
}

//! Rotation about the image's centre.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::{Augmentation, Parameters};
use crate::Result;
use crate::image::FloatImage;

#[derive(Debug)]
struct RandomRotation {
    degrees: f64,
}

impl Augmentation for RandomRotation {
    fn apply(&self, image: FloatImage, stream: &mut ChaCha8Rng) -> Result<FloatImage> {
        let degrees = stream.random_range(-self.degrees..=self.degrees);
        Ok(rotate(&image, degrees))
    }
}

pub(super) fn build(parameters: &mut Parameters) -> Result<Box<dyn Augmentation>> {
    Ok(Box::new(RandomRotation { degrees: parameters.number("degrees", 0.0, 180.0)? }))
}

/// Turns `image` counter-clockwise by `degrees` about its centre, taking the nearest pixel and black
/// where there is none. The nearest pixel keeps the grain that interpolation would smooth away, and
/// with it what detectors look for.
#[must_use]
pub fn rotate(image: &FloatImage, degrees: f64) -> FloatImage {
    let (sine, cosine) = (degrees.to_radians().sin() as f32, degrees.to_radians().cos() as f32);
    let (width, height) = (image.width, image.height);
    let (centre_x, centre_y) = (width as f32 / 2.0, height as f32 / 2.0);
    let mut pixels = vec![0.0; image.pixels.len()];
    for (index, pixel) in pixels.as_chunks_mut::<3>().0.iter_mut().enumerate() {
        let x = (index % width) as f32 + 0.5 - centre_x;
        let y = (index / width) as f32 + 0.5 - centre_y;
        let source_x = (cosine * x - sine * y + centre_x - 0.5).round_ties_even();
        let source_y = (sine * x + cosine * y + centre_y - 0.5).round_ties_even();
        let inside = (0.0..width as f32).contains(&source_x) && (0.0..height as f32).contains(&source_y);
        if inside {
            let start = (source_y as usize * width + source_x as usize) * 3;
            pixel.copy_from_slice(&image.pixels[start..start + 3]);
        }
    }
    FloatImage { width, height, pixels }
}

//! Two photographs through a smooth mask (Li et al. 2020, "Face X-ray for More General Face Forgery Detection", arXiv
//! 1912.13458, equation 1; Shiohara & Yamasaki 2022, "Detecting Deepfakes with Self-Blended Images", arXiv 2204.08376).

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::field::Field;
use crate::image::FloatImage;

/// Share of the other photographs that take on the first one's colours, so that not every seam is one of colour.
const RECOLOURED: f64 = 0.6;

/// `m` of `other` and `1 - m` of `image`, pixel by pixel, `m` in `0..=1` from a random field.
pub(in crate::synthesise) fn blend(image: &FloatImage, other: &FloatImage, stream: &mut ChaCha8Rng) -> FloatImage {
    let period = stream.random_range(8.0..16.0);
    let field = Field::draw(period, stream);
    let sharpness = stream.random_range(2.0..8.0);
    let other = if stream.random_bool(RECOLOURED) { recoloured(other, image) } else { other.clone() };
    let mut blended = image.clone();
    for (place, pixel) in blended.pixels.chunks_exact_mut(3).enumerate() {
        let mask = 1.0 / (1.0 + (-sharpness * field.at(place % image.width, place / image.width)).exp());
        for (value, other) in pixel.iter_mut().zip(&other.pixels[place * 3..]) {
            *value += mask as f32 * (other - *value);
        }
    }
    blended
}

/// `image` with each channel's mean and deviation those of `like` (Reinhard et al. 2001, "Color Transfer between Images").
fn recoloured(image: &FloatImage, like: &FloatImage) -> FloatImage {
    let mut recoloured = image.clone();
    for channel in 0..3 {
        let [(from, spread), (to, wanted)] = [image, like].map(|image| moments(image, channel));
        let scale = if spread > 0.0 { wanted / spread } else { 0.0 };
        let values = recoloured.pixels.iter_mut().skip(channel).step_by(3);
        values.for_each(|value| *value = ((*value - from) * scale + to).clamp(0.0, 1.0));
    }
    recoloured
}

/// Mean and standard deviation of a channel.
fn moments(image: &FloatImage, channel: usize) -> (f32, f32) {
    let values = || image.pixels.iter().skip(channel).step_by(3);
    let n = (image.width * image.height) as f32;
    let mean = values().sum::<f32>() / n;
    (mean, (values().map(|value| (value - mean).powi(2)).sum::<f32>() / n).sqrt())
}

//! Compression once more: what every platform does to images passed on.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::{Augmentation, Parameters};
use crate::Result;
use crate::data::{Limits, decode, encode};
use crate::image::{FloatImage, RgbImage};

#[derive(Debug)]
struct RandomJpeg {
    quality: [u8; 2],
}

impl Augmentation for RandomJpeg {
    fn apply(&self, image: FloatImage, stream: &mut ChaCha8Rng) -> Result<FloatImage> {
        let quality = stream.random_range(self.quality[0]..=self.quality[1]);
        reencode(&image, quality)
    }
}

pub(super) fn build(parameters: &mut Parameters) -> Result<Box<dyn Augmentation>> {
    Ok(Box::new(RandomJpeg { quality: parameters.whole_interval("quality", 1, 100)? }))
}

/// Rounds `image` to levels, compresses it as JPEG of `quality` (`1..=100`, libjpeg's scale) with chroma
/// at half size both ways (4:2:0), and decodes it: the pixels that Pillow gets.
///
/// # Errors
/// If a side is longer than JPEG allows.
pub fn reencode(image: &FloatImage, quality: u8) -> Result<FloatImage> {
    let bytes = encode::jpeg(&RgbImage::from(image), quality)?;
    let decoded = decode(&bytes, &Limits { max_pixels: u64::MAX, max_file_bytes: u64::MAX })
        .map_err(|defect| defect.at("<memory>"))?;
    Ok(FloatImage::from(&decoded))
}

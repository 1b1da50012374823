//! Fewer pixels and back again: what thumbnails and networks do to images on their way.

use fast_image_resize::FilterType;
use rand::RngExt;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;

use super::resample::resample as resampled;
use super::{Augmentation, Parameters};
use crate::Result;
use crate::image::FloatImage;

/// A filter of Pillow's `Image.resize`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filter {
    /// Mean of the pixels covered.
    Box,
    /// Triangle.
    Bilinear,
    /// Catmull-Rom, a = -1/2.
    Bicubic,
    /// Lanczos over three lobes.
    Lanczos,
}

impl Filter {
    /// Every filter.
    pub const ALL: [Self; 4] = [Self::Box, Self::Bilinear, Self::Bicubic, Self::Lanczos];
}

impl From<Filter> for FilterType {
    fn from(filter: Filter) -> Self {
        match filter {
            Filter::Box => Self::Box,
            Filter::Bilinear => Self::Bilinear,
            Filter::Bicubic => Self::CatmullRom,
            Filter::Lanczos => Self::Lanczos3,
        }
    }
}

#[derive(Debug)]
struct RandomRescale {
    factor: [f64; 2],
}

impl Augmentation for RandomRescale {
    fn apply(&self, image: FloatImage, stream: &mut ChaCha8Rng) -> Result<FloatImage> {
        let factor = stream.random_range(self.factor[0]..=self.factor[1]);
        let [down, up] = [(); 2].map(|()| Filter::ALL.choose(stream).copied().unwrap_or(Filter::Bilinear));
        let [width, height] = [image.width, image.height].map(|side| ((side as f64 * factor).round() as usize).max(1));
        rescale(&image, [width, height], [down, up])
    }
}

pub(super) fn build(parameters: &mut Parameters) -> Result<Box<dyn Augmentation>> {
    Ok(Box::new(RandomRescale { factor: parameters.interval("factor", 0.01, 1.0)? }))
}

/// Brings `image` to `[width, height]` with the first filter and back to its size with the second,
/// cutting to `0..=1` each time, as storing it in between would.
///
/// # Errors
/// If the image's size is beyond what can be resized.
pub fn rescale(image: &FloatImage, [width, height]: [usize; 2], [down, up]: [Filter; 2]) -> Result<FloatImage> {
    let small = resample(image, [width, height], down)?;
    resample(&small, [image.width, image.height], up)
}

/// `image` at `[width, height]`, cut to `0..=1`; shrinking does not alias.
///
/// # Errors
/// If the image's size is beyond what can be resized.
pub fn resample(image: &FloatImage, [width, height]: [usize; 2], filter: Filter) -> Result<FloatImage> {
    resampled(image, width, height, filter.into())
}

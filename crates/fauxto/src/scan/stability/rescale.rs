//! Fewer pixels and back again, as a preview does.

use crate::Result;
use crate::augment::{Filter, rescale};
use crate::image::{FloatImage, RgbImage};

pub(super) fn rescaled(image: &RgbImage, factor: f64) -> Result<RgbImage> {
    let sides = [image.width, image.height].map(|side| ((side as f64 * factor).round() as usize).max(1));
    rescale(&FloatImage::from(image), sides, [Filter::Bicubic; 2]).map(|image| RgbImage::from(&image))
}

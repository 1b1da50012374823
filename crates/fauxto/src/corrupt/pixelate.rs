//! Pixelation: made smaller and larger again by Pillow's box filter.

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};

use super::draws::Draws;
use super::part::raster::{Raster, from_level};
use super::severity::Severity;
use crate::{Error, Result};

/// How many pixels are left in between, as a share of those of an image whose shorter side has 32.
const SHARE: [f64; 5] = [0.95, 0.9, 0.85, 0.75, 0.65];

pub(super) fn apply(image: &Raster, severity: Severity, _: &mut dyn Draws) -> Result<Raster> {
    let share = severity.of(&SHARE);
    let size = image.size();
    let published = image.published_size();
    let small = ((published.0 as f64 * share) as usize, (published.1 as f64 * share) as usize);
    let levels = image.to_levels().level_bytes();
    // Across, then down, as Pillow: each pass rounds to whole levels.
    let result = resize(&levels, size, (small.0, size.1))
        .and_then(|pixels| resize(&pixels, (small.0, size.1), small))
        .and_then(|pixels| resize(&pixels, small, (size.0, small.1)))
        .and_then(|pixels| resize(&pixels, (size.0, small.1), size));
    let pixels = result.map_err(|error| Error::Setting {
        setting: "pixelate".into(),
        found: format!("an image of {} x {} pixels, which could not be resized ({error})", size.0, size.1),
        expected: "an image that fits into memory".into(),
    })?;
    Ok(image.with(pixels.into_iter().map(|level| from_level(f64::from(level))).collect()))
}

fn resize(pixels: &[u8], from: (usize, usize), to: (usize, usize)) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
    let source = ImageRef::new(from.0.try_into()?, from.1.try_into()?, pixels, PixelType::U8x3)?;
    let mut target = Image::new(to.0.try_into()?, to.1.try_into()?, PixelType::U8x3);
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Box));
    Resizer::new().resize(&source, &mut target, &options)?;
    Ok(target.into_vec())
}

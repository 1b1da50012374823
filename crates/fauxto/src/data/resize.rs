//! Any size to the square a model takes.
//!
//! The shorter side is brought to the input's size and the longer one's middle is kept. Squashing
//! would keep the borders but stretch texture by the aspect ratio, and the traces detectors read
//! (spectra, interpolation, compression grids) are texture: a class whose images merely have
//! another shape would become recognisable by that. The filter is Pillow's bicubic (Catmull-Rom,
//! a = -1/2) widened by the scale when shrinking, so nothing aliases; equal to
//! `ImageOps.fit(image, (size, size), Image.Resampling.BICUBIC)` within 1 level (golden test).
//! An image that already has the input's size is passed on byte for byte.

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};

use crate::image::RgbImage;
use crate::{Error, Result};

/// Writes `image` as `[size, size, 3]` into `output`.
///
/// # Errors
/// `size` is zero, `output` does not hold `3 * size * size` bytes, or the image's pixels do not fill
/// its dimensions.
pub fn resize_into(image: &RgbImage, size: usize, output: &mut [u8]) -> Result<()> {
    let mismatch = |found: String| Error::Setting {
        setting: "input size".to_owned(),
        found,
        expected: format!(
            "a size of at least 1 and buffers of 3 * width * height bytes (size {size})"
        ),
    };
    if size == 0
        || output.len() != 3 * size * size
        || image.pixels.len() != 3 * image.width * image.height
    {
        return Err(mismatch(format!(
            "{}x{} pixels in {} bytes, {} bytes of output",
            image.width,
            image.height,
            image.pixels.len(),
            output.len()
        )));
    }
    if image.width == size && image.height == size {
        output.copy_from_slice(&image.pixels);
        return Ok(());
    }
    let refused = |error: &dyn std::fmt::Display| mismatch(error.to_string());
    let dimension = |pixels: usize| u32::try_from(pixels).map_err(|error| refused(&error));
    let source = ImageRef::new(
        dimension(image.width)?,
        dimension(image.height)?,
        &image.pixels,
        PixelType::U8x3,
    )
    .map_err(|error| refused(&error))?;
    let side = dimension(size)?;
    let mut target = Image::from_slice_u8(side, side, output, PixelType::U8x3)
        .map_err(|error| refused(&error))?;
    let options = ResizeOptions::new()
        .resize_alg(ResizeAlg::Convolution(FilterType::CatmullRom))
        .fit_into_destination(Some((0.5, 0.5)));
    Resizer::new()
        .resize(&source, &mut target, &options)
        .map_err(|error| refused(&error))
}

/// `image` as a square of `size` pixels.
///
/// # Errors
/// As for [`resize_into`].
pub fn resize(image: &RgbImage, size: usize) -> Result<RgbImage> {
    let mut pixels = vec![0; 3 * size * size];
    resize_into(image, size, &mut pixels)?;
    Ok(RgbImage {
        width: size,
        height: size,
        pixels,
    })
}

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
        expected: format!("a size of at least 1 and buffers of 3 * width * height bytes (size {size})"),
    };
    if size == 0 || output.len() != 3 * size * size || image.pixels.len() != 3 * image.width * image.height {
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
    let side = image.width.min(image.height) as f64;
    let left = (image.width as f64 - side) / 2.0;
    let top = (image.height as f64 - side) / 2.0;
    let (width, height) = (image.width, image.height);
    let (all_across, all_down) = ((0.0, width as f64), (0.0, height as f64));
    // One pass each way. Each clips to 0..=255 as it ends, so that where the filter overshoots
    // their order shows; this is Pillow's since 13.0. Earlier releases always went across first.
    let down_first = width <= size && height > size;
    let outcome = if down_first {
        let mut down = vec![0; 3 * width * size];
        pass(&image.pixels, (width, height), &mut down, (width, size), (all_across, (top, side)))
            .and_then(|()| pass(&down, (width, size), output, (size, size), ((left, side), (0.0, size as f64))))
    } else {
        let mut across = vec![0; 3 * size * height];
        pass(&image.pixels, (width, height), &mut across, (size, height), ((left, side), all_down))
            .and_then(|()| pass(&across, (size, height), output, (size, size), ((0.0, size as f64), (top, side))))
    };
    outcome.map_err(|error| mismatch(error.to_string()))
}

/// Resamples a region, `((left, width), (top, height))` in source pixels, to the whole target.
fn pass(
    source: &[u8],
    source_size: (usize, usize),
    target: &mut [u8],
    target_size: (usize, usize),
    ((left, width), (top, height)): ((f64, f64), (f64, f64)),
) -> Result<(), Box<dyn std::error::Error>> {
    let source = ImageRef::new(source_size.0.try_into()?, source_size.1.try_into()?, source, PixelType::U8x3)?;
    let mut target =
        Image::from_slice_u8(target_size.0.try_into()?, target_size.1.try_into()?, target, PixelType::U8x3)?;
    let options =
        ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::CatmullRom)).crop(left, top, width, height);
    Ok(Resizer::new().resize(&source, &mut target, &options)?)
}

/// `image` as a square of `size` pixels.
///
/// # Errors
/// As for [`resize_into`].
pub fn resize(image: &RgbImage, size: usize) -> Result<RgbImage> {
    let mut pixels = vec![0; 3 * size * size];
    resize_into(image, size, &mut pixels)?;
    Ok(RgbImage { width: size, height: size, pixels })
}

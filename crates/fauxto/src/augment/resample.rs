//! Another number of pixels, in floating point.

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};

use crate::image::FloatImage;
use crate::{Error, Result};

/// `image` at another size, cut to `0..=1`. Shrinking widens the filter by the scale, as Pillow and
/// torchvision's `antialias` do, so nothing aliases.
pub(super) fn resample(image: &FloatImage, width: usize, height: usize, filter: FilterType) -> Result<FloatImage> {
    if (width, height) == (image.width, image.height) {
        return Ok(image.clone());
    }
    let mut pixels = vec![0.0f32; width * height * 3];
    let outcome = run(image, (width, height), &mut pixels, filter);
    outcome.map_err(|error| {
        Error::Refused(format!(
            "found an image of {} x {} pixels to resize to {width} x {height}; expected sizes that can be resized \
             ({error}); leave it out",
            image.width, image.height
        ))
    })?;
    pixels.iter_mut().for_each(|value| *value = value.clamp(0.0, 1.0));
    Ok(FloatImage { width, height, pixels })
}

fn run(
    image: &FloatImage,
    (width, height): (usize, usize),
    pixels: &mut [f32],
    filter: FilterType,
) -> Result<(), Box<dyn std::error::Error>> {
    let source = bytemuck::cast_slice(&image.pixels);
    let source = ImageRef::new(image.width.try_into()?, image.height.try_into()?, source, PixelType::F32x3)?;
    let target = bytemuck::cast_slice_mut(pixels);
    let mut target = Image::from_slice_u8(width.try_into()?, height.try_into()?, target, PixelType::F32x3)?;
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(filter));
    Ok(Resizer::new().resize(&source, &mut target, &options)?)
}

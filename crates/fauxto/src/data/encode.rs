//! RGB to encoded bytes, for images the project makes.

use std::io::Cursor;

use ::image::codecs::png::PngEncoder;
use ::image::{ExtendedColorType, ImageEncoder};
use mozjpeg::{ColorSpace, Compress};

use crate::image::RgbImage;
use crate::{Error, Result};

/// The longest side libjpeg writes.
const LONGEST_JPEG_SIDE: usize = 65_500;

/// JPEG of `quality` in `1..=100` (libjpeg's scale), chroma at half size both ways (4:2:0).
///
/// libjpeg as in `mozjpeg`, with that library's own improvements (tables, trellis quantisation,
/// progressive scans) switched off, so that what is decoded equals what Pillow and with it most of the
/// world's software would have written.
///
/// # Errors
/// A side is 0 or longer than 65,500 pixels, or the pixels do not fill the sides.
pub fn jpeg(image: &RgbImage, quality: u8) -> Result<Vec<u8>> {
    let sides = 1..=LONGEST_JPEG_SIDE;
    let filled = image.pixels.len() == image.width * image.height * 3;
    if !filled || !sides.contains(&image.width) || !sides.contains(&image.height) {
        return Err(Error::Refused(format!(
            "found {} bytes of {} x {} pixels to compress as JPEG; expected whole RGB images of 1 to \
             {LONGEST_JPEG_SIDE} pixels a side; leave it out",
            image.pixels.len(),
            image.width,
            image.height
        )));
    }
    let encode = || {
        let mut encoder = Compress::new(ColorSpace::JCS_RGB);
        encoder.set_fastest_defaults();
        encoder.set_size(image.width, image.height);
        encoder.set_quality(f32::from(quality));
        encoder.set_chroma_sampling_pixel_sizes((2, 2), (2, 2));
        let mut started = encoder.start_compress(Vec::new())?;
        started.write_scanlines(&image.pixels)?;
        started.finish()
    };
    encode().map_err(|source| Error::io("<memory>", "encoding as JPEG", source))
}

/// PNG of 8 bits a channel; lossless.
///
/// # Errors
/// A side is 0 or beyond 32 bits, or the pixels do not fill the sides.
pub fn png(image: &RgbImage) -> Result<Vec<u8>> {
    let refused = |error: String| Error::io("<memory>", "encoding as PNG", std::io::Error::other(error));
    let [width, height] = [image.width, image.height].map(u32::try_from);
    let (width, height) =
        (width.map_err(|error| refused(error.to_string()))?, height.map_err(|error| refused(error.to_string()))?);
    if image.pixels.is_empty() || image.pixels.len() != image.width * image.height * 3 {
        return Err(refused(format!("{} bytes of {width} x {height} pixels", image.pixels.len())));
    }
    let mut bytes = Cursor::new(Vec::new());
    PngEncoder::new(&mut bytes)
        .write_image(&image.pixels, width, height, ExtendedColorType::Rgb8)
        .map_err(|error| refused(error.to_string()))?;
    Ok(bytes.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Label;
    use crate::data::{Limits, decode};
    use crate::sample::render;

    #[test]
    fn png_keeps_every_level_and_jpeg_of_high_quality_nearly_does() {
        let image = render(1, 1, Label::Real);
        assert_eq!(decode(&png(&image).unwrap(), &Limits::default()).unwrap(), image);
        let difference = |quality| {
            let decoded = decode(&jpeg(&image, quality).unwrap(), &Limits::default()).unwrap();
            decoded.pixels.iter().zip(&image.pixels).map(|(a, b)| u64::from(a.abs_diff(*b)).pow(2)).sum::<u64>()
        };
        assert!(difference(95) < difference(50) && difference(50) < difference(5));
    }

    #[test]
    fn images_that_no_file_can_hold_are_refused() {
        for image in [
            RgbImage { width: 0, height: 4, pixels: vec![] },
            RgbImage { width: 2, height: 2, pixels: vec![0; 11] },
            RgbImage { width: LONGEST_JPEG_SIDE + 1, height: 1, pixels: vec![0; 3 * (LONGEST_JPEG_SIDE + 1)] },
        ] {
            assert!(jpeg(&image, 75).is_err());
        }
        assert!(png(&RgbImage { width: 2, height: 2, pixels: vec![0; 11] }).is_err());
        assert!(png(&RgbImage { width: 0, height: 2, pixels: vec![] }).is_err());
    }
}

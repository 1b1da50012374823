//! PNG, WebP, BMP, GIF and TIFF through the `image` crate.

use std::io::Cursor;

use ::image::{DynamicImage, ImageDecoder, ImageError, ImageReader, Limits as CodecLimits};

use super::{Defect, Format, Limits, check_dimensions};
use crate::image::RgbImage;

/// The widest pixel a decoder may make: four channels of 32-bit floats.
const MAX_BYTES_PER_PIXEL: u64 = 16;
/// What decoders may take beside the pixels: compression windows, palettes, metadata.
const WORKING_BYTES: u64 = 64 << 20;

pub(super) fn dimensions(bytes: &[u8], format: Format, limits: &Limits) -> Result<(u32, u32), Defect> {
    open(bytes, format, limits).map(|decoder| decoder.dimensions())
}

pub(super) fn decode(bytes: &[u8], format: Format, limits: &Limits) -> Result<RgbImage, Defect> {
    let broken = |error: ImageError| refusal(format, &error);
    let mut decoder = open(bytes, format, limits)?;
    // Damaged metadata must not cost an image whose pixels are whole.
    let orientation = decoder.orientation().ok();
    let mut image = DynamicImage::from_decoder(decoder).map_err(broken)?;
    if let Some(orientation) = orientation {
        image.apply_orientation(orientation);
    }
    Ok(RgbImage {
        width: image.width() as usize,
        height: image.height() as usize,
        pixels: if image.color().has_alpha() { on_white(&image.into_rgba8()) } else { image.into_rgb8().into_raw() },
    })
}

fn open<'bytes>(bytes: &'bytes [u8], format: Format, limits: &Limits) -> Result<impl ImageDecoder + 'bytes, Defect> {
    let broken = |error: ImageError| refusal(format, &error);
    let codec = format.codec().ok_or_else(|| Defect::broken(format, "no decoder for this format"))?;
    let mut decoder = ImageReader::with_format(Cursor::new(bytes), codec).into_decoder().map_err(broken)?;
    let (width, height) = decoder.dimensions();
    check_dimensions(width, height, format, limits)?;
    let mut allocation = CodecLimits::no_limits();
    allocation.max_alloc = Some(u64::from(width) * u64::from(height) * MAX_BYTES_PER_PIXEL + WORKING_BYTES);
    decoder.set_limits(allocation).map_err(broken)?;
    Ok(decoder)
}

/// A rare kind of a known format (a palette in a TIFF, say) is not damage, and has another remedy.
fn refusal(format: Format, error: &ImageError) -> Defect {
    match error {
        ImageError::Unsupported(kind) => Defect::new(
            format!("a kind of {} that is not supported ({kind})", format.name()),
            format!("a common kind of {}", format.name()),
            "convert it to PNG",
        ),
        error => Defect::broken(format, error),
    }
}

fn on_white(image: &::image::RgbaImage) -> Vec<u8> {
    let mut pixels = Vec::with_capacity(image.len() / 4 * 3);
    for &::image::Rgba([red, green, blue, alpha]) in image.pixels() {
        let alpha = u32::from(alpha);
        pixels.extend(
            [red, green, blue].map(|level| ((u32::from(level) * alpha + 255 * (255 - alpha) + 127) / 255) as u8),
        );
    }
    pixels
}

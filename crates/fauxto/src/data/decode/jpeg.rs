//! JPEG through libjpeg, so that pixels equal those of Pillow.
//!
//! Detectors feed on the traces that compression leaves, and decoders differ in just those: in the
//! inverse transform's rounding and in how chroma is brought back to full size. Measured against
//! Pillow 13.0 (libjpeg-turbo 3.2) on the fixtures in `tests/golden/jpeg` (largest difference of any
//! level): `zune-jpeg` 0.5.15 4 levels, 38 on images narrower than four pixels; `jpeg-decoder`
//! 0.3.2 3 levels, and 38; libjpeg as in `mozjpeg` 0.10, a C library that needs nothing but a C
//! compiler, 0 everywhere. Its accurate integer transform and triangle-filter upsampling are
//! libjpeg-turbo's own.
//!
//! A file that ends before its end-of-image marker counts as truncated, as it does for Pillow; so does one whose scan data
//! are damaged (`jpeg_warnings.rs`), which Pillow shows with what libjpeg fills in.

use std::io::{self, BufRead, Read};

use ::image::metadata::Orientation;
use ::image::{DynamicImage, RgbImage as Buffer};
use mozjpeg::{ColorSpace, Decompress, Marker};

use super::{Defect, Format, Limits, check_dimensions, jpeg_warnings};
use crate::image::RgbImage;

pub(super) fn dimensions(bytes: &[u8], limits: &Limits) -> Result<(u32, u32), Defect> {
    let (_, width, height) = open(bytes, limits)?;
    Ok((width, height))
}

pub(super) fn decode(bytes: &[u8], limits: &Limits) -> Result<RgbImage, Defect> {
    let broken = |error: io::Error| Defect::broken(Format::Jpeg, error);
    let (decoder, width, height) = open(bytes, limits)?;
    let orientation = decoder
        .markers()
        .filter(|marker| matches!(marker.marker, Marker::APP(1)))
        .find_map(|marker| marker.data.strip_prefix(b"Exif\0\0").and_then(Orientation::from_exif_chunk))
        .unwrap_or(Orientation::NoTransforms);
    let inks = matches!(decoder.color_space(), ColorSpace::JCS_CMYK | ColorSpace::JCS_YCCK);
    let pixels = if inks {
        let mut started = decoder.to_colorspace(ColorSpace::JCS_CMYK).map_err(broken)?;
        let inverted: Vec<[u8; 4]> = started.read_scanlines().map_err(broken)?;
        started.finish().map_err(broken)?;
        inverted.into_iter().flat_map(rgb_from_inverted_inks).collect()
    } else {
        let mut started = decoder.rgb().map_err(broken)?;
        let pixels: Vec<u8> = started.read_scanlines().map_err(broken)?;
        started.finish().map_err(broken)?;
        pixels
    };
    let image = RgbImage { width: width as usize, height: height as usize, pixels };
    Ok(upright(image, orientation))
}

fn open<'bytes>(bytes: &'bytes [u8], limits: &Limits) -> Result<(Decompress<WholeFile<'bytes>>, u32, u32), Defect> {
    let decoder = Decompress::builder()
        .with_err(jpeg_warnings::handlers())
        .with_markers(&[Marker::APP(1)])
        .from_reader(WholeFile { rest: bytes })
        .map_err(|error| Defect::broken(Format::Jpeg, error))?;
    // JPEG counts both in 16 bits.
    let (width, height) = (decoder.width() as u32, decoder.height() as u32);
    check_dimensions(width, height, Format::Jpeg, limits)?;
    Ok((decoder, width, height))
}

/// Every program that writes CMYK JPEG writes it inverted, as Adobe does, so all are read so; the
/// conversion is Pillow's `cmyk2rgb`, which knows no ink profile.
fn rgb_from_inverted_inks([cyan, magenta, yellow, black]: [u8; 4]) -> [u8; 3] {
    let light = u32::from(black);
    [cyan, magenta, yellow].map(|inverted| {
        let product = u32::from(255 - inverted) * light + 128;
        let shade = ((product >> 8) + product) >> 8;
        light.saturating_sub(shade) as u8
    })
}

fn upright(image: RgbImage, orientation: Orientation) -> RgbImage {
    if orientation == Orientation::NoTransforms {
        return image;
    }
    let RgbImage { width, height, pixels } = image;
    // The buffer has exactly `3 * width * height` bytes, so this always holds an image.
    let mut image = DynamicImage::ImageRgb8(Buffer::from_raw(width as u32, height as u32, pixels).unwrap_or_default());
    image.apply_orientation(orientation);
    RgbImage { width: image.width() as usize, height: image.height() as usize, pixels: image.into_rgb8().into_raw() }
}

/// A reader that fails where the bytes end. At a mere end of file libjpeg would fill the missing
/// rows with grey and call it a success.
struct WholeFile<'bytes> {
    rest: &'bytes [u8],
}

impl BufRead for WholeFile<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.rest.is_empty() {
            return Err(io::Error::other("the file ends before its end-of-image marker"));
        }
        Ok(self.rest)
    }

    fn consume(&mut self, amount: usize) {
        self.rest = &self.rest[amount.min(self.rest.len())..];
    }
}

impl Read for WholeFile<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let available = self.fill_buf()?;
        let count = available.len().min(buffer.len());
        buffer[..count].copy_from_slice(&available[..count]);
        self.consume(count);
        Ok(count)
    }
}

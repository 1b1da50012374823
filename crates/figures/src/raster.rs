//! Images of pixels inside a drawing.

use std::io::Cursor;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use image::codecs::png::PngEncoder;
use image::{ExtendedColorType, ImageEncoder};

use crate::canvas::Point;
use crate::{Error, Result};

/// `pixels` `[height, width, 3]` as a PNG file.
pub(crate) fn png(pixels: &[u8], width: u32, height: u32) -> Result<Vec<u8>> {
    let mut png = Cursor::new(Vec::new());
    PngEncoder::new(&mut png)
        .write_image(pixels, width, height, ExtendedColorType::Rgb8)
        .map_err(|reason| Error::drawing("encoding an image as PNG", reason))?;
    Ok(png.into_inner())
}

/// `pixels` `[height, width, 3]` as an SVG element that fills the rectangle from corner to corner, in
/// pixels of the figure. Enlarged pixels keep their edges; images that are made smaller are smoothed.
pub(crate) fn element(pixels: &[u8], width: u32, height: u32, (from, to): (Point, Point)) -> Result<String> {
    let png = png(pixels, width, height)?;
    let ((left, top), (right, bottom)) = (from, to);
    let enlarged = f64::from(width) <= right - left && f64::from(height) <= bottom - top;
    let rendering = if enlarged { "pixelated" } else { "smooth" };
    Ok(format!(
        "<image x=\"{left}\" y=\"{top}\" width=\"{}\" height=\"{}\" preserveAspectRatio=\"none\" \
         style=\"image-rendering:{rendering}\" href=\"data:image/png;base64,{}\"/>\n",
        right - left,
        bottom - top,
        BASE64_STANDARD.encode(png)
    ))
}

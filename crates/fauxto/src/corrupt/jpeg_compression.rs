//! JPEG compression: encoded and decoded as Pillow does.
//!
//! The encoder is libjpeg as in `mozjpeg`, with that library's own defaults (better tables, trellis
//! quantisation, progressive scans) switched off: tables of the standard's annex K, chroma at half
//! size both ways, accurate integer transform. Its pixels then equal those of Pillow 13.0 (golden
//! test). Those of `jpeg-encoder` 0.7, at the same qualities and sampling, differ in a third of the
//! values and more, by up to 29 levels.

use mozjpeg::{ColorSpace, Compress};

use super::draws::Draws;
use super::part::raster::{Raster, from_level};
use super::severity::Severity;
use crate::data::{Limits, decode};
use crate::{Error, Result};

/// On libjpeg's scale.
const QUALITY: [f32; 5] = [80.0, 65.0, 58.0, 50.0, 40.0];

pub(super) fn apply(image: &Raster, severity: Severity, _: &mut dyn Draws) -> Result<Raster> {
    let bytes = encode(&image.to_levels().level_bytes(), image.size(), severity.of(&QUALITY))
        .map_err(|source| Error::io("<memory>", "encoding as JPEG", source))?;
    let limits = Limits { max_pixels: u64::MAX, max_file_bytes: u64::MAX };
    let decoded = decode(&bytes, &limits).map_err(|defect| defect.at("<memory>"))?;
    Ok(image.with(decoded.pixels.into_iter().map(|level| from_level(f64::from(level))).collect()))
}

fn encode(pixels: &[u8], (width, height): (usize, usize), quality: f32) -> std::io::Result<Vec<u8>> {
    let mut encoder = Compress::new(ColorSpace::JCS_RGB);
    encoder.set_fastest_defaults();
    encoder.set_size(width, height);
    encoder.set_quality(quality);
    encoder.set_chroma_sampling_pixel_sizes((2, 2), (2, 2));
    let mut started = encoder.start_compress(Vec::new())?;
    started.write_scanlines(pixels)?;
    started.finish()
}

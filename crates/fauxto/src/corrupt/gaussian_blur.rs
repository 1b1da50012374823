//! Gaussian blur.

use super::draws::Draws;
use super::part::gaussian;
use super::part::raster::Raster;
use super::severity::Severity;
use crate::Result;

/// In pixels of an image whose shorter side has 32.
const DEVIATION: [f64; 5] = [0.4, 0.6, 0.7, 0.8, 1.0];

pub(super) fn apply(image: &Raster, severity: Severity, _: &mut dyn Draws) -> Result<Raster> {
    Ok(gaussian::blur(image, severity.of(&DEVIATION) * image.scale()))
}

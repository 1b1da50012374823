//! Motion blur: the camera moves while the shutter is open.

use super::draws::Draws;
use super::part::motion;
use super::part::raster::{Raster, from_level};
use super::severity::Severity;
use crate::Result;

/// Radius and standard deviation, in pixels of an image whose shorter side has 32.
const MOTION: [(f64, f64); 5] = [(6.0, 1.0), (6.0, 1.5), (6.0, 2.0), (8.0, 2.0), (9.0, 2.5)];

pub(super) fn apply(image: &Raster, severity: Severity, draws: &mut dyn Draws) -> Result<Raster> {
    let (radius, deviation) = severity.of(&MOTION);
    let scale = image.scale();
    let degrees = draws.uniform(-45.0, 45.0);
    Ok(motion::blur(&image.to_levels(), radius * scale, deviation * scale, degrees).map(from_level))
}

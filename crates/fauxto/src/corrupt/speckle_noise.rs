//! Speckle noise: noise in proportion to the light.

use super::draws::Draws;
use super::part::raster::Raster;
use super::severity::Severity;
use crate::Result;

const DEVIATION: [f64; 5] = [0.06, 0.1, 0.12, 0.16, 0.2];

pub(super) fn apply(image: &Raster, severity: Severity, draws: &mut dyn Draws) -> Result<Raster> {
    let deviation = severity.of(&DEVIATION);
    Ok(image.map(|value| value + value * deviation * draws.normal()))
}

//! Gaussian noise: what a sensor adds in low light.

use super::draws::Draws;
use super::part::raster::Raster;
use super::severity::Severity;
use crate::Result;

const DEVIATION: [f64; 5] = [0.04, 0.06, 0.08, 0.09, 0.10];

pub(super) fn apply(image: &Raster, severity: Severity, draws: &mut dyn Draws) -> Result<Raster> {
    let deviation = severity.of(&DEVIATION);
    Ok(image.map(|value| value + deviation * draws.normal()))
}

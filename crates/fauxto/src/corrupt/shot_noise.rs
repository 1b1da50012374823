//! Shot noise: light arrives in whole photons.

use super::draws::Draws;
use super::part::raster::Raster;
use super::severity::Severity;
use crate::Result;

/// Photons that make full light.
const PHOTONS: [f64; 5] = [500.0, 250.0, 100.0, 75.0, 50.0];

pub(super) fn apply(image: &Raster, severity: Severity, draws: &mut dyn Draws) -> Result<Raster> {
    let photons = severity.of(&PHOTONS);
    Ok(image.map(|value| draws.poisson(value * photons) / photons))
}

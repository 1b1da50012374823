//! Fog: a plasma fractal of light before the scene, and less contrast.

use super::draws::Draws;
use super::part::plasma::plasma;
use super::part::raster::Raster;
use super::severity::Severity;
use crate::Result;

/// Amount and decay: the higher the decay, the smoother the fog.
const FOG: [(f64, f64); 5] = [(0.2, 3.0), (0.5, 3.0), (0.75, 2.5), (1.0, 2.0), (1.5, 1.75)];

pub(super) fn apply(image: &Raster, severity: Severity, draws: &mut dyn Draws) -> Result<Raster> {
    let (amount, decay) = severity.of(&FOG);
    let brightest = image.maximum();
    let dimmed = brightest / (brightest + amount);
    let side = image.width.max(image.height).next_power_of_two();
    let fog = plasma(side, decay, draws);
    let here = (0..image.height).flat_map(|y| &fog.values[y * side..y * side + image.width]);
    let layer = Raster { channels: 1, values: here.copied().collect(), ..*image };
    Ok(image.zip(&layer, |pixel, fog| pixel.map(|value| (value + amount * fog) * dimmed)))
}

//! Contrast: every channel nearer to its mean.

use super::draws::Draws;
use super::part::raster::Raster;
use super::severity::Severity;
use crate::Result;

/// Share of the distance from the mean that stays.
const KEPT: [f64; 5] = [0.75, 0.5, 0.4, 0.3, 0.15];

pub(super) fn apply(image: &Raster, severity: Severity, _: &mut dyn Draws) -> Result<Raster> {
    let kept = severity.of(&KEPT);
    let pixels = image.values.as_chunks::<3>().0;
    let mean = [0, 1, 2].map(|channel| pixels.iter().map(|pixel| pixel[channel]).sum::<f64>() / pixels.len() as f64);
    let nearer = |pixel: &[f64; 3]| [0, 1, 2].map(|channel| mean[channel] + (pixel[channel] - mean[channel]) * kept);
    Ok(image.with(pixels.iter().flat_map(nearer).collect()))
}

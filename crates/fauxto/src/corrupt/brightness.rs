//! Brightness: more of HSV's value.

use super::draws::Draws;
use super::part::hsv;
use super::part::raster::Raster;
use super::severity::Severity;
use crate::Result;

const MORE: [f64; 5] = [0.05, 0.1, 0.15, 0.2, 0.3];

pub(super) fn apply(image: &Raster, severity: Severity, _: &mut dyn Draws) -> Result<Raster> {
    let more = severity.of(&MORE);
    Ok(hsv::change(image, |[hue, saturation, value]| [hue, saturation, (value + more).clamp(0.0, 1.0)]))
}

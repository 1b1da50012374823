//! Saturation: less of HSV's at severities 1 and 2, more from 3 on.

use super::draws::Draws;
use super::part::hsv;
use super::part::raster::Raster;
use super::severity::Severity;
use crate::Result;

/// Factor and summand.
const CHANGE: [(f64, f64); 5] = [(0.3, 0.0), (0.1, 0.0), (1.5, 0.0), (2.0, 0.1), (2.5, 0.2)];

pub(super) fn apply(image: &Raster, severity: Severity, _: &mut dyn Draws) -> Result<Raster> {
    let (factor, more) = severity.of(&CHANGE);
    Ok(hsv::change(image, |[hue, saturation, value]| [hue, (saturation * factor + more).clamp(0.0, 1.0), value]))
}

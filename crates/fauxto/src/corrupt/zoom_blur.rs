//! Zoom blur: the camera nears the object while the shutter is open.

use super::draws::Draws;
use super::part::raster::Raster;
use super::part::zoom::enlarged_middle;
use super::severity::Severity;
use crate::Result;

/// Zooms 1.00, 1.01, ...: how many. The authors ask numpy for those below 1.06, 1.11, 1.16, 1.21 and
/// 1.26; of the first two, rounding lets the end itself in.
const ZOOMS: [u32; 5] = [7, 12, 16, 21, 26];
const STEP: f64 = 0.01;

pub(super) fn apply(image: &Raster, severity: Severity, _: &mut dyn Draws) -> Result<Raster> {
    let zooms = severity.of(&ZOOMS);
    // The step as numpy takes it from the first two values.
    let step = (1.0 + STEP) - 1.0;
    let mut sum = image.clone();
    for zoom in 0..zooms {
        let enlarged = enlarged_middle(image, 1.0 + f64::from(zoom) * step);
        sum.values.iter_mut().zip(enlarged.values).for_each(|(sum, value)| *sum += value);
    }
    Ok(sum.map(|value| value / f64::from(zooms + 1)))
}

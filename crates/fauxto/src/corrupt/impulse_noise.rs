//! Impulse noise: values struck to black or white, each channel by itself, as bit errors do
//! (`skimage.util.random_noise`, mode `s&p`).

use super::draws::Draws;
use super::part::raster::Raster;
use super::severity::Severity;
use crate::Result;

/// Share of values struck.
const AMOUNT: [f64; 5] = [0.01, 0.02, 0.03, 0.05, 0.07];

pub(super) fn apply(image: &Raster, severity: Severity, draws: &mut dyn Draws) -> Result<Raster> {
    let amount = severity.of(&AMOUNT);
    Ok(image.map(|value| {
        // Both are always drawn, so that what one value becomes does not move the others.
        let (struck, salt) = (draws.unit() < amount, draws.unit() < 0.5);
        if struck { f64::from(u8::from(salt)) } else { value }
    }))
}

//! Fog: a plasma fractal of light before the scene, and less contrast.

use super::draws::Draws;
use super::part::plasma::plasma;
use super::part::raster::Raster;
use super::severity::Severity;
use crate::{Error, Result};

/// Amount and decay: the higher the decay, the smoother the fog.
const FOG: [(f64, f64); 5] = [(0.2, 3.0), (0.5, 3.0), (0.75, 2.5), (1.0, 2.0), (1.5, 1.75)];

/// The fog is a square whose side is the next power of two: beyond this it takes more than two GiB.
const MOST_FOG_SIDE: usize = 1 << 14;

pub(super) fn apply(image: &Raster, severity: Severity, draws: &mut dyn Draws) -> Result<Raster> {
    let (amount, decay) = severity.of(&FOG);
    let brightest = image.maximum();
    let dimmed = brightest / (brightest + amount);
    let side = image.width.max(image.height).next_power_of_two();
    if side > MOST_FOG_SIDE {
        return Err(Error::Setting {
            setting: "image for fog".into(),
            found: format!("{} x {} pixels", image.width, image.height),
            expected: format!("at most {MOST_FOG_SIDE} pixels a side, as `--size` makes it"),
        });
    }
    let fog = plasma(side, decay, draws);
    let here = (0..image.height).flat_map(|y| &fog.values[y * side..y * side + image.width]);
    let layer = Raster { channels: 1, values: here.copied().collect(), ..*image };
    Ok(image.zip(&layer, |pixel, fog| pixel.map(|value| (value + amount * fog) * dimmed)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::FloatImage;

    #[test]
    fn a_fog_that_memory_does_not_hold_is_refused() {
        let (width, height) = (MOST_FOG_SIDE + 1, 1);
        let image = FloatImage { width, height, pixels: vec![0.5; 3 * width * height] };
        let severity = Severity::ALL[0];
        let mut draws = crate::random::stream(0, "fog", &[]);
        let error = apply(&Raster::from(&image), severity, &mut draws).unwrap_err().to_string();
        assert!(error.contains("16385 x 1") && error.contains("--size"), "{error}");
    }
}

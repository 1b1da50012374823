//! Spatter: drops of water (severities 1 to 3) or mud (4 and 5) on the lens.

mod canny;
mod distance;
mod histogram;
mod relief;

use super::draws::Draws;
use super::part::raster::Raster;
use super::part::{gaussian, zoom};
use super::severity::Severity;
use crate::Result;

struct Spatter {
    /// Of the noise that drops are cut from.
    mean: f64,
    deviation: f64,
    /// Standard deviation of its smoothing.
    smoothing: f64,
    /// Noise below it is no drop.
    threshold: f64,
    drops: Drops,
}

enum Drops {
    /// How bright the brightest is.
    Water { brightness: f64 },
    /// Standard deviation of the smoothing of their edge.
    Mud { edge: f64 },
}

const SPATTER: [&Spatter; 5] = [
    &Spatter { mean: 0.62, deviation: 0.1, smoothing: 0.7, threshold: 0.7, drops: Drops::Water { brightness: 0.5 } },
    &Spatter { mean: 0.65, deviation: 0.1, smoothing: 0.8, threshold: 0.7, drops: Drops::Water { brightness: 0.5 } },
    &Spatter { mean: 0.65, deviation: 0.3, smoothing: 1.0, threshold: 0.69, drops: Drops::Water { brightness: 0.5 } },
    &Spatter { mean: 0.65, deviation: 0.1, smoothing: 0.7, threshold: 0.69, drops: Drops::Mud { edge: 0.6 } },
    &Spatter { mean: 0.65, deviation: 0.1, smoothing: 0.5, threshold: 0.68, drops: Drops::Mud { edge: 0.6 } },
];

/// Pale turquoise.
const WATER: [f64; 3] = [175.0 / 255.0, 238.0 / 255.0, 238.0 / 255.0];
/// Brown.
const MUD: [f64; 3] = [63.0 / 255.0, 42.0 / 255.0, 20.0 / 255.0];
/// Mud that covers less is left out.
const LEAST_COVER: f64 = 0.8;

pub(super) fn apply(image: &Raster, severity: Severity, draws: &mut dyn Draws) -> Result<Raster> {
    let spatter = severity.of(&SPATTER);
    let noise = Raster::layer(image.published_size(), || spatter.mean + spatter.deviation * draws.normal());
    let liquid =
        gaussian::blur(&noise, spatter.smoothing).map(|value| if value < spatter.threshold { 0.0 } else { value });
    Ok(match spatter.drops {
        Drops::Water { brightness } => {
            let layer = zoom::resize(&water(&liquid, brightness), image.size());
            image.zip(&layer, |pixel, light| [0, 1, 2].map(|channel| pixel[channel] + light * WATER[channel]))
        }
        Drops::Mud { edge } => {
            let layer = zoom::resize(&mud(&liquid, spatter.threshold, edge), image.size());
            image.zip(&layer, |pixel, cover| {
                [0, 1, 2].map(|channel| pixel[channel] * (1.0 - cover) + MUD[channel] * cover)
            })
        }
    })
}

/// The light in drops of water: their depth times a relief lit from the lower right, both cut to 8
/// bits, brought to `0..=brightness`.
fn water(liquid: &Raster, brightness: f64) -> Raster {
    // Cut as numpy casts: what is beyond 255 begins anew at 0.
    let depth = liquid.map(|value| (value * 255.0).floor().rem_euclid(256.0));
    let relief = relief::of(&depth);
    let drops = depth.with(depth.values.iter().zip(&relief.values).map(|(depth, light)| depth * light).collect());
    let brightest = drops.maximum();
    // The authors divide by the brightest drop in any case; where there is none, their image
    // becomes black. Here it stays dry.
    if brightest > 0.0 { drops.map(|light| light / brightest * brightness) } else { drops }
}

/// The share of each pixel that mud covers.
fn mud(liquid: &Raster, threshold: f64, edge: f64) -> Raster {
    let drops = liquid.map(|value| f64::from(u8::from(value > threshold)));
    gaussian::blur(&drops, edge).map(|cover| if cover < LEAST_COVER { 0.0 } else { cover })
}

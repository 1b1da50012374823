//! Snow: flakes in motion before a scene that whitens.

use super::draws::Draws;
use super::part::raster::{Raster, from_level, truncated_level};
use super::part::{motion, zoom};
use super::severity::Severity;
use crate::Result;

struct Snow {
    /// Of the noise that flakes are cut from.
    mean: f64,
    deviation: f64,
    /// By how much flakes are enlarged.
    zoom: f64,
    /// Noise below it is no flake.
    threshold: f64,
    /// Of the flakes' motion.
    radius: f64,
    smear: f64,
    /// Share of the scene that stays as it is.
    mix: f64,
}

const SNOW: [&Snow; 5] = [
    &Snow { mean: 0.1, deviation: 0.2, zoom: 1.0, threshold: 0.6, radius: 8.0, smear: 3.0, mix: 0.95 },
    &Snow { mean: 0.1, deviation: 0.2, zoom: 1.0, threshold: 0.5, radius: 10.0, smear: 4.0, mix: 0.9 },
    &Snow { mean: 0.15, deviation: 0.3, zoom: 1.75, threshold: 0.55, radius: 10.0, smear: 4.0, mix: 0.9 },
    &Snow { mean: 0.25, deviation: 0.3, zoom: 2.25, threshold: 0.6, radius: 12.0, smear: 6.0, mix: 0.85 },
    &Snow { mean: 0.3, deviation: 0.3, zoom: 1.25, threshold: 0.65, radius: 14.0, smear: 12.0, mix: 0.8 },
];

/// Weights of red, green and blue in a grey value (ITU-R BT.601, as OpenCV's `COLOR_RGB2GRAY`).
const GREY: [f64; 3] = [0.299, 0.587, 0.114];

pub(super) fn apply(image: &Raster, severity: Severity, draws: &mut dyn Draws) -> Result<Raster> {
    let snow = severity.of(&SNOW);
    let noise = Raster::layer(image.published_size(), || snow.mean + snow.deviation * draws.normal());
    let flakes = zoom::enlarged_middle(&noise, snow.zoom)
        .map(|value| if value < snow.threshold { 0.0 } else { truncated_level(value) });
    let degrees = draws.uniform(-135.0, -45.0);
    let flakes = motion::blur(&flakes, snow.radius, snow.smear, degrees);
    let falling = zoom::resize(&flakes, image.size()).map(from_level);
    // Turned by 180 degrees: backwards.
    let turned = falling.values.iter().rev();
    let layer = falling.with(falling.values.iter().zip(turned).map(|(first, second)| first + second).collect());
    Ok(image.zip(&layer, |pixel, flakes| {
        let grey: f64 = pixel.iter().zip(GREY).map(|(value, weight)| value * weight).sum();
        let white = 1.5 * grey + 0.5;
        pixel.map(|value| snow.mix * value + (1.0 - snow.mix) * value.max(white) + flakes)
    }))
}

//! Frost: ice crystals on the pane before the scene.
//!
//! Here we depart from CIFAR-10-C. Its authors overlay crops of five photographs of frost, which are
//! theirs; the texture here is computed: plates of ice (cells around random seeds), each with needles
//! in its own direction (ridges of stretched noise), bright where plates meet, hazy in between. Shares
//! of image and frost are the published ones. Compare with published figures with that in mind.

use std::f64::consts::PI;

use super::draws::Draws;
use super::part::raster::Raster;
use super::severity::Severity;
use crate::Result;

/// Shares of the image and of the frost.
const SHARES: [(f64, f64); 5] = [(1.0, 0.2), (1.0, 0.3), (0.9, 0.4), (0.85, 0.4), (0.75, 0.45)];
/// Ice is a little blue.
const TINT: [f64; 3] = [0.86, 0.94, 1.0];
const PLATES: usize = 7;

pub(super) fn apply(image: &Raster, severity: Severity, draws: &mut dyn Draws) -> Result<Raster> {
    let (scene, frost) = severity.of(&SHARES);
    let pane = Pane::grow(draws);
    let side = image.shorter_side() as f64;
    let mut places = (0..image.height).flat_map(|y| (0..image.width).map(move |x| (x, y)));
    let layer = Raster::layer(image.size(), || {
        let (x, y) = places.next().unwrap_or_default();
        pane.ice((x as f64 + 0.5) / side, (y as f64 + 0.5) / side)
    });
    Ok(image.zip(&layer, |pixel, ice| [0, 1, 2].map(|channel| scene * pixel[channel] + frost * ice * TINT[channel])))
}

/// A frosted pane. Lengths are shares of the image's shorter side, so that images of any size see
/// the same ice.
struct Pane {
    noise: Lattice,
    plates: Vec<Plate>,
}

struct Plate {
    seed: [f64; 2],
    sine: f64,
    cosine: f64,
}

impl Pane {
    fn grow(draws: &mut dyn Draws) -> Self {
        let noise = Lattice { values: (0..Lattice::SIDE * Lattice::SIDE).map(|_| draws.unit()).collect() };
        let plates = (0..PLATES)
            .map(|_| {
                let seed = [draws.unit(), draws.unit()];
                let (sine, cosine) = draws.uniform(0.0, PI).sin_cos();
                Plate { seed, sine, cosine }
            })
            .collect();
        Self { noise, plates }
    }

    /// How much ice there is, in `0..=1`.
    fn ice(&self, x: f64, y: f64) -> f64 {
        let noise = &self.noise;
        // Plates grow unevenly: their borders wander by up to a tenth of the image.
        let wander = |offset: f64| 0.2 * (noise.at(4.0 * x + offset, 4.0 * y) - 0.5);
        let (warped_x, warped_y) = (x + wander(11.0), y + wander(37.0));
        let mut nearest: [Option<(f64, &Plate)>; 2] = [None; 2];
        for plate in &self.plates {
            let distance = (warped_x - plate.seed[0]).hypot(warped_y - plate.seed[1]);
            let beats = |other: Option<(f64, &Plate)>| other.is_none_or(|(least, _)| distance < least);
            if beats(nearest[0]) {
                nearest = [Some((distance, plate)), nearest[0]];
            } else if beats(nearest[1]) {
                nearest[1] = Some((distance, plate));
            }
        }
        let [Some((first, plate)), Some((second, _))] = nearest else {
            return 0.0;
        };
        let seam = (-30.0 * (second - first)).exp();
        let along = plate.cosine * x + plate.sine * y;
        let across = plate.cosine * y - plate.sine * x;
        let needles = 0.6 * noise.ridge(3.0 * along, 12.0 * across) + 0.4 * noise.ridge(7.0 * along, 24.0 * across);
        let haze = noise.at(3.0 * x, 3.0 * y);
        (0.05 + 0.45 * haze + 0.55 * needles * (0.4 + haze) + 0.25 * seam).clamp(0.0, 1.0)
    }
}

/// Noise: random values at whole positions, smooth in between, repeating after [`Lattice::SIDE`].
struct Lattice {
    values: Vec<f64>,
}

impl Lattice {
    const SIDE: usize = 48;

    /// In `0..1`.
    fn at(&self, x: f64, y: f64) -> f64 {
        let (left, top) = (x.floor(), y.floor());
        let ease = |within: f64| within * within * (3.0 - 2.0 * within);
        let (across, down) = (ease(x - left), ease(y - top));
        let wrapped = |position: f64| (position as isize).rem_euclid(Self::SIDE as isize) as usize;
        let value = |right: f64, below: f64| self.values[wrapped(top + below) * Self::SIDE + wrapped(left + right)];
        let row = |below: f64| (1.0 - across) * value(0.0, below) + across * value(1.0, below);
        (1.0 - down) * row(0.0) + down * row(1.0)
    }

    /// Sharp where the noise crosses its mean, 0 at its extremes.
    fn ridge(&self, x: f64, y: f64) -> f64 {
        (1.0 - (2.0 * self.at(x, y) - 1.0).abs()).powi(3)
    }
}

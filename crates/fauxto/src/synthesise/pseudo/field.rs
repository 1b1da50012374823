//! Smooth random fields.

use std::f64::consts::TAU;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

/// Waves in a field: enough for the sum to be nearly Gaussian.
const WAVES: usize = 12;

/// A sum of plane waves with random directions and phases: mean 0, variance 1 over draws.
pub(super) struct Field {
    /// Radians a column, radians a row, radians at the origin.
    waves: [[f64; 3]; WAVES],
}

impl Field {
    /// Waves of at least half a `period` and at most three, in pixels.
    pub(super) fn draw(period: f64, stream: &mut ChaCha8Rng) -> Self {
        let waves = std::array::from_fn(|_| {
            let frequency = TAU / (period * stream.random_range(0.5..3.0));
            let direction = stream.random_range(0.0..TAU);
            [frequency * direction.cos(), frequency * direction.sin(), stream.random_range(0.0..TAU)]
        });
        Self { waves }
    }

    pub(super) fn at(&self, x: usize, y: usize) -> f64 {
        let sum: f64 =
            self.waves.iter().map(|[across, down, phase]| (across * x as f64 + down * y as f64 + phase).cos()).sum();
        sum * (2.0 / WAVES as f64).sqrt()
    }
}

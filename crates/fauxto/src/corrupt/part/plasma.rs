//! Plasma fractals by the diamond-square algorithm (Fournier, Fussell & Carpenter, "Computer
//! rendering of stochastic models", CACM 25, 1982), on a torus.

use super::raster::Raster;
use crate::corrupt::draws::Draws;

/// What the first points wander by, before its square: the authors' `wibble`.
const WANDER: f64 = 100.0;

/// A square of one channel in `0..=1`, whose lowest point is 0 and highest 1. `side` is a power of
/// two; the wandering falls by the square of `decay` from each grid to the next finer one, so that
/// lower values are rougher.
pub(in crate::corrupt) fn plasma(side: usize, decay: f64, draws: &mut dyn Draws) -> Raster {
    let mut field = vec![0.0; side * side];
    let mut wander = WANDER;
    let mut step = side;
    while step >= 2 {
        let half = step / 2;
        // Centres of squares from their corners; then the middles of the sides, first of the
        // horizontal ones, from the centres and corners around them.
        let squares = [(0, 0), (step, 0), (0, step), (step, step)];
        fill(&mut field, side, step, (half, half), &squares, wander, draws);
        let around = |(down, right): (usize, usize)| {
            [(down + half, right), (down + side - half, right), (down, right + half), (down, right + side - half)]
        };
        fill(&mut field, side, step, (0, half), &around((0, half)), wander, draws);
        fill(&mut field, side, step, (half, 0), &around((half, 0)), wander, draws);
        step = half;
        wander /= decay;
    }
    let lowest = field.iter().copied().fold(f64::INFINITY, f64::min);
    let highest = field.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let range = if highest > lowest { highest - lowest } else { 1.0 };
    let values = field.into_iter().map(|value| (value - lowest) / range).collect();
    Raster { width: side, height: side, channels: 1, values }
}

/// Fills the points `at` (down, right) of every cell of `step` with the mean of the cell's points
/// `from`, and a step of a random walk.
fn fill(
    field: &mut [f64],
    side: usize,
    step: usize,
    at: (usize, usize),
    from: &[(usize, usize); 4],
    wander: f64,
    draws: &mut dyn Draws,
) {
    for top in (0..side).step_by(step) {
        for left in (0..side).step_by(step) {
            let point = |(down, right): (usize, usize)| (top + down) % side * side + (left + right) % side;
            let mean = from.iter().map(|&corner| field[point(corner)]).sum::<f64>() / 4.0;
            field[point(at)] = mean + wander * draws.uniform(-wander, wander);
        }
    }
}

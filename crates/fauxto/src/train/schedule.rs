//! The step size of a step.

use std::f64::consts::PI;

use crate::config::{ReduceOnPlateau, Schedule};

/// A place in a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// Epoch, from 0.
    pub epoch: usize,
    /// Epochs of the run.
    pub epochs: usize,
    /// Step of the epoch, from 0.
    pub step: usize,
    /// Steps of an epoch.
    pub steps: usize,
}

/// Factor on the configured step size at `at`.
///
/// Cosine: `(1 + cos(pi epoch / epochs)) / 2`, as PyTorch's `CosineAnnealingLR` stepped once an epoch. One cycle: as
/// PyTorch's `OneCycleLR` with its defaults, stepped once a step.
#[must_use]
pub fn factor(schedule: Schedule, at: Position) -> f64 {
    match schedule {
        Schedule::Constant => 1.0,
        Schedule::Cosine => anneal(1.0, 0.0, at.epoch as f64 / at.epochs as f64),
        Schedule::OneCycle => one_cycle(at),
    }
}

fn one_cycle(at: Position) -> f64 {
    const RISING_SHARE: f64 = 0.3;
    const START: f64 = 1.0 / 25.0;
    const END: f64 = START / 1e4;
    let total = (at.epochs * at.steps) as f64;
    let step = (at.epoch * at.steps + at.step) as f64;
    // Runs of a few steps have no room to rise.
    let top = (RISING_SHARE * total - 1.0).max(0.0);
    if step < top {
        return anneal(START, 1.0, step / top);
    }
    anneal(1.0, END, ((step - top) / (total - 1.0 - top).max(1.0)).min(1.0))
}

/// Half a cosine from `from` to `to`, at `share` of the way.
fn anneal(from: f64, to: f64, share: f64) -> f64 {
    to + (from - to) * (1.0 + (PI * share).cos()) / 2.0
}

/// How often `reduce` has acted after `epochs_without_improvement`, as a factor.
#[must_use]
pub fn plateau_factor(reduce: Option<ReduceOnPlateau>, reductions: u32) -> f64 {
    reduce.map_or(1.0, |reduce| reduce.factor.powi(reductions as i32))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(epoch: usize, epochs: usize, step: usize, steps: usize) -> Position {
        Position { epoch, epochs, step, steps }
    }

    #[test]
    fn cosine_falls_from_one_through_a_half_towards_zero() {
        let factor_in = |epoch| factor(Schedule::Cosine, at(epoch, 50, 3, 12));
        assert!((factor_in(0) - 1.0).abs() < 1e-12);
        assert!((factor_in(25) - 0.5).abs() < 1e-12);
        assert!((1..50).all(|epoch| factor_in(epoch) < factor_in(epoch - 1) && factor_in(epoch) > 0.0));
    }

    /// `OneCycleLR(SGD([p], 1.0), 1.0, epochs=5, steps_per_epoch=4)` of PyTorch 2.15, steps 0, 2, 5, 6, 12 and 19.
    #[test]
    fn one_cycle_is_pytorchs() {
        let expected = [(0, 0.04), (2, 0.371_671_842_7), (5, 1.0), (6, 0.987_464_006_2), (12, 0.500_002), (19, 4e-6)];
        for (step, value) in expected {
            let found = factor(Schedule::OneCycle, at(step / 4, 5, step % 4, 4));
            assert!((found - value).abs() < 1e-9, "step {step}: {found} instead of {value}");
        }
        assert!(factor(Schedule::OneCycle, at(0, 1, 0, 1)).is_finite());
    }

    #[test]
    fn a_constant_schedule_only_falls_on_plateaus() {
        assert!((factor(Schedule::Constant, at(40, 50, 0, 1)) - 1.0).abs() < f64::EPSILON);
        let reduce = Some(ReduceOnPlateau { factor: 0.5, patience: 3 });
        assert!((plateau_factor(reduce, 2) - 0.25).abs() < 1e-12);
        assert!((plateau_factor(None, 2) - 1.0).abs() < f64::EPSILON);
    }
}

//! The step size of an epoch.

use crate::config::{ReduceOnPlateau, Schedule};

/// Factor on the initial step size in `epoch` (from 0) of `epochs`.
///
/// Cosine: `(1 + cos(pi epoch / epochs)) / 2`, as PyTorch's `CosineAnnealingLR` stepped once an epoch.
#[must_use]
pub fn factor(schedule: Schedule, epoch: usize, epochs: usize) -> f64 {
    match schedule {
        Schedule::Constant => 1.0,
        Schedule::Cosine => (1.0 + (std::f64::consts::PI * epoch as f64 / epochs as f64).cos()) / 2.0,
    }
}

/// How often `reduce` has acted after `epochs_without_improvement`, as a factor.
#[must_use]
pub fn plateau_factor(reduce: Option<ReduceOnPlateau>, reductions: u32) -> f64 {
    reduce.map_or(1.0, |reduce| reduce.factor.powi(reductions as i32))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cosine_falls_from_one_through_a_half_towards_zero() {
        let at = |epoch| factor(Schedule::Cosine, epoch, 50);
        assert!((at(0) - 1.0).abs() < 1e-12);
        assert!((at(25) - 0.5).abs() < 1e-12);
        assert!((1..50).all(|epoch| at(epoch) < at(epoch - 1) && at(epoch) > 0.0));
    }

    #[test]
    fn a_constant_schedule_only_falls_on_plateaus() {
        assert!((factor(Schedule::Constant, 40, 50) - 1.0).abs() < f64::EPSILON);
        let reduce = Some(ReduceOnPlateau { factor: 0.5, patience: 3 });
        assert!((plateau_factor(reduce, 2) - 0.25).abs() < 1e-12);
        assert!((plateau_factor(None, 2) - 1.0).abs() < f64::EPSILON);
    }
}

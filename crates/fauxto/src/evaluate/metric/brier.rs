//! Brier score: the mean squared difference between the probability of being fake and the truth
//! (fake 1, real 0), in `0..=1`; 0 at best, .25 for "50%" always.
//!
//! Source: Brier, "Verification of forecasts expressed in terms of probability", Monthly Weather
//! Review 78, 1950; the one-sided form for two classes, half of Brier's own.

use super::{Better, Metric};
use crate::Label;

/// The entry in [`METRICS`](super::METRICS).
pub const METRIC: Metric = Metric {
    name: "brier",
    title: "Brier score",
    summary: "mean squared error of the probability",
    source: "Brier 1950",
    better: Better::Lower,
    range: (0.0, 1.0),
    measure: |scores, _| {
        let total: f64 = scores
            .iter()
            .map(|(probability, label)| {
                let truth = if label == Label::Fake { 1.0 } else { 0.0 };
                (probability - truth).powi(2)
            })
            .sum();
        Ok(total / scores.n() as f64)
    },
};

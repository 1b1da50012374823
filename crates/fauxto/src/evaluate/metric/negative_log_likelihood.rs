//! Negative log-likelihood (log loss, cross entropy): the mean of minus the natural logarithm of the
//! probability given to the right class, in nats; 0 at best, .693 for "50%" always.
//!
//! Source: Good, "Rational decisions", Journal of the Royal Statistical Society B 14, 1952. As in
//! scikit-learn's `log_loss` for 64-bit floats, probabilities are kept within `[e, 1 - e]`,
//! `e = 2^-52`, so one certain mistake costs 36.04 and not infinity.

use super::{Better, Metric};
use crate::Label;

/// The entry in [`METRICS`](super::METRICS).
pub const METRIC: Metric = Metric {
    name: "nll",
    title: "negative log-likelihood",
    summary: "mean surprise at the truth, in nats",
    source: "Good 1952; clipped as scikit-learn log_loss",
    better: Better::Lower,
    range: (0.0, 36.05),
    measure: |scores, _| {
        let total: f64 = scores
            .iter()
            .map(|(probability, label)| match label {
                Label::Fake => probability,
                Label::Real => 1.0 - probability,
            })
            .map(|likelihood| -likelihood.clamp(f64::EPSILON, 1.0 - f64::EPSILON).ln())
            .sum();
        Ok(total / scores.n() as f64)
    },
};

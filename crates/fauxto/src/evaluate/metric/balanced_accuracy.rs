//! Balanced accuracy: the mean of the shares of real and of fake images whose verdict is right, in
//! `0..=1`; .5 for a detector that does not look. Undefined where a class is absent.
//!
//! Source: Brodersen et al., "The balanced accuracy and its posterior distribution", ICPR 2010.

use super::confusion::Confusion;
use super::{Better, Metric};
use crate::evaluate::curve::both_classes;

/// The entry in [`METRICS`](super::METRICS).
pub const METRIC: Metric = Metric {
    name: "balanced_accuracy",
    title: "balanced accuracy",
    summary: "mean of the accuracies on real and on fake images",
    source: "Brodersen et al. 2010",
    better: Better::Higher,
    range: (0.0, 1.0),
    measure: |scores, threshold| {
        both_classes(scores)?;
        let confusion = Confusion::count(scores, threshold);
        let real = confusion.real_as_real as f64 / confusion.real() as f64;
        let fake = confusion.fake_as_fake as f64 / confusion.fake() as f64;
        Ok((real + fake) / 2.0)
    },
};

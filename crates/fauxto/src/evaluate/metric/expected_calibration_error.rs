//! Expected calibration error: how far the confidence in the more probable class is from the share
//! of verdicts that are right, averaged over 15 equal-width bins of that confidence weighted by
//! their images; in `0..=1`, 0 at best.
//!
//! Source: Guo et al., "On calibration of modern neural networks", ICML 2017, equation 3, with its
//! 15 bins over `0..=1`. The confidence of the more probable of two classes is at least .5, so only
//! the upper eight bins are ever filled. The verdict meant here is the more probable class, whatever
//! threshold is in use.

use super::{Better, Metric};
use crate::evaluate::calibration_bins;

/// Number of bins.
pub const BINS: usize = 15;

/// The entry in [`METRICS`](super::METRICS).
pub const METRIC: Metric = Metric {
    name: "ece",
    title: "expected calibration error",
    summary: "gap between confidence and accuracy, over 15 bins of confidence",
    source: "Guo et al. 2017",
    better: Better::Lower,
    range: (0.0, 1.0),
    measure: |scores, _| {
        let weighted: f64 = calibration_bins(scores, BINS)
            .iter()
            .filter_map(|bin| Some(bin.count as f64 * (bin.accuracy? - bin.mean_confidence?).abs()))
            .sum();
        Ok(weighted / scores.n() as f64)
    },
};

//! Equal error rate: the error at the threshold where real images are called fake as often as fake
//! ones are called real; in `0..=1`, .5 for chance. Undefined where a class is absent.
//!
//! Source: Martin et al., "The DET curve in assessment of detection task performance", Eurospeech
//! 1997. With finitely many images the two rates need not meet at a threshold, so the ROC curve is
//! taken as straight between its points, and this is its false positive rate where it crosses
//! `FPR = 1 - TPR`. The crossing is unique, since both rates grow along the curve.

use super::{Better, Metric};
use crate::evaluate::roc_curve;

/// The entry in [`METRICS`](super::METRICS).
pub const METRIC: Metric = Metric {
    name: "eer",
    title: "equal error rate",
    summary: "error where both classes are mistaken equally often",
    source: "Martin et al. 1997",
    better: Better::Lower,
    range: (0.0, 1.0),
    measure: |scores, _| {
        let curve = roc_curve(scores)?;
        // From -1 at (0, 0) to 1 at (1, 1).
        let imbalance =
            |position: usize| curve[position].false_positive_rate + curve[position].true_positive_rate - 1.0;
        let after = (1..curve.len()).find(|&position| imbalance(position) >= 0.0).unwrap_or(curve.len() - 1);
        let before = after - 1;
        let along = -imbalance(before) / (imbalance(after) - imbalance(before));
        let (low, high) = (curve[before].false_positive_rate, curve[after].false_positive_rate);
        Ok(low + along * (high - low))
    },
};

//! Area under the ROC curve: the probability that a random fake image gets a higher probability of
//! being fake than a random real one, ties counting one half; in `0..=1`, .5 for chance. Undefined
//! where a class is absent.
//!
//! Source: Hanley and McNeil, "The meaning and use of the area under a receiver operating
//! characteristic (ROC) curve", Radiology 143, 1982; computed as the Mann-Whitney statistic over the
//! ranking, O(n log n), in whole numbers, so that the only rounding is the last division's.

use super::{Better, Metric, Undefined};
use crate::evaluate::Scores;
use crate::evaluate::curve::both_classes;

/// The entry in [`METRICS`](super::METRICS).
pub const METRIC: Metric = Metric {
    name: "roc_auc",
    title: "ROC AUC",
    summary: "probability that a fake image outscores a real one",
    source: "Hanley and McNeil 1982",
    better: Better::Higher,
    range: (0.0, 1.0),
    measure: |scores, _| roc_auc(scores),
};

/// The area under the ROC curve, in `0..=1`.
///
/// # Errors
/// [`Undefined`] where a class is absent.
pub fn roc_auc(scores: &Scores) -> Result<f64, Undefined> {
    let (n_real, n_fake) = both_classes(scores)?;
    let mut fake_above: u128 = 0;
    // Twice the pairs won, so that a tie's half is whole.
    let mut doubled_wins: u128 = 0;
    for tie in scores.ranking() {
        doubled_wins += u128::from(tie.n_real) * (2 * fake_above + u128::from(tie.n_fake));
        fake_above += u128::from(tie.n_fake);
    }
    Ok(doubled_wins as f64 / (2 * n_real as u128 * n_fake as u128) as f64)
}

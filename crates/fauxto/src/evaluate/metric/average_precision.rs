//! Average precision with fake as the positive class: precision averaged over the recall gained at
//! each distinct probability, `sum over n of (R_n - R_{n-1}) P_n`, without interpolation; in `0..=1`,
//! the share of fake images for chance. Undefined where nothing is fake.
//!
//! Source: scikit-learn's `average_precision_score`, whose definition this is; the trapezoidal area
//! would be optimistic (Davis and Goadrich, "The relationship between precision-recall and ROC
//! curves", ICML 2006).

use super::{Better, Metric, Undefined};
use crate::Label;

/// The entry in [`METRICS`](super::METRICS).
pub const METRIC: Metric = Metric {
    name: "average_precision",
    title: "average precision",
    summary: "precision averaged over recall, fake being positive",
    source: "scikit-learn average_precision_score; Davis and Goadrich 2006",
    better: Better::Higher,
    range: (0.0, 1.0),
    measure: |scores, _| {
        let n_fake = scores.count(Label::Fake);
        if n_fake == 0 {
            return Err(Undefined("there are no fake images"));
        }
        let (mut called, mut found) = (0, 0);
        let mut weighted = 0.0;
        for tie in scores.ranking() {
            called += tie.n_real + tie.n_fake;
            found += tie.n_fake;
            weighted += tie.n_fake as f64 * found as f64 / called as f64;
        }
        Ok((weighted / n_fake as f64).min(1.0))
    },
};

//! True positive rate at a bounded false positive rate: the largest share of fake images caught at
//! any threshold that calls at most 1% (5%) of the real images fake; in `0..=1`. Undefined where a
//! class is absent.
//!
//! Source: Carlini et al., "Membership inference attacks from first principles", IEEE S&P 2022,
//! section III, for reporting a detector where false alarms are dear. Only thresholds that exist
//! count: the curve is not interpolated. With fewer than 100 (20) real images not one may be called
//! fake.

use super::{Better, Metric, Undefined};
use crate::evaluate::{Scores, roc_curve};

/// At most 1% of the real images called fake.
pub const AT_1_PERCENT: Metric = Metric {
    name: "tpr_at_1_percent_fpr",
    title: "TPR at 1% FPR",
    summary: "share of fakes caught when at most 1% of real images are called fake",
    source: "Carlini et al. 2022",
    better: Better::Higher,
    range: (0.0, 1.0),
    measure: |scores, _| at(scores, 0.01),
};

/// At most 5% of the real images called fake.
pub const AT_5_PERCENT: Metric = Metric {
    name: "tpr_at_5_percent_fpr",
    title: "TPR at 5% FPR",
    summary: "share of fakes caught when at most 5% of real images are called fake",
    measure: |scores, _| at(scores, 0.05),
    ..AT_1_PERCENT
};

/// The largest true positive rate where the false positive rate is at most `bound`.
fn at(scores: &Scores, bound: f64) -> Result<f64, Undefined> {
    let within = roc_curve(scores)?.into_iter().take_while(|point| point.false_positive_rate <= bound);
    Ok(within.last().map_or(0.0, |point| point.true_positive_rate))
}

//! The metrics, one file each. To add one: write its file, name it in [`METRICS`], give it golden
//! values in `tests/golden/metrics`.

pub mod accuracy;
pub mod average_precision;
pub mod balanced_accuracy;
pub mod brier;
pub mod confusion;
pub mod equal_error_rate;
pub mod expected_calibration_error;
pub mod f1;
pub mod negative_log_likelihood;
pub mod roc_auc;
pub mod true_positive_rate;

use super::Scores;
use crate::{Error, Result};

/// Which direction is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Better {
    /// More is better.
    Higher,
    /// Less is better.
    Lower,
}

/// Why a metric has no value on the data at hand, as a clause: "there are no real images".
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Undefined(pub &'static str);

/// One entry of [`METRICS`].
#[derive(Clone, Copy, Debug)]
pub struct Metric {
    /// Its name in files and on the command line; stable.
    pub name: &'static str,
    /// Its name for people.
    pub title: &'static str,
    /// What it says, in one line.
    pub summary: &'static str,
    /// Where it is defined.
    pub source: &'static str,
    /// Which direction is good.
    pub better: Better,
    /// The least and the greatest value possible.
    pub range: (f64, f64),
    /// Its value on scored images that are called fake from a threshold in `0..=1` on; metrics over
    /// all thresholds or over the probabilities themselves do not look at the threshold.
    pub measure: fn(&Scores, threshold: f64) -> Result<f64, Undefined>,
}

/// All metrics, in the order in which they are reported.
pub static METRICS: &[Metric] = &[
    accuracy::METRIC,
    balanced_accuracy::METRIC,
    f1::METRIC,
    roc_auc::METRIC,
    average_precision::METRIC,
    equal_error_rate::METRIC,
    true_positive_rate::AT_1_PERCENT,
    true_positive_rate::AT_5_PERCENT,
    negative_log_likelihood::METRIC,
    brier::METRIC,
    expected_calibration_error::METRIC,
];

/// The metric of that name, of the scores of validation images at a threshold of one half.
///
/// # Errors
/// [`Error::Refused`] where it is undefined on them.
///
/// # Panics
/// If there is no metric of that name.
pub(crate) fn on_validation(name: &str, scores: &Scores) -> Result<f64> {
    let metric = find(name).expect("registered");
    (metric.measure)(scores, 0.5).map_err(|reason| Error::Refused(format!("validation {name} is undefined: {reason}")))
}

/// The metric of that name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Metric> {
    METRICS.iter().find(|metric| metric.name == name)
}

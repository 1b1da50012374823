//! What a detector is worth: metrics over scored images, one [`Evaluation`] with all of them, the
//! curves behind them, and the test for comparing two detectors on the same images.
//!
//! Conventions: fake is the positive class; an image is called fake where its probability of being
//! fake is at least the threshold.

mod comparison;
mod corrupted;
mod curve;
mod evaluation;
pub mod metric;
mod scores;

pub use comparison::{McNemar, mcnemar};
pub use corrupted::{Column, UnderCorruption, judge_images, mean_accuracies, under_corruptions};
pub use curve::{
    CalibrationBin, Histogram, ReliabilityBin, RocPoint, calibration_bins, histogram, reliability_bins, roc_curve,
};
pub use evaluation::{Evaluation, Values};
pub use metric::{Better, METRICS, Metric, Undefined};
pub use scores::{Scores, Tie};

//! Where real ends and fake begins.

use clap::Args;
use fauxto::predict::Predictor;

/// Where real ends and fake begins.
#[derive(Debug, Args)]
pub(crate) struct OperatingPoint {
    /// Probability of fake from which an image is called fake
    #[arg(long, value_name = "P", default_value_t = 0.5, allow_negative_numbers = true)]
    pub(crate) threshold: f64,
    /// Call images fake from where the calibrated model keeps this false-positive rate (`fauxto calibrate`)
    #[arg(long, value_name = "RATE", conflicts_with = "threshold", allow_negative_numbers = true)]
    pub(crate) target_fpr: Option<f64>,
}

impl OperatingPoint {
    /// Refuses a threshold that is no probability, which needs no model to be seen.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        check_threshold(self.threshold)
    }

    /// Whether the threshold is one that calibration fitted.
    pub(crate) fn is_fitted(&self) -> bool {
        self.target_fpr.is_some()
    }

    /// The threshold given, or the one that `predictor` was calibrated to for the rate given.
    pub(crate) fn threshold(&self, predictor: &Predictor) -> fauxto::Result<f64> {
        self.target_fpr.map_or(Ok(self.threshold), |rate| predictor.threshold(rate))
    }
}

/// Refuses a threshold that is no probability.
pub(crate) fn check_threshold(threshold: f64) -> anyhow::Result<()> {
    anyhow::ensure!((0.0..=1.0).contains(&threshold), "--threshold: found {threshold}; expected a number from 0 to 1");
    Ok(())
}

//! Thresholds that keep a false-positive rate: an order statistic of the real images' probabilities.
//!
//! Of `n` calibration images and one more, all exchangeable, the new one is among the `k + 1` highest with
//! probability at most `(k + 1) / (n + 1)` (Vovk, Gammerman and Shafer, "Algorithmic Learning in a Random World",
//! 2005, section 2.2). The largest `k` for which that is at most the target is taken, and images above the
//! `k + 1`-th highest are called fake. Ties make the rate smaller, never larger.

use serde::{Deserialize, Serialize};

use super::{open_share, percent};
use crate::{Error, Result};

/// A threshold on the calibrated probability.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Threshold {
    /// The false-positive rate asked for, in `(0, 1)`.
    pub target_fpr: f64,
    /// Images are called fake from this calibrated probability on; in `0..=1`.
    pub threshold: f64,
    /// The rate promised, in expectation over calibration sets: the greatest `(k + 1) / (n + 1)` up to the target.
    pub expected_fpr: f64,
}

/// The least number of real images that a threshold for this rate takes.
pub(super) fn needed(target_fpr: f64) -> Result<usize> {
    let rate = open_share("target-fpr", target_fpr)?;
    Ok((1.0 / rate - SLACK).ceil() as usize - 1)
}

/// Keeps a product such as `.07 * 100` from being rounded past the whole number it stands for.
pub(super) const SLACK: f64 = 1e-9;

impl Threshold {
    /// From the calibrated probabilities of real images, ascending.
    pub(super) fn fit(real: &[f64], target_fpr: f64) -> Result<Self> {
        let n = real.len();
        let rank = (open_share("target-fpr", target_fpr)? * (n + 1) as f64 + SLACK).floor() as usize;
        let boundary = rank.checked_sub(1).and_then(|k| real.get(n.checked_sub(k + 1)?)).copied();
        let Some(boundary) = boundary else {
            return Err(Error::Refused(format!(
                "calibration: found {n} real images; expected at least {} for a false-positive rate of {}; add real \
                 images, or ask for a higher rate",
                needed(target_fpr)?,
                percent(target_fpr)
            )));
        };
        let threshold = boundary.next_up();
        if threshold > 1.0 {
            return Err(Error::Refused(format!(
                "calibration: found {} of {n} real images at a probability of 1; expected fewer than {rank} for a \
                 false-positive rate of {}, since no threshold is above 1; ask for a higher rate",
                real.iter().filter(|&&p| p >= boundary).count(),
                percent(target_fpr)
            )));
        }
        Ok(Self { target_fpr, threshold, expected_fpr: rank as f64 / (n + 1) as f64 })
    }
}

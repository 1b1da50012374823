//! Accuracy: the share of images whose verdict is right, in `0..=1`, with its 95% Wilson score
//! interval.
//!
//! Source of the interval: Wilson, "Probable inference, the law of succession, and statistical
//! inference", Journal of the American Statistical Association 22, 1927; preferred over the usual
//! normal interval because it stays within `0..=1` and keeps its coverage near 0 and 1 (Brown, Cai
//! and DasGupta, Statistical Science 16, 2001).

use super::confusion::Confusion;
use super::{Better, Metric};

/// The entry in [`METRICS`](super::METRICS).
pub const METRIC: Metric = Metric {
    name: "accuracy",
    title: "accuracy",
    summary: "share of images whose verdict is right",
    source: "textbook; interval: Wilson 1927",
    better: Better::Higher,
    range: (0.0, 1.0),
    measure: |scores, threshold| {
        let confusion = Confusion::count(scores, threshold);
        Ok(confusion.right() as f64 / confusion.total() as f64)
    },
};

/// The standard normal distribution's .975 quantile.
const Z: f64 = 1.959_963_984_540_054;

/// The 95% Wilson score interval `[low, high]` of a share of `successes` among `trials`, within
/// `0..=1` and around the share itself. Without trials nothing is known: `[0, 1]`.
#[must_use]
pub fn wilson_interval(successes: u64, trials: u64) -> [f64; 2] {
    if trials == 0 {
        return [0.0, 1.0];
    }
    let n = trials as f64;
    let share = successes as f64 / n;
    let centre = (share + Z * Z / (2.0 * n)) / (1.0 + Z * Z / n);
    let half = Z / (1.0 + Z * Z / n) * (share * (1.0 - share) / n + Z * Z / (4.0 * n * n)).sqrt();
    // At shares of 0 and 1 an end is the share itself, which rounding would miss by an ulp.
    [(centre - half).clamp(0.0, share), (centre + half).clamp(share, 1.0)]
}

//! The temperature: log-odds divided by one number, chosen by the least negative log-likelihood on images that
//! were not trained on (Guo et al., "On calibration of modern neural networks", ICML 2017, section 4.2). For two
//! classes the softmax of logits over a temperature is the logistic function of log-odds over it.
//!
//! Departures: where the images can be told apart without error there is no least likelihood, since every lower
//! temperature is more likely; the targets are then Platt's, which are what a uniform prior on each
//! class's error says ("Probabilistic outputs for support vector machines", 1999, equation 1). The temperature is
//! kept in [`RANGE`]: a detector no better than chance gets the highest, and says one half of everything.

use crate::Label;

/// The lowest and the highest temperature.
pub(super) const RANGE: (f64, f64) = (0.01, 100.0);

/// The largest log-odds in the fit: those of the f32 next to 1. Past it an f32 softmax says 1 of fake images and
/// still finer numbers of real ones, and the two classes shall weigh alike.
const LARGEST: f64 = 16.635_532_273_834_04;

/// The temperature in `0.01..=100` for uncalibrated probabilities of fake `[n]`, in `0..=1`, and what the images
/// are `[n]`.
#[must_use]
pub fn fit(probabilities: &[f64], labels: &[Label]) -> f64 {
    let fake = labels.iter().filter(|&&label| label == Label::Fake).count() as f64;
    let real = labels.len() as f64 - fake;
    let odds: Vec<f64> = probabilities.iter().map(|&p| log_odds(p).clamp(-LARGEST, LARGEST)).collect();
    if odds.iter().all(|&z| z == 0.0) {
        return 1.0;
    }
    let separable = odds.iter().zip(labels).all(|(&z, label)| if *label == Label::Fake { z >= 0.0 } else { z <= 0.0 });
    let [of_real, of_fake] = if separable { [1.0 / (real + 2.0), (fake + 1.0) / (fake + 2.0)] } else { [0.0, 1.0] };
    let targets: Vec<f64> = labels.iter().map(|label| if *label == Label::Fake { of_fake } else { of_real }).collect();
    // The likelihood is convex in the inverse temperature, so its slope changes sign once.
    let slope = |temperature: f64| -> f64 {
        odds.iter().zip(&targets).map(|(&z, target)| z * (logistic(z / temperature) - target)).sum()
    };
    let (mut low, mut high) = RANGE;
    if slope(high) >= 0.0 {
        return high;
    }
    if slope(low) <= 0.0 {
        return low;
    }
    // Halving the range's logarithm 60 times leaves less than rounding does.
    for _ in 0..60 {
        let middle = (low * high).sqrt();
        if slope(middle) > 0.0 {
            low = middle;
        } else {
            high = middle;
        }
    }
    (low * high).sqrt()
}

/// The probability whose log-odds are those of `probability`, in `0..=1`, over `temperature`, above 0.
#[must_use]
pub fn apply(probability: f64, temperature: f64) -> f64 {
    logistic(log_odds(probability) / temperature)
}

/// Finite for 0 and 1, and otherwise exact, so that no two images are tied that were not.
fn log_odds(probability: f64) -> f64 {
    probability.max(f64::MIN_POSITIVE).ln() - (1.0 - probability).max(f64::EPSILON / 2.0).ln()
}

/// `1 / (1 + exp(-x))` without overflow or loss at either end.
fn logistic(x: f64) -> f64 {
    let e = (-x.abs()).exp();
    if x >= 0.0 { 1.0 / (1.0 + e) } else { e / (1.0 + e) }
}

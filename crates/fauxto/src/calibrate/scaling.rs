//! Honest probabilities: log-odds divided by a temperature and shifted by a bias, both chosen by the least negative
//! log-likelihood on images that were not trained on (Platt, "Probabilistic outputs for support vector machines", 1999,
//! equation 1; Guo et al., "On calibration of modern neural networks", ICML 2017, section 4.2, have the temperature alone).
//! The bias mends detectors that lean to one side, as those do that have seen degraded images: their probabilities cross
//! one half at the wrong place, and no temperature moves that.
//!
//! Departures: the two classes weigh alike, however many images there are of each, so that the bias is the detector's and
//! not the set's. Platt's targets, which are what a uniform prior on each class's error says, are taken only where the
//! images can be told apart without error and there is no least likelihood. The temperature is kept in [`RANGE`]: a
//! detector no better than chance gets the highest, and says one half of everything.

use serde::{Deserialize, Serialize};

use crate::Label;

/// The lowest and the highest temperature.
pub(super) const RANGE: (f64, f64) = (0.01, 100.0);

/// The largest log-odds in the fit: those of the f32 next to 1. Past it an f32 softmax says 1 of fake images and
/// still finer numbers of real ones, and the two classes shall weigh alike.
const LARGEST: f64 = 16.635_532_273_834_04;

/// The most steps of Newton's method; a dozen do.
const STEPS: usize = 100;

/// What makes a detector's probabilities honest. The field names are a public format.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scaling {
    /// Log-odds are divided by this; in `0.01..=100`. Above 1 the detector was too sure of itself.
    pub temperature: f64,
    /// Added to them then; above 0 the detector called too much real.
    #[serde(default)]
    pub bias: f64,
}

impl Scaling {
    /// What changes nothing.
    pub const IDENTITY: Self = Self { temperature: 1.0, bias: 0.0 };

    /// The scaling for uncalibrated probabilities of fake `[n]`, in `0..=1`, and what the images are `[n]`. That which
    /// changes nothing where all are equal.
    #[must_use]
    pub fn fit(probabilities: &[f64], labels: &[Label]) -> Self {
        let odds: Vec<f64> = probabilities.iter().map(|&p| log_odds(p).clamp(-LARGEST, LARGEST)).collect();
        if odds.iter().all(|&z| z == odds[0]) {
            return Self::IDENTITY;
        }
        let likelihood = Likelihood::new(&odds, labels);
        let (low, high) = (1.0 / RANGE.1, 1.0 / RANGE.0);
        let [slope, bias] = likelihood.descend([0.0, 0.0], true);
        // The likelihood is convex: where its least is out of range, the least within is at the bound.
        let [slope, bias] = if (low..=high).contains(&slope) {
            [slope, bias]
        } else {
            likelihood.descend([slope.clamp(low, high), 0.0], false)
        };
        Self { temperature: 1.0 / slope, bias }
    }

    /// The scaling for the probabilities `[n]` of images and those of their `versions`, each `[n]` in the images' order.
    ///
    /// Which of a detector's verdicts survive what happens to images on their way is decided where its probabilities
    /// cross one half. One that learned from degraded images has that boundary where it is for their sake, and a bias
    /// fitted without any takes it away again.
    #[must_use]
    pub fn fit_with_versions(probabilities: &[f64], versions: &[Vec<f64>], labels: &[Label]) -> Self {
        let mut all = probabilities.to_vec();
        all.extend(versions.iter().flatten());
        Self::fit(&all, &labels.repeat(1 + versions.len()))
    }

    /// The honest probability of fake for an uncalibrated one, both in `0..=1`. Keeps the order.
    #[must_use]
    pub fn apply(&self, probability: f64) -> f64 {
        logistic(log_odds(probability) / self.temperature + self.bias)
    }

    /// Whether its numbers are ones that [`Scaling::fit`] gives.
    pub(crate) fn check(&self) -> Result<(), String> {
        let (low, high) = RANGE;
        if !(low..=high).contains(&self.temperature) {
            return Err(format!("a temperature of {}; expected {low} to {high}", self.temperature));
        }
        if !self.bias.is_finite() {
            return Err(format!("a bias of {}; expected a finite number", self.bias));
        }
        Ok(())
    }
}

/// The negative log-likelihood of `slope * odds + bias`, by class alike.
struct Likelihood {
    /// Log-odds, target, weight.
    images: Vec<[f64; 3]>,
}

impl Likelihood {
    fn new(odds: &[f64], labels: &[Label]) -> Self {
        let of = |class: Label| odds.iter().zip(labels).filter(move |(_, label)| **label == class).map(|(&z, _)| z);
        let [real, fake] = Label::ALL.map(|class| of(class).count() as f64);
        let separable = of(Label::Real).fold(f64::MIN, f64::max) <= of(Label::Fake).fold(f64::MAX, f64::min);
        let targets = if separable { [1.0 / (real + 2.0), (fake + 1.0) / (fake + 2.0)] } else { [0.0, 1.0] };
        let weights = [0.5 / real, 0.5 / fake];
        let image = |(&z, label): (&f64, &Label)| [z, targets[label.index()], weights[label.index()]];
        Self { images: odds.iter().zip(labels).map(image).collect() }
    }

    fn value(&self, [slope, bias]: [f64; 2]) -> f64 {
        let surprise = |[z, target, weight]: &[f64; 3]| {
            let u = slope * z + bias;
            weight * (u.max(0.0) + (-u.abs()).exp().ln_1p() - target * u)
        };
        self.images.iter().map(surprise).sum()
    }

    /// Newton's method, damped while it is far away (Lin, Lin & Weng 2007, "A note on Platt's probabilistic outputs for
    /// support vector machines").
    fn descend(&self, start: [f64; 2], slope_is_free: bool) -> [f64; 2] {
        let mut at = start;
        for _ in 0..STEPS {
            let (mut gradient, mut curvature) = ([0.0; 2], [0.0; 3]);
            for &[z, target, weight] in &self.images {
                let p = logistic(at[0] * z + at[1]);
                let (error, spread) = (weight * (p - target), weight * p * (1.0 - p));
                gradient = [gradient[0] + error * z, gradient[1] + error];
                curvature = [curvature[0] + spread * z * z, curvature[1] + spread * z, curvature[2] + spread];
            }
            let [zz, z, one] = curvature;
            let step = if slope_is_free {
                let determinant = zz * one - z * z;
                let solved = |first: f64, second: f64| (first - second) / determinant;
                [solved(one * gradient[0], z * gradient[1]), solved(zz * gradient[1], z * gradient[0])]
            } else {
                [0.0, gradient[1] / one]
            };
            let decrement = gradient[0] * step[0] + gradient[1] * step[1];
            if !decrement.is_finite() || decrement < 1e-30 {
                break;
            }
            let to = |share: f64| [at[0] - share * step[0], at[1] - share * step[1]];
            let mut share = 1.0;
            // Near the least, values differ by less than rounding, and full steps are right.
            if decrement > 1e-8 {
                let now = self.value(at);
                while share > 1e-10 && self.value(to(share)) > now - 1e-4 * share * decrement {
                    share /= 2.0;
                }
            }
            at = to(share);
        }
        at
    }
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

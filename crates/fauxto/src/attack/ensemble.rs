//! Several detectors that vote, as one target.

use burn::tensor::{Device, Tensor, activation};

use super::Target;
use crate::{Error, Result};

/// The weighted mean of several targets' probabilities, as one target: its logits are the logarithms of
/// the mean probabilities. An attack on it goes against all members at once.
pub struct Ensemble<'a> {
    members: Vec<(f64, &'a dyn Target)>,
}

impl std::fmt::Debug for Ensemble<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let weights: Vec<f64> = self.members.iter().map(|(weight, _)| *weight).collect();
        formatter.debug_struct("Ensemble").field("weights", &weights).finish_non_exhaustive()
    }
}

impl<'a> Ensemble<'a> {
    /// Members with their weights, on one device. Weights are divided by their sum.
    ///
    /// # Errors
    /// If there is no member, or a weight is not positive and finite.
    pub fn new(members: Vec<(f64, &'a dyn Target)>) -> Result<Self> {
        let total: f64 = members.iter().map(|(weight, _)| weight).sum();
        let usable = members.iter().all(|(weight, _)| weight.is_finite() && *weight > 0.0) && total.is_finite();
        if members.is_empty() || !usable {
            let found = members.iter().map(|(weight, _)| weight.to_string()).collect::<Vec<_>>().join(", ");
            return Err(Error::Setting {
                setting: "ensemble weights".into(),
                found: if found.is_empty() { "none".into() } else { found },
                expected: "a positive, finite weight for each of at least one member".into(),
            });
        }
        Ok(Self { members: members.into_iter().map(|(weight, member)| (weight / total, member)).collect() })
    }
}

impl Target for Ensemble<'_> {
    fn device(&self) -> Device {
        self.members[0].1.device()
    }

    /// `log sum_i w_i p_i`, summed in logarithms so that a member's certainty does not become a zero.
    fn logits(&self, pixels: Tensor<4>) -> Tensor<2> {
        let votes: Vec<Tensor<2>> = self
            .members
            .iter()
            .map(|(weight, member)| activation::log_softmax(member.logits(pixels.clone()), 1) + weight.ln())
            .collect();
        log_sum(votes)
    }
}

/// The logarithm of the sum of what `votes`, at least one, are the logarithms of.
pub(super) fn log_sum(votes: Vec<Tensor<2>>) -> Tensor<2> {
    let highest = votes.iter().cloned().map(Tensor::detach).reduce(Tensor::max_pair);
    let highest = highest.expect("at least one vote");
    let sum = votes.into_iter().map(|vote| (vote - highest.clone()).exp()).reduce(|sum, vote| sum + vote);
    sum.expect("at least one vote").log() + highest
}

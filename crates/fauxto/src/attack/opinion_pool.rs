//! Detectors whose log-odds are added up, as one target.

use burn::tensor::{Device, Tensor};

use super::Target;
use crate::ensemble::MOST_CERTAIN;
use crate::{Error, Result};

/// The weighted sum of several targets' log-odds and a constant, as one target: the log opinion pool of
/// [`Combination`](crate::ensemble::Combination). An attack on it goes against all members at once.
///
/// The pool cuts each member's log-odds where certainty becomes noise. Verdicts here are the pool's own, cut and
/// all; gradients pass the cut as if it were not there, since a member that is certain would otherwise hide
/// from every gradient attack.
pub struct OpinionPool<'a> {
    members: Vec<(f64, &'a dyn Target)>,
    constant: f64,
}

impl std::fmt::Debug for OpinionPool<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let weights: Vec<f64> = self.members.iter().map(|(weight, _)| *weight).collect();
        formatter
            .debug_struct("OpinionPool")
            .field("weights", &weights)
            .field("constant", &self.constant)
            .finish_non_exhaustive()
    }
}

impl<'a> OpinionPool<'a> {
    /// Members with their weights, of any sign, on one device, and what is added to the sum.
    ///
    /// # Errors
    /// If there is no member, or a number is not finite.
    pub fn new(members: Vec<(f64, &'a dyn Target)>, constant: f64) -> Result<Self> {
        if members.is_empty() || !constant.is_finite() || members.iter().any(|(weight, _)| !weight.is_finite()) {
            let found = members.iter().map(|(weight, _)| weight.to_string()).collect::<Vec<_>>().join(", ");
            return Err(Error::Setting {
                setting: "opinion pool".into(),
                found: format!("weights [{found}] and constant {constant}"),
                expected: "a finite weight for each of at least one member, and a finite constant".into(),
            });
        }
        Ok(Self { members, constant })
    }
}

impl Target for OpinionPool<'_> {
    fn device(&self) -> Device {
        self.members[0].1.device()
    }

    /// Real's logit is 0, fake's the pooled log-odds.
    fn logits(&self, pixels: Tensor<4>) -> Tensor<2> {
        let sum = self.members.iter().map(|(weight, member)| {
            let logits = member.logits(pixels.clone());
            let odds = logits.clone().narrow(1, 1, 1) - logits.narrow(1, 0, 1);
            let value = odds.clone().detach();
            let beyond = value.clone().clamp(-MOST_CERTAIN, MOST_CERTAIN) - value;
            (odds + beyond) * *weight
        });
        let sum = sum.reduce(|sum, member| sum + member).expect("a pool has members") + self.constant;
        Tensor::cat(vec![sum.clone() * 0.0, sum], 1)
    }
}

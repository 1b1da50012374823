//! Learning from attacked images.

use serde::{Deserialize, Serialize};

use crate::attack::{ChosenAttack, Epsilon};
use crate::{Error, Result};

/// Learning from attacked images; what is not given is the original project's fine-tuning.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AdversarialConfig {
    /// Share of every batch that is attacked, in 0..=1.
    pub share: f64,
    /// The attack, as on the command line: `fgsm`, `pgd:steps=7`.
    pub attack: String,
    /// One of these is drawn for each step.
    pub epsilons: Vec<Epsilon>,
    /// The factor of TRADES's divergence between the verdicts on clean and attacked images, in place of
    /// cross entropy on attacked ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trades: Option<f64>,
    /// The attack on validation images that, with clean ones, decides which epoch is best. Iterative, since
    /// training against FGSM alone can learn to deceive FGSM alone.
    pub validation_attack: String,
    /// Its epsilon.
    pub validation_epsilon: Epsilon,
}

impl Default for AdversarialConfig {
    fn default() -> Self {
        let epsilon = |text: &str| text.parse().expect("an epsilon");
        Self {
            share: 0.3,
            attack: "fgsm".into(),
            epsilons: [".02", ".03", ".05", ".08"].map(epsilon).to_vec(),
            trades: None,
            validation_attack: "pgd:steps=5".into(),
            validation_epsilon: epsilon("2/255"),
        }
    }
}

impl AdversarialConfig {
    pub(super) fn check(&self) -> Result<()> {
        let attack = ChosenAttack::parse(&self.attack)?;
        self.epsilons.iter().try_for_each(|epsilon| attack.entry.norm.check(epsilon))?;
        ChosenAttack::parse(&self.validation_attack)?.entry.norm.check(&self.validation_epsilon)?;
        if self.epsilons.is_empty() {
            return Err(Error::Setting {
                setting: "train.adversarial.epsilons".into(),
                found: "none".into(),
                expected: "at least one".into(),
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_of_eight_bits_are_no_epsilons() {
        AdversarialConfig::default().check().unwrap();
        let eight = || "8".parse::<Epsilon>().unwrap();
        for slip in [
            AdversarialConfig { epsilons: vec![eight()], ..Default::default() },
            AdversarialConfig { validation_epsilon: eight(), ..Default::default() },
        ] {
            assert!(slip.check().unwrap_err().to_string().contains("8/255"));
        }
    }
}

//! Attacks: one file each and one line in [`ATTACKS`]. Each moves images within a ball around them so that
//! a [`Target`], a [`Frozen`](crate::model::Frozen) detector or several that vote, misjudges them.
//!
//! Conventions held by all:
//! - pixels are in `0..=1`, normalisation is the target's affair; the perturbation is projected to the ball,
//!   then pixels are cut to `0..=1`;
//! - the target is asked and differentiated, never changed;
//! - random numbers are addressed by seed, attack, image and restart, and images do not influence one
//!   another: a batch gives what its images give alone, to rounding;
//! - what is raised is the *lead of the wrong class*, the difference of the two logits. With two classes
//!   cross entropy is `log(1 + exp(lead))`, strictly increasing in the lead, so both have the same order, and
//!   gradients of the same direction and sign; but in f32 cross entropy of a confident model is 0 with a
//!   gradient of 0, and an attack on it would find a robustness that is not there. Every method here uses
//!   no more of the loss than its order and its gradient's direction, so attacking the lead is attacking
//!   cross entropy, without the loss of precision. A model cannot hide behind the scale of its logits.
//!
//! [`Campaign`](robustness::Campaign) measures a detector under attacks; [`masking`] tells whether the
//! numbers can be trusted.

mod apgd_ce;
mod autoattack_two_class;
mod batch;
mod calibrated;
mod ensemble;
mod epsilon;
mod fab;
mod fgsm;
mod fgsm_random_start;
pub mod folder;
mod gated;
pub mod masking;
mod norm;
mod opinion_pool;
mod parameters;
mod pgd;
mod random_noise;
pub mod robustness;
mod square;
mod target;

use burn::tensor::Tensor;

use crate::{Error, Result};

pub use apgd_ce::AutoPgd;
pub use batch::Batch;
pub use calibrated::Calibrated;
pub use ensemble::Ensemble;
pub use epsilon::Epsilon;
pub use gated::Gated;
pub use norm::Norm;
pub use opinion_pool::OpinionPool;
pub use parameters::Parameters;
pub use square::Square;
pub use target::{Target, is_fooled, probability_fake, voting, wrong_leads, wrong_leads_and_gradient};

/// A way of moving images so that a target misjudges them.
pub trait Attack: Send + Sync + std::fmt::Debug {
    /// The images of `batch`, moved by at most `epsilon` in the attack's norm, in `0..=1`; same shape.
    /// The same `seed` gives the same result.
    ///
    /// # Errors
    /// If the target gives logits that are not finite.
    fn perturb(&self, target: &dyn Target, batch: &Batch, epsilon: &Epsilon, seed: u64) -> Result<Tensor<4>>;
}

/// What an attack needs of its target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Knowledge {
    /// Nothing.
    None,
    /// Its answers: black box.
    Logits,
    /// Its gradients: white box.
    Gradients,
    /// Gradients in some of its parts, answers alone in others.
    Both,
}

/// An attack one can ask for by name.
#[derive(Debug)]
pub struct AttackEntry {
    /// The name in commands and presets.
    pub name: &'static str,
    /// What it does and its parameters with their defaults, in a line.
    pub summary: &'static str,
    /// Paper, and code it follows.
    pub source: &'static str,
    /// How its epsilon is measured.
    pub norm: Norm,
    /// What it needs of its target.
    pub knowledge: Knowledge,
    /// Whether it looks at the target more than once before it decides.
    pub iterative: bool,
    /// Reads its parameters.
    pub build: fn(&mut Parameters) -> Result<Box<dyn Attack>>,
}

/// Every attack.
pub static ATTACKS: &[AttackEntry] = &[
    AttackEntry {
        name: "random_noise",
        summary: "a random sign for every value, as large as FGSM's steps; signs=false: uniform in the ball",
        source: "baseline",
        norm: Norm::LInfinity,
        knowledge: Knowledge::None,
        iterative: false,
        build: random_noise::build,
    },
    AttackEntry {
        name: "fgsm",
        summary: "one step of epsilon along the gradient's sign",
        source: "Goodfellow et al. 2015, arXiv 1412.6572",
        norm: Norm::LInfinity,
        knowledge: Knowledge::Gradients,
        iterative: false,
        build: fgsm::build,
    },
    AttackEntry {
        name: "fgsm_random_start",
        summary: "FGSM from a random point of the ball; step=1.25 (epsilons)",
        source: "Wong et al. 2020, arXiv 2001.03994",
        norm: Norm::LInfinity,
        knowledge: Knowledge::Gradients,
        iterative: false,
        build: fgsm_random_start::build,
    },
    AttackEntry {
        name: "pgd",
        summary: "projected gradient descent; steps=10, step=0.25 (epsilons), restarts=1, random_start=true",
        source: "Madry et al. 2018, arXiv 1706.06083",
        norm: Norm::LInfinity,
        knowledge: Knowledge::Gradients,
        iterative: true,
        build: pgd::build,
    },
    AttackEntry {
        name: "pgd_l2",
        summary: "projected gradient descent in L2; steps=10, step=0.25 (epsilons), restarts=1, random_start=true",
        source: "Madry et al. 2018, arXiv 1706.06083",
        norm: Norm::L2,
        knowledge: Knowledge::Gradients,
        iterative: true,
        build: pgd::build_l2,
    },
    AttackEntry {
        name: "apgd_ce",
        summary: "PGD that finds its step size, on cross entropy; iterations=100, restarts=1, rho=0.75",
        source: "Croce & Hein 2020, arXiv 2003.01690; github.com/fra31/auto-attack",
        norm: Norm::LInfinity,
        knowledge: Knowledge::Gradients,
        iterative: true,
        build: apgd_ce::build,
    },
    AttackEntry {
        name: "fab",
        summary: "nearest image beyond the boundary; iterations=100, restarts=1, alpha_max=0.1, eta=1.05, beta=0.9",
        source: "Croce & Hein 2020, arXiv 1907.02044; github.com/fra31/auto-attack",
        norm: Norm::LInfinity,
        knowledge: Knowledge::Gradients,
        iterative: true,
        build: fab::build,
    },
    AttackEntry {
        name: "square",
        summary: "random search with squares, by the answers alone; queries=5000, p_init=0.8, half=false: candidates in bf16",
        source: "Andriushchenko et al. 2020, arXiv 1912.00049; github.com/fra31/auto-attack",
        norm: Norm::LInfinity,
        knowledge: Knowledge::Logits,
        iterative: true,
        build: square::build,
    },
    AttackEntry {
        name: "autoattack_two_class",
        summary: "APGD-CE, FAB and Square in turn on what is still right; iterations=100, restarts=1, queries=5000, half=false",
        source: "after Croce & Hein 2020, arXiv 2003.01690, whose DLR loss needs three classes",
        norm: Norm::LInfinity,
        knowledge: Knowledge::Both,
        iterative: true,
        build: autoattack_two_class::build,
    },
];

/// An attack with its parameters, ready to run.
#[derive(Debug)]
pub struct ChosenAttack {
    /// How it was asked for, as in `pgd:steps=50`: its name in reports.
    pub name: String,
    /// Which attack it is.
    pub entry: &'static AttackEntry,
    attack: Box<dyn Attack>,
}

impl ChosenAttack {
    /// Reads `pgd` or, with parameters, `pgd:steps=50:restarts=5`.
    ///
    /// # Errors
    /// If a name or parameter is unknown, or a parameter is out of range or given twice.
    pub fn parse(text: &str) -> Result<Self> {
        let mut parts = text.split(':');
        let name = parts.next().unwrap_or_default();
        let mut values = toml::Table::new();
        for part in parts {
            let pair = part.split_once('=').and_then(|(key, value)| {
                // The value is written as in a preset.
                let value = toml::from_str::<toml::Table>(&format!("value = {value}")).ok()?.remove("value")?;
                Some((key.to_owned(), value))
            });
            let (key, value) = pair.ok_or_else(|| Error::Setting {
                setting: format!("attack {name}"),
                found: format!("`{part}`"),
                expected: "parameters as in `pgd:steps=50:random_start=false`".into(),
            })?;
            if values.contains_key(&key) {
                return Err(Error::Setting {
                    setting: format!("attack {name}"),
                    found: format!("`{key}` twice"),
                    expected: "each parameter once; leave one of them out".into(),
                });
            }
            values.insert(key, value);
        }
        Self::build(name, values)
    }

    /// From a preset's table, as in `{ name = "pgd", steps = 50 }`.
    ///
    /// # Errors
    /// If a name or parameter is unknown or out of range.
    pub fn from_table(table: &toml::Table) -> Result<Self> {
        let mut values = table.clone();
        match values.remove("name") {
            Some(toml::Value::String(name)) => Self::build(&name, values),
            other => Err(unknown(&other.map_or_else(|| "nothing".into(), |value| value.to_string()))),
        }
    }

    fn build(name: &str, values: toml::Table) -> Result<Self> {
        let entry = ATTACKS.iter().find(|entry| entry.name == name).ok_or_else(|| unknown(&format!("`{name}`")))?;
        let given: Vec<String> = values.iter().map(|(key, value)| format!(":{key}={value}")).collect();
        let mut parameters = Parameters::new(entry.name, values);
        let attack = (entry.build)(&mut parameters)?;
        parameters.finish()?;
        Ok(Self { name: format!("{name}{}", given.concat()), entry, attack })
    }

    /// See [`Attack::perturb`].
    ///
    /// # Errors
    /// If epsilon cannot be meant, or the target gives logits that are not finite.
    pub fn perturb(&self, target: &dyn Target, batch: &Batch, epsilon: &Epsilon, seed: u64) -> Result<Tensor<4>> {
        self.entry.norm.check(epsilon)?;
        self.attack.perturb(target, batch, epsilon, seed)
    }
}

fn unknown(found: &str) -> Error {
    Error::Setting {
        setting: "attack".into(),
        found: found.to_owned(),
        expected: format!("one of {}", ATTACKS.iter().map(|entry| entry.name).collect::<Vec<_>>().join(", ")),
    }
}

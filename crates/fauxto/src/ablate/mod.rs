//! Ablations: what each part of a recipe is worth, by leaving it out or changing it and nothing else. One file
//! each and one line in [`ABLATIONS`].
//!
//! An ablation is a list of [`Arm`]s, ways of coming to a verdict. All arms see the same split, which does not
//! depend on the run's seed, are judged on the same images, and are repeated with the same seeds; within a seed,
//! arms that differ in fine-tuning alone start from the very same base detector. So arms compare image by image,
//! run by run, and what differs between seeds is seen for what it is.
//!
//! A [`Study`] trains what the arms need, measures it and puts the results side by side.

mod adversarial_ratio;
mod arm;
mod augmentation;
mod claim;
mod ensemble;
mod measure;
mod remaining;
mod result;
mod study;

use crate::{Error, Result};

pub use arm::{Arm, Judge, Recipe, Variant};
pub use claim::{Claim, Claimed};
pub use measure::{Condition, Measured, conditions};
pub use result::{
    AblationResult, ArmResult, ConditionResult, DetectorRecord, GroupResult, RunResult, Spread, StudyResult,
};
pub use study::{Event, Phases, Reported, Study};

/// An ablation one can ask for by name.
#[derive(Debug)]
pub struct AblationEntry {
    /// The name in commands and results; stable.
    pub name: &'static str,
    /// Its name for people.
    pub title: &'static str,
    /// The question it answers, in a line.
    pub summary: &'static str,
    /// Where the question comes from.
    pub source: &'static str,
    /// How many architectures it takes for the arms to differ.
    pub least_models: usize,
    /// The arms for these architectures; in each group exactly one is the reference.
    pub arms: fn(models: &[String]) -> Vec<Arm>,
    /// What the original project says of it.
    pub claimed: Option<&'static Claimed>,
}

/// Every ablation.
pub static ABLATIONS: &[AblationEntry] = &[adversarial_ratio::ENTRY, ensemble::ENTRY, augmentation::ENTRY];

/// The ablation called `name`.
///
/// # Errors
/// If there is none, naming those there are.
pub fn ablation(name: &str) -> Result<&'static AblationEntry> {
    ABLATIONS.iter().find(|entry| entry.name == name).ok_or_else(|| Error::Setting {
        setting: "ablation".into(),
        found: format!("`{name}`"),
        expected: format!("one of {}", ABLATIONS.iter().map(|entry| entry.name).collect::<Vec<_>>().join(", ")),
    })
}

#[cfg(test)]
mod tests;

//! Everything measured, arm beside arm.

use serde::Serialize;

use super::measure::Measured;
use super::study::Study;
use super::{AblationEntry, Arm, Claimed, Condition};
use crate::attack::robustness::{CHANCE, accuracy};
use crate::evaluate::{McNemar, mcnemar};
use crate::{Error, Label, Result};

/// A study in numbers. Field names are stable.
#[derive(Clone, Debug, Serialize)]
pub struct StudyResult {
    /// Revision of the program's source.
    pub commit: String,
    /// Presets of the base phase and of the fine-tuning.
    pub presets: [String; 2],
    /// Settings changed in both.
    pub settings: Vec<String>,
    /// Architectures.
    pub models: Vec<String>,
    /// One run for each.
    pub seeds: Vec<u64>,
    /// Seed of the split and of the attacks.
    pub split_seed: u64,
    /// Hash of the images split and their labels.
    pub data_hash: String,
    /// Images learned from.
    pub n_train: usize,
    /// Images stopped on, and votes fitted on.
    pub n_validation: usize,
    /// Images reported on without attack.
    pub n_reported: usize,
    /// Those of them that are attacked.
    pub n_attacked: usize,
    /// The accuracy of guessing.
    pub chance: f64,
    /// Every detector trained.
    pub detectors: Vec<DetectorRecord>,
    /// What they answer.
    pub ablations: Vec<AblationResult>,
}

/// One detector.
#[derive(Clone, Debug, Serialize)]
pub struct DetectorRecord {
    /// Architecture.
    pub model: String,
    /// How it was made.
    pub recipe: String,
    /// Seed of the run.
    pub seed: u64,
    /// Revision of the source it was trained by.
    pub commit: String,
    /// Epochs trained.
    pub epochs: usize,
    /// The epoch kept, from 1.
    pub best_epoch: usize,
    /// Share of the validation images judged right.
    pub validation_accuracy: f64,
    /// Hash of its checkpoint.
    pub checkpoint: String,
    /// Hash of the checkpoint it started from, if it did from one.
    pub started_from: Option<String>,
    /// Seconds of training, over all calls of the program.
    pub seconds: f64,
}

/// One ablation.
#[derive(Clone, Debug, Serialize)]
pub struct AblationResult {
    /// Its name.
    pub name: &'static str,
    /// Its name for people.
    pub title: &'static str,
    /// Its question.
    pub summary: &'static str,
    /// Groups of arms that compare with one another.
    pub groups: Vec<GroupResult>,
    /// What the original project says.
    pub claimed: Option<&'static Claimed>,
}

/// Arms that compare with one another.
#[derive(Clone, Debug, Serialize)]
pub struct GroupResult {
    /// What they have in common.
    pub group: String,
    /// The arm that the others are compared with.
    pub reference: String,
    /// The arms.
    pub arms: Vec<ArmResult>,
}

/// One arm.
#[derive(Clone, Debug, Serialize)]
pub struct ArmResult {
    /// Its name.
    pub arm: String,
    /// Who judged.
    pub judge: String,
    /// Under each condition.
    pub conditions: Vec<ConditionResult>,
    /// By seed, the share of attacked images whose gradient is zero everywhere.
    pub zero_gradient_shares: Vec<f64>,
    /// By seed, the fitted vote; empty where a detector judges alone.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fitted: Vec<serde_json::Value>,
}

/// One arm under one condition.
#[derive(Clone, Debug, Serialize)]
pub struct ConditionResult {
    /// The condition.
    pub condition: String,
    /// Number of images, the same in every run.
    pub n: usize,
    /// Over the runs.
    pub accuracy: Spread,
    /// Over the runs; none where images are of one class.
    pub roc_auc: Option<Spread>,
    /// Accuracy less the reference's of the same seed, over the runs.
    pub difference: Spread,
    /// Each run.
    pub runs: Vec<RunResult>,
}

/// One run under one condition.
#[derive(Clone, Debug, Serialize)]
pub struct RunResult {
    /// The run's seed.
    pub seed: u64,
    /// Share judged right.
    pub accuracy: f64,
    /// Its 95% Wilson interval.
    pub accuracy_interval: [f64; 2],
    /// Area under the ROC curve.
    pub roc_auc: Option<f64>,
    /// This arm first, the reference of the same seed second, on the same images; none for the reference itself.
    pub against_reference: Option<McNemar>,
}

/// A number over several runs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Spread {
    /// Their mean.
    pub mean: f64,
    /// The least.
    pub lowest: f64,
    /// The greatest.
    pub highest: f64,
}

impl Spread {
    /// Of `values`; of none at all where there are none.
    #[must_use]
    pub fn of(values: &[f64]) -> Option<Self> {
        let (lowest, highest) =
            values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), &v| (low.min(v), high.max(v)));
        (!values.is_empty()).then(|| Self { mean: values.iter().sum::<f64>() / values.len() as f64, lowest, highest })
    }
}

/// A study whose work is done.
pub(super) fn summarise(study: &Study<'_>) -> Result<StudyResult> {
    let phases = study.phases;
    let detectors = study
        .recipes()
        .into_iter()
        .map(|(recipe, seed)| {
            let (summary, checkpoint) = study.finished(&recipe, seed)?;
            let started_from = study.began_from(&recipe, seed)?;
            Ok(DetectorRecord {
                recipe: recipe.name(),
                model: recipe.model,
                seed,
                commit: summary.commit,
                epochs: summary.epochs,
                best_epoch: summary.best_epoch,
                validation_accuracy: accuracy(&summary.validation),
                checkpoint,
                started_from,
                seconds: summary.seconds,
            })
        })
        .collect::<Result<_>>()?;
    Ok(StudyResult {
        commit: study.commit.to_owned(),
        presets: [phases.base.clone(), phases.fine_tuning.clone()],
        settings: phases.settings.clone(),
        models: study.models.to_vec(),
        seeds: study.seeds.to_vec(),
        split_seed: study.split.settings().seed,
        data_hash: study.split.data_hash().to_string(),
        n_train: study.data.train.len(),
        n_validation: study.data.validation.len(),
        n_reported: study.reported.examples.len(),
        n_attacked: study.attacked().len(),
        chance: CHANCE,
        detectors,
        ablations: study.ablations.iter().map(|ablation| of_ablation(study, ablation)).collect::<Result<_>>()?,
    })
}

fn of_ablation(study: &Study<'_>, ablation: &AblationEntry) -> Result<AblationResult> {
    let arms = study.arms(ablation);
    let mut groups: Vec<GroupResult> = Vec::new();
    for arm in &arms {
        if groups.iter().all(|group| group.group != arm.group) {
            let members: Vec<&Arm> = arms.iter().filter(|other| other.group == arm.group).collect();
            groups.push(of_group(study, ablation, &members)?);
        }
    }
    let AblationEntry { name, title, summary, claimed, .. } = *ablation;
    Ok(AblationResult { name, title, summary, groups, claimed })
}

fn of_group(study: &Study<'_>, ablation: &AblationEntry, arms: &[&Arm]) -> Result<GroupResult> {
    let reference = arms.iter().find(|arm| arm.reference).ok_or_else(|| {
        Error::Refused(format!("{}: found no reference among the arms; this is a defect, report it", ablation.name))
    })?;
    let of_arm = |arm: &Arm| -> Result<Vec<Measured>> {
        let of_seed = |&seed: &u64| {
            study.measured(&arm.judge, seed)?.ok_or_else(|| {
                let path = study.folder.join(arm.judge.file(seed));
                Error::input(path, "other measurements", "those just made", "run the study again")
            })
        };
        study.seeds.iter().map(of_seed).collect()
    };
    let compared = of_arm(reference)?;
    let truth = |examples: &[crate::train::Example]| examples.iter().map(|example| example.label).collect();
    let truths: [Vec<Label>; 2] = [truth(&study.reported.examples), truth(&study.attacked())];
    let arms = arms
        .iter()
        .map(|arm| {
            let measured = of_arm(arm)?;
            let conditions = (0..measured.first().map_or(0, |run| run.conditions.len()))
                .map(|place| {
                    let pairs = measured.iter().zip(&compared);
                    let pairs: Vec<(&Condition, &Condition)> =
                        pairs.map(|(own, other)| (&own.conditions[place], &other.conditions[place])).collect();
                    of_condition(study.seeds, &pairs, &truths[place.min(1)], arm.reference)
                })
                .collect::<Result<_>>()?;
            Ok(ArmResult {
                arm: arm.name.clone(),
                judge: arm.judge.name(),
                conditions,
                zero_gradient_shares: measured.iter().map(|run| run.zero_gradient_share).collect(),
                fitted: measured.into_iter().filter_map(|run| run.fitted).collect(),
            })
        })
        .collect::<Result<_>>()?;
    Ok(GroupResult { group: reference.group.clone(), reference: reference.name.clone(), arms })
}

/// `pairs` are the arm's and the reference's verdicts, by seed.
fn of_condition(
    seeds: &[u64],
    pairs: &[(&Condition, &Condition)],
    truth: &[Label],
    is_reference: bool,
) -> Result<ConditionResult> {
    let runs = seeds
        .iter()
        .zip(pairs)
        .map(|(&seed, (own, reference))| {
            let against = mcnemar(&own.verdicts(), &reference.verdicts(), truth)?;
            Ok(RunResult {
                seed,
                accuracy: own.accuracy,
                accuracy_interval: own.accuracy_interval,
                roc_auc: own.roc_auc,
                against_reference: (!is_reference).then_some(against),
            })
        })
        .collect::<Result<Vec<_>>>()?;
    let spread = |values: Vec<f64>| {
        Spread::of(&values).ok_or_else(|| Error::Refused("ablation: found no runs; expected at least one seed".into()))
    };
    let areas: Option<Vec<f64>> = runs.iter().map(|run| run.roc_auc).collect();
    Ok(ConditionResult {
        condition: pairs.first().map(|(own, _)| own.condition.clone()).unwrap_or_default(),
        n: truth.len(),
        accuracy: spread(runs.iter().map(|run| run.accuracy).collect())?,
        roc_auc: areas.and_then(|areas| Spread::of(&areas)),
        difference: spread(pairs.iter().map(|(own, other)| own.accuracy - other.accuracy).collect())?,
        runs,
    })
}

//! What a judge is worth without attack and under each.

use std::path::Path;
use std::time::Instant;

use serde::{Deserialize, Serialize};

use super::study::Reported;
use super::{Event, Judge};
use crate::attack::robustness::{self, Campaign, Trial};
use crate::attack::{ChosenAttack, Epsilon, Target, voting};
use crate::data::PixelStore;
use crate::ensemble::{COMBINATIONS, Combination};
use crate::evaluate::{Evaluation, Scores, metric};
use crate::model::Frozen;
use crate::predict::probabilities;
use crate::train::{Example, TrainingData};
use crate::{Error, Label, Result};

/// The name of the condition without attack.
pub(super) const CLEAN: &str = "clean";

/// The original project's single steps and the literature's, and an attack that iterates: training against single
/// steps can learn to deceive single steps alone.
const ATTACKED: [(&str, &str); 6] = [
    ("fgsm", ".02"),
    ("fgsm", ".05"),
    ("fgsm", "1/255"),
    ("fgsm", "2/255"),
    ("pgd:steps=10", "1/255"),
    ("pgd:steps=10", "2/255"),
];

/// Images at a time; changes no result.
const BATCH: usize = 128;

/// The names of all conditions, in order.
#[must_use]
pub fn conditions() -> Vec<String> {
    let attacked = ATTACKED.iter().map(|(attack, epsilon)| condition(attack, epsilon));
    std::iter::once(CLEAN.to_owned()).chain(attacked).collect()
}

fn condition(attack: &str, epsilon: &str) -> String {
    format!("{attack} {epsilon}")
}

/// A judge's worth under every condition; kept on disk.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// Hashes of the checkpoints that judged.
    pub checkpoints: Vec<String>,
    /// Hash of the images judged and their labels.
    pub images: String,
    /// In the order of [`conditions`].
    pub conditions: Vec<Condition>,
    /// Share of the attacked images whose gradient is zero everywhere, which no gradient attack can start from.
    pub zero_gradient_share: f64,
    /// The fitted [`Combination`], where several vote.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fitted: Option<serde_json::Value>,
    /// Time the measuring took.
    pub seconds: f64,
}

/// A judge's worth under one condition, at a threshold of one half.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Condition {
    /// One of [`conditions`].
    pub condition: String,
    /// Number of images.
    pub n: usize,
    /// Share judged right, in `0..=1`.
    pub accuracy: f64,
    /// Its 95% Wilson interval.
    pub accuracy_interval: [f64; 2],
    /// Area under the ROC curve; none where images are of one class.
    pub roc_auc: Option<f64>,
    /// The verdict on each image: `r` or `f`.
    verdicts: String,
}

impl Condition {
    fn new(condition: String, evaluation: &Evaluation, verdicts: &[Label]) -> Self {
        Self {
            condition,
            n: evaluation.n,
            accuracy: robustness::accuracy(evaluation),
            accuracy_interval: evaluation.accuracy_interval,
            roc_auc: metric::find("roc_auc").and_then(|metric| evaluation.value(metric)),
            verdicts: verdicts.iter().map(|label| if *label == Label::Fake { 'f' } else { 'r' }).collect(),
        }
    }

    /// The verdict on each image, for paired comparisons.
    #[must_use]
    pub fn verdicts(&self) -> Vec<Label> {
        self.verdicts.chars().map(|letter| if letter == 'f' { Label::Fake } else { Label::Real }).collect()
    }
}

/// Someone to be measured, and on what.
pub(super) struct Trialled<'a> {
    pub(super) judge: &'a Judge,
    /// In the order of the judge's members.
    pub(super) members: &'a [Frozen],
    pub(super) checkpoints: Vec<String>,
    /// Votes are fitted on its validation images.
    pub(super) data: &'a TrainingData<'a>,
    pub(super) reported: &'a Reported<'a>,
    /// Those of the reported images that are attacked.
    pub(super) attacked: &'a [Example],
    pub(super) seed: u64,
}

impl Trialled<'_> {
    /// Measures under every condition. Attacks and their random numbers are the same for all judges.
    pub(super) fn measure(&self, observe: &mut dyn FnMut(Event<'_>)) -> Result<Measured> {
        let began = Instant::now();
        let fitted = self.fitted()?;
        let probabilities = self.probabilities(self.reported.store, &self.reported.examples)?;
        let probabilities = match &fitted {
            Some(combination) => combination.combine(&probabilities),
            None => probabilities.concat(),
        };
        let scores = Scores::new(probabilities, labels(&self.reported.examples))?;
        let clean = Condition::new(CLEAN.to_owned(), &Evaluation::new(&scores, 0.5)?, &scores.verdicts(0.5));

        let chosen = ATTACKED
            .iter()
            .map(|(attack, epsilon)| Ok((ChosenAttack::parse(attack)?, epsilon.parse()?)))
            .collect::<Result<Vec<(ChosenAttack, Epsilon)>>>()?;
        let trials: Vec<Trial<'_>> = chosen.iter().map(|(attack, epsilon)| Trial { attack, epsilon }).collect();
        let target = self.target(fitted.as_ref())?;
        let campaign = Campaign {
            target: target.as_ref(),
            store: self.reported.store,
            examples: self.attacked,
            seed: self.seed,
            batch_size: BATCH,
        };
        let robustness = campaign.run(&trials, &mut |attacked| {
            observe(Event::Advanced { done: attacked.done, of: attacked.total, unit: "images" });
            Ok(())
        })?;
        let attacked = robustness.attacks.iter().zip(ATTACKED).map(|(under, (attack, epsilon))| {
            Condition::new(condition(attack, epsilon), &under.evaluation, &under.verdicts)
        });
        let fitted = fitted.map(serde_json::to_value).transpose().map_err(|error| {
            Error::io(Path::new("measured.json"), "writing the combination", std::io::Error::other(error))
        })?;
        Ok(Measured {
            checkpoints: self.checkpoints.clone(),
            images: self.reported.hash()?,
            conditions: std::iter::once(clean).chain(attacked).collect(),
            zero_gradient_share: robustness.zero_gradient_share,
            fitted,
            seconds: began.elapsed().as_secs_f64(),
        })
    }

    /// How the members' probabilities become one; none for a detector alone.
    fn fitted(&self) -> Result<Option<Combination>> {
        let Judge::Vote { combination, .. } = self.judge else { return Ok(None) };
        let entry = COMBINATIONS.iter().find(|entry| entry.name == *combination);
        let entry = entry.ok_or_else(|| Error::Setting {
            setting: "combination".into(),
            found: format!("`{combination}`"),
            expected: "one that is registered".into(),
        })?;
        let members = self.probabilities(self.data.store, &self.data.validation)?;
        entry.fit(&members, &labels(&self.data.validation)).map(Some)
    }

    /// `[member][image]`.
    fn probabilities(&self, store: &PixelStore, examples: &[Example]) -> Result<Vec<Vec<f64>>> {
        self.members.iter().map(|member| probabilities(member, store, examples, BATCH)).collect()
    }

    fn target(&self, fitted: Option<&Combination>) -> Result<Box<dyn Target + '_>> {
        let mut members: Vec<&dyn Target> = self.members.iter().map(|member| member as &dyn Target).collect();
        match fitted {
            None => Ok(Box::new(members.remove(0))),
            Some(combination) => voting(members, combination),
        }
    }
}

fn labels(examples: &[Example]) -> Vec<Label> {
    examples.iter().map(|example| example.label).collect()
}

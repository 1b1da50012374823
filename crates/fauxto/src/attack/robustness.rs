//! What is left of a detector under attack.

use burn::tensor::Tensor;
use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};

use super::{
    Batch, ChosenAttack, Epsilon, Norm, Target, is_fooled, probability_fake, wrong_leads, wrong_leads_and_gradient,
};
use crate::data::PixelStore;
use crate::evaluate::{Evaluation, Scores};
use crate::train::{Example, batch};
use crate::{Label, Result, random};

/// The accuracy of guessing between two classes, to be said beside every robust accuracy.
pub const CHANCE: f64 = 0.5;

/// One attack at one epsilon.
#[derive(Clone, Copy, Debug)]
pub struct Trial<'a> {
    /// The attack.
    pub attack: &'a ChosenAttack,
    /// How far it may go, in the attack's norm.
    pub epsilon: &'a Epsilon,
}

/// A target to be measured on labelled images.
#[derive(Clone, Copy)]
pub struct Campaign<'a> {
    /// Who is attacked.
    pub target: &'a dyn Target,
    /// The images' pixels, at the target's input size.
    pub store: &'a PixelStore,
    /// Which of them, and what they are.
    pub examples: &'a [Example],
    /// Seed of all random numbers.
    pub seed: u64,
    /// Images at a time; changes no result.
    pub batch_size: usize,
}

impl std::fmt::Debug for Campaign<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { examples, seed, batch_size, .. } = self;
        formatter
            .debug_struct("Campaign")
            .field("examples", &examples.len())
            .field("seed", seed)
            .field("batch_size", batch_size)
            .finish_non_exhaustive()
    }
}

/// What a campaign reports after each batch.
#[derive(Debug)]
pub struct Attacked<'a> {
    /// Attack and epsilon; `None` for the measurement without attack.
    pub trial: Option<Trial<'a>>,
    /// The images, as attacked.
    pub examples: &'a [Example],
    /// What they became, `[batch, height, width, 3]` in `0..=1`.
    pub pixels: &'a Tensor<4>,
    /// Images done, over all trials and the measurement without attack.
    pub done: usize,
    /// Images to do, over all trials and the measurement without attack.
    pub total: usize,
}

/// A target's worth without attack and under each.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Robustness {
    /// Number of images.
    pub n: usize,
    /// The accuracy of guessing: one half with two classes.
    pub chance: f64,
    /// Seed of the attacks.
    pub seed: u64,
    /// Share of the images whose pixels' gradient is zero everywhere, which no gradient attack can start from.
    pub zero_gradient_share: f64,
    /// Without attack.
    pub clean: Evaluation,
    /// Under each attack and epsilon, in the order asked for.
    pub attacks: Vec<UnderAttack>,
}

/// A target's worth under one attack.
///
/// As JSON, the fields below and beside them those of [`Evaluation`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UnderAttack {
    /// The attack as asked for, as in `pgd:steps=50`.
    pub attack: String,
    /// How epsilon is measured.
    pub norm: Norm,
    /// The radius as given, as in `8/255`.
    pub epsilon: Epsilon,
    /// The radius as a number.
    pub epsilon_value: f64,
    /// Mean over the images of the perturbation's largest absolute value.
    pub mean_l_infinity: f64,
    /// Mean over the images of the perturbation's Euclidean length.
    pub mean_l2: f64,
    /// Verdicts at a threshold of one half.
    #[serde(flatten)]
    pub evaluation: Evaluation,
    /// The verdict on each image, for paired comparisons; not written to files.
    #[serde(skip)]
    pub verdicts: Vec<Label>,
}

impl UnderAttack {
    /// Share of images still judged right, in `0..=1`.
    #[must_use]
    pub fn accuracy(&self) -> f64 {
        accuracy(&self.evaluation)
    }

    /// Its 95% Wilson interval.
    #[must_use]
    pub fn interval(&self) -> [f64; 2] {
        self.evaluation.accuracy_interval
    }
}

/// `limit` of `examples`, drawn by `seed`, in their order; all where there are no more. The first would not
/// do: data sets list one class after the other.
#[must_use]
pub fn subset(examples: &[Example], limit: usize, seed: u64) -> Vec<Example> {
    let mut places: Vec<usize> = (0..examples.len()).collect();
    places.shuffle(&mut random::stream(seed, "attack subset", &[]));
    places.truncate(limit);
    places.sort_unstable();
    places.into_iter().map(|place| examples[place]).collect()
}

/// Share of images judged right, in `0..=1`.
#[must_use]
pub fn accuracy(evaluation: &Evaluation) -> f64 {
    evaluation.confusion.right() as f64 / evaluation.confusion.total() as f64
}

impl<'a> Campaign<'a> {
    /// Measures the target without attack and under each of `trials`, calling `observe` after each batch.
    ///
    /// An image's random numbers are addressed by what it shows, so its result depends neither on the batch
    /// nor on which other images are measured.
    ///
    /// # Errors
    /// If there are no images, an epsilon cannot be meant, the store cannot be read, the target gives logits
    /// that are not finite, or `observe` fails.
    pub fn run(&self, trials: &[Trial<'a>], observe: &mut dyn FnMut(Attacked<'_>) -> Result<()>) -> Result<Robustness> {
        for trial in trials {
            trial.attack.entry.norm.check(trial.epsilon)?;
        }
        let total = self.examples.len() * (trials.len() + 1);
        let mut done = 0;
        let mut report = |trial, examples: &[Example], pixels: &Tensor<4>| {
            done += examples.len();
            observe(Attacked { trial, examples, pixels, done, total })
        };
        let (mut clean, mut zero_gradients) = (Vec::new(), 0);
        for examples in self.batches() {
            let batch = self.batch(examples)?;
            let (leads, gradient) = wrong_leads_and_gradient(self.target, &batch.pixels, &batch.labels)?;
            clean.extend(leads);
            zero_gradients += Norm::LInfinity.sizes(gradient).into_iter().filter(|size| *size == 0.0).count();
            report(None, examples, &batch.pixels)?;
        }
        let mut attacks = Vec::with_capacity(trials.len());
        for trial in trials {
            let (mut leads, mut largest, mut lengths) = (Vec::new(), 0.0, 0.0);
            for examples in self.batches() {
                let batch = self.batch(examples)?;
                let pixels = trial.attack.perturb(self.target, &batch, trial.epsilon, self.seed)?;
                leads.extend(wrong_leads(self.target, pixels.clone(), &batch.labels)?);
                let perturbation = pixels.clone() - batch.pixels;
                largest += Norm::LInfinity.sizes(perturbation.clone()).iter().sum::<f64>();
                lengths += Norm::L2.sizes(perturbation).iter().sum::<f64>();
                report(Some(*trial), examples, &pixels)?;
            }
            let n = self.examples.len() as f64;
            attacks.push(UnderAttack {
                attack: trial.attack.name.clone(),
                norm: trial.attack.entry.norm,
                epsilon: trial.epsilon.clone(),
                epsilon_value: trial.epsilon.value(),
                mean_l_infinity: largest / n,
                mean_l2: lengths / n,
                evaluation: self.evaluate(&leads)?,
                verdicts: self.verdicts(&leads),
            });
        }
        Ok(Robustness {
            n: self.examples.len(),
            chance: CHANCE,
            seed: self.seed,
            zero_gradient_share: zero_gradients as f64 / self.examples.len() as f64,
            clean: self.evaluate(&clean)?,
            attacks,
        })
    }

    fn batches(&self) -> std::slice::Chunks<'a, Example> {
        self.examples.chunks(self.batch_size.max(1))
    }

    fn batch(&self, examples: &[Example]) -> Result<Batch> {
        let pixels = batch::pixels(self.store, examples, None, &self.target.device())?;
        let address = |example: &Example| Ok(self.store.content(example.index)?.address());
        let items = examples.iter().map(address).collect::<Result<_>>()?;
        Batch::new(pixels, examples.iter().map(|example| example.label).collect(), items)
    }

    fn evaluate(&self, leads: &[f32]) -> Result<Evaluation> {
        let probabilities = self.labelled(leads).map(|(label, lead)| probability_fake(label, lead)).collect();
        Evaluation::new(&Scores::new(probabilities, self.examples.iter().map(|example| example.label).collect())?, 0.5)
    }

    fn verdicts(&self, leads: &[f32]) -> Vec<Label> {
        let verdict = |(label, lead)| if is_fooled(label, lead) { other(label) } else { label };
        self.labelled(leads).map(verdict).collect()
    }

    fn labelled<'l>(&self, leads: &'l [f32]) -> impl Iterator<Item = (Label, f32)> + use<'l, 'a> {
        self.examples.iter().map(|example| example.label).zip(leads.iter().copied())
    }
}

fn other(label: Label) -> Label {
    match label {
        Label::Real => Label::Fake,
        Label::Fake => Label::Real,
    }
}

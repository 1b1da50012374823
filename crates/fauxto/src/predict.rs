//! From pixels to verdicts. [`Predictor`] is the single door for the command line and every other way
//! of asking.

use std::path::{Path, PathBuf};

use burn::tensor::Device;
use serde::Serialize;

use crate::checkpoint::{self, Provenance};
use crate::data::PixelStore;
use crate::model::Frozen;
use crate::train::batch::{self, Example};
use crate::{Error, Label, Result};

/// Probability of fake for each of `examples` (their labels are not looked at), `batch_size` at a time.
///
/// # Errors
/// If the store cannot be read.
pub fn probabilities(frozen: &Frozen, store: &PixelStore, examples: &[Example], batch_size: usize) -> Result<Vec<f64>> {
    let device = frozen.detector().device();
    let mut probabilities = Vec::with_capacity(examples.len());
    for examples in examples.chunks(batch_size) {
        let pixels = batch::pixels(store, examples, None, device)?;
        probabilities.extend(frozen.probability_fake(pixels));
    }
    Ok(probabilities)
}

/// One detector of a [`Predictor`].
#[derive(Debug)]
pub struct Member {
    /// Its name among the others: the architecture, numbered where it occurs more than once.
    pub name: String,
    /// Where it was read from.
    pub path: PathBuf,
    /// Its share in the probability; the shares sum to 1.
    pub weight: f64,
    /// What is known of its training.
    pub provenance: Provenance,
    frozen: Frozen,
}

impl Member {
    /// The detector itself.
    #[must_use]
    pub fn frozen(&self) -> &Frozen {
        &self.frozen
    }
}

/// What a predictor says of one image.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Judgement {
    /// Weighted mean of the members' probabilities of fake, in `0..=1`.
    pub probability_fake: f64,
    /// Each member's probability of fake, in the order of the members.
    pub members: Vec<f64>,
}

impl Judgement {
    /// Fake from `threshold` on.
    #[must_use]
    pub fn verdict(&self, threshold: f64) -> Label {
        if self.probability_fake >= threshold { Label::Fake } else { Label::Real }
    }
}

/// One detector, or several that vote. Votes weigh as much as their validation accuracy: `w_i =
/// accuracy_i / sum(accuracy)`.
#[derive(Debug)]
pub struct Predictor {
    members: Vec<Member>,
}

/// The name of the checkpoint within a run folder.
pub const CHECKPOINT_FILE: &str = "checkpoint.safetensors";

impl Predictor {
    /// Reads checkpoints, or the checkpoints of run folders.
    ///
    /// # Errors
    /// If one cannot be read, or their input sizes differ.
    pub fn open(paths: &[PathBuf], device: &Device) -> Result<Self> {
        let mut members: Vec<Member> = Vec::new();
        for path in paths {
            let path = checkpoint_path(path)?;
            let checkpoint = checkpoint::load(&path, device)?;
            let frozen = checkpoint.detector.freeze();
            if let Some(first) = members.first()
                && first.frozen.input_size() != frozen.input_size()
            {
                return Err(Error::input(
                    &path,
                    format!("an input size of {}", frozen.input_size()),
                    format!("{}, as {} has", first.frozen.input_size(), first.path.display()),
                    "combine models of one input size",
                ));
            }
            members.push(Member {
                name: checkpoint.detector.entry.name.to_owned(),
                path,
                weight: checkpoint.provenance.validation.accuracy,
                provenance: checkpoint.provenance,
                frozen,
            });
        }
        if members.is_empty() {
            return Err(Error::Setting {
                setting: "models".into(),
                found: "none".into(),
                expected: "at least one checkpoint or run folder".into(),
            });
        }
        let total: f64 = members.iter().map(|member| member.weight).sum();
        for member in &mut members {
            member.weight /= total;
        }
        number_repeated(&mut members);
        Ok(Self { members })
    }

    /// The detectors that vote.
    #[must_use]
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// The side of the square input, in pixels.
    #[must_use]
    pub fn input_size(&self) -> usize {
        self.members[0].frozen.input_size()
    }

    /// Judges the images at `positions` of `store`, whose size is [`Predictor::input_size`], and calls
    /// `progress` with the number done after each batch.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn judge(
        &self,
        store: &PixelStore,
        positions: &[usize],
        batch_size: usize,
        progress: &mut dyn FnMut(usize),
    ) -> Result<Vec<Judgement>> {
        let mut judgements = Vec::with_capacity(positions.len());
        for positions in positions.chunks(batch_size) {
            let examples: Vec<Example> = positions.iter().map(|&index| Example { index, label: Label::Real }).collect();
            let by_member = self
                .members
                .iter()
                .map(|member| probabilities(&member.frozen, store, &examples, batch_size))
                .collect::<Result<Vec<_>>>()?;
            for image in 0..positions.len() {
                let members: Vec<f64> = by_member.iter().map(|probabilities| probabilities[image]).collect();
                let weighted = self.members.iter().zip(&members).map(|(member, p)| member.weight * p);
                // Rounding must not carry a sum of weights of one past the end of the range.
                let probability_fake = weighted.sum::<f64>().clamp(0.0, 1.0);
                judgements.push(Judgement { probability_fake, members });
            }
            progress(judgements.len());
        }
        Ok(judgements)
    }
}

fn checkpoint_path(path: &Path) -> Result<PathBuf> {
    if !path.is_dir() {
        return Ok(path.to_path_buf());
    }
    let inside = path.join(CHECKPOINT_FILE);
    if inside.is_file() {
        return Ok(inside);
    }
    Err(Error::input(
        path,
        format!("a folder without {CHECKPOINT_FILE}"),
        "a checkpoint or the folder of a finished run",
        "finish the run with `fauxto train ... --resume`",
    ))
}

fn number_repeated(members: &mut [Member]) {
    let names: Vec<String> = members.iter().map(|member| member.name.clone()).collect();
    for (index, member) in members.iter_mut().enumerate() {
        let same = names.iter().filter(|name| **name == names[index]).count();
        if same > 1 {
            let number = names[..=index].iter().filter(|name| **name == names[index]).count();
            member.name = format!("{}_{number}", names[index]);
        }
    }
}

//! Mixing images of a batch, which mixes their labels: one file each and one line in [`MIXES`].
//!
//! Every image is mixed with its counterpart from the other end of the batch, and all of a batch in the
//! same proportion, as timm's `Mixup` does in mode `batch`. Random numbers are addressed by epoch and step.

mod cutmix;
mod mixup;

use rand::RngExt;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Beta, Distribution};

use super::{Parameters, Step, named, unknown};
use crate::{Error, Label, Result};

pub use cutmix::{cut_and_mix, cut_rectangle};
pub use mixup::blend;

/// Images of one size as values `[batch, height, width, 3]`, row by row.
#[derive(Debug)]
pub struct Batch<'a> {
    /// Pixels in `0..=1`.
    pub values: &'a mut [f32],
    /// Pixels down.
    pub height: usize,
    /// Pixels across.
    pub width: usize,
}

impl Batch<'_> {
    /// Values of one image.
    fn image_len(&self) -> usize {
        self.height * self.width * 3
    }

    /// Calls `change` with each image and its counterpart, once for each pair. The middle one of an odd
    /// batch is its own counterpart and stays as it is.
    fn for_each_pair(&mut self, mut change: impl FnMut(&mut [f32], &mut [f32])) {
        let image = self.image_len();
        let half = self.values.len() / image / 2 * image;
        let (first, second) = self.values.split_at_mut(self.values.len() - half);
        let counterparts = second.chunks_exact_mut(image).rev();
        first.chunks_exact_mut(image).zip(counterparts).for_each(|(one, other)| change(one, other));
    }
}

/// A way of mixing.
pub trait Mix: Send + Sync + std::fmt::Debug {
    /// Mixes each image of `batch` with its counterpart; `share`, in `0..=1`, is what each should keep of
    /// itself. Returns what each did keep.
    fn mix(&self, batch: &mut Batch<'_>, share: f64, stream: &mut ChaCha8Rng) -> f64;
}

/// A way of mixing one can ask for by name in a preset.
#[derive(Debug)]
pub struct MixEntry {
    /// The name in presets.
    pub name: &'static str,
    /// What it does and its parameters, in a line.
    pub summary: &'static str,
    /// The definition it follows.
    pub source: &'static str,
    /// The way itself.
    pub mix: &'static dyn Mix,
}

/// Every way of mixing.
pub static MIXES: &[MixEntry] = &[
    MixEntry {
        name: "mixup",
        summary: "weighs each image with another, in a proportion drawn from Beta(`alpha`, `alpha`)",
        source: "Zhang et al. 2017, arXiv 1710.09412; timm Mixup",
        mix: &mixup::Mixup,
    },
    MixEntry {
        name: "cutmix",
        summary: "replaces a rectangle by another image's, of a share drawn from Beta(`alpha`, `alpha`)",
        source: "Yun et al. 2019, arXiv 1905.04899; timm Mixup with cutmix_alpha",
        mix: &cutmix::CutMix,
    },
];

/// The mixing of a preset: of several ways one is drawn for each batch, each as likely as the others
/// (timm's `switch_prob` of one half).
#[derive(Debug, Default)]
pub struct Mixing {
    ways: Vec<Way>,
}

#[derive(Debug)]
struct Way {
    mix: &'static dyn Mix,
    share: Beta<f64>,
    probability: f64,
}

impl Mixing {
    /// Builds the mixing of a preset: steps like `{ name = "mixup", alpha = 0.2 }`, each with a
    /// `probability` that a batch it was drawn for is mixed (1).
    ///
    /// # Errors
    /// If a name or parameter is unknown, missing or out of range.
    pub fn build(steps: &[Step]) -> Result<Self> {
        let ways = steps.iter().map(Way::build).collect::<Result<_>>()?;
        Ok(Self { ways })
    }

    /// Mixes `batch`. Returns what each image kept of itself, in `0..=1`; the rest is its counterpart's,
    /// the image as far from the batch's other end.
    pub fn apply(&self, batch: &mut Batch<'_>, stream: &mut ChaCha8Rng) -> f64 {
        match self.ways.choose(stream) {
            Some(way) if stream.random_bool(way.probability) => {
                let share = way.share.sample(stream);
                way.mix.mix(batch, share, stream)
            }
            _ => 1.0,
        }
    }
}

impl Way {
    fn build(step: &Step) -> Result<Self> {
        let (name, values) = named(step, "train.mix", "way of mixing")?;
        let entry = MIXES
            .iter()
            .find(|entry| entry.name == name)
            .ok_or_else(|| unknown("train.mix", &name, &MIXES.iter().map(|entry| entry.name).collect::<Vec<_>>()))?;
        let mut parameters = Parameters::new(format!("train.mix {name}"), values);
        let alpha = parameters.number("alpha", 0.01, 100.0)?;
        let probability = parameters.optional_number("probability", 0.0, 1.0)?.unwrap_or(1.0);
        parameters.finish("mixes")?;
        let share = Beta::new(alpha, alpha).map_err(|error| Error::Setting {
            setting: format!("train.mix {name}.alpha"),
            found: alpha.to_string(),
            expected: format!("a parameter of the Beta distribution ({error})"),
        })?;
        Ok(Self { mix: entry.mix, share, probability })
    }
}

/// How much of each class `[real, fake]` each image is after a mixing in which it kept `share` of itself:
/// timm's `mixup_target` without smoothing.
#[must_use]
pub fn mixed_labels(labels: &[Label], share: f64) -> Vec<[f32; 2]> {
    labels
        .iter()
        .zip(labels.iter().rev())
        .map(|(own, counterpart)| {
            let mut shares = [0.0; 2];
            shares[own.index()] += share as f32;
            shares[counterpart.index()] += (1.0 - share) as f32;
            shares
        })
        .collect()
}

#[cfg(test)]
mod tests;

//! Whether an image is like those a detector learned from, by what the detector itself sees in it.
//!
//! An image's pooled maps, stage by stage ([`Described`](crate::model::Described)), are compared with those
//! of training images: at each stage one Gaussian a class with a shared covariance, and the squared
//! Mahalanobis distance to the nearest class mean (Lee et al. 2018, "A Simple Unified Framework for
//! Detecting Out-of-Distribution Samples and Adversarial Attacks", arXiv 1807.03888, equation 2). The score
//! is the mean over stages of distance over channels, so that training images score about 1; the paper
//! weighs stages by examples of what is to be found, which there are none of here. Covariances are shrunk
//! towards a multiple of the identity (Ledoit & Wolf 2004, "A well-conditioned estimator for
//! large-dimensional covariance matrices"), which channels that never fire need.
//!
//! Two thresholds come from images of the same source that were not learned from: 1% of them are *unlike*,
//! one in a thousand is *far*. Beyond them the detector's probability is an extrapolation. The reverse does
//! not hold: an image that the detector sees nothing unusual in may still be of a kind it cannot judge.

mod cholesky;
mod measure;

use std::collections::BTreeMap;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::model::Descriptor;
use crate::model::weights::{NamedTensor, StateDict};
use crate::{Error, Label, Result};

pub use measure::{measure, sample};

/// Share of held-out images that score above [`Summary::unlike_from`].
pub const UNLIKE_SHARE: f64 = 0.01;
/// Share of held-out images that score above [`Summary::far_from`].
pub const FAR_SHARE: f64 = 0.001;
/// Held-out images that it takes to tell one in a thousand.
pub const LEAST_HELD_OUT: usize = 1000;

/// What the tensors of the statistics are called in a checkpoint, and the metadata key of the rest.
pub(crate) const PREFIX: &str = "out_of_distribution";

/// Statistics of what a detector saw in training images.
#[derive(Clone, Debug, PartialEq)]
pub struct OutOfDistribution {
    stages: Vec<Stage>,
    /// What is known of them.
    pub summary: Summary,
}

/// Statistics of one stage's pooled maps.
#[derive(Clone, Debug, PartialEq)]
struct Stage {
    /// Mean of each class: real, fake.
    means: [Vec<f32>; 2],
    /// The inverse of the shrunk covariance's Cholesky factor, a packed lower triangle.
    whitening: Vec<f32>,
    /// Between the two means.
    middle: Vec<f32>,
    /// From there to the mean of fake, whitened.
    to_fake: Vec<f32>,
}

/// Where statistics come from, and the thresholds. The field names are a public format.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Training images that means and covariances are of.
    pub n_train: usize,
    /// Images that the thresholds are of.
    pub n_held_out: usize,
    /// Weight of the identity in each stage's covariance, in `0..=1`.
    pub shrinkage: Vec<f64>,
    /// The score above which [`UNLIKE_SHARE`] of the held-out images lie.
    pub unlike_from: f64,
    /// The score above which [`FAR_SHARE`] of the held-out images lie.
    pub far_from: f64,
}

/// How unlike the training images an image is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Unlikeness {
    /// As most images of the training's source.
    Alike,
    /// As one in a hundred of them, or more.
    Unlike,
    /// As one in a thousand of them, or more.
    Far,
}

impl Stage {
    fn new(means: [Vec<f32>; 2], whitening: Vec<f32>) -> Self {
        let [real, fake] = &means;
        let middle = real.iter().zip(fake).map(|(real, fake)| f32::midpoint(*real, *fake)).collect();
        let half: Vec<f32> = real.iter().zip(fake).map(|(real, fake)| (fake - real) / 2.0).collect();
        let to_fake = cholesky::multiply(&whitening, &half);
        Self { means, whitening, middle, to_fake }
    }

    /// Statistics of `training` `[n][channel]` with their labels, and the covariance's shrinkage.
    fn fit(training: &[&[f32]], labels: &[Label]) -> Result<(Self, f64)> {
        let channels = training[0].len();
        let means = Label::ALL.map(|class| {
            let own: Vec<&&[f32]> =
                training.iter().zip(labels).filter(|(_, label)| **label == class).map(|(row, _)| row).collect();
            let mean = |channel: usize| own.iter().map(|row| f64::from(row[channel])).sum::<f64>() / own.len() as f64;
            (0..channels).map(|channel| mean(channel) as f32).collect::<Vec<f32>>()
        });
        let centred: Vec<Vec<f32>> = training
            .iter()
            .zip(labels)
            .map(|(row, label)| row.iter().zip(&means[label.index()]).map(|(x, mean)| x - mean).collect())
            .collect();
        let (mut covariance, shrinkage) = shrunk_covariance(&centred, channels);
        if !cholesky::factorise(&mut covariance, channels) {
            return Err(refused("descriptors without any variance", "training images that differ"));
        }
        let whitening = cholesky::invert(&covariance, channels).into_iter().map(|value| value as f32).collect();
        Ok((Self::new(means, whitening), shrinkage))
    }

    /// The squared distance of `pooled` `[channel]` to the nearest mean, over the number of channels.
    fn score(&self, pooled: &[f32]) -> f64 {
        assert_eq!(pooled.len(), self.middle.len(), "channels of a stage");
        // Whitening is most of the work; from between the means it serves both.
        let centred: Vec<f32> = pooled.iter().zip(&self.middle).map(|(x, middle)| x - middle).collect();
        let whitened = cholesky::multiply(&self.whitening, &centred);
        let squared = |sign: f32| -> f64 {
            whitened.iter().zip(&self.to_fake).map(|(x, to_fake)| f64::from(x + sign * to_fake).powi(2)).sum()
        };
        squared(1.0).min(squared(-1.0)) / pooled.len() as f64
    }
}

impl OutOfDistribution {
    /// Statistics of what a detector saw in `training` images with their labels, and thresholds from images
    /// of the same source that were not learned from.
    ///
    /// # Errors
    /// [`Error::Refused`] where a class has no training image, images are too few, or descriptors are not
    /// finite or of different lengths.
    pub fn fit(training: &[Descriptor], labels: &[Label], held_out: &[Descriptor]) -> Result<Self> {
        let count = check(training, labels, held_out)?;
        let (mut stages, mut shrinkage) = (Vec::new(), Vec::new());
        for stage in 0..count {
            let own: Vec<&[f32]> = training.iter().map(|descriptor| descriptor[stage].as_slice()).collect();
            let (fitted, shrunk) = Stage::fit(&own, labels)?;
            stages.push(fitted);
            shrinkage.push(shrunk);
        }
        let summary =
            Summary { n_train: training.len(), n_held_out: held_out.len(), shrinkage, unlike_from: 0.0, far_from: 0.0 };
        let mut statistics = Self { stages, summary };
        let mut scores: Vec<f64> = held_out.par_iter().map(|descriptor| statistics.score(descriptor)).collect();
        scores.sort_unstable_by(f64::total_cmp);
        // Of n exchangeable images and a new one, the new one is beyond the k-th largest in k of n + 1 cases.
        let beyond = |share: f64| {
            let rank = (share * (scores.len() + 1) as f64).floor().max(1.0) as usize;
            scores[scores.len() - rank]
        };
        statistics.summary.unlike_from = beyond(UNLIKE_SHARE);
        statistics.summary.far_from = beyond(FAR_SHARE);
        Ok(statistics)
    }

    /// How far an image is from the training images: at least 0, about 1 for images like them.
    ///
    /// # Panics
    /// If the descriptor is of another architecture.
    #[must_use]
    pub fn score(&self, descriptor: &Descriptor) -> f64 {
        assert_eq!(descriptor.len(), self.stages.len(), "stages of a descriptor");
        let scores = self.stages.iter().zip(descriptor).map(|(stage, pooled)| stage.score(pooled));
        scores.sum::<f64>() / self.stages.len() as f64
    }

    /// Channels of each stage.
    #[must_use]
    pub fn channels(&self) -> Vec<usize> {
        self.stages.iter().map(|stage| stage.means[0].len()).collect()
    }

    /// What a score says.
    #[must_use]
    pub fn judge(&self, score: f64) -> Unlikeness {
        // Written so that what is not a number is far.
        if score <= self.summary.unlike_from {
            Unlikeness::Alike
        } else if score <= self.summary.far_from {
            Unlikeness::Unlike
        } else {
            Unlikeness::Far
        }
    }

    /// The statistics as tensors of a checkpoint.
    pub(crate) fn tensors(&self) -> StateDict {
        let mut tensors = StateDict::new();
        for (index, stage) in self.stages.iter().enumerate() {
            for (part, values) in PARTS.iter().zip([&stage.means[0], &stage.means[1], &stage.whitening]) {
                let tensor = NamedTensor { shape: vec![values.len()], values: values.clone() };
                tensors.insert(tensor_name(index, part), tensor);
            }
        }
        tensors
    }

    /// Takes the statistics out of a checkpoint's tensors, if it has them; the message says what is wrong
    /// with them.
    pub(crate) fn take(
        tensors: &mut StateDict,
        metadata: &BTreeMap<String, String>,
    ) -> std::result::Result<Option<Self>, String> {
        let Some(summary) = metadata.get(PREFIX) else { return Ok(None) };
        let summary: Summary = serde_json::from_str(summary).map_err(|error| format!("{PREFIX}: {error}"))?;
        let mut take = |index: usize| {
            let [mut real, mut fake, mut whitening] = [const { Vec::new() }; 3];
            for (part, values) in PARTS.iter().zip([&mut real, &mut fake, &mut whitening]) {
                let name = tensor_name(index, part);
                *values = tensors.remove(&name).ok_or_else(|| format!("no `{name}`"))?.values;
            }
            let channels = real.len();
            if channels == 0 || fake.len() != channels || whitening.len() != cholesky::packed_len(channels) {
                return Err(format!("`{PREFIX}` tensors whose sizes do not agree"));
            }
            if [&real, &fake, &whitening].into_iter().flatten().any(|value| !value.is_finite()) {
                return Err(format!("`{PREFIX}` values that are not finite"));
            }
            Ok(Stage::new([real, fake], whitening))
        };
        let stages = (0..summary.shrinkage.len()).map(&mut take).collect::<std::result::Result<Vec<_>, _>>()?;
        if stages.is_empty() {
            return Err(format!("`{PREFIX}` without any stage"));
        }
        Ok(Some(Self { stages, summary }))
    }
}

/// The tensors of a stage.
const PARTS: [&str; 3] = ["mean_real", "mean_fake", "whitening"];

fn tensor_name(stage: usize, part: &str) -> String {
    format!("{PREFIX}.{stage}.{part}")
}

/// The covariance of `centred` rows as a packed triangle, shrunk as Ledoit and Wolf do, and the weight of
/// the identity in it.
fn shrunk_covariance(centred: &[Vec<f32>], channels: usize) -> (Vec<f64>, f64) {
    let n = centred.len() as f64;
    // By channel, so that a covariance is one pass over two contiguous columns.
    let columns: Vec<Vec<f32>> =
        (0..channels).map(|channel| centred.iter().map(|row| row[channel]).collect()).collect();
    let mut covariance: Vec<f64> = (0..channels)
        .into_par_iter()
        .flat_map_iter(|row| {
            let columns = &columns;
            (0..=row).map(move |column| {
                let products = columns[row].iter().zip(&columns[column]).map(|(a, b)| f64::from(*a) * f64::from(*b));
                products.sum::<f64>() / n
            })
        })
        .collect();
    let diagonal = |row: usize| row * (row + 1) / 2 + row;
    let p = channels as f64;
    let trace: f64 = (0..channels).map(|row| covariance[diagonal(row)]).sum();
    let mean = trace / p;
    let fourth: f64 =
        centred.iter().map(|row| row.iter().map(|&x| f64::from(x) * f64::from(x)).sum::<f64>().powi(2)).sum::<f64>()
            / n;
    let squares: f64 = (0..channels)
        .map(|row| {
            let off: f64 = covariance[row * (row + 1) / 2..diagonal(row)].iter().map(|x| x * x).sum();
            2.0 * off + covariance[diagonal(row)].powi(2)
        })
        .sum();
    let distance = (squares - 2.0 * mean * trace + p * mean * mean) / p;
    let error = ((fourth - squares) / (p * n)).min(distance);
    let shrinkage = if error > 0.0 && distance > 0.0 { error / distance } else { 0.0 };
    covariance.iter_mut().for_each(|value| *value *= 1.0 - shrinkage);
    for row in 0..channels {
        // The floor keeps channels that never fire invertible where nothing is shrunk.
        covariance[diagonal(row)] += (shrinkage * mean).max(1e-6 * mean);
    }
    (covariance, shrinkage)
}

/// Refuses what cannot be fitted to, and returns the number of stages.
fn check(training: &[Descriptor], labels: &[Label], held_out: &[Descriptor]) -> Result<usize> {
    if training.len() != labels.len() {
        return Err(refused(&format!("{} descriptors and {} labels", training.len(), labels.len()), "one label each"));
    }
    for class in Label::ALL {
        let count = labels.iter().filter(|label| **label == class).count();
        if count < 2 {
            return Err(refused(&format!("{count} {class} training images"), "at least 2 of each class"));
        }
    }
    if held_out.len() < LEAST_HELD_OUT {
        let found = format!("{} images that were not learned from", held_out.len());
        return Err(refused(&found, &format!("at least {LEAST_HELD_OUT}, to tell what one in a thousand scores")));
    }
    let lengths = |descriptor: &Descriptor| descriptor.iter().map(Vec::len).collect::<Vec<_>>();
    let expected = lengths(&training[0]);
    let unfit = |descriptor: &&Descriptor| {
        lengths(descriptor) != expected || !descriptor.iter().flatten().all(|value| value.is_finite())
    };
    if training.iter().chain(held_out).any(|descriptor| unfit(&descriptor)) {
        return Err(refused("descriptors of other lengths or not finite", "those of one working detector"));
    }
    if expected.is_empty() || expected.contains(&0) {
        return Err(refused("empty descriptors", "at least one channel a stage"));
    }
    Ok(expected.len())
}

fn refused(found: &str, expected: &str) -> Error {
    Error::Refused(format!(
        "what images are like: found {found}; expected {expected}; give the data that the detector was trained on, with \
         its split"
    ))
}

#[cfg(test)]
mod tests;

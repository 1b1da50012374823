//! Weights to begin with that need nobody else's: an architecture learns what photographs show, from photographs alone,
//! and goes on from there to learn which images are none.

mod recogniser;

use burn::tensor::{Device, Int, Tensor, TensorData};
use rand::seq::SliceRandom;

use crate::augment;
use crate::config::Config;
use crate::data::PixelStore;
use crate::model::weights::{self, StateDict};
use crate::model::{Detector, Pass, model};
use crate::train::schedule::{Position, factor};
use crate::train::{AdamW, EpochAugmentation, Example, batch, cross_entropy};
use crate::{Error, Label, Result, random};

pub use recogniser::{Recogniser, Recognition};

/// A photograph and what it shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Photograph {
    /// Its place in the store.
    pub index: usize,
    /// The number of its subject, from 0.
    pub subject: usize,
}

/// What is to be learned.
#[derive(Clone, Copy, Debug)]
pub struct Task<'a> {
    /// Architecture, seed, batches, schedule, decay and augmentations; stopping, mixing, label smoothing, averaging and
    /// attacks are not for this.
    pub config: &'a Config,
    /// The pixels.
    pub store: &'a PixelStore,
    /// Learned from.
    pub train: &'a [Photograph],
    /// Looked at after every epoch; decides nothing.
    pub validation: &'a [Photograph],
    /// How many subjects there are.
    pub subjects: usize,
}

/// Where the learning is.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// Steps taken.
    pub step: usize,
    /// Steps in all.
    pub steps: usize,
    /// The step's loss, in nats an image.
    pub loss: f64,
    /// Share of the validation photographs whose subject it names, in `0..=1`, after an epoch.
    pub accuracy: Option<f64>,
}

impl Task<'_> {
    /// Learns, and returns the weights and the accuracy after the last epoch.
    ///
    /// # Errors
    /// Fewer photographs than a batch or fewer than two subjects; an unknown architecture; a store that cannot be read;
    /// a loss that is not finite.
    pub fn learn(&self, device: &Device, observe: &mut dyn FnMut(Progress)) -> Result<(StateDict, f64)> {
        let Self { config, store, train, subjects, .. } = *self;
        let size = config.train.batch_size;
        if train.len() < size || subjects < 2 || self.validation.is_empty() {
            return Err(Error::Refused(format!(
                "pre-training: found {} photographs of {subjects} subjects to learn from and {} to look at; expected at \
                 least {size} of two subjects, and one; give more photographs, or set train.batch_size",
                train.len(),
                self.validation.len()
            )));
        }
        let device = device.clone().autodiff();
        let augmentations = augment::build("train.augment", &config.train.augment)?;
        let mut learner =
            Detector::classifier(model(&config.model)?, config.input_size, subjects, config.seed, &device);
        let mut optimiser = AdamW::default();
        let (epochs, steps) = (config.train.epochs, train.len() / size);
        let mut accuracy = 0.0;
        for epoch in 0..epochs {
            let mut order = train.to_vec();
            order.shuffle(&mut random::stream(config.seed, "order", &[epoch as u64]));
            for (step, photographs) in order.chunks_exact(size).enumerate() {
                let augmentation =
                    EpochAugmentation { augmentations: &augmentations, seed: config.seed, epoch: epoch as u64 };
                let rate =
                    config.train.learning_rate * factor(config.train.schedule, Position { epoch, epochs, step, steps });
                let value = kernels::on_worker(&device, || -> Result<f64> {
                    let pixels = batch::pixels(store, &examples(photographs), Some(augmentation), &device)?;
                    let pass = Pass::training(config.seed, optimiser.steps());
                    let logits = kernels::multiply_in(config.train.precision, || learner.logits(pixels, &pass));
                    let loss = cross_entropy(logits, named(photographs, &device));
                    let value = f64::from(loss.clone().detach().into_scalar::<f32>());
                    if !value.is_finite() {
                        return Err(Error::Diverged(format!(
                            "pre-training, epoch {}, step {}: the loss is {value}; try a smaller train.learning_rate",
                            epoch + 1,
                            step + 1
                        )));
                    }
                    let mut gradients = loss.backward();
                    let network = learner.network.as_mut();
                    optimiser.step(network, &mut gradients, pass.into_statistics(), rate, config.train.weight_decay);
                    Ok(value)
                })?;
                let last = step + 1 == steps;
                if last {
                    accuracy = self.accuracy(&learner)?;
                }
                observe(Progress {
                    step: epoch * steps + step + 1,
                    steps: epochs * steps,
                    loss: value,
                    accuracy: last.then_some(accuracy),
                });
            }
        }
        Ok((weights::collect(learner.network.as_ref()), accuracy))
    }

    fn accuracy(&self, learner: &Detector) -> Result<f64> {
        let judge = learner.to_inference();
        let mut right = 0;
        for photographs in self.validation.chunks(self.config.train.batch_size) {
            let pixels = batch::pixels(self.store, &examples(photographs), None, judge.device())?;
            let guessed = judge.logits(pixels, &Pass::inference()).argmax(1).into_data();
            right += guessed.iter::<i64>().zip(photographs).filter(|(a, b)| *a == b.subject as i64).count();
        }
        Ok(right as f64 / self.validation.len() as f64)
    }
}

fn examples(photographs: &[Photograph]) -> Vec<Example> {
    photographs.iter().map(|photograph| Example { index: photograph.index, label: Label::Real }).collect()
}

fn named(photographs: &[Photograph], device: &Device) -> Tensor<1, Int> {
    let subjects: Vec<i64> = photographs.iter().map(|photograph| photograph.subject as i64).collect();
    Tensor::from_data(TensorData::new(subjects, [photographs.len()]), device)
}

#[cfg(test)]
mod tests;

//! The training loop.

use std::path::Path;
use std::time::{Duration, Instant};

use rand::seq::SliceRandom;

use super::adversarial::Adversary;
use super::average;
use super::batch::{self, EpochAugmentation, Example};
use super::history::EpochRecord;
use super::loss::{cross_entropy, soft_cross_entropy};
use super::optimiser::AdamW;
use super::schedule::{self, Position};
use super::state::{Progress, State};
use crate::augment::mix::Mixing;
use crate::augment::{self, Augmentation};
use crate::checkpoint::ValidationSummary;
use crate::config::Config;
use crate::data::PixelStore;
use crate::evaluate::{Scores, metric};
use crate::model::weights::{self, ClassifierPolicy, StateDict};
use crate::model::{Detector, Pass};
use crate::predict::probabilities;
use crate::{Error, Label, Result, random};

/// Images to learn from and images to stop on. The two must not share a group of the split.
#[derive(Debug)]
pub struct TrainingData<'a> {
    /// The pixels of both.
    pub store: &'a PixelStore,
    /// Learned from.
    pub train: Vec<Example>,
    /// How many of those, the last ones, are none of the split's.
    pub added: usize,
    /// Stopped on.
    pub validation: Vec<Example>,
}

/// What the loop reports while it runs.
#[derive(Debug)]
pub enum Event<'a> {
    /// A step is done.
    Step {
        /// Epoch in progress, from 1.
        epoch: usize,
        /// Steps done in this epoch.
        step: usize,
        /// Steps of an epoch.
        steps: usize,
        /// Mean training loss of the epoch so far.
        loss: f64,
    },
    /// An epoch is done.
    Epoch {
        /// What happened in it.
        record: &'a EpochRecord,
        /// Whether it is the best so far.
        best: bool,
    },
}

/// A finished run.
#[derive(Debug)]
pub struct Fitted {
    /// The detector of the best epoch.
    pub detector: Detector,
    /// That epoch, from 1.
    pub epoch: usize,
    /// What it achieved on the validation images.
    pub validation: ValidationSummary,
    /// All epochs.
    pub history: Vec<EpochRecord>,
    /// Seconds of training, over all calls of the program; what an interrupted one did in vain does not count.
    pub seconds: f64,
}

/// Where the loop keeps its state.
#[derive(Clone, Copy, Debug)]
pub struct StateFile<'a> {
    /// The file.
    pub path: &'a Path,
    /// Names the configuration and data, so that a state is not resumed under others.
    pub fingerprint: &'a str,
    /// Time between two writings. Does not change the result.
    pub interval: Duration,
}

/// Trains `detector` by `config` on `data` until its epochs or its patience run out, and returns the
/// best epoch by validation AUC. Goes on from the state in `file` if `resume` and there is one.
///
/// # Errors
/// [`Error::Diverged`] if the loss is not finite, naming step, step size and the last good epoch; or
/// if data or state cannot be read or written.
pub fn fit(
    config: &Config,
    data: &TrainingData<'_>,
    detector: Detector,
    file: StateFile<'_>,
    resume: bool,
    observe: &mut dyn FnMut(Event<'_>),
) -> Result<Fitted> {
    let augmentations = augment::build("train.augment", &config.train.augment)?;
    let adversary = config.train.adversarial.as_ref();
    let adversary =
        adversary.map(|attack| Adversary::new(attack, config.train.label_smoothing, config.seed)).transpose()?;
    let mixing = Mixing::build(&config.train.mix)?;
    let state = if resume && file.path.exists() {
        State::load(file.path, file.fingerprint, detector)?
    } else {
        State {
            progress: Progress::default(),
            detector,
            optimiser: AdamW::default(),
            average: StateDict::new(),
            best: None,
        }
    };
    let mut run = Run { config, data, augmentations, adversary, mixing, state, file, written: Instant::now() };
    while !run.state.progress.finished {
        run.epoch(observe)?;
    }
    run.finish()
}

struct Run<'a> {
    config: &'a Config,
    data: &'a TrainingData<'a>,
    augmentations: Vec<Box<dyn Augmentation>>,
    adversary: Option<Adversary>,
    mixing: Mixing,
    state: State,
    file: StateFile<'a>,
    written: Instant,
}

impl Run<'_> {
    fn epoch(&mut self, observe: &mut dyn FnMut(Event<'_>)) -> Result<()> {
        let epoch = self.state.progress.epoch;
        let order = self.order(epoch);
        let batches = self.batches(&order);
        let device = self.state.detector.device().clone();
        for (step, examples) in batches.iter().enumerate().skip(self.state.progress.step) {
            let learning_rate = self.learning_rate(step, batches.len());
            let loss = kernels::on_worker(&device, || self.step(examples, learning_rate))?;
            if !loss.is_finite() {
                return Err(self.diverged(epoch, step, learning_rate, loss));
            }
            let progress = &mut self.state.progress;
            progress.step = step + 1;
            progress.updates = self.state.optimiser.steps();
            observe(Event::Step {
                epoch: epoch + 1,
                step: step + 1,
                steps: batches.len(),
                loss: progress.loss_sum / progress.seen as f64,
            });
            if step + 1 < batches.len() {
                self.write_if_due()?;
            }
        }
        let last = self.learning_rate(batches.len() - 1, batches.len());
        let (record, judged) = self.validate(epoch, last)?;
        let best = self.conclude(&record, &judged);
        observe(Event::Epoch { record: &record, best });
        if self.state.progress.finished {
            return self.write();
        }
        self.write_if_due()
    }

    fn step(&mut self, examples: &[Example], learning_rate: f64) -> Result<f64> {
        let Self { config, data, augmentations, adversary, mixing, state, .. } = self;
        let device = state.detector.device().clone();
        let augmentation = EpochAugmentation { augmentations, seed: config.seed, epoch: state.progress.epoch as u64 };
        let step = state.progress.step as u64;
        let (pixels, share) = batch::mixed(data.store, examples, augmentation, mixing, step, &device)?;
        let pass = Pass::training(config.seed, state.optimiser.steps());
        let (loss, logits) = kernels::multiply_in(config.train.precision, || match adversary {
            Some(adversary) => adversary.loss(&state.detector, pixels, examples, &pass, state.optimiser.steps()),
            None => {
                let logits = state.detector.logits(pixels, &pass);
                let smoothing = config.train.label_smoothing;
                let loss = if share < 1.0 || smoothing > 0.0 {
                    soft_cross_entropy(logits.clone(), batch::soft_labels(examples, share, smoothing, &device))
                } else {
                    cross_entropy(logits.clone(), batch::labels(examples, &device))
                };
                Ok((loss, logits))
            }
        })?;
        let verdicts = logits.detach().without_autodiff();
        let value = f64::from(loss.clone().detach().into_scalar::<f32>());
        if !value.is_finite() {
            return Ok(value);
        }
        let mut gradients = loss.backward();
        state.optimiser.step(
            state.detector.network.as_mut(),
            &mut gradients,
            pass.into_statistics(),
            learning_rate,
            config.train.weight_decay,
        );
        if let Some(decay) = config.train.average_decay {
            let State { average, detector, optimiser, .. } = state;
            average::update(average, detector.network.as_ref(), decay, optimiser.steps());
        }
        let logits: Vec<f32> = verdicts.into_data().iter::<f32>().collect();
        let right = logits
            .as_chunks::<2>()
            .0
            .iter()
            .zip(batch::dominant_labels(examples, share))
            .filter(|([real, fake], label)| (fake >= real) == (*label == Label::Fake))
            .count();
        state.progress.loss_sum += value * examples.len() as f64;
        state.progress.right += right;
        state.progress.seen += examples.len();
        Ok(value)
    }

    fn validate(&self, epoch: usize, learning_rate: f64) -> Result<(EpochRecord, Detector)> {
        let Self { config, data, state, .. } = self;
        let judged = state.judged(self.file.path)?;
        let frozen = judged.freeze();
        let probabilities = probabilities(&frozen, data.store, &data.validation, config.train.batch_size)?;
        let labels = data.validation.iter().map(|example| example.label).collect();
        let scores = Scores::new(probabilities, labels).map_err(|_| {
            Error::Diverged(format!(
                "epoch {}: the validation probabilities are not finite at step size {learning_rate:.3e}; {}; try a smaller train.learning_rate",
                epoch + 1,
                self.last_good()
            ))
        })?;
        let measured = |name| metric::on_validation(name, &scores);
        let validation_attacked_auc = self
            .adversary
            .as_ref()
            .map(|adversary| adversary.validate(&frozen, data.store, &data.validation, config.train.batch_size))
            .transpose()?;
        let progress = &state.progress;
        let record = EpochRecord {
            epoch: epoch + 1,
            learning_rate,
            train_loss: progress.loss_sum / progress.seen as f64,
            train_accuracy: progress.right as f64 / progress.seen as f64,
            validation_loss: measured("nll")?,
            validation_accuracy: measured("accuracy")?,
            validation_auc: measured("roc_auc")?,
            validation_attacked_auc,
        };
        Ok((record, judged))
    }

    /// Closes an epoch: keeps it if it is the best, and decides whether to go on.
    fn conclude(&mut self, record: &EpochRecord, judged: &Detector) -> bool {
        let train = &self.config.train;
        let progress = &mut self.state.progress;
        let best = progress.best.is_none_or(|(_, score)| record.score() > score);
        if best {
            progress.best = Some((record.epoch, record.score()));
            progress.epochs_without_improvement = 0;
            progress.reduced_at = 0;
            self.state.best = Some(weights::collect(judged.network.as_ref()));
        } else {
            progress.epochs_without_improvement += 1;
        }
        if let Some(reduce) = train.reduce_on_plateau
            && progress.epochs_without_improvement - progress.reduced_at > reduce.patience
        {
            progress.reductions += 1;
            progress.reduced_at = progress.epochs_without_improvement;
        }
        progress.history.push(record.clone());
        progress.epoch += 1;
        progress.step = 0;
        (progress.loss_sum, progress.right, progress.seen) = (0.0, 0, 0);
        progress.finished = progress.epoch >= train.epochs || progress.epochs_without_improvement >= train.patience;
        best
    }

    fn finish(mut self) -> Result<Fitted> {
        let progress = self.state.progress;
        let (Some((epoch, _)), Some(best)) = (progress.best, self.state.best.take()) else {
            return Err(Error::input(
                self.file.path,
                "a finished run without a best epoch",
                "the state of a run of this program",
                "start the run anew in another folder",
            ));
        };
        let record = &progress.history[epoch - 1];
        let validation = ValidationSummary {
            n: self.data.validation.len(),
            accuracy: record.validation_accuracy,
            roc_auc: record.validation_auc,
        };
        let mut detector = self.state.detector;
        weights::assign(detector.network.as_mut(), best, self.file.path, "", ClassifierPolicy::Exact)?;
        let seconds = progress.seconds + self.written.elapsed().as_secs_f64();
        Ok(Fitted { detector, epoch, validation, history: progress.history, seconds })
    }

    fn learning_rate(&self, step: usize, steps: usize) -> f64 {
        let train = &self.config.train;
        let progress = &self.state.progress;
        train.learning_rate
            * schedule::factor(train.schedule, Position { epoch: progress.epoch, epochs: train.epochs, step, steps })
            * schedule::plateau_factor(train.reduce_on_plateau, progress.reductions)
    }

    fn order(&self, epoch: usize) -> Vec<Example> {
        let mut order = self.data.train.clone();
        order.shuffle(&mut random::stream(self.config.seed, "order", &[epoch as u64]));
        order
    }

    /// Full batches only, because batch statistics over a few leftover images are noise; each epoch
    /// leaves out others. A set smaller than a batch is one batch.
    fn batches<'o>(&self, order: &'o [Example]) -> Vec<&'o [Example]> {
        let full: Vec<_> = order.chunks_exact(self.config.train.batch_size).collect();
        if full.is_empty() { vec![order] } else { full }
    }

    fn write_if_due(&mut self) -> Result<()> {
        if self.written.elapsed() >= self.file.interval { self.write() } else { Ok(()) }
    }

    fn write(&mut self) -> Result<()> {
        let now = Instant::now();
        self.state.progress.seconds += (now - self.written).as_secs_f64();
        self.written = now;
        self.state.save(self.file.path, self.file.fingerprint)?;
        Ok(())
    }

    fn diverged(&self, epoch: usize, step: usize, learning_rate: f64, loss: f64) -> Error {
        Error::Diverged(format!(
            "epoch {}, step {}: the loss is {loss} at step size {learning_rate:.3e}; {}; try a smaller train.learning_rate",
            epoch + 1,
            step + 1,
            self.last_good()
        ))
    }

    fn last_good(&self) -> String {
        match (self.state.progress.best, self.file.path.exists()) {
            (Some((epoch, _)), true) => {
                format!("the last good epoch is {epoch}, kept in {}", self.file.path.display())
            }
            (Some((epoch, _)), false) => format!("the last good epoch is {epoch}, not yet written"),
            (None, _) => "no epoch was good".into(),
        }
    }
}

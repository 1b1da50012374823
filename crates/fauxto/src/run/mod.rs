//! A training run on disk: one folder with everything it was made from and everything it made.

mod origin;

use std::fs::{File, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use burn::tensor::Device;
use serde::{Deserialize, Serialize};

use crate::checkpoint::{self, Provenance};
use crate::config::Config;
use crate::data::split::{Candidate, Split};
use crate::data::{ContentHash, Dataset, PixelStore, Side};
use crate::evaluate::{Evaluation, Scores};
use crate::model::weights::{self, Assignment, ClassifierPolicy, Precision};
use crate::model::{self, Detector};
use crate::predict::{CHECKPOINT_FILE, probabilities};
use crate::train::history::write_history;
use crate::train::{Event, Example, Fitted, StateFile, TrainingData, fit};
use crate::write_atomically::write_atomically;
use crate::{Error, Result};

pub use origin::{Origin, Weights, learned, require_apart};

/// The files of a run.
#[derive(Clone, Debug)]
pub struct RunFolder {
    root: PathBuf,
}

impl RunFolder {
    /// The name of the file by which a process keeps the folder to itself ([`RunFolder::lock`]).
    pub const LOCK: &'static str = ".lock";

    /// The run in the folder `root`, which need not exist yet.
    #[must_use]
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The run that a checkpoint is of, if it lies in the folder of one.
    #[must_use]
    pub fn beside(checkpoint: &Path) -> Self {
        Self::new(checkpoint.parent().unwrap_or(Path::new("")))
    }

    /// The folder.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The resolved configuration.
    #[must_use]
    pub fn config(&self) -> PathBuf {
        self.root.join("config.toml")
    }

    /// Which images learn, stop and report.
    #[must_use]
    pub fn split(&self) -> PathBuf {
        self.root.join(Split::FILE)
    }

    /// [`Origin`] as JSON; absent in folders of before.
    #[must_use]
    pub fn origin(&self) -> PathBuf {
        self.root.join("origin.json")
    }

    /// What an audit found in the images before they were split; absent where the run was given a split.
    #[must_use]
    pub fn audit(&self) -> PathBuf {
        self.root.join("audit.json")
    }

    /// What an interrupted run needs to go on; gone once it has finished.
    #[must_use]
    pub fn state(&self) -> PathBuf {
        self.root.join("state.safetensors")
    }

    /// The best epoch's detector.
    #[must_use]
    pub fn checkpoint(&self) -> PathBuf {
        self.root.join(CHECKPOINT_FILE)
    }

    /// One row an epoch.
    #[must_use]
    pub fn history(&self) -> PathBuf {
        self.root.join("history.csv")
    }

    /// [`Summary`] as JSON; there once the run has finished.
    #[must_use]
    pub fn summary(&self) -> PathBuf {
        self.root.join("run.json")
    }

    /// Whether a run has started here.
    #[must_use]
    pub fn has_started(&self) -> bool {
        self.config().exists()
    }

    /// Whether the run here has come to its end.
    #[must_use]
    pub fn has_finished(&self) -> bool {
        self.summary().exists() && self.checkpoint().exists()
    }

    /// What a training left here, if it is none of this program's: it would be written over.
    #[must_use]
    pub fn remains(&self) -> Option<PathBuf> {
        let remains = [self.checkpoint(), self.summary(), self.state()];
        remains.into_iter().find(|path| !self.has_started() && path.exists())
    }

    /// Makes the folder and keeps all others from writing a run there, until what is returned is dropped or the process
    /// ends, however it does.
    ///
    /// # Errors
    /// [`Error::Input`] if another process is at it; or if the system refuses.
    pub fn lock(&self) -> Result<File> {
        std::fs::create_dir_all(&self.root).map_err(|source| Error::io(&self.root, "creating the folder", source))?;
        let path = self.root.join(Self::LOCK);
        let lock = File::create(&path).map_err(|source| Error::io(&path, "creating the file", source))?;
        match lock.try_lock() {
            Ok(()) => Ok(lock),
            Err(TryLockError::WouldBlock) => Err(Error::input(
                &self.root,
                "another process at work in it",
                "a folder that nobody else writes to",
                "wait for the other one, or give another --out",
            )),
            // Some file systems have no locks; there one has to know what one does.
            Err(TryLockError::Error(error)) if error.kind() == ErrorKind::Unsupported => Ok(lock),
            Err(TryLockError::Error(source)) => Err(Error::io(&path, "locking", source)),
        }
    }

    /// Makes the folder and writes configuration, split and origin.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn start(&self, config: &Config, split: &Split, origin: &Origin) -> Result<()> {
        split.save(&self.split())?;
        let path = self.origin();
        let text = serde_json::to_vec_pretty(origin).map_err(|error| Error::io(&path, "writing", error.into()))?;
        write_atomically(&path, &text)?;
        write_atomically(&self.config(), config.to_toml()?.as_bytes())
    }

    /// What an earlier call began from, if it wrote that down.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn read_origin(&self) -> Result<Option<Origin>> {
        let path = self.origin();
        if !path.exists() {
            return Ok(None);
        }
        let text = std::fs::read(&path).map_err(|source| Error::io(&path, "reading", source))?;
        serde_json::from_slice(&text).map(Some).map_err(|error| {
            Error::input(&path, error.to_string(), "what a run began from", "it was edited or damaged; train anew")
        })
    }

    /// What was learned from beside the split's training side, by content.
    ///
    /// # Errors
    /// If [`RunFolder::read_origin`] fails.
    pub fn read_added(&self) -> Result<Vec<ContentHash>> {
        Ok(self.read_origin()?.map(|origin| origin.added).unwrap_or_default())
    }

    /// The configuration an earlier call wrote.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn read_config(&self) -> Result<Config> {
        let path = self.config();
        let text = std::fs::read_to_string(&path).map_err(|source| Error::io(&path, "reading", source))?;
        Config::from_toml(&text)
    }
}

/// A finished run in numbers. The field names are stable.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Architecture.
    pub model: String,
    /// Seed of the run.
    pub seed: u64,
    /// Revision of the program's source.
    pub commit: String,
    /// Hash of the images and labels.
    pub data_hash: String,
    /// Images learned from.
    pub n_train: usize,
    /// How many of them are none of the split's, but were added to its training side.
    #[serde(default)]
    pub n_added: usize,
    /// Images stopped on.
    pub n_validation: usize,
    /// Epochs trained.
    pub epochs: usize,
    /// The epoch kept, from 1.
    pub best_epoch: usize,
    /// Seconds of training, over all calls of the program that it took.
    pub seconds: f64,
    /// The kept detector on the validation images.
    pub validation: Evaluation,
}

/// What a split looks at, for the images at `positions` of `store`, where position `p` holds item
/// `indices[p]`.
#[must_use]
pub fn candidates(dataset: &Dataset, indices: &[usize], store: &PixelStore, positions: &[usize]) -> Vec<Candidate> {
    positions
        .iter()
        .filter_map(|&position| Candidate::new(&dataset.items[indices[position]], store.hash(position)?))
        .collect()
}

/// The images of one side of `split`, in the order of the data set.
#[must_use]
pub fn examples(dataset: &Dataset, indices: &[usize], positions: &[usize], split: &Split, side: Side) -> Vec<Example> {
    positions
        .iter()
        .filter_map(|&index| {
            let item = &dataset.items[indices[index]];
            let assigned = split.item(&item.identity)?;
            (assigned.side == Some(side)).then_some(Example { index, label: assigned.label })
        })
        .collect()
}

/// Names configuration, data and initial weights in one hash, so that a state is never resumed under
/// others. Images are named by content, place and label, in the order in which they are learned from.
///
/// # Errors
/// Never for a configuration that passed its checks.
pub fn fingerprint(config: &Config, split: &Split, data: &TrainingData<'_>, detector: &Detector) -> Result<String> {
    let mut hasher = blake3::Hasher::new();
    hasher.update(config.to_toml()?.as_bytes());
    hasher.update(split.data_hash().as_bytes());
    for examples in [&data.train, &data.validation] {
        hasher.update(&(examples.len() as u64).to_le_bytes());
        for example in examples {
            if let Some(content) = data.store.hash(example.index) {
                hasher.update(content.as_bytes());
            }
            // Augmentation is drawn by the place, and images are shuffled from their order.
            hasher.update(&(example.index as u64).to_le_bytes());
            hasher.update(&[example.label.index() as u8]);
        }
    }
    detector.network.visit(&mut |parameter| {
        let values: Vec<f32> = parameter.tensor.into_data().iter::<f32>().collect();
        hasher.update(bytemuck::cast_slice(&values));
    });
    Ok(hasher.finalize().to_hex().to_string())
}

/// The detector that a run by `config` begins with: drawn by its seed, then, if given, with the weights of the file
/// `init` and what was taken from it. A last layer of another number of classes stays as drawn; weights of a shallower
/// network are deepened where the model can begin so ([`model::ModelEntry::deepen`]).
///
/// # Errors
/// If the model is unknown, or the file cannot be read or does not fit it.
pub fn begin(config: &Config, init: Option<&Path>, device: &Device) -> Result<(Detector, Option<Assignment>)> {
    let mut detector = Detector::new(model::model(&config.model)?, config.input_size, config.seed, device);
    detector.classes = config.classes();
    let Some(file) = init else { return Ok((detector, None)) };
    let classifier = detector.entry.classifier;
    let policy = ClassifierPolicy::KeepOwnIfDifferent;
    let mut tensors = weights::read(file)?;
    if let Some(deepen) = detector.entry.deepen {
        tensors = deepen(tensors, weights::collect(detector.network.as_ref()));
    }
    let taken = weights::assign(detector.network.as_mut(), tensors, file, classifier, policy)?;
    Ok((detector, Some(taken)))
}

/// How to train into a folder.
#[derive(Clone, Copy, Debug)]
pub struct TrainOptions<'a> {
    /// Go on from the state in the folder, if there is one.
    pub resume: bool,
    /// Time between two writings of the state.
    pub save_every: Duration,
    /// Revision of the program's source, for the record.
    pub commit: &'a str,
}

/// Trains `detector` by `config` on `data` and writes checkpoint and history to `folder`.
///
/// # Errors
/// See [`fit()`]; or if a file cannot be written.
pub fn train(
    folder: &RunFolder,
    config: &Config,
    split: &Split,
    data: &TrainingData<'_>,
    detector: Detector,
    options: TrainOptions<'_>,
    observe: &mut dyn FnMut(Event<'_>),
) -> Result<Fitted> {
    let fingerprint = fingerprint(config, split, data, &detector)?;
    let state = folder.state();
    let file = StateFile { path: &state, fingerprint: &fingerprint, interval: options.save_every };
    let fitted = fit(config, data, detector, file, options.resume, observe)?;
    let provenance = Provenance {
        seed: config.seed,
        epoch: fitted.epoch,
        data_hash: split.data_hash().to_string(),
        commit: options.commit.to_owned(),
        validation: fitted.validation,
    };
    write_history(&folder.history(), &fitted.history)?;
    checkpoint::save(&folder.checkpoint(), &fitted.detector, &provenance, Precision::F32)?;
    Ok(fitted)
}

/// What was fitted, on the validation images: their scores, and the run in numbers.
///
/// # Errors
/// If the images cannot be read, or there are none.
pub fn conclude(
    config: &Config,
    split: &Split,
    data: &TrainingData<'_>,
    fitted: &Fitted,
    commit: &str,
) -> Result<(Scores, Summary)> {
    let frozen = fitted.detector.freeze();
    let scores = Scores::new(
        probabilities(&frozen, data.store, &data.validation, config.train.batch_size)?,
        data.validation.iter().map(|example| example.label).collect(),
    )?;
    let summary = Summary {
        model: config.model.clone(),
        seed: config.seed,
        commit: commit.to_owned(),
        data_hash: split.data_hash().to_string(),
        n_train: data.train.len(),
        n_added: data.added,
        n_validation: data.validation.len(),
        epochs: fitted.history.len(),
        best_epoch: fitted.epoch,
        seconds: fitted.seconds,
        validation: Evaluation::new(&scores, 0.5)?,
    };
    Ok((scores, summary))
}

/// Writes the summary, which marks the run as finished, and removes the state it no longer needs.
///
/// # Errors
/// If the system refuses.
pub fn finish(folder: &RunFolder, summary: &Summary) -> Result<()> {
    let path = folder.summary();
    let mut text = serde_json::to_vec_pretty(summary)
        .map_err(|error| Error::io(&path, "writing", std::io::Error::other(error)))?;
    text.push(b'\n');
    write_atomically(&path, &text)?;
    let state = folder.state();
    match std::fs::remove_file(&state) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Error::io(state, "removing", error)),
        _ => Ok(()),
    }
}

//! The detectors of a predictor, and how they are read.

use std::path::{Path, PathBuf};

use burn::tensor::Device;

use crate::calibrate::{Calibration, Scaling};
use crate::checkpoint::{self, Checkpoint, Provenance};
use crate::data::ContentHash;
use crate::ensemble_file::EnsembleFile;
use crate::model::{Classes, Frozen, Precision};
use crate::out_of_distribution::OutOfDistribution;
use crate::{Error, Result};

/// The name of the checkpoint within a run folder.
pub const CHECKPOINT_FILE: &str = "checkpoint.safetensors";

/// One detector of a [`Predictor`](super::Predictor).
#[derive(Debug)]
pub struct Member {
    /// Its name among the others: the architecture, numbered where it occurs more than once.
    pub name: String,
    /// Where it was read from.
    pub path: PathBuf,
    /// Its share in the probability; the shares sum to 1, but in an ensemble file's logarithmic opinion pool. With a gate,
    /// the mean of its shares in the votes on pristine and on degraded images.
    pub weight: f64,
    /// What is known of its training.
    pub provenance: Provenance,
    /// Its own scaling: that of a calibrated detector judging alone, or of a calibrated ensemble's member.
    pub scaling: Option<Scaling>,
    /// What its training images are like, where that was measured.
    pub out_of_distribution: Option<OutOfDistribution>,
    pub(super) frozen: Frozen,
}

impl Member {
    /// A detector read from `path`, weighing as much as its validation accuracy, and its calibration.
    pub(super) fn new(checkpoint: Checkpoint, path: PathBuf) -> (Self, Option<Calibration>) {
        let member = Self {
            name: checkpoint.detector.entry.name.to_owned(),
            path,
            weight: checkpoint.provenance.validation.accuracy,
            provenance: checkpoint.provenance,
            scaling: None,
            out_of_distribution: checkpoint.out_of_distribution,
            frozen: checkpoint.detector.freeze(),
        };
        (member, checkpoint.calibration)
    }

    /// What its probabilities depend on; see [`checkpoint::content`].
    ///
    /// # Errors
    /// As for [`checkpoint::content`].
    pub fn content(&self) -> Result<ContentHash> {
        checkpoint::content(self.frozen.detector())
    }

    pub(super) fn in_precision(self, precision: Precision) -> Self {
        Self { frozen: self.frozen.in_precision(precision), ..self }
    }

    /// The detector itself.
    #[must_use]
    pub fn frozen(&self) -> &Frozen {
        &self.frozen
    }
}

/// Refuses the file `path` whose weights are not those that the ensemble file `named_by` names.
pub(super) fn require_content(path: &Path, found: ContentHash, expected: ContentHash, named_by: &Path) -> Result<()> {
    if found == expected {
        return Ok(());
    }
    Err(Error::input(
        path,
        format!("weights with hash {found}"),
        format!("{expected}, as {} says", named_by.display()),
        "restore the checkpoint, or make the ensemble anew with `fauxto calibrate`",
    ))
}

/// Reads detectors that share an input size, each with its own calibration. Weights are validation accuracies.
pub(super) fn read(paths: &[PathBuf], device: &Device) -> Result<Vec<(Member, Option<Calibration>)>> {
    if let Some(path) = paths.iter().find(|path| EnsembleFile::recognises(path)) {
        return Err(Error::input(path, "an ensemble among other models", "it alone", "name its members instead"));
    }
    let mut members: Vec<(Member, Option<Calibration>)> = Vec::new();
    for path in paths {
        let path = checkpoint_path(path)?;
        let checkpoint = checkpoint::load_telling(Classes::RealFake, &path, device)?;
        if let Some((first, _)) = members.first()
            && first.frozen.input_size() != checkpoint.detector.input_size
        {
            return Err(Error::input(
                &path,
                format!("an input size of {}", checkpoint.detector.input_size),
                format!("{}, as {} has", first.frozen.input_size(), first.path.display()),
                "combine models of one input size",
            ));
        }
        members.push(Member::new(checkpoint, path));
    }
    if members.is_empty() {
        return Err(Error::Setting {
            setting: "models".into(),
            found: "none".into(),
            expected: "at least one checkpoint or run folder".into(),
        });
    }
    number_repeated(&mut members);
    Ok(members)
}

/// The checkpoint that `path` names: itself, or that of a run folder.
///
/// # Errors
/// If `path` is a folder without one.
pub fn checkpoint_path(path: &Path) -> Result<PathBuf> {
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

fn number_repeated(members: &mut [(Member, Option<Calibration>)]) {
    let names: Vec<String> = members.iter().map(|(member, _)| member.name.clone()).collect();
    for (index, (member, _)) in members.iter_mut().enumerate() {
        let same = names.iter().filter(|name| **name == names[index]).count();
        if same > 1 {
            let number = names[..=index].iter().filter(|name| **name == names[index]).count();
            member.name = format!("{}_{number}", names[index]);
        }
    }
}

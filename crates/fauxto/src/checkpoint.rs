//! Checkpoints: safetensors with timm's names, and everything a verdict depends on in the metadata.

use std::collections::BTreeMap;
use std::path::Path;

use burn::tensor::Device;
use serde::{Deserialize, Serialize};

use crate::calibrate::Calibration;
use crate::data::{ContentHash, PixelStore};
use crate::evaluate::{Scores, metric};
use crate::model::weights::{self, ClassifierPolicy, Precision, StateDict};
use crate::model::{self, Classes, Detector, Frozen, Normalisation};
use crate::out_of_distribution::{self, OutOfDistribution};
use crate::predict::probabilities;
use crate::train::Example;
use crate::{Error, Result};

/// Marks files written by this program; the number counts changes of meaning.
const FORMAT: &str = "fauxto 1";

/// The metadata's key for the calibration; absent before there is one.
const CALIBRATION: &str = "calibration";

/// The metadata's key of detectors that judge mirror images too; absent in all others.
const TEST_TIME_FLIP: &str = "test_time_flip";

/// The metadata's key for [`Provenance`].
const PROVENANCE: &str = "provenance";
/// The metadata's key for how weights are kept.
const PRECISION: &str = "precision";

/// What a checkpoint knows of itself besides its weights.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Provenance {
    /// Seed of the run.
    pub seed: u64,
    /// Epoch of the weights, from 1.
    pub epoch: usize,
    /// Hash of the images and labels it was trained and validated on.
    pub data_hash: String,
    /// Revision of the program's source.
    pub commit: String,
    /// What it achieved on the validation images.
    pub validation: ValidationSummary,
}

/// Performance on the validation images, which weighs models in an ensemble.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ValidationSummary {
    /// Number of images.
    pub n: usize,
    /// Share judged right at threshold 0.5.
    pub accuracy: f64,
    /// Area under the ROC curve.
    pub roc_auc: f64,
}

impl ValidationSummary {
    /// What `frozen` achieves on `examples`, `batch_size` at a time.
    ///
    /// # Errors
    /// If the store cannot be read, or `examples` are not of both classes.
    pub fn measure(frozen: &Frozen, store: &PixelStore, examples: &[Example], batch_size: usize) -> Result<Self> {
        let labels = examples.iter().map(|example| example.label).collect();
        let scores = Scores::new(probabilities(frozen, store, examples, batch_size)?, labels)?;
        let measured = |name| metric::on_validation(name, &scores);
        Ok(Self { n: examples.len(), accuracy: measured("accuracy")?, roc_auc: measured("roc_auc")? })
    }
}

/// A detector with what is known of its training.
#[derive(Debug)]
pub struct Checkpoint {
    /// The detector.
    pub detector: Detector,
    /// Its training, if the file is one of ours.
    pub provenance: Provenance,
    /// What its probabilities are worth, if it was calibrated.
    pub calibration: Option<Calibration>,
    /// What its training images are like, if that was measured.
    pub out_of_distribution: Option<OutOfDistribution>,
    /// How the file keeps weights; in memory they are `f32`.
    pub precision: Precision,
}

/// Writes `detector` and `provenance`, whole or not at all.
///
/// # Errors
/// If the file cannot be written.
pub fn save(path: &Path, detector: &Detector, provenance: &Provenance, precision: Precision) -> Result<()> {
    let mut metadata: BTreeMap<String, String> =
        meaning(detector)?.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
    metadata.insert(PROVENANCE.to_owned(), json(provenance)?);
    let metadata = with_precision(metadata, precision);
    let tensors = weights::collect(detector.network.as_ref());
    weights::write_safetensors(path, &tensors, &metadata, precision)
}

/// What turns weights into probabilities.
fn meaning(detector: &Detector) -> Result<Vec<(&'static str, String)>> {
    let mut meaning = vec![
        ("format", FORMAT.to_owned()),
        ("model", detector.entry.name.to_owned()),
        ("classes", detector.classes.to_string()),
        ("input_size", detector.input_size.to_string()),
        ("normalisation", json(&detector.normalisation)?),
    ];
    if detector.test_time_flip {
        meaning.push((TEST_TIME_FLIP, "true".to_owned()));
    }
    Ok(meaning)
}

fn json(value: &impl Serialize) -> Result<String> {
    let path = Path::new("checkpoint");
    serde_json::to_string(value)
        .map_err(|error| Error::input(path, error.to_string(), "metadata JSON can hold", "report this as a defect"))
}

fn with_precision(mut metadata: BTreeMap<String, String>, precision: Precision) -> BTreeMap<String, String> {
    metadata.insert(PRECISION.to_owned(), precision.name().to_owned());
    metadata.insert(format!("{PRECISION}_summary"), precision.summary().to_owned());
    metadata
}

/// How a detector is shipped.
#[derive(Clone, Copy, Debug)]
pub struct Shipping<'a> {
    /// How its weights are kept.
    pub precision: Precision,
    /// Whether it is to judge mirror images too, if it does not yet.
    pub test_time_flip: bool,
    /// A checkpoint whose weights are averaged with its own, such as the one it was fine-tuned from: a weight-space
    /// ensemble (Wortsman et al. 2022, arXiv 2109.01903), which keeps what either does well at the cost of one.
    pub averaged_with: Option<&'a Path>,
    /// What its training images are like, in place of what the file says of them.
    pub statistics: Option<&'a OutOfDistribution>,
    /// What it achieves on the validation images as it is shipped, in place of what the file says of the weights in it.
    pub validation: Option<ValidationSummary>,
}

/// The bytes of the checkpoint `from`, `shipped` so. Everything else that the file says is carried over.
///
/// # Errors
/// If `from` is not a checkpoint of this program, has weights that the precision cannot hold, is calibrated for judging
/// otherwise than it is to, or is to be averaged with another architecture.
pub fn encode(from: &Path, shipped: Shipping<'_>) -> Result<Vec<u8>> {
    let Shipping { precision, test_time_flip, averaged_with, statistics, validation } = shipped;
    let (mut tensors, metadata) = read(from)?;
    let mut metadata = with_precision(metadata, precision);
    let turned_on = test_time_flip && metadata.insert(TEST_TIME_FLIP.to_owned(), "true".to_owned()).is_none();
    if (turned_on || averaged_with.is_some()) && metadata.contains_key(CALIBRATION) {
        return Err(Error::input(
            from,
            "calibrated for judging as it does",
            "a detector whose calibration is still to come, where it is to judge otherwise",
            "export the checkpoint from before its calibration, then calibrate what was exported",
        ));
    }
    if let Some(other) = averaged_with {
        OutOfDistribution::take(&mut tensors, &metadata).map_err(|found| refusal(from, found))?;
        metadata.remove(out_of_distribution::PREFIX);
        average(&mut tensors, &metadata, other)?;
    }
    if let Some(statistics) = statistics {
        tensors.extend(statistics.tensors());
        let summary = serde_json::to_string(&statistics.summary).map_err(|error| {
            Error::input(from, error.to_string(), "numbers JSON can hold", "report this as a defect")
        })?;
        metadata.insert(out_of_distribution::PREFIX.to_owned(), summary);
    }
    if let Some(validation) = validation {
        let provenance = Provenance { validation, ..provenance(from, &metadata)? };
        metadata.insert(PROVENANCE.to_owned(), json(&provenance)?);
    }
    weights::encode_safetensors(from, &tensors, &metadata, precision)
}

fn provenance(path: &Path, metadata: &BTreeMap<String, String>) -> Result<Provenance> {
    let text = metadata.get(PROVENANCE).ok_or_else(|| refusal(path, format!("no `{PROVENANCE}` in its metadata")))?;
    serde_json::from_str(text).map_err(|error| refusal(path, format!("{PROVENANCE}: {error}")))
}

/// The tensors and the metadata of a checkpoint of this program.
fn read(path: &Path) -> Result<(StateDict, BTreeMap<String, String>)> {
    let (tensors, metadata) = weights::read_safetensors(path)?;
    require_format(path, &metadata)?;
    Ok((tensors, metadata))
}

fn require_format(path: &Path, metadata: &BTreeMap<String, String>) -> Result<()> {
    if metadata.get("format").is_none_or(|format| format != FORMAT) {
        return Err(refusal(path, "no checkpoint, or one of another format".into()));
    }
    Ok(())
}

/// Replaces `tensors`, of a checkpoint with this `metadata`, by their mean with those of the checkpoint `other`.
fn average(tensors: &mut StateDict, metadata: &BTreeMap<String, String>, other: &Path) -> Result<()> {
    let (others, described) = read(other)?;
    for key in ["model", "classes", "input_size", "normalisation"] {
        if described.get(key) != metadata.get(key) {
            let found = |metadata: &BTreeMap<String, String>| metadata.get(key).cloned().unwrap_or_default();
            return Err(Error::input(
                other,
                format!("a detector of {key} `{}`", found(&described)),
                format!("one of {key} `{}`, to average with", found(metadata)),
                "average a checkpoint with the one it was fine-tuned from",
            ));
        }
    }
    for (name, tensor) in tensors {
        let Some(its) = others.get(name).filter(|its| its.shape == tensor.shape) else {
            return Err(refusal(other, format!("no `{name}` of shape {:?}", tensor.shape)));
        };
        tensor.values.iter_mut().zip(&its.values).for_each(|(value, its)| *value = f32::midpoint(*value, *its));
    }
    Ok(())
}

/// Writes the checkpoint `from` to `to`, which may be the same file, with `calibration` in place of any it has.
/// Weights stay as they are, bit by bit; the file is there whole or not at all.
///
/// # Errors
/// If `from` is not a checkpoint of this program, or `to` cannot be written.
pub fn write_calibration(from: &Path, to: &Path, calibration: &Calibration) -> Result<()> {
    let text = serde_json::to_string(calibration)
        .map_err(|error| Error::input(to, error.to_string(), "numbers JSON can hold", "report this as a defect"))?;
    weights::rewrite_metadata(from, to, |metadata| {
        require_format(from, metadata)?;
        metadata.insert(CALIBRATION.to_owned(), text);
        Ok(())
    })
}

/// One hash for everything that uncalibrated probabilities depend on: weights, architecture, input size, normalisation,
/// whether mirror images are judged too.
/// The same for two checkpoints that differ in provenance or calibration only, in whatever precision their equal
/// weights are kept.
///
/// # Errors
/// Never for a detector with finite normalisation.
pub fn content(detector: &Detector) -> Result<ContentHash> {
    let mut hasher = blake3::Hasher::new();
    // Lengths keep neighbouring texts apart.
    let mut update = |bytes: &[u8]| {
        hasher.update(&(bytes.len() as u64).to_le_bytes());
        hasher.update(bytes);
    };
    for (_, value) in meaning(detector)? {
        update(value.as_bytes());
    }
    for (name, tensor) in &weights::collect(detector.network.as_ref()) {
        update(name.as_bytes());
        tensor.shape.iter().for_each(|&size| update(&(size as u64).to_le_bytes()));
        update(bytemuck::cast_slice(&tensor.values));
    }
    Ok(ContentHash::from(*hasher.finalize().as_bytes()))
}

fn refusal(path: &Path, found: String) -> Error {
    Error::input(
        path,
        found,
        format!("a checkpoint written by `fauxto train` (format `{FORMAT}`)"),
        "to start from other weights, train with --init FILE",
    )
}

/// Reads a checkpoint onto `device`.
///
/// # Errors
/// If the file is not a checkpoint of this program or its weights do not fit the model it names.
pub fn load(path: &Path, device: &Device) -> Result<Checkpoint> {
    let bytes = std::fs::read(path).map_err(|source| Error::io(path, "reading", source))?;
    parse(&bytes, path, device)
}

/// As [`load`], of a network that tells `classes` apart.
///
/// # Errors
/// As for [`load`], and if it tells others apart.
pub fn load_telling(classes: Classes, path: &Path, device: &Device) -> Result<Checkpoint> {
    let checkpoint = load(path, device)?;
    if checkpoint.detector.classes == classes {
        return Ok(checkpoint);
    }
    let (kind, remedy) = match classes {
        Classes::RealFake => ("a detector", "make it the gate of an ensemble with `fauxto calibrate --gate`"),
        Classes::PristineDegraded => {
            ("a gate", "train one with a preset that has train.degrade, such as `release_gate`")
        }
    };
    Err(Error::input(
        path,
        format!("a network that tells `{}` apart", checkpoint.detector.classes),
        format!("{kind}: one that tells `{classes}` apart"),
        remedy,
    ))
}

/// As [`load`], from the bytes of the file `path`, which is only named in messages.
///
/// # Errors
/// As for [`load`].
pub fn parse(bytes: &[u8], path: &Path, device: &Device) -> Result<Checkpoint> {
    let (mut tensors, metadata) = weights::parse_safetensors(bytes, path)?;
    let refuse = |found: String| refusal(path, found);
    let out_of_distribution = OutOfDistribution::take(&mut tensors, &metadata).map_err(refuse)?;
    let value = |key: &str| metadata.get(key).ok_or_else(|| refuse(format!("no `{key}` in its metadata")));
    if value("format")? != FORMAT {
        return Err(refuse(format!("format `{}`", value("format")?)));
    }
    let classes =
        Classes::ALL.into_iter().find(|classes| value("classes").is_ok_and(|names| *names == classes.to_string()));
    let classes = classes.ok_or_else(|| {
        let known = Classes::ALL.map(|classes| classes.to_string()).join("` or `");
        refuse(format!("classes `{}` instead of `{known}`", metadata.get("classes").map_or("", String::as_str)))
    })?;
    let entry = model::model(value("model")?)?;
    let input_size = value("input_size")?
        .parse()
        .ok()
        .filter(|size| (32..=4096).contains(size))
        .ok_or_else(|| refuse("an input size that is no number from 32 to 4096".into()))?;
    let normalisation: Normalisation =
        serde_json::from_str(value("normalisation")?).map_err(|error| refuse(format!("normalisation: {error}")))?;
    if let Some(odd) = normalisation.odd() {
        return Err(refuse(format!("a normalisation by {odd}")));
    }
    let provenance = provenance(path, &metadata)?;
    let calibration =
        metadata.get(CALIBRATION).map(|text| read_calibration(text)).transpose().map_err(|found| {
            Error::input(path, found, "a calibration written by `fauxto calibrate`", "calibrate again")
        })?;
    let test_time_flip = match metadata.get(TEST_TIME_FLIP).map(String::as_str) {
        None => false,
        Some("true") => true,
        Some(other) => return Err(refuse(format!("`{TEST_TIME_FLIP}` of `{other}`"))),
    };
    // Checkpoints written before there was a choice are f32 and do not say so.
    let precision = match metadata.get(PRECISION) {
        Some(name) => Precision::find(name).map_err(|error| refuse(error.to_string()))?,
        None => Precision::F32,
    };
    let mut detector = Detector::blank(entry, input_size, device);
    detector.classes = classes;
    detector.normalisation = normalisation;
    detector.test_time_flip = test_time_flip;
    weights::assign(detector.network.as_mut(), tensors, path, entry.classifier, ClassifierPolicy::Exact)?;
    if let Some(statistics) = &out_of_distribution {
        let (found, own) = (statistics.channels().len(), detector.network.stages());
        if found != own {
            return Err(refuse(format!(
                "statistics of training images at {found} stages, of a network that has {own}"
            )));
        }
    }
    Ok(Checkpoint { detector, provenance, calibration, out_of_distribution, precision })
}

fn read_calibration(text: &str) -> std::result::Result<Calibration, String> {
    let calibration: Calibration = serde_json::from_str(text).map_err(|error| format!("calibration: {error}"))?;
    calibration.check().map(|()| calibration).map_err(|found| format!("calibration: {found}"))
}

//! Checkpoints: safetensors with timm's names, and everything a verdict depends on in the metadata.

use std::collections::BTreeMap;
use std::path::Path;

use burn::tensor::Device;
use serde::{Deserialize, Serialize};

use crate::label::Label;
use crate::model::weights::{self, ClassifierPolicy, Precision};
use crate::model::{self, Detector, Normalisation};
use crate::{Error, Result};

/// Marks files written by this program; the number counts changes of meaning.
const FORMAT: &str = "fauxto 1";

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

/// A detector with what is known of its training.
#[derive(Debug)]
pub struct Checkpoint {
    /// The detector.
    pub detector: Detector,
    /// Its training, if the file is one of ours.
    pub provenance: Provenance,
}

/// Writes `detector` and `provenance`, whole or not at all.
///
/// # Errors
/// If the file cannot be written.
pub fn save(path: &Path, detector: &Detector, provenance: &Provenance, precision: Precision) -> Result<()> {
    let json = |value: serde_json::Result<String>| {
        value
            .map_err(|error| Error::input(path, error.to_string(), "metadata JSON can hold", "report this as a defect"))
    };
    let metadata = BTreeMap::from([
        ("format".to_owned(), FORMAT.to_owned()),
        ("model".to_owned(), detector.entry.name.to_owned()),
        ("classes".to_owned(), Label::ALL.map(Label::name).join(",")),
        ("input_size".to_owned(), detector.input_size.to_string()),
        ("normalisation".to_owned(), json(serde_json::to_string(&detector.normalisation))?),
        ("provenance".to_owned(), json(serde_json::to_string(provenance))?),
    ]);
    let tensors = weights::collect(detector.network.as_ref());
    weights::write_safetensors(path, &tensors, &metadata, precision)
}

/// Reads a checkpoint onto `device`.
///
/// # Errors
/// If the file is not a checkpoint of this program or its weights do not fit the model it names.
pub fn load(path: &Path, device: &Device) -> Result<Checkpoint> {
    let (tensors, metadata) = weights::read_safetensors(path)?;
    let refuse = |found: String| {
        Error::input(
            path,
            found,
            format!("a checkpoint written by `fauxto train` (format `{FORMAT}`)"),
            "to start from other weights, train with --init FILE",
        )
    };
    let value = |key: &str| metadata.get(key).ok_or_else(|| refuse(format!("no `{key}` in its metadata")));
    if value("format")? != FORMAT {
        return Err(refuse(format!("format `{}`", value("format")?)));
    }
    let classes = Label::ALL.map(Label::name).join(",");
    if value("classes")? != &classes {
        return Err(refuse(format!("classes `{}` instead of `{classes}`", value("classes")?)));
    }
    let entry = model::model(value("model")?)?;
    let input_size = value("input_size")?
        .parse()
        .ok()
        .filter(|size| (32..=4096).contains(size))
        .ok_or_else(|| refuse("an input size that is no number from 32 to 4096".into()))?;
    let normalisation: Normalisation =
        serde_json::from_str(value("normalisation")?).map_err(|error| refuse(format!("normalisation: {error}")))?;
    let provenance: Provenance =
        serde_json::from_str(value("provenance")?).map_err(|error| refuse(format!("provenance: {error}")))?;
    let mut detector = Detector::new(entry, input_size, 0, device);
    detector.normalisation = normalisation;
    weights::assign(detector.network.as_mut(), tensors, path, entry.classifier, ClassifierPolicy::Exact)?;
    Ok(Checkpoint { detector, provenance })
}

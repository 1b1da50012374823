//! Detectors as they are drawn, in files.

use std::path::{Path, PathBuf};

use fauxto::checkpoint::{self, Provenance, ValidationSummary};
use fauxto::model::weights::Precision;
use fauxto::model::{Detector, model};

/// A detector of the architecture `name`, drawn by `seed`, in a file of `folder`.
pub(crate) fn detector(folder: &Path, name: &str, seed: u64) -> PathBuf {
    let path = folder.join(format!("{name}_{seed}.safetensors"));
    let validation = ValidationSummary { n: 10, accuracy: 0.6, roc_auc: 0.6 };
    let provenance = Provenance { seed, epoch: 1, data_hash: "none".into(), commit: "none".into(), validation };
    let device = fauxto::device::device("cpu").unwrap();
    let detector = Detector::new(model(name).unwrap(), 32, seed, &device);
    checkpoint::save(&path, &detector, &provenance, Precision::F32).unwrap();
    path
}

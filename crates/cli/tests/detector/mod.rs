//! Detectors as they are drawn, in files: what commands do with them does not depend on what they learned.

use std::path::{Path, PathBuf};

use fauxto::checkpoint::{self, Provenance, ValidationSummary};
use fauxto::model::weights::Precision;
use fauxto::model::{Detector, model};

/// A detector of the architecture `name`, drawn by `seed`, in the file `at`, or in one of that folder.
pub(crate) fn detector(at: &Path, name: &str, seed: u64) -> PathBuf {
    let path = if at.is_dir() { at.join(format!("{name}_{seed}.safetensors")) } else { at.to_path_buf() };
    let validation = ValidationSummary { n: 10, accuracy: 0.6, roc_auc: 0.6 };
    let provenance = Provenance { seed, epoch: 1, data_hash: "none".into(), commit: "none".into(), validation };
    let device = fauxto::device::device("cpu").unwrap();
    let detector = Detector::new(model(name).unwrap(), 32, seed, &device);
    checkpoint::save(&path, &detector, &provenance, Precision::F32).unwrap();
    path
}

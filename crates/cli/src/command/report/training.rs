//! How a run's detectors were trained.

use anyhow::Context;
use fauxto::run::{RunFolder, Summary};
use report::Trained;

/// What a finished run says of itself.
pub(super) fn summary(folder: &RunFolder) -> anyhow::Result<Summary> {
    let path = folder.summary();
    let text = std::fs::read(&path).with_context(|| path.display().to_string())?;
    serde_json::from_slice(&text).with_context(|| path.display().to_string())
}

/// One training; `phase` is empty where there is only one.
pub(super) fn trained(folder: &RunFolder, phase: &str) -> anyhow::Result<Trained> {
    let summary = summary(folder)?;
    let path = folder.config();
    Ok(Trained {
        model: summary.model,
        phase: phase.to_owned(),
        seed: summary.seed,
        commit: summary.commit,
        data_hash: summary.data_hash,
        n_train: summary.n_train as u64,
        n_validation: summary.n_validation as u64,
        epochs: summary.epochs as u64,
        best_epoch: summary.best_epoch as u64,
        seconds: summary.seconds,
        config: std::fs::read_to_string(&path).with_context(|| path.display().to_string())?,
    })
}

//! What the checkpoints' calibrations say.

use anyhow::Context;
use fauxto::model::weights;
use fauxto::predict::Member;
use report::{Calibration, Part, TargetRate};
use serde::Deserialize;

/// The metadata's `calibration`, as far as a report looks.
#[derive(Deserialize)]
struct Record {
    temperature: f64,
    thresholds: Vec<ThresholdRecord>,
    conformal: ConformalRecord,
    n_real: u64,
    n_fake: u64,
    data_hash: Option<String>,
}

#[derive(Deserialize)]
struct ThresholdRecord {
    target_fpr: f64,
    threshold: f64,
}

#[derive(Deserialize)]
struct ConformalRecord {
    level: f64,
}

/// The calibrations of `members`.
pub(super) fn of(members: &[Member]) -> anyhow::Result<Part<Vec<Calibration>>> {
    let mut found = Vec::new();
    for member in members {
        let (_, metadata) = weights::read_safetensors(&member.path)?;
        if let Some(text) = metadata.get("calibration") {
            let record: Record = serde_json::from_str(text).with_context(|| member.path.display().to_string())?;
            found.push(plain(&member.name, record));
        }
    }
    Ok(if found.is_empty() {
        Part::Missing(
            "Not calibrated: a probability of 90% need not mean that nine in ten such images are fake, and there is no \
             third verdict for images it cannot tell. `fauxto calibrate RUN DATA` fits both on labelled images of your \
             own."
                .into(),
        )
    } else {
        Part::There(found)
    })
}

fn plain(judge: &str, record: Record) -> Calibration {
    Calibration {
        judge: judge.to_owned(),
        temperature: Some(record.temperature),
        n_real: Some(record.n_real),
        n_fake: Some(record.n_fake),
        data_hash: record.data_hash,
        level: Some(record.conformal.level),
        thresholds: record
            .thresholds
            .iter()
            .map(|one| TargetRate { target: one.target_fpr, threshold: one.threshold })
            .collect(),
    }
}

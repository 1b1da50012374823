//! What the detectors' calibrations say.

use burn::tensor::Device;
use fauxto::predict::Predictor;
use report::{Calibration, Part, TargetRate};

/// The calibrations of `predictor`: its own, or where several vote without one, those of its members alone.
pub(super) fn of(predictor: &Predictor, device: &Device) -> anyhow::Result<Part<Vec<Calibration>>> {
    let mut found = Vec::new();
    for member in predictor.members() {
        let alone = Predictor::open(std::slice::from_ref(&member.path), device)?;
        found.extend(alone.calibration().map(|calibration| plain(&member.name, calibration)));
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

fn plain(judge: &str, calibration: &fauxto::calibrate::Calibration) -> Calibration {
    Calibration {
        judge: judge.to_owned(),
        temperature: calibration.scaling.temperature,
        bias: calibration.scaling.bias,
        n_real: calibration.n_real as u64,
        n_fake: calibration.n_fake as u64,
        data_hash: calibration.data_hash.clone(),
        level: calibration.conformal.level,
        thresholds: calibration
            .thresholds
            .iter()
            .map(|one| TargetRate { target: one.target_fpr, threshold: one.threshold })
            .collect(),
    }
}

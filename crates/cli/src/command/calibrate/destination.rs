//! Where a calibration goes.

use std::path::{Path, PathBuf};

use fauxto::calibrate::{Calibration, Scaling};
use fauxto::checkpoint;
use fauxto::ensemble_file::EnsembleFile;
use fauxto::predict::Predictor;

/// A checkpoint or an ensemble file.
pub(super) enum Destination {
    Checkpoint(PathBuf),
    Ensemble(PathBuf),
}

impl Destination {
    pub(super) fn of(predictor: &Predictor, out: Option<&Path>) -> anyhow::Result<Self> {
        let alone = match (predictor.ensemble_file(), predictor.members()) {
            (None, [only]) => Some(&only.path),
            _ => None,
        };
        let is_json = |path: &Path| path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
        match (out, alone, predictor.ensemble_file()) {
            (Some(out), _, _) if is_json(out) => Ok(Self::Ensemble(out.to_path_buf())),
            (Some(out), Some(_), _) => Ok(Self::Checkpoint(out.to_path_buf())),
            (None, Some(own), _) => Ok(Self::Checkpoint(own.clone())),
            (None, None, Some(own)) => Ok(Self::Ensemble(own.to_path_buf())),
            (found, None, _) => anyhow::bail!(
                "--out: found {}; expected a file whose name ends in .json, where several models are written as an \
                 ensemble, as in --out ensemble.json",
                found.map_or_else(|| "none".into(), |path| path.display().to_string())
            ),
        }
    }

    pub(super) fn path(&self) -> &Path {
        match self {
            Self::Checkpoint(path) | Self::Ensemble(path) => path,
        }
    }

    pub(super) fn write(
        &self,
        predictor: &Predictor,
        calibration: &Calibration,
        scalings: &[Scaling],
    ) -> anyhow::Result<()> {
        // The ensemble names its members from there.
        if let Some(folder) = self.path().parent().filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder)?;
        }
        match self {
            Self::Checkpoint(path) => {
                Ok(checkpoint::write_calibration(&predictor.members()[0].path, path, calibration)?)
            }
            Self::Ensemble(path) => {
                let file: EnsembleFile = predictor.to_ensemble_file(path, calibration.clone(), scalings)?;
                Ok(file.save(path)?)
            }
        }
    }
}

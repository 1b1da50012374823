//! Whom to ask.

use std::path::PathBuf;

use fauxto::predict::Predictor;

use crate::progress;

/// Checkpoints or run folders, separated by commas, or an ensemble file.
#[derive(Clone, Debug)]
pub(crate) struct Models(pub(crate) Vec<PathBuf>);

/// Refuses a name that is given twice with `option`.
pub(crate) fn require_distinct(option: &str, names: &[String]) -> anyhow::Result<()> {
    for (place, name) in names.iter().enumerate() {
        anyhow::ensure!(
            !names[..place].contains(name),
            "{option}: found {name} twice; expected each once; name it once"
        );
    }
    Ok(())
}

impl Models {
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let paths: Vec<PathBuf> = text.split(',').filter(|part| !part.is_empty()).map(PathBuf::from).collect();
        if paths.is_empty() {
            return Err("expected at least one path".into());
        }
        match paths.iter().enumerate().find(|(place, path)| paths[..*place].contains(path)) {
            Some((_, path)) => Err(format!("found {} twice; expected each once", path.display())),
            None => Ok(Self(paths)),
        }
    }
}

/// Says that the vote of `predictor` promises nothing, where its members are calibrated and it is not.
pub(crate) fn tell_if_uncalibrated(predictor: &Predictor) {
    if predictor.members().len() > 1 && predictor.calibration().is_none() {
        progress::note(
            "the vote of these models is not calibrated, so none of its verdicts is withheld for its probability; \
             `fauxto calibrate A,B LABELLED --out both.json` makes one model of them that is",
        );
    }
}

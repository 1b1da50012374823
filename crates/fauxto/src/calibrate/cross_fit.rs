//! What a calibration is worth on images it was not fitted on, from the calibration set alone: each fold is
//! judged by what the others give (Stone, "Cross-validatory choice and assessment of statistical predictions",
//! Journal of the Royal Statistical Society B 36, 1974).

use rand::seq::SliceRandom;
use serde::Serialize;

use super::{Calibration, ClassCoverage, ConformalVerdict, Settings, check_versions};
use crate::evaluate::metric::accuracy::wilson_interval;
use crate::{Error, Label, Result, random};

/// Every image judged by a calibration that has not seen it.
#[derive(Clone, Debug, PartialEq)]
pub struct CrossFit {
    /// Calibrated probabilities of fake, `[n]`.
    pub probabilities: Vec<f64>,
    /// The three-way verdicts, `[n]`.
    pub verdicts: Vec<ConformalVerdict>,
    /// How these do, by class: real, fake.
    pub coverage: [ClassCoverage; 2],
    /// What the thresholds' rates turn out to be.
    pub rates: Vec<MeasuredRate>,
}

/// A threshold's rates beside the one asked for. The field names are stable.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct MeasuredRate {
    /// The false-positive rate asked for.
    pub target_fpr: f64,
    /// Share of real images called fake.
    pub false_positive_rate: f64,
    /// Its 95% Wilson interval.
    pub interval: [f64; 2],
    /// Share of fake images called fake.
    pub true_positive_rate: f64,
}

/// Fits to all folds but one, and judges that one, for each of `folds` folds with their share of each class.
/// Shapes are those of [`Calibration::fit_with_versions`].
///
/// # Errors
/// As [`Calibration::fit_with_versions`], for the images that are left without one fold.
pub fn cross_fit(
    probabilities: &[f64],
    versions: &[Vec<f64>],
    labels: &[Label],
    settings: &Settings,
    folds: usize,
) -> Result<CrossFit> {
    check_versions(probabilities, versions, labels)?;
    if folds < 2 {
        return Err(Error::Setting {
            setting: "folds".into(),
            found: folds.to_string(),
            expected: "at least 2".into(),
        });
    }
    let fold_of = deal(labels, folds);
    let mut calibrated = vec![0.0; labels.len()];
    let mut judged = vec![(Label::Real, ConformalVerdict::Unsure, false); labels.len()];
    let mut called = vec![[0_u64; 2]; settings.target_fprs.len()];
    for fold in 0..folds {
        let (theirs, own): (Vec<usize>, Vec<usize>) = (0..labels.len()).partition(|&image| fold_of[image] != fold);
        let of_theirs = |all: &[f64]| theirs.iter().map(|&image| all[image]).collect::<Vec<f64>>();
        let versions: Vec<Vec<f64>> = versions.iter().map(|version| of_theirs(version)).collect();
        let classes: Vec<Label> = theirs.iter().map(|&image| labels[image]).collect();
        let calibration = Calibration::fit_with_versions(&of_theirs(probabilities), &versions, &classes, settings)?;
        for image in own {
            let (p, label) = (calibration.probability(probabilities[image]), labels[image]);
            calibrated[image] = p;
            judged[image] = (label, calibration.judge(p), calibration.conformal.holds(p, label));
            for (called, threshold) in called.iter_mut().zip(&calibration.thresholds) {
                called[label.index()] += u64::from(p >= threshold.threshold);
            }
        }
    }
    let coverage = ClassCoverage::count(judged.iter().copied());
    let [n_real, n_fake] = coverage.map(|class| class.n as u64);
    let rates = settings.target_fprs.iter().zip(called).map(|(&target_fpr, [real, fake])| MeasuredRate {
        target_fpr,
        false_positive_rate: real as f64 / n_real as f64,
        interval: wilson_interval(real, n_real),
        true_positive_rate: fake as f64 / n_fake as f64,
    });
    Ok(CrossFit {
        probabilities: calibrated,
        verdicts: judged.iter().map(|(_, verdict, _)| *verdict).collect(),
        coverage,
        rates: rates.collect(),
    })
}

/// The fold of each image: in an order drawn once, each class dealt out in turn.
fn deal(labels: &[Label], folds: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..labels.len()).collect();
    order.shuffle(&mut random::stream(0, "calibration folds", &[]));
    let mut dealt = [0_usize; 2];
    let mut fold_of = vec![0; labels.len()];
    for image in order {
        let next = &mut dealt[labels[image].index()];
        fold_of[image] = *next % folds;
        *next += 1;
    }
    fold_of
}

//! What a detector's probability is worth on images it has not learned from: a scaling that makes
//! probabilities honest, thresholds that keep a false-positive rate, and three-way verdicts that keep a
//! level of coverage.
//!
//! Everything is fitted on labelled images that were not trained on, and holds for images *exchangeable*
//! with them: drawn from the same sources, in any order. The promises about rates and coverage are averages over calibration
//! sets of that size and need no assumption about the detector; none of them survives a change of camera,
//! generator or post-processing, which is what refitting on a small set of one's own is for.
//!
//! The score calibrated must not have been fitted on the same images: ranks are then no longer exchangeable.
//! A scaling keeps the order of the images and so does no harm.

mod conformal;
mod coverage;
mod cross_fit;
mod scaling;
mod threshold;
mod unseen;

use serde::{Deserialize, Serialize};

use crate::data::ContentHash;
use crate::{Error, Label, Result};

pub use conformal::{Conformal, ConformalVerdict};
pub use coverage::ClassCoverage;
pub use cross_fit::{CrossFit, MeasuredRate, cross_fit};
pub use scaling::Scaling;
pub use threshold::Threshold;
pub use unseen::require_unseen;

/// What to promise.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Of each class, at least this share of images shall have the truth in their conformal set; in `(0, 1)`.
    pub level: f64,
    /// False-positive rates, each in `(0, 1)`, to fit thresholds for.
    pub target_fprs: Vec<f64>,
}

impl Default for Settings {
    /// 95%, and thresholds for 1% and 5%: 99 real and 19 fake images suffice.
    fn default() -> Self {
        Self { level: 0.95, target_fprs: vec![0.01, 0.05] }
    }
}

/// A fitted calibration. The field names are a public format.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// What makes probabilities honest.
    #[serde(flatten)]
    pub scaling: Scaling,
    /// By target rate, in the order asked for.
    pub thresholds: Vec<Threshold>,
    /// The three-way verdict.
    pub conformal: Conformal,
    /// Real images fitted on.
    pub n_real: usize,
    /// Fake images fitted on.
    pub n_fake: usize,
    /// Hash of contents and labels of the images fitted on, if they were images; see [`data_hash`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_hash: Option<String>,
}

impl Settings {
    /// The least number of real and of fake images that these promises can be kept with.
    ///
    /// # Errors
    /// [`Error::Setting`] for a level or rate outside `(0, 1)`.
    pub fn needed(&self) -> Result<[usize; 2]> {
        let conformal = conformal::needed(self.level)?;
        let rates = self.target_fprs.iter().map(|&rate| threshold::needed(rate));
        let real = rates.collect::<Result<Vec<_>>>()?.into_iter().fold(conformal, usize::max);
        Ok([real, conformal])
    }

    fn require(&self, found: [usize; 2]) -> Result<()> {
        let needed = self.needed()?;
        if found[0] >= needed[0] && found[1] >= needed[1] {
            return Ok(());
        }
        let least = self.target_fprs.iter().copied().fold(f64::INFINITY, f64::min);
        let rate = match least.is_finite() {
            true => format!(" and a false-positive rate of {}", percent(least)),
            false => String::new(),
        };
        Err(Error::Refused(format!(
            "calibration: found {} real and {} fake images; expected at least {} real and {} fake ones for a level of \
             {}{rate}; add labelled images, or promise less",
            found[0],
            found[1],
            needed[0],
            needed[1],
            percent(self.level),
        )))
    }
}

impl Calibration {
    /// Fits scaling, thresholds and conformal verdicts to uncalibrated probabilities of fake `[n]` and
    /// what the images are `[n]`.
    ///
    /// # Errors
    /// [`Error::Setting`] for a level or rate outside `(0, 1)`. [`Error::Refused`] where the lengths differ, a
    /// probability is outside `0..=1`, there are too few images of a class to keep a promise (the message says
    /// how many it takes), or too many real images share probability 1 for any threshold to keep a rate.
    pub fn fit(probabilities: &[f64], labels: &[Label], settings: &Settings) -> Result<Self> {
        Self::fit_with_versions(probabilities, &[], labels, settings)
    }

    /// As [`Calibration::fit`], with the scaling that [`Scaling::fit_with_versions`] gives. Thresholds and conformal
    /// verdicts are of the images themselves: they keep their promises whatever the scaling.
    ///
    /// # Errors
    /// As [`Calibration::fit`], or a version has not the images' number.
    pub fn fit_with_versions(
        probabilities: &[f64],
        versions: &[Vec<f64>],
        labels: &[Label],
        settings: &Settings,
    ) -> Result<Self> {
        check_versions(probabilities, versions, labels)?;
        let count = |class| labels.iter().filter(|&&label| label == class).count();
        let [n_real, n_fake] = Label::ALL.map(count);
        settings.require([n_real, n_fake])?;
        let scaling = Scaling::fit_with_versions(probabilities, versions, labels);
        let ascending = |class| {
            let of_class = probabilities.iter().zip(labels).filter(|(_, label)| **label == class);
            let mut found: Vec<f64> = of_class.map(|(&p, _)| scaling.apply(p)).collect();
            found.sort_unstable_by(f64::total_cmp);
            found
        };
        let [real, fake] = Label::ALL.map(ascending);
        let thresholds = settings.target_fprs.iter().map(|&rate| Threshold::fit(&real, rate)).collect::<Result<_>>()?;
        let conformal = Conformal::fit(&real, &fake, settings.level)?;
        Ok(Self { scaling, thresholds, conformal, n_real, n_fake, data_hash: None })
    }

    /// The calibrated probability of fake, in `0..=1`, of an uncalibrated one in `0..=1`. Keeps the order.
    #[must_use]
    pub fn probability(&self, uncalibrated: f64) -> f64 {
        self.scaling.apply(uncalibrated)
    }

    /// The three-way verdict on a calibrated probability.
    #[must_use]
    pub fn judge(&self, calibrated: f64) -> ConformalVerdict {
        self.conformal.judge(calibrated)
    }

    /// The calibrated probability from which images are called fake, so that of real images the target share
    /// is called so; `None` for a rate that was not fitted.
    #[must_use]
    pub fn threshold(&self, target_fpr: f64) -> Option<f64> {
        let same = |found: &&Threshold| (found.target_fpr - target_fpr).abs() <= 1e-12;
        self.thresholds.iter().find(same).map(|found| found.threshold)
    }

    /// What was promised when it was fitted.
    #[must_use]
    pub fn settings(&self) -> Settings {
        let target_fprs = self.thresholds.iter().map(|threshold| threshold.target_fpr).collect();
        Settings { level: self.conformal.level, target_fprs }
    }

    /// How the three-way verdicts do on calibrated probabilities of fake `[n]` of images whose labels `[n]` are
    /// known, by class: real, fake.
    #[must_use]
    pub fn coverage(&self, calibrated: &[f64], labels: &[Label]) -> [ClassCoverage; 2] {
        let judged =
            calibrated.iter().zip(labels).map(|(&p, &label)| (label, self.judge(p), self.conformal.holds(p, label)));
        ClassCoverage::count(judged)
    }

    /// Whether its numbers are ones that [`Calibration::fit`] gives: what is read from a file may be damaged.
    pub(crate) fn check(&self) -> std::result::Result<(), String> {
        self.scaling.check()?;
        let conformal = [self.conformal.level, self.conformal.real_at_most, self.conformal.fake_at_least];
        let thresholds = self.thresholds.iter().flat_map(|found| [found.target_fpr, found.threshold]);
        match conformal.into_iter().chain(thresholds).find(|share| !(0.0..=1.0).contains(share)) {
            Some(share) => Err(format!("a share or probability of {share}; expected 0 to 1")),
            None => Ok(()),
        }
    }
}

/// One hash for the contents and labels of a calibration set, in whatever order they come.
#[must_use]
pub fn data_hash(images: impl IntoIterator<Item = (ContentHash, Label)>) -> String {
    let mut images: Vec<([u8; 32], Label)> =
        images.into_iter().map(|(content, label)| (*content.as_bytes(), label)).collect();
    images.sort_unstable();
    let mut hasher = blake3::Hasher::new();
    for (content, label) in images {
        hasher.update(&content);
        hasher.update(&[label.index() as u8]);
    }
    hasher.finalize().to_hex().to_string()
}

/// Checks the images' probabilities and those of each of their versions.
fn check_versions(probabilities: &[f64], versions: &[Vec<f64>], labels: &[Label]) -> Result<()> {
    check_input(probabilities, labels)?;
    versions.iter().try_for_each(|version| check_input(version, labels))
}

fn check_input(probabilities: &[f64], labels: &[Label]) -> Result<()> {
    if probabilities.len() != labels.len() {
        return Err(Error::Refused(format!(
            "calibration: found {} probabilities and {} labels; expected one label for each probability; calibrate on \
             labelled images only",
            probabilities.len(),
            labels.len()
        )));
    }
    match probabilities.iter().find(|probability| !(0.0..=1.0).contains(*probability)) {
        Some(found) => Err(Error::Refused(format!(
            "calibration: found a probability of {found}; expected finite numbers in 0..=1; a model whose weights are \
             not finite gives such values"
        ))),
        None => Ok(()),
    }
}

/// A share in words: `.05` as `5%`, with as many digits as it has.
#[must_use]
pub fn percent(share: f64) -> String {
    // Ten digits hide what binary fractions add to decimal ones.
    let text = format!("{:.10}", share * 100.0);
    format!("{}%", text.trim_end_matches('0').trim_end_matches('.'))
}

fn open_share(setting: &str, found: f64) -> Result<f64> {
    if found > 0.0 && found < 1.0 {
        return Ok(found);
    }
    Err(Error::Setting {
        setting: setting.into(),
        found: found.to_string(),
        expected: "a share above 0 and below 1".into(),
    })
}

//! Split conformal verdicts, each class for itself (Mondrian): of the images of each class, at least the stated
//! share has the truth in its set of labels (Vovk, Gammerman and Shafer, "Algorithmic Learning in a Random World",
//! 2005, section 4.5; Vovk, "Conditional validity of inductive conformal predictors", ACML 2012; Sadinle, Lei and
//! Wasserman, "Least ambiguous set-valued classifiers with bounded error levels", JASA 114, 2019, whose least
//! ambiguous sets cut the class probability at a quantile for each class, as here).
//!
//! A set of one label is a verdict; both labels, or none, are [`ConformalVerdict::Unsure`]. So of each class at
//! most `1 - level` of the images get the wrong verdict, on average over calibration sets.

use serde::{Deserialize, Serialize};

use super::open_share;
use super::threshold::SLACK;
use crate::{Error, Label, Result};

/// A verdict that may be withheld. In files: `real`, `fake` or `unsure`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ConformalVerdict {
    /// Only a photograph fits the level.
    Real,
    /// Only a generated image fits the level.
    Fake,
    /// Both fit it, or neither does.
    Unsure,
}

impl ConformalVerdict {
    /// Every verdict.
    pub const ALL: [Self; 3] = [Self::Real, Self::Fake, Self::Unsure];

    /// As written in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Real => "real",
            Self::Fake => "fake",
            Self::Unsure => "unsure",
        }
    }

    /// The class, where there is one.
    #[must_use]
    pub fn label(self) -> Option<Label> {
        match self {
            Self::Real => Some(Label::Real),
            Self::Fake => Some(Label::Fake),
            Self::Unsure => None,
        }
    }
}

impl std::fmt::Display for ConformalVerdict {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.pad(self.name())
    }
}

/// Which labels fit a calibrated probability of fake. The two bounds may lie either way round.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Conformal {
    /// Of each class, at least this share has the truth in its set; in `(0, 1)`.
    pub level: f64,
    /// `real` is in the set up to this probability: the `ceil((n + 1) level)`-th lowest of real images.
    pub real_at_most: f64,
    /// `fake` is in the set from this probability on: the `ceil((n + 1) level)`-th highest of fake images.
    pub fake_at_least: f64,
}

/// The least number of images of a class that a level takes.
pub(super) fn needed(level: f64) -> Result<usize> {
    let level = open_share("level", level)?;
    Ok((level / (1.0 - level) - SLACK).ceil().max(1.0) as usize)
}

impl Conformal {
    /// From the calibrated probabilities of real and of fake images, both ascending.
    pub(super) fn fit(real: &[f64], fake: &[f64], level: f64) -> Result<Self> {
        let needed = needed(level)?;
        let rank = |n: usize| ((n + 1) as f64 * level - SLACK).ceil() as usize;
        let at = |class: Label, of: &[f64]| {
            let rank = rank(of.len());
            let place = match class {
                Label::Real => rank.checked_sub(1),
                Label::Fake => of.len().checked_sub(rank),
            };
            place.and_then(|place| of.get(place)).copied().ok_or_else(|| {
                Error::Refused(format!(
                    "calibration: found {} {class} images; expected at least {needed} for a level of {}; add {class} \
                     images, or promise a lower level",
                    of.len(),
                    super::percent(level)
                ))
            })
        };
        Ok(Self { level, real_at_most: at(Label::Real, real)?, fake_at_least: at(Label::Fake, fake)? })
    }

    /// Whether `label` is in the set of a calibrated probability.
    #[must_use]
    pub fn holds(&self, calibrated: f64, label: Label) -> bool {
        match label {
            Label::Real => calibrated <= self.real_at_most,
            Label::Fake => calibrated >= self.fake_at_least,
        }
    }

    /// The verdict on a calibrated probability.
    #[must_use]
    pub fn judge(&self, calibrated: f64) -> ConformalVerdict {
        match Label::ALL.map(|label| self.holds(calibrated, label)) {
            [true, false] => ConformalVerdict::Real,
            [false, true] => ConformalVerdict::Fake,
            _ => ConformalVerdict::Unsure,
        }
    }
}

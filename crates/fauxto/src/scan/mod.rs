//! A detector's verdict on any image, with what it is worth: the calibrated probability, how firmly it
//! stands against re-encoding and resizing ([`stability`]), whether the image is of the kind the detector
//! learned from ([`unlike`]), and what the parts of a large photograph say for themselves ([`tiles`]).
//!
//! Images are decoded and brought to the detector's input on threads of their own while it judges those
//! before them.

mod ahead;
mod pipeline;
mod prepare;
pub mod stability;
pub mod tiles;
pub mod unlike;

use serde::Serialize;

use crate::Label;
use crate::calibrate::ConformalVerdict;
use crate::data::{Broken, Dataset};
use crate::out_of_distribution::Unlikeness;
use crate::predict::{Judgement, Predictor};

pub use stability::{Level, Stability};
pub use tiles::Tiles;
pub use unlike::Unlike;

/// What is looked at beside the image itself.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Which versions of each image are judged.
    pub stability: Level,
    /// Tiles of a large photograph at most; fewer than 2: none.
    pub most_tiles: usize,
    /// Detector inputs judged at a time, at least 1. Images, their versions and their tiles are inputs.
    pub batch_size: usize,
    /// Probability from which an image is called fake.
    pub threshold: f64,
}

/// Why a verdict is withheld. The names are stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Doubt {
    /// Its probability is between the classes, by the calibration.
    BetweenClasses,
    /// The threshold, which is not the calibration's, decides against the calibrated judgement.
    AgainstCalibration,
    /// A version of the image gets another verdict.
    Unstable,
    /// The image is far from what the detector learned from.
    FarFromTraining,
}

impl Doubt {
    /// What it says, in a few words.
    #[must_use]
    pub fn summary(self) -> &'static str {
        match self {
            Self::BetweenClasses => "between the classes",
            Self::AgainstCalibration => "the threshold contradicts the calibration",
            Self::Unstable => "changes when re-encoded, resized or mirrored",
            Self::FarFromTraining => "far from the training images",
        }
    }
}

/// What was found of one image.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// Width and height in pixels, upright.
    pub size: [usize; 2],
    /// Of the whole image, resized to the detector's input.
    pub judgement: Judgement,
    /// Fake from the threshold on.
    pub verdict: Label,
    /// The verdict, withheld where there is a doubt.
    pub judged: ConformalVerdict,
    /// Why it is withheld.
    pub doubts: Vec<Doubt>,
    /// Where versions were judged.
    pub stability: Option<Stability>,
    /// How the image differs from the training images.
    pub unlike: Unlike,
    /// Where the image is large.
    pub tiles: Option<Tiles>,
}

impl Finding {
    /// Draws the conclusion.
    fn new(
        size: [usize; 2],
        judgement: Judgement,
        threshold: f64,
        stability: Option<Stability>,
        unlike: Unlike,
        tiles: Option<Tiles>,
    ) -> Self {
        let verdict = judgement.verdict(threshold);
        let mut doubts = Vec::new();
        match judgement.conformal {
            Some(ConformalVerdict::Unsure) => doubts.push(Doubt::BetweenClasses),
            Some(calibrated) if calibrated.label() != Some(verdict) => doubts.push(Doubt::AgainstCalibration),
            _ => {}
        }
        if stability.as_ref().is_some_and(|stability| !stability.flips.is_empty()) {
            doubts.push(Doubt::Unstable);
        }
        if unlike.content.as_ref().is_some_and(|content| content.judged == Unlikeness::Far) {
            doubts.push(Doubt::FarFromTraining);
        }
        let judged = match verdict {
            _ if !doubts.is_empty() => ConformalVerdict::Unsure,
            Label::Real => ConformalVerdict::Real,
            Label::Fake => ConformalVerdict::Fake,
        };
        Self { size, judgement, verdict, judged, doubts, stability, unlike, tiles }
    }
}

/// Scans images by one predictor.
#[derive(Clone, Copy, Debug)]
pub struct Scanner<'a> {
    /// Judges.
    pub predictor: &'a Predictor,
    /// What is looked at.
    pub settings: Settings,
}

impl Scanner<'_> {
    /// What was found of the items at `indices`, in that order; broken ones do not stop it. Calls
    /// `progress` with the number of images done.
    #[must_use]
    pub fn scan(
        &self,
        dataset: &Dataset,
        indices: &[usize],
        progress: &mut dyn FnMut(usize),
    ) -> Vec<Result<Finding, Broken>> {
        pipeline::run(self, dataset, indices, progress)
    }
}

#[cfg(test)]
mod tests;

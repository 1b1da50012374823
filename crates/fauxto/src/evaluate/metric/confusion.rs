//! The confusion matrix: verdicts counted by truth.
//!
//! Source: Kohavi and Provost, "Glossary of terms", Machine Learning 30, 1998. Four counts that add
//! up to the number of images; everything that depends on a threshold follows from them.

use serde::{Deserialize, Serialize};

use crate::Label;
use crate::evaluate::Scores;
use crate::evaluate::scores::verdict;

/// Verdicts counted by truth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confusion {
    /// Real images called real: true negatives.
    pub real_as_real: u64,
    /// Real images called fake: false positives.
    pub real_as_fake: u64,
    /// Fake images called real: false negatives.
    pub fake_as_real: u64,
    /// Fake images called fake: true positives.
    pub fake_as_fake: u64,
}

impl Confusion {
    /// Counts the verdicts at `threshold`, in `0..=1`.
    #[must_use]
    pub fn count(scores: &Scores, threshold: f64) -> Self {
        let mut confusion = Self::default();
        for (probability, label) in scores.iter() {
            *match (label, verdict(probability, threshold)) {
                (Label::Real, Label::Real) => &mut confusion.real_as_real,
                (Label::Real, Label::Fake) => &mut confusion.real_as_fake,
                (Label::Fake, Label::Real) => &mut confusion.fake_as_real,
                (Label::Fake, Label::Fake) => &mut confusion.fake_as_fake,
            } += 1;
        }
        confusion
    }

    /// Real images.
    #[must_use]
    pub fn real(&self) -> u64 {
        self.real_as_real + self.real_as_fake
    }

    /// Fake images.
    #[must_use]
    pub fn fake(&self) -> u64 {
        self.fake_as_real + self.fake_as_fake
    }

    /// Images with the right verdict.
    #[must_use]
    pub fn right(&self) -> u64 {
        self.real_as_real + self.fake_as_fake
    }

    /// All images.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.real() + self.fake()
    }
}

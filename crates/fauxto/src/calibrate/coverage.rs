//! Counting how three-way verdicts do on images whose labels are known.

use serde::{Deserialize, Serialize};

use super::ConformalVerdict;
use crate::Label;
use crate::evaluate::metric::accuracy::wilson_interval;

/// Three-way verdicts on the images of one class. The field names are stable.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClassCoverage {
    /// The class.
    pub label: Label,
    /// Images of it.
    pub n: usize,
    /// Images with the truth in their set: what the level promises.
    pub covered: usize,
    /// Images given the right verdict.
    pub right: usize,
    /// Images given the wrong one.
    pub wrong: usize,
    /// Images given none.
    pub unsure: usize,
    /// `covered / n`; `None` without images.
    pub coverage: Option<f64>,
    /// Its 95% Wilson interval, over the images counted; the calibration set's own chance is not in it.
    pub interval: [f64; 2],
}

impl ClassCoverage {
    /// Counts by class from each image's label, verdict, and whether the truth was in its set.
    pub(super) fn count(judged: impl Iterator<Item = (Label, ConformalVerdict, bool)>) -> [Self; 2] {
        let mut classes = Label::ALL.map(|label| Self {
            label,
            n: 0,
            covered: 0,
            right: 0,
            wrong: 0,
            unsure: 0,
            coverage: None,
            interval: [0.0, 1.0],
        });
        for (label, verdict, covered) in judged {
            let class = &mut classes[label.index()];
            class.n += 1;
            class.covered += usize::from(covered);
            match verdict.label() {
                None => class.unsure += 1,
                Some(said) if said == label => class.right += 1,
                Some(_) => class.wrong += 1,
            }
        }
        for class in &mut classes {
            class.coverage = (class.n > 0).then(|| class.covered as f64 / class.n as f64);
            class.interval = wilson_interval(class.covered as u64, class.n as u64);
        }
        classes
    }
}

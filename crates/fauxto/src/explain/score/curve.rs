//! Deletion and insertion (Petsiuk et al. 2018, "RISE: Randomized Input Sampling for Explanation of
//! Black-box Models", arXiv 1806.07421, section 4.2). Reference code: the authors' `evaluation.py`.
//!
//! Pixels are blurred away from the most relevant on (deletion), or brought back into the blurred image
//! in the same order (insertion); the score is the area under the probability of the class over the
//! share of pixels changed, by trapezoids. The authors delete to black and insert from blur; here both
//! ways lead between image and blur, because black pixels are edges that a detector may judge by.

use super::ScoreEntry;
use super::blur::blurred;
use super::ranking::ranking;
use crate::Label;
use crate::evaluate::Better;
use crate::explain::evidence::in_batches;
use crate::explain::{Case, Map};
use crate::image::FloatImage;
use crate::model::Frozen;

/// Steps from the first to the last pixel; the authors take as many as an image has rows.
const STEPS: usize = 32;

pub(super) const DELETION: ScoreEntry = ScoreEntry {
    name: "deletion",
    title: "deletion",
    summary: "area under the class's probability while the most relevant pixels are blurred away",
    source: "Petsiuk et al. 2018, arXiv 1806.07421",
    better: Better::Lower,
    measure: |frozen, case, map, seed| Ok(deletion_curve(frozen, case, map, seed).area()),
};

pub(super) const INSERTION: ScoreEntry = ScoreEntry {
    name: "insertion",
    title: "insertion",
    summary: "area under the class's probability while the most relevant pixels return into the blurred image",
    source: "Petsiuk et al. 2018, arXiv 1806.07421",
    better: Better::Higher,
    measure: |frozen, case, map, seed| Ok(insertion_curve(frozen, case, map, seed).area()),
};

/// The probability of a case's class after equal steps from no pixel changed to all.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    /// Probabilities in `0..=1`; the first is that of the image the curve starts from.
    pub probabilities: Vec<f64>,
}

impl Curve {
    /// The area under the curve over `0..=1`, by trapezoids.
    #[must_use]
    pub fn area(&self) -> f64 {
        let steps = self.probabilities.windows(2);
        let count = steps.len().max(1) as f64;
        steps.map(|pair| (pair[0] + pair[1]) / 2.0).sum::<f64>() / count
    }
}

/// From the image to its blur.
#[must_use]
pub fn deletion_curve(frozen: &Frozen, case: &Case, map: &Map, seed: u64) -> Curve {
    curve(frozen, case, &case.image, &blurred(&case.image), &ranking(map, seed, case.item))
}

/// From the blur to the image.
#[must_use]
pub fn insertion_curve(frozen: &Frozen, case: &Case, map: &Map, seed: u64) -> Curve {
    curve(frozen, case, &blurred(&case.image), &case.image, &ranking(map, seed, case.item))
}

fn curve(frozen: &Frozen, case: &Case, start: &FloatImage, end: &FloatImage, order: &[usize]) -> Curve {
    let mut image = start.clone();
    let mut images = vec![image.clone()];
    let mut changed = 0;
    for step in 1..=STEPS {
        let until = step * order.len() / STEPS;
        for &pixel in &order[changed..until] {
            image.pixels[3 * pixel..3 * pixel + 3].copy_from_slice(&end.pixels[3 * pixel..3 * pixel + 3]);
        }
        changed = until;
        images.push(image.clone());
    }
    Curve { probabilities: probabilities(frozen, &images, case.class) }
}

/// The probability of `class` for each of `images`.
pub(super) fn probabilities(frozen: &Frozen, images: &[FloatImage], class: Label) -> Vec<f64> {
    let fake = in_batches(images, |pixels| frozen.probability_fake(pixels), frozen);
    fake.into_iter().map(|fake| if class == Label::Fake { fake } else { 1.0 - fake }).collect()
}

#[cfg(test)]
mod tests {
    use super::Curve;

    #[test]
    fn areas_are_those_of_trapezoids() {
        let area = |probabilities: &[f64]| Curve { probabilities: probabilities.to_vec() }.area();
        assert_eq!(area(&[1.0, 0.0]), 0.5);
        assert_eq!(area(&[1.0, 1.0, 1.0]), 1.0);
        assert_eq!(area(&[0.0, 1.0, 0.0, 0.0]), 1.0 / 3.0);
    }
}

//! Probabilities beside the truth: what every metric is computed from.

use std::sync::OnceLock;

use crate::{Error, Label, Result};

/// Scored images: the probability that each is fake, and what each is. Never empty; every
/// probability is a finite number in `0..=1`.
#[derive(Clone, Debug)]
pub struct Scores {
    probability_fake: Vec<f64>,
    labels: Vec<Label>,
    ranking: OnceLock<Vec<Tie>>,
}

/// All images that share one probability.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tie {
    /// The probability they share.
    pub probability_fake: f64,
    /// How many of them are real.
    pub n_real: u64,
    /// How many of them are fake.
    pub n_fake: u64,
}

impl Scores {
    /// Pairs `probability_fake` `[n]` with `labels` `[n]`.
    ///
    /// # Errors
    /// [`Error::Refused`] where the lengths differ, nothing is given, or a probability is not a
    /// finite number in `0..=1`.
    pub fn new(probability_fake: Vec<f64>, labels: Vec<Label>) -> Result<Self> {
        if probability_fake.len() != labels.len() {
            return Err(Error::Refused(format!(
                "scores: found {} probabilities and {} labels; expected one label for each probability; \
                 evaluate labelled images only",
                probability_fake.len(),
                labels.len()
            )));
        }
        if labels.is_empty() {
            return Err(Error::Refused(
                "scores: found no images; expected at least one; evaluate a data set that holds labelled images".into(),
            ));
        }
        if let Some((position, found)) =
            probability_fake.iter().enumerate().find(|(_, probability)| !(0.0..=1.0).contains(*probability))
        {
            return Err(Error::Refused(format!(
                "scores: found {found} as the probability of image {} of {}; expected a finite number in 0..=1; \
                 a model whose weights are not finite gives such values",
                position + 1,
                labels.len()
            )));
        }
        Ok(Self { probability_fake, labels, ranking: OnceLock::new() })
    }

    /// The probability that each image is fake, `[n]`, in `0..=1`.
    #[must_use]
    pub fn probability_fake(&self) -> &[f64] {
        &self.probability_fake
    }

    /// What each image is, `[n]`.
    #[must_use]
    pub fn labels(&self) -> &[Label] {
        &self.labels
    }

    /// Number of images, at least 1.
    #[must_use]
    pub fn n(&self) -> usize {
        self.labels.len()
    }

    /// Number of images with this label.
    #[must_use]
    pub fn count(&self, label: Label) -> usize {
        self.labels.iter().filter(|&&found| found == label).count()
    }

    /// Each image's probability and label, in the order given.
    pub fn iter(&self) -> impl Iterator<Item = (f64, Label)> + '_ {
        self.probability_fake.iter().copied().zip(self.labels.iter().copied())
    }

    /// The verdict on each image, `[n]`: fake where the probability is at least `threshold`.
    #[must_use]
    pub fn verdicts(&self, threshold: f64) -> Vec<Label> {
        self.probability_fake.iter().map(|&probability| verdict(probability, threshold)).collect()
    }

    /// The images grouped by probability, most probably fake first. Sorted once, on first use;
    /// every rank metric is then one pass.
    #[must_use]
    pub fn ranking(&self) -> &[Tie] {
        self.ranking.get_or_init(|| {
            let mut pairs: Vec<(f64, Label)> = self.iter().collect();
            pairs.sort_unstable_by(|left, right| right.0.total_cmp(&left.0));
            pairs
                .chunk_by(|left, right| left.0 == right.0)
                .map(|tie| {
                    let n_fake = tie.iter().filter(|(_, label)| *label == Label::Fake).count();
                    Tie { probability_fake: tie[0].0, n_real: (tie.len() - n_fake) as u64, n_fake: n_fake as u64 }
                })
                .collect()
        })
    }
}

/// Fake where `probability_fake` is at least `threshold`.
pub(super) fn verdict(probability_fake: f64, threshold: f64) -> Label {
    if probability_fake >= threshold { Label::Fake } else { Label::Real }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(probability_fake: Vec<f64>, labels: Vec<Label>) -> String {
        Scores::new(probability_fake, labels).unwrap_err().to_string()
    }

    #[test]
    fn what_cannot_be_scored_is_refused_with_what_was_found() {
        assert!(refusal(vec![0.5], vec![]).contains("1 probabilities and 0 labels"));
        assert!(refusal(vec![], vec![]).contains("no images"));
        for bad in [f64::NAN, f64::INFINITY, -0.001, 1.001] {
            let message = refusal(vec![0.5, bad], vec![Label::Real, Label::Fake]);
            assert!(message.contains(&format!("found {bad} as the probability of image 2 of 2")), "{message}");
        }
    }

    #[test]
    fn the_ranking_groups_ties_and_takes_both_zeros_for_one() {
        let scores = Scores::new(
            vec![0.0, 0.7, -0.0, 0.7, 0.7],
            vec![Label::Real, Label::Fake, Label::Fake, Label::Real, Label::Fake],
        )
        .unwrap();
        assert_eq!(
            scores.ranking(),
            [Tie { probability_fake: 0.7, n_real: 1, n_fake: 2 }, Tie { probability_fake: 0.0, n_real: 1, n_fake: 1 },]
        );
    }

    #[test]
    fn a_probability_at_the_threshold_is_called_fake() {
        let scores = Scores::new(vec![0.5, 0.499], vec![Label::Real; 2]).unwrap();
        assert_eq!(scores.verdicts(0.5), [Label::Fake, Label::Real]);
    }
}

//! Whether two detectors differ on the same images.

use serde::{Deserialize, Serialize};

use crate::{Error, Label, Result};

/// McNemar's test for two detectors judged on the same images.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct McNemar {
    /// Images that only the first detector got right.
    pub only_first_right: u64,
    /// Images that only the second detector got right.
    pub only_second_right: u64,
    /// Two-sided p-value: how often a split at least this uneven would happen by chance if both
    /// were equally good; in `0..=1`. Below the smallest positive number it is 0.
    pub p_value: f64,
}

/// Compares verdicts `first` `[n]` and `second` `[n]` against `truth` `[n]`.
///
/// Only images on which exactly one of the two is right carry information; if both detectors are
/// equally good, each such image goes to either with probability one half (McNemar, "Note on the
/// sampling error of the difference between correlated proportions or percentages", Psychometrika
/// 12, 1947). The binomial p-value is computed exactly at every count: the usual chi-squared
/// approximation for large counts would save nothing.
///
/// # Errors
/// [`Error::Refused`] where the lengths differ.
pub fn mcnemar(first: &[Label], second: &[Label], truth: &[Label]) -> Result<McNemar> {
    if first.len() != truth.len() || second.len() != truth.len() {
        return Err(Error::Refused(format!(
            "comparison: found {} and {} verdicts on {} images; expected one from each detector on each image; \
             score both detectors on the same data",
            first.len(),
            second.len(),
            truth.len()
        )));
    }
    let (mut only_first_right, mut only_second_right) = (0, 0);
    for ((first, second), truth) in first.iter().zip(second).zip(truth) {
        match (first == truth, second == truth) {
            (true, false) => only_first_right += 1,
            (false, true) => only_second_right += 1,
            _ => {}
        }
    }
    Ok(McNemar { only_first_right, only_second_right, p_value: two_sided(only_first_right, only_second_right) })
}

/// Twice the probability that a fair coin, thrown `heads + tails` times, shows the rarer side at
/// most as often as here; at most 1.
fn two_sided(heads: u64, tails: u64) -> f64 {
    let (rarer, thrown) = (heads.min(tails), heads + tails);
    // The largest term first. Its coefficient alone would overflow and its power of one half alone
    // underflow, so the halvings, which are exact, are spent as the coefficient grows.
    let mut term = 1.0;
    let mut halvings = thrown;
    for step in 1..=rarer {
        term *= (thrown - rarer + step) as f64 / step as f64;
        while term > 1.0 && halvings > 0 {
            term *= 0.5;
            halvings -= 1;
        }
    }
    term *= 0.5_f64.powi(i32::try_from(halvings).unwrap_or(i32::MAX));
    // Then each smaller term from the one before, down to where they no longer count.
    let mut tail = 0.0;
    for count in (0..=rarer).rev() {
        tail += term;
        term *= count as f64 / (thrown - count + 1) as f64;
        if term < tail * f64::EPSILON {
            break;
        }
    }
    (2.0 * tail).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use Label::{Fake, Real};

    #[test]
    fn counts_only_images_on_which_one_detector_is_right() {
        let truth = [Real, Real, Fake, Fake, Fake];
        let first = [Real, Fake, Fake, Real, Fake];
        let second = [Real, Real, Real, Real, Real];
        let test = mcnemar(&first, &second, &truth).unwrap();
        assert_eq!((test.only_first_right, test.only_second_right), (2, 1));
        assert_eq!(test.p_value, 1.0);
        assert!(
            mcnemar(&first, &second[1..], &truth).unwrap_err().to_string().contains("5 and 4 verdicts on 5 images")
        );
    }

    #[test]
    fn is_symmetric_certain_of_nothing_without_evidence_and_halves_with_each_one_sided_image() {
        assert_eq!(two_sided(0, 0), 1.0);
        for count in 1..60 {
            assert_eq!(two_sided(count, 3), two_sided(3, count));
            let expected = 0.5_f64.powi(count as i32 - 1);
            assert!((two_sided(0, count) / expected - 1.0).abs() < 1e-12);
        }
        assert_eq!(two_sided(0, 5_000), 0.0);
    }
}

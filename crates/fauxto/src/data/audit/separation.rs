//! How well one property alone tells the classes apart.

use std::collections::HashMap;

use crate::Label;

/// Categories rarer than this are taken together: a category seen once always agrees with its
/// own label, and many such would look like a perfect giveaway.
const RARE: usize = 5;

/// The area under the ROC curve of `value` as a score for *fake*: the probability that a fake
/// image's value exceeds a real one's, ties counting half (Mann & Whitney 1947). `None` where a
/// class is missing. Values that are not numbers are left out.
pub(super) fn roc_auc(values: &[(f64, Label)]) -> Option<f64> {
    let mut sorted: Vec<_> = values.iter().filter(|(value, _)| !value.is_nan()).collect();
    sorted.sort_unstable_by(|first, second| first.0.total_cmp(&second.0));
    let (mut real_below, mut fakes, mut wins) = (0.0f64, 0.0f64, 0.0f64);
    for ties in sorted.chunk_by(|first, second| first.0 == second.0) {
        let fake = ties.iter().filter(|(_, label)| *label == Label::Fake).count() as f64;
        let real = ties.len() as f64 - fake;
        wins += fake * (real_below + real / 2.0);
        real_below += real;
        fakes += fake;
    }
    (real_below > 0.0 && fakes > 0.0).then(|| wins / (real_below * fakes))
}

/// The area under the ROC curve of a categorical property: categories are ordered by their share
/// of fake images, which is the order that separates best, so the value is at least .5.
pub(super) fn category_auc(values: &[(String, Label)]) -> Option<f64> {
    let mut counts: HashMap<&str, [usize; 2]> = HashMap::new();
    for (category, label) in values {
        counts.entry(category).or_default()[label.index()] += 1;
    }
    let mut rare = [0, 0];
    let mut shares = HashMap::new();
    for (category, count) in counts {
        if count[0] + count[1] < RARE {
            rare[0] += count[0];
            rare[1] += count[1];
        } else {
            shares.insert(category, share(count));
        }
    }
    let scored: Vec<_> = values
        .iter()
        .map(|(category, label)| (shares.get(category.as_str()).copied().unwrap_or_else(|| share(rare)), *label))
        .collect();
    roc_auc(&scored)
}

fn share([real, fake]: [usize; 2]) -> f64 {
    fake as f64 / (real + fake) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Label::{Fake, Real};

    #[test]
    fn perfect_reversed_tied_and_one_sided() {
        assert_eq!(roc_auc(&[(1.0, Real), (2.0, Fake)]), Some(1.0));
        assert_eq!(roc_auc(&[(3.0, Real), (2.0, Fake)]), Some(0.0));
        assert_eq!(roc_auc(&[(2.0, Real), (2.0, Fake), (2.0, Fake)]), Some(0.5));
        assert_eq!(roc_auc(&[(1.0, Real), (2.0, Real)]), None);
        assert_eq!(roc_auc(&[]), None);
        // By hand: fakes 2, 3 against reals 1, 2, 4 win 1 + 1/2 and 2 of 3.
        let values = [(1.0, Real), (2.0, Real), (4.0, Real), (2.0, Fake), (3.0, Fake), (f64::NAN, Fake)];
        assert!((roc_auc(&values).unwrap() - 3.5 / 6.0).abs() < 1e-12);
    }

    #[test]
    fn categories_are_ordered_by_their_share_of_fakes() {
        let of = |name: &str, label, count| vec![(name.to_string(), label); count];
        let separated = [of("a", Fake, 10), of("b", Real, 10), of("c", Fake, 10)].concat();
        assert_eq!(category_auc(&separated), Some(1.0));
        let same = [of("a", Fake, 10), of("a", Real, 10)].concat();
        assert_eq!(category_auc(&same), Some(0.5));
        assert_eq!(category_auc(&of("a", Real, 10)), None);
    }

    #[test]
    fn categories_seen_once_give_nothing_away() {
        let unique: Vec<_> = (0..100).map(|i| (i.to_string(), Label::ALL[i % 2])).collect();
        assert_eq!(category_auc(&unique), Some(0.5));
    }
}

//! Metrics against scikit-learn's values, and against the laws they must obey.

use fauxto::Label;
use fauxto::evaluate::metric::accuracy::wilson_interval;
use fauxto::evaluate::metric::confusion::Confusion;
use fauxto::evaluate::metric::{self, roc_auc::roc_auc};
use fauxto::evaluate::{Better, Evaluation, METRICS, Scores, mcnemar, roc_curve};
use proptest::prelude::*;

/// Values written by `tests/golden/metrics/generate.py`.
mod golden {
    use std::collections::BTreeMap;

    #[derive(serde::Deserialize)]
    pub(crate) struct File {
        pub(crate) cases: Vec<Case>,
        pub(crate) comparisons: Vec<Comparison>,
    }

    #[derive(serde::Deserialize)]
    pub(crate) struct Case {
        pub(crate) name: String,
        pub(crate) threshold: f64,
        pub(crate) probability_fake: Vec<f64>,
        pub(crate) label: Vec<usize>,
        pub(crate) metrics: BTreeMap<String, Option<f64>>,
        pub(crate) accuracy_interval: [f64; 2],
        pub(crate) confusion: super::Confusion,
    }

    #[derive(serde::Deserialize)]
    pub(crate) struct Comparison {
        pub(crate) only_first_right: usize,
        pub(crate) only_second_right: usize,
        pub(crate) p_value: f64,
    }

    pub(crate) fn read() -> File {
        serde_json::from_str(include_str!("golden/metrics/cases.json")).expect("cases.json is as generated")
    }
}

/// Sums of a few hundred terms of size 1 in 64 bits, in another order, differ by about 1e-14.
const TOLERANCE: f64 = 1e-12;

fn scores(probability_fake: &[f64], labels: &[usize]) -> Scores {
    let labels = labels.iter().map(|&label| Label::ALL[label]).collect();
    Scores::new(probability_fake.to_vec(), labels).expect("valid scores")
}

fn close(left: Option<f64>, right: Option<f64>) -> bool {
    match (left, right) {
        (Some(left), Some(right)) => (left - right).abs() <= TOLERANCE * right.abs().max(1.0),
        (left, right) => left == right,
    }
}

#[test]
fn agree_with_scikit_learn() {
    let cases = golden::read().cases;
    assert!(cases.len() > 30);
    for case in cases {
        let found = Evaluation::new(&scores(&case.probability_fake, &case.label), case.threshold).unwrap();
        for metric in METRICS {
            let expected = case.metrics[metric.name];
            let value = found.value(metric);
            assert!(close(value, expected), "{}: {} is {value:?}, expected {expected:?}", case.name, metric.name);
        }
        assert_eq!(case.metrics.len(), METRICS.len(), "{}: every golden value has its metric", case.name);
        assert_eq!(found.confusion, case.confusion, "{}", case.name);
        for (end, expected) in found.accuracy_interval.into_iter().zip(case.accuracy_interval) {
            assert!(close(Some(end), Some(expected)), "{}: interval {:?}", case.name, found.accuracy_interval);
        }
    }
}

#[test]
fn comparisons_agree_with_statsmodels() {
    for case in golden::read().comparisons {
        let (n, wins) = (case.only_first_right + case.only_second_right, case.only_first_right);
        let verdicts = |right: &dyn Fn(usize) -> bool| -> Vec<Label> {
            (0..n).map(|image| if right(image) { Label::Fake } else { Label::Real }).collect()
        };
        let test = mcnemar(&verdicts(&|image| image < wins), &verdicts(&|image| image >= wins), &vec![Label::Fake; n]);
        let found = test.unwrap().p_value;
        // The largest term takes 60,000 products, each rounded by at most 1e-16 of itself.
        assert!((found / case.p_value - 1.0).abs() < 1e-9, "{wins} of {n}: {found}, expected {}", case.p_value);
    }
}

#[test]
fn entries_are_named_once_described_and_found() {
    for (position, entry) in METRICS.iter().enumerate() {
        assert!(
            entry.name.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_')
        );
        assert!(!entry.title.is_empty() && !entry.summary.is_empty() && !entry.source.is_empty());
        assert!(METRICS[..position].iter().all(|before| before.name != entry.name), "{} is listed twice", entry.name);
        assert_eq!(metric::find(entry.name).map(|found| found.title), Some(entry.title));
    }
    assert!(metric::find("charm").is_none());
}

#[test]
fn the_best_detector_gets_the_best_value_and_its_opposite_a_worse_one() {
    let labels: Vec<usize> = (0..40).map(|image| image % 2).collect();
    let right: Vec<f64> = labels.iter().map(|&label| label as f64).collect();
    let wrong: Vec<f64> = right.iter().map(|probability| 1.0 - probability).collect();
    for metric in METRICS {
        let (best, worst) = match metric.better {
            Better::Higher => (metric.range.1, metric.range.0),
            Better::Lower => (metric.range.0, metric.range.1),
        };
        let at_best = (metric.measure)(&scores(&right, &labels), 0.5).unwrap();
        let at_worst = (metric.measure)(&scores(&wrong, &labels), 0.5).unwrap();
        assert!((at_best - best).abs() < 1e-9, "{}: {at_best} for a perfect detector", metric.name);
        assert!((at_worst - best).abs() > (worst - best).abs() / 3.0, "{}: {at_worst} for its opposite", metric.name);
    }
}

/// Scores of 1 to 60 images on a grid coarse enough to make ties, with any mix of classes.
fn any_scores() -> impl Strategy<Value = (Vec<f64>, Vec<usize>)> {
    prop::collection::vec((0_u32..=24, 0_usize..=1), 1..60)
        .prop_map(|images| images.into_iter().map(|(step, label)| (f64::from(step) / 24.0, label)).unzip())
}

fn auc(probability_fake: &[f64], labels: &[usize]) -> Option<f64> {
    roc_auc(&scores(probability_fake, labels)).ok()
}

proptest! {
    #[test]
    fn every_metric_is_within_its_range_or_says_why_it_has_no_value(
        (probability_fake, labels) in any_scores(), threshold in 0.0..=1.0_f64
    ) {
        let both = labels.contains(&0) && labels.contains(&1);
        for metric in METRICS {
            match (metric.measure)(&scores(&probability_fake, &labels), threshold) {
                Ok(value) => prop_assert!(metric.range.0 <= value && value <= metric.range.1, "{} is {value}", metric.name),
                Err(reason) => prop_assert!(!both || metric.name == "f1", "{}: {reason}", metric.name),
            }
        }
    }

    #[test]
    fn the_order_of_images_does_not_matter(
        (images, shuffled) in any_scores().prop_flat_map(|(probability_fake, labels)| {
            let images: Vec<_> = probability_fake.into_iter().zip(labels).collect();
            (Just(images.clone()), Just(images).prop_shuffle())
        })
    ) {
        let evaluate = |images: Vec<(f64, usize)>| {
            let (probability_fake, labels): (Vec<_>, Vec<_>) = images.into_iter().unzip();
            Evaluation::new(&scores(&probability_fake, &labels), 0.5).unwrap()
        };
        let (before, after) = (evaluate(images), evaluate(shuffled));
        for metric in METRICS {
            prop_assert!(close(before.value(metric), after.value(metric)), "{}", metric.name);
        }
    }

    #[test]
    fn auc_sees_only_the_order((probability_fake, labels) in any_scores(), power in 0.1..10.0_f64) {
        let bent: Vec<f64> = probability_fake.iter().map(|probability| probability.powf(power)).collect();
        prop_assert_eq!(auc(&bent, &labels), auc(&probability_fake, &labels));
    }

    #[test]
    fn auc_does_not_care_which_class_is_positive((probability_fake, labels) in any_scores()) {
        let mirrored: Vec<f64> = probability_fake.iter().map(|probability| 1.0 - probability).collect();
        let flipped: Vec<usize> = labels.iter().map(|label| 1 - label).collect();
        prop_assert_eq!(auc(&mirrored, &flipped), auc(&probability_fake, &labels));
        if let Some(value) = auc(&probability_fake, &labels) {
            prop_assert!(close(auc(&probability_fake, &flipped), Some(1.0 - value)));
        }
    }

    #[test]
    fn auc_is_the_share_of_pairs_won_and_the_area_under_the_curve((probability_fake, labels) in any_scores()) {
        let of = |class: usize| probability_fake.iter().zip(&labels).filter(move |(_, label)| **label == class);
        let pairs = of(1).flat_map(|fake| of(0).map(move |real| (fake.0, real.0)));
        let won: f64 = pairs.clone().map(|(fake, real)| match fake.total_cmp(real) {
            std::cmp::Ordering::Greater => 1.0,
            std::cmp::Ordering::Equal => 0.5,
            std::cmp::Ordering::Less => 0.0,
        }).sum();
        let expected = (pairs.clone().count() > 0).then(|| won / pairs.count() as f64);
        prop_assert!(close(auc(&probability_fake, &labels), expected));
        let area = roc_curve(&scores(&probability_fake, &labels)).ok().map(|curve| curve.windows(2).map(|step| {
            (step[1].false_positive_rate - step[0].false_positive_rate)
                * (step[0].true_positive_rate + step[1].true_positive_rate) / 2.0
        }).sum());
        prop_assert!(close(area, expected));
    }

    #[test]
    fn constant_scores_are_chance(labels in prop::collection::vec(0_usize..=1, 2..40), probability in 0.0..=1.0_f64) {
        prop_assume!(labels.contains(&0) && labels.contains(&1));
        let constant = scores(&vec![probability; labels.len()], &labels);
        for name in ["roc_auc", "eer", "balanced_accuracy"] {
            prop_assert_eq!((metric::find(name).unwrap().measure)(&constant, 0.5), Ok(0.5), "{}", name);
        }
    }

    #[test]
    fn the_wilson_interval_holds_the_share_and_shrinks_with_more_images(
        (successes, trials) in (1_u64..2_000).prop_flat_map(|trials| (0..=trials, Just(trials)))
    ) {
        let share = successes as f64 / trials as f64;
        let [low, high] = wilson_interval(successes, trials);
        prop_assert!(0.0 <= low && low <= share && share <= high && high <= 1.0);
        let [low_of_more, high_of_more] = wilson_interval(successes * 4, trials * 4);
        prop_assert!(high_of_more - low_of_more < high - low);
        let [mirrored_low, mirrored_high] = wilson_interval(trials - successes, trials);
        prop_assert!(close(Some(mirrored_low), Some(1.0 - high)) && close(Some(mirrored_high), Some(1.0 - low)));
    }
}

#[test]
fn without_images_nothing_is_known_about_a_share() {
    assert_eq!(wilson_interval(0, 0), [0.0, 1.0]);
}

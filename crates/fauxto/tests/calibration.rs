//! Calibration against SciPy's and NumPy's values, and against what it promises.

use fauxto::calibrate::{Calibration, ConformalVerdict, Scaling, Settings, cross_fit};
use fauxto::checkpoint::{self, Checkpoint, Provenance, Shipping, ValidationSummary};
use fauxto::evaluate::{Scores, metric};
use fauxto::model::weights::{Precision, read_safetensors, rewrite_metadata};
use fauxto::model::{Detector, model};
use fauxto::{Label, device, random};
use proptest::prelude::*;
use rand::RngExt;
use rand_distr::{Distribution, Normal};

/// Values written by `tests/golden/calibrate/generate.py`.
mod golden {
    #[derive(serde::Deserialize)]
    pub(crate) struct File {
        pub(crate) cases: Vec<Case>,
    }

    #[derive(serde::Deserialize)]
    pub(crate) struct Case {
        pub(crate) name: String,
        pub(crate) probability_fake: Vec<f64>,
        pub(crate) label: Vec<usize>,
        pub(crate) level: f64,
        pub(crate) target_fprs: Vec<f64>,
        pub(crate) temperature: f64,
        pub(crate) bias: f64,
        pub(crate) calibrated: Vec<f64>,
        pub(crate) real_at_most: f64,
        pub(crate) fake_at_least: f64,
        pub(crate) boundaries: Vec<f64>,
        pub(crate) expected_fprs: Vec<f64>,
    }

    pub(crate) fn read() -> Vec<Case> {
        let file: File =
            serde_json::from_str(include_str!("golden/calibrate/cases.json")).expect("cases.json is as generated");
        file.cases
    }
}

fn labels(indices: &[usize]) -> Vec<Label> {
    indices.iter().map(|&index| Label::ALL[index]).collect()
}

/// A search that looks at values alone finds a minimum to the square root of rounding, 1e-8.
const TOLERANCE: f64 = 1e-6;

#[test]
fn agrees_with_scipy_and_numpy() {
    let cases = golden::read();
    assert!(cases.len() >= 10);
    for case in cases {
        let close = |found: f64, expected: f64, what: &str| {
            assert!(
                (found - expected).abs() <= TOLERANCE * expected.abs().max(1.0),
                "{}: {what} is {found}, expected {expected}",
                case.name
            );
        };
        let settings = Settings { level: case.level, target_fprs: case.target_fprs.clone() };
        let calibration = Calibration::fit(&case.probability_fake, &labels(&case.label), &settings).unwrap();
        close(calibration.scaling.temperature, case.temperature, "temperature");
        close(calibration.scaling.bias, case.bias, "bias");
        for (&p, &expected) in case.probability_fake.iter().zip(&case.calibrated) {
            close(calibration.probability(p), expected, "a probability");
        }
        close(calibration.conformal.real_at_most, case.real_at_most, "real_at_most");
        close(calibration.conformal.fake_at_least, case.fake_at_least, "fake_at_least");
        let expected = case.boundaries.iter().zip(&case.expected_fprs);
        for (threshold, (&boundary, &rate)) in calibration.thresholds.iter().zip(expected) {
            close(threshold.threshold, boundary, "a threshold");
            close(threshold.expected_fpr, rate, "a rate");
        }
        assert_eq!(calibration.settings(), settings);
    }
}

/// Images whose log-odds are normal about minus and plus `separation`, for detectors `sharpness` times too sure.
fn simulated(seed: u64, draw: u64, per_class: [usize; 2], separation: f64, sharpness: f64) -> (Vec<f64>, Vec<Label>) {
    let mut stream = random::stream(seed, "simulated scores", &[draw]);
    let mut images = Vec::new();
    for label in Label::ALL {
        let centre = if label == Label::Fake { separation } else { -separation };
        let evidence = Normal::new(centre, (2.0 * separation).sqrt()).unwrap();
        for _ in 0..per_class[label.index()] {
            let z: f64 = sharpness * evidence.sample(&mut stream);
            images.push((1.0 / (1.0 + (-z).exp()), label));
        }
    }
    images.into_iter().unzip()
}

fn draws(count: u64, per_class: usize, settings: &Settings, round: f64) -> (Vec<f64>, f64, f64) {
    let (mut rates, mut covered, mut wrong) = (vec![0.0; settings.target_fprs.len()], [0.0; 2], [0.0; 2]);
    let rounded = |(p, labels): (Vec<f64>, Vec<Label>)| -> (Vec<f64>, Vec<Label>) {
        (p.into_iter().map(|p| (p * round).round() / round).collect(), labels)
    };
    for draw in 0..count {
        let (p, labels) = rounded(simulated(1, draw, [per_class; 2], 1.0, 2.5));
        let calibration = Calibration::fit(&p, &labels, settings).unwrap();
        let (new, truth) = rounded(simulated(2, draw, [200; 2], 1.0, 2.5));
        let new: Vec<f64> = new.into_iter().map(|p| calibration.probability(p)).collect();
        for class in calibration.coverage(&new, &truth) {
            assert_eq!(class.right + class.wrong + class.unsure, class.n);
            covered[class.label.index()] += class.coverage.unwrap() / count as f64;
            wrong[class.label.index()] += class.wrong as f64 / class.n as f64 / count as f64;
        }
        for (rate, &target) in rates.iter_mut().zip(&settings.target_fprs) {
            let threshold = calibration.threshold(target).unwrap();
            let called = new.iter().zip(&truth).filter(|(p, label)| **label == Label::Real && **p >= threshold).count();
            *rate += called as f64 / 200.0 / count as f64;
        }
    }
    (rates, covered[0].min(covered[1]), wrong[0].max(wrong[1]))
}

#[test]
fn promises_are_kept_over_many_calibration_sets_and_not_by_far() {
    const DRAWS: u64 = 1_000;
    let settings = Settings { level: 0.9, target_fprs: vec![0.01, 0.05] };
    for per_class in [100, 400] {
        let (rates, coverage, wrong) = draws(DRAWS, per_class, &settings, 1e12);
        // One draw's coverage spreads by the calibration set's beta distribution and 200 images' binomial one.
        let spread =
            |share: f64| (share * (1.0 - share) * (1.0 / per_class as f64 + 1.0 / 200.0) / DRAWS as f64).sqrt();
        let slack = 4.0 * spread(0.9);
        let most = 0.9 + 1.0 / (per_class + 1) as f64 + slack;
        assert!((0.9 - slack..=most).contains(&coverage), "{per_class}: coverage {coverage}");
        assert!(wrong <= 0.1 + slack, "{per_class}: {wrong} wrong");
        for (rate, &target) in rates.iter().zip(&settings.target_fprs) {
            let slack = 4.0 * spread(target);
            let least = target - 1.0 / (per_class + 1) as f64 - slack;
            assert!((least..=target + slack).contains(rate), "{per_class}: rate {rate} for {target}");
        }
    }
}

#[test]
fn ties_only_make_promises_safer() {
    let settings = Settings { level: 0.9, target_fprs: vec![0.05] };
    let (rates, coverage, wrong) = draws(300, 100, &settings, 10.0);
    assert!(coverage >= 0.9 && wrong <= 0.1 && rates[0] <= 0.05, "{coverage} {wrong} {rates:?}");
}

fn auc(probabilities: &[f64], labels: &[Label]) -> f64 {
    let scores = Scores::new(probabilities.to_vec(), labels.to_vec()).unwrap();
    (metric::find("roc_auc").unwrap().measure)(&scores, 0.5).unwrap()
}

fn nll(probabilities: &[f64], labels: &[Label]) -> f64 {
    let scores = Scores::new(probabilities.to_vec(), labels.to_vec()).unwrap();
    (metric::find("nll").unwrap().measure)(&scores, 0.5).unwrap()
}

proptest! {
    #[test]
    fn a_scaling_keeps_the_order_and_the_identity_changes_nothing(
        bits in prop::collection::vec(0.0_f32..=1.0, 2..200), log_temperature in -1.0..4.6_f64, bias in -3.0..3.0_f64
    ) {
        let temperature = log_temperature.exp();
        let scaling = Scaling { temperature, bias };
        let mut sorted: Vec<f64> = bits.into_iter().map(f64::from).chain([0.0, 0.5, 1.0, f64::from(1.0_f32.next_down())]).collect();
        sorted.sort_by(f64::total_cmp);
        let after: Vec<f64> = sorted.iter().map(|&p| scaling.apply(p)).collect();
        prop_assert!(after.iter().all(|p| (0.0..=1.0).contains(p)));
        for (before, after) in sorted.windows(2).zip(after.windows(2)) {
            prop_assert!(after[0] <= after[1] && (temperature < 1.5 || (before[0] < before[1]) == (after[0] < after[1])));
        }
        prop_assert_eq!(Scaling { bias: 0.0, ..scaling }.apply(0.5), 0.5);
        prop_assert_eq!(scaling.apply(0.5) > 0.5, bias > 0.0);
        for &p in &sorted {
            prop_assert!((Scaling::IDENTITY.apply(p) - p).abs() < 1e-15);
        }
    }

    #[test]
    fn no_other_scaling_is_likelier(
        seed in 0..1_000_u64, sharpness in 0.2..2.0_f64, temperature in 0.1..10.0_f64, bias in -2.0..2.0_f64
    ) {
        let (p, labels) = simulated(seed, 0, [50, 50], 1.0, sharpness);
        let at = |scaling: Scaling| nll(&p.iter().map(|&p| scaling.apply(p)).collect::<Vec<_>>(), &labels);
        let other = at(Scaling { temperature, bias });
        prop_assert!(at(Scaling::fit(&p, &labels)) <= other + 1e-12);
    }

    #[test]
    fn how_many_images_there_are_of_a_class_moves_nothing(seed in 0..1_000_u64, times in 2..5_usize) {
        let (p, labels) = simulated(seed, 0, [60, 60], 1.0, 2.0);
        let fakes = || p.iter().zip(&labels).filter(|(_, label)| **label == Label::Fake);
        let (more, more_labels): (Vec<f64>, Vec<Label>) =
            p.iter().zip(&labels).chain((1..times).flat_map(|_| fakes())).map(|(&p, &label)| (p, label)).unzip();
        let (once, often) = (Scaling::fit(&p, &labels), Scaling::fit(&more, &more_labels));
        prop_assert!((once.temperature - often.temperature).abs() < 1e-6, "{once:?} {often:?}");
        prop_assert!((once.bias - often.bias).abs() < 1e-6, "{once:?} {often:?}");
    }

    #[test]
    fn a_lean_is_found_and_taken_back(seed in 0..1_000_u64, lean in -2.0..2.0_f64) {
        let (p, labels) = simulated(seed, 0, [120, 120], 1.0, 1.0);
        let leaning: Vec<f64> = p.iter().map(|&p| Scaling { temperature: 1.0, bias: lean }.apply(p)).collect();
        let (straight, bent) = (Scaling::fit(&p, &labels), Scaling::fit(&leaning, &labels));
        for (&p, &leaning) in p.iter().zip(&leaning) {
            prop_assert!((straight.apply(p) - bent.apply(leaning)).abs() < 1e-6);
        }
    }

    #[test]
    fn calibrating_keeps_the_ranking_and_a_second_time_changes_nothing(seed in 0..1_000_u64, sharpness in 1.0..2.0_f64) {
        let (p, labels) = simulated(seed, 0, [120, 120], 1.0, sharpness);
        let settings = Settings::default();
        let first = Calibration::fit(&p, &labels, &settings).unwrap();
        let calibrated: Vec<f64> = p.iter().map(|&p| first.probability(p)).collect();
        prop_assert_eq!(auc(&p, &labels), auc(&calibrated, &labels));
        let second = Calibration::fit(&calibrated, &labels, &settings).unwrap();
        prop_assert!((second.scaling.temperature - 1.0).abs() < 1e-6, "{:?}", second.scaling);
        prop_assert!(second.scaling.bias.abs() < 1e-6, "{:?}", second.scaling);
        // Verdicts depend on the order of the images alone.
        for (&before, &after) in p.iter().zip(&calibrated) {
            prop_assert_eq!(first.judge(first.probability(before)), second.judge(second.probability(after)));
        }
    }

    #[test]
    fn a_higher_level_leaves_no_truth_out_that_a_lower_one_had(seed in 0..1_000_u64, low in 0.5..0.98_f64, p in 0.0..=1.0_f64) {
        let (scores, labels) = simulated(seed, 0, [120, 120], 1.0, 2.0);
        let at = |level| Calibration::fit(&scores, &labels, &Settings { level, target_fprs: vec![] }).unwrap().conformal;
        let (lower, higher) = (at(low), at(low + 0.01));
        for label in Label::ALL {
            prop_assert!(!lower.holds(p, label) || higher.holds(p, label));
        }
    }

    #[test]
    fn what_is_written_is_read(seed in 0..1_000_u64, images in 99_usize..300) {
        let (p, labels) = simulated(seed, 0, [images, images], 1.0, 2.0);
        let mut calibration = Calibration::fit(&p, &labels, &Settings::default()).unwrap();
        calibration.data_hash = Some("hash".into());
        let text = serde_json::to_string(&calibration).unwrap();
        prop_assert_eq!(serde_json::from_str::<Calibration>(&text).unwrap(), calibration);
    }
}

#[test]
fn verdicts_are_withheld_between_the_bounds_whichever_way_round_they_lie() {
    use ConformalVerdict::{Fake, Real, Unsure};
    let judged = |separation: f64| {
        let (p, labels) = simulated(7, 0, [200, 200], separation, 1.0);
        let calibration = Calibration::fit(&p, &labels, &Settings::default()).unwrap();
        let (real, fake) = (calibration.conformal.real_at_most, calibration.conformal.fake_at_least);
        let middle = calibration.judge(f64::midpoint(real, fake));
        let outside = [0.0, real.min(fake).next_down(), real.max(fake).next_up(), 1.0].map(|p| calibration.judge(p));
        (real < fake, middle, outside)
    };
    // Classes that overlap: both labels fit in between. Classes far apart: neither does.
    assert_eq!(judged(0.5), (false, Unsure, [Real, Real, Fake, Fake]));
    assert_eq!(judged(8.0), (true, Unsure, [Real, Real, Fake, Fake]));
    for verdict in ConformalVerdict::ALL {
        assert_eq!(serde_json::to_value(verdict).unwrap(), verdict.name());
    }
}

#[test]
fn a_detector_worth_nothing_is_told_so() {
    let mut stream = random::stream(3, "coins", &[]);
    let p: Vec<f64> = (0..400).map(|_| stream.random::<f64>()).collect();
    let truth: Vec<Label> = (0..400).map(|image| Label::ALL[image % 2]).collect();
    let calibration = Calibration::fit(&p, &truth, &Settings::default()).unwrap();
    assert!(calibration.scaling.temperature > 5.0, "{:?}", calibration.scaling);
    let unsure =
        p.iter().filter(|&&p| calibration.judge(calibration.probability(p)) == ConformalVerdict::Unsure).count();
    assert!(unsure > 300, "{unsure}");
    assert_eq!(Scaling::fit(&[0.5; 4], &truth[..4]), Scaling::IDENTITY);
}

#[test]
fn sets_too_small_are_refused_with_the_size_that_is_needed() {
    let fit = |per_class: [usize; 2], level: f64, rates: &[f64]| {
        let (p, labels) = simulated(1, 0, per_class, 1.0, 1.0);
        Calibration::fit(&p, &labels, &Settings { level, target_fprs: rates.to_vec() })
    };
    let refused = |per_class, level, rates: &[f64], words: &str| {
        let message = fit(per_class, level, rates).unwrap_err().to_string();
        assert!(message.contains(words), "{message}");
    };
    for (enough, level, rates) in
        [([19, 19], 0.95, &[0.05][..]), ([99, 19], 0.95, &[0.01, 0.05]), ([99, 99], 0.99, &[]), ([1, 1], 0.5, &[0.5])]
    {
        let settings = Settings { level, target_fprs: rates.to_vec() };
        assert_eq!(settings.needed().unwrap(), enough, "{level} {rates:?}");
        assert!(fit(enough, level, rates).is_ok());
        let words = format!("expected at least {} real and {} fake", enough[0], enough[1]);
        refused([enough[0] - 1, enough[1]], level, rates, &words);
        refused([enough[0], enough[1] - 1], level, rates, &words);
    }
    refused([50, 50], 0.95, &[0.05, 0.01], "level of 95% and a false-positive rate of 1%");
    refused([50, 0], 0.95, &[], "found 50 real and 0 fake");
    for share in [0.0, 1.0, f64::NAN, -0.1] {
        refused([50, 50], share, &[], "level: found");
        refused([50, 50], 0.9, &[share], "target-fpr: found");
    }
}

#[test]
fn scores_that_mean_nothing_are_refused() {
    let truth = labels(&[0, 1].repeat(50));
    let refused = |p: &[f64], words: &str| {
        let settings = Settings { level: 0.9, target_fprs: vec![0.1] };
        let message = Calibration::fit(p, &truth, &settings).unwrap_err().to_string();
        assert!(message.contains(words), "{message}");
    };
    refused(&[0.5; 99], "99 probabilities and 100 labels");
    refused(&[f64::NAN; 100], "found a probability of NaN");
    // Every real image at 1 and underconfident elsewhere: no threshold excludes them, and none is made up.
    let mut p: Vec<f64> = [0.45, 0.55].repeat(50);
    (0..20).step_by(2).for_each(|image| p[image] = 1.0);
    let settings = Settings { level: 0.9, target_fprs: vec![0.1] };
    let calibration = Calibration::fit(&p, &truth, &settings).unwrap();
    assert!(p.iter().all(|&p| calibration.probability(p) < calibration.threshold(0.1).unwrap()));
}

#[test]
fn cross_fitting_judges_every_image_by_others() {
    let (p, labels) = simulated(5, 0, [600, 600], 1.0, 3.0);
    let settings = Settings::default();
    let crossed = cross_fit(&p, &[], &labels, &settings, 5).unwrap();
    assert_eq!((crossed.probabilities.len(), crossed.verdicts.len()), (1200, 1200));
    assert!(nll(&crossed.probabilities, &labels) < nll(&p, &labels) - 0.1);
    for class in crossed.coverage {
        assert_eq!(class.n, 600);
        let [low, high] = class.interval;
        assert!(low < 0.96 && high > 0.94, "{class:?}");
    }
    for rate in &crossed.rates {
        let [low, high] = rate.interval;
        assert!(low <= rate.target_fpr + 0.01 && rate.target_fpr - 0.01 <= high, "{rate:?}");
        assert!(rate.true_positive_rate > rate.false_positive_rate);
    }
    // Four fifths must suffice.
    let (p, labels) = simulated(5, 0, [99, 99], 1.0, 3.0);
    assert!(cross_fit(&p, &[], &labels, &settings, 5).unwrap_err().to_string().contains("expected at least 99 real"));
    assert!(cross_fit(&p, &[], &labels, &settings, 1).unwrap_err().to_string().contains("folds"));
}

#[test]
fn a_scaling_of_versions_lies_between_those_of_each_and_leaves_promises_alone() {
    let (p, labels) = simulated(1, 0, [400, 400], 1.0, 2.0);
    let shifted =
        |by: f64| -> Vec<f64> { p.iter().map(|p| 1.0 / (1.0 + (-((p / (1.0 - p)).ln() + by)).exp())).collect() };
    let leaning = shifted(-2.0);
    let settings = Settings::default();
    let fit =
        |p: &[f64], versions: &[Vec<f64>]| Calibration::fit_with_versions(p, versions, &labels, &settings).unwrap();
    let (own, theirs, both) = (fit(&p, &[]), fit(&leaning, &[]), fit(&p, std::slice::from_ref(&leaning)));
    assert_eq!(own, Calibration::fit(&p, &labels, &settings).unwrap());
    assert!(own.scaling.bias + 0.1 < both.scaling.bias && both.scaling.bias + 0.1 < theirs.scaling.bias);
    let repeated = fit(&p, &[p.clone(), p.clone()]).scaling;
    assert!(
        (repeated.bias - own.scaling.bias).abs() < 1e-9
            && (repeated.temperature - own.scaling.temperature).abs() < 1e-9
    );

    // Thresholds are of the images alone: they call the same ones fake whatever the scaling.
    let called = |calibration: &Calibration| -> Vec<bool> {
        let threshold = calibration.threshold(0.01).unwrap();
        p.iter().map(|&p| calibration.probability(p) >= threshold).collect()
    };
    assert_eq!(called(&own), called(&both));
    let judged = |calibration: &Calibration| -> Vec<ConformalVerdict> {
        p.iter().map(|&p| calibration.judge(calibration.probability(p))).collect()
    };
    assert_eq!(judged(&own), judged(&both));
    let short = Calibration::fit_with_versions(&p, &[leaning[1..].to_vec()], &labels, &settings);
    assert!(short.is_err() && cross_fit(&p, &[leaning[1..].to_vec()], &labels, &settings, 5).is_err());
    assert_ne!(
        cross_fit(&p, &[leaning], &labels, &settings, 5).unwrap().probabilities,
        cross_fit(&p, &[], &labels, &settings, 5).unwrap().probabilities
    );
}

#[test]
fn a_checkpoint_keeps_its_weights_and_carries_one_calibration() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("checkpoint.safetensors");
    let device = device::device("cpu").unwrap();
    let detector = Detector::new(model("resnet_se_small").unwrap(), 32, 1, &device);
    let validation = ValidationSummary { n: 10, accuracy: 0.6, roc_auc: 0.6 };
    let provenance = Provenance { seed: 1, epoch: 1, data_hash: "none".into(), commit: "none".into(), validation };
    checkpoint::save(&path, &detector, &provenance, Precision::F16).unwrap();
    let before = (std::fs::read(&path).unwrap().len(), read_safetensors(&path).unwrap().0);
    let loaded = checkpoint::load(&path, &device).unwrap();
    assert_eq!(loaded.calibration, None);

    // Judging mirror images is part of what probabilities depend on, so it is settled before they are calibrated.
    let shipped = Shipping {
        precision: Precision::F16,
        test_time_flip: true,
        averaged_with: None,
        statistics: None,
        validation: None,
    };
    let mirrored = checkpoint::parse(&checkpoint::encode(&path, shipped).unwrap(), &path, &device).unwrap();
    assert!(mirrored.detector.test_time_flip && !loaded.detector.test_time_flip);
    assert_ne!(checkpoint::content(&mirrored.detector).unwrap(), checkpoint::content(&loaded.detector).unwrap());

    let (p, labels) = simulated(1, 0, [99, 99], 1.0, 2.0);
    let first = Calibration::fit(&p, &labels, &Settings::default()).unwrap();
    let second = Calibration::fit(&p, &labels, &Settings { level: 0.8, target_fprs: vec![] }).unwrap();
    for calibration in [&first, &second] {
        checkpoint::write_calibration(&path, &path, calibration).unwrap();
        let again = checkpoint::load(&path, &device).unwrap();
        let content = |checkpoint: &Checkpoint| checkpoint::content(&checkpoint.detector).unwrap();
        assert_eq!((again.calibration.as_ref(), content(&again)), (Some(calibration), content(&loaded)));
        assert_eq!(again.provenance, provenance);
        assert_eq!(read_safetensors(&path).unwrap().0, before.1);
    }
    let message = checkpoint::encode(&path, shipped).unwrap_err().to_string();
    assert!(message.contains("calibrated for judging as it does") && message.contains("then calibrate"), "{message}");
    let bytes = std::fs::read(&path).unwrap();
    assert!(bytes.len() < before.0 + 2_000, "still 16 bits a weight");
    checkpoint::write_calibration(&path, &path, &second).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), bytes, "the same calibration, the same file");

    for (damage, found) in [("{}", "missing field"), ("0", "calibration"), ("", "temperature of 0")] {
        let text = match damage {
            "" => serde_json::to_string(&Calibration {
                scaling: Scaling { temperature: 0.0, bias: 0.0 },
                ..first.clone()
            })
            .unwrap(),
            damage => damage.to_owned(),
        };
        rewrite_metadata(&path, &path, |metadata| {
            metadata.insert("calibration".into(), text);
            Ok(())
        })
        .unwrap();
        let message = checkpoint::load(&path, &device).unwrap_err().to_string();
        assert!(message.contains(found) && message.contains("calibrate again"), "{message}");
    }
    let other = folder.path().join("other.safetensors");
    rewrite_metadata(&path, &other, |metadata| {
        metadata.clear();
        Ok(())
    })
    .unwrap();
    let message = checkpoint::write_calibration(&other, &other, &first).unwrap_err().to_string();
    assert!(message.contains("no checkpoint") && message.contains("other.safetensors"), "{message}");
}

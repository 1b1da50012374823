use rand_distr::{Distribution, Normal};
use serde_json::Value;

use super::*;
use crate::random::stream;

/// Correlated descriptors of two classes, like those of `golden/out_of_distribution/generate.py`.
fn planted(count: usize, purpose: &str) -> (Vec<Descriptor>, Vec<Label>) {
    let normal = Normal::new(0.0, 1.0).unwrap();
    let mut stream = stream(1, purpose, &[]);
    let labels: Vec<Label> = (0..count).map(|index| Label::ALL[index % 2]).collect();
    let rows = labels
        .iter()
        .map(|label| {
            let shared: f64 = normal.sample(&mut stream);
            let mut channel = |channel: usize| {
                let centre = if *label == Label::Fake { 3.0 } else { -1.0 };
                let own: f64 = normal.sample(&mut stream);
                (centre + shared + own * (1.0 + channel as f64 / 4.0)) as f32
            };
            vec![(0..6).map(&mut channel).collect(), (0..4).map(&mut channel).collect()]
        })
        .collect();
    (rows, labels)
}

#[test]
fn training_images_score_about_one_and_noise_scores_higher() {
    let (training, labels) = planted(4000, "training");
    let (held_out, _) = planted(2000, "held out");
    let statistics = OutOfDistribution::fit(&training, &labels, &held_out).unwrap();
    let mean = training.iter().map(|row| statistics.score(row)).sum::<f64>() / training.len() as f64;
    assert!((mean - 1.0).abs() < 0.05, "{mean}");
    let beyond = |set: &[Descriptor], least| {
        set.iter().filter(|row| statistics.judge(statistics.score(row)) >= least).count() as f64 / set.len() as f64
    };
    let (fresh, _) = planted(20_000, "fresh");
    assert!((beyond(&fresh, Unlikeness::Unlike) - UNLIKE_SHARE).abs() < 0.008);
    assert!((beyond(&fresh, Unlikeness::Far) - FAR_SHARE).abs() < 0.002);
    // What varies against the grain of the training images is unlike them though no channel is out of
    // range.
    let zigzag =
        |length: usize, i: usize| (0..length).map(|c| if (c + i).is_multiple_of(2) { 6.0 } else { -4.0 }).collect();
    let against: Vec<Descriptor> = (0..50).map(|i| vec![zigzag(6, i), zigzag(4, i)]).collect();
    assert!(beyond(&against, Unlikeness::Far) > 0.99);
    assert_eq!(statistics.judge(f64::NAN), Unlikeness::Far);
}

#[test]
fn scores_are_those_of_scikit_learn() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/out_of_distribution/mahalanobis.json");
    let golden: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let rows = |name: &str| -> Vec<Descriptor> { serde_json::from_value(golden[name].clone()).unwrap() };
    let labels: Vec<Label> =
        golden["labels"].as_array().unwrap().iter().map(|l| Label::ALL[l.as_u64().unwrap() as usize]).collect();
    let training = rows("training");
    let held_out: Vec<Descriptor> = training.iter().cycle().take(LEAST_HELD_OUT).cloned().collect();
    let statistics = OutOfDistribution::fit(&training, &labels, &held_out).unwrap();
    for (found, expected) in statistics.summary.shrinkage.iter().zip(golden["shrinkage"].as_array().unwrap()) {
        assert!((found - expected.as_f64().unwrap()).abs() < 1e-6);
    }
    assert_eq!(statistics.channels(), [12, 5]);
    for (row, expected) in rows("queries").iter().zip(golden["scores"].as_array().unwrap()) {
        let (found, expected) = (statistics.score(row), expected.as_f64().unwrap());
        // f32 statistics; scores of up to a few hundred.
        assert!((found - expected).abs() <= 1e-4 * (1.0 + expected), "{found} {expected}");
    }
}

#[test]
fn statistics_survive_a_checkpoint() {
    let (training, labels) = planted(200, "training");
    let (held_out, _) = planted(LEAST_HELD_OUT, "held out");
    let statistics = OutOfDistribution::fit(&training, &labels, &held_out).unwrap();
    let metadata = BTreeMap::from([(PREFIX.to_owned(), serde_json::to_string(&statistics.summary).unwrap())]);
    let mut tensors = statistics.tensors();
    assert_eq!(OutOfDistribution::take(&mut tensors, &metadata).unwrap(), Some(statistics.clone()));
    assert!(tensors.is_empty());
    assert_eq!(OutOfDistribution::take(&mut tensors, &BTreeMap::new()).unwrap(), None);
    assert!(OutOfDistribution::take(&mut tensors, &metadata).unwrap_err().contains("0.mean_real"));
    let mut damaged = statistics.tensors();
    damaged.get_mut("out_of_distribution.1.whitening").unwrap().values.pop();
    assert!(OutOfDistribution::take(&mut damaged, &metadata).unwrap_err().contains("sizes"));
}

#[test]
fn too_little_to_go_by_is_refused_with_what_it_takes() {
    let (training, labels) = planted(40, "training");
    let (held_out, _) = planted(LEAST_HELD_OUT, "held out");
    let refusal = |training: &[Descriptor], labels: &[Label], held_out: &[Descriptor]| {
        OutOfDistribution::fit(training, labels, held_out).unwrap_err().to_string()
    };
    assert!(refusal(&training, &labels, &held_out[..999]).contains("at least 1000"));
    assert!(refusal(&training, &[Label::Real; 40], &held_out).contains("0 fake"));
    assert!(refusal(&training, &labels[..39], &held_out).contains("39 labels"));
    let mut bad = training.clone();
    bad[3][1][0] = f32::NAN;
    assert!(refusal(&bad, &labels, &held_out).contains("not finite"));
}

//! Laws of mixing.

use super::*;
use crate::random::stream;

const SIDE: usize = 8;

fn batch(images: usize) -> Vec<f32> {
    (0..images * SIDE * SIDE * 3).map(|place| ((place * 37) % 256) as f32 / 255.0).collect()
}

fn steps(text: &str) -> Vec<Step> {
    let table: toml::Table = format!("mix = {text}").parse().unwrap();
    table["mix"].as_array().unwrap().iter().map(|step| step.as_table().unwrap().clone()).collect()
}

fn mixed(text: &str, images: usize, coordinate: u64) -> (Vec<f32>, f64) {
    let mixing = Mixing::build(&steps(text)).unwrap();
    let mut values = batch(images);
    let mut random = stream(1, "mix", &[0, coordinate]);
    let share = mixing.apply(&mut Batch { values: &mut values, height: SIDE, width: SIDE }, &mut random);
    (values, share)
}

#[test]
fn every_way_keeps_range_and_sum_and_is_determined_by_its_stream() {
    for entry in MIXES {
        let preset = format!("[{{ name = '{}', alpha = 0.7 }}]", entry.name);
        let mut shares = Vec::new();
        for coordinate in 0..40 {
            let (values, share) = mixed(&preset, 5, coordinate);
            assert_eq!((&values, share), (&mixed(&preset, 5, coordinate).0, share));
            assert!((0.0..=1.0).contains(&share) && values.iter().all(|value| (0.0..=1.0).contains(value)));
            // What an image gives, its counterpart takes.
            let sum = |values: &[f32]| values.iter().sum::<f32>();
            assert!((sum(&batch(5)) - sum(&values)).abs() < 1e-2, "{}", entry.name);
            shares.push(share);
        }
        let mean = shares.iter().sum::<f64>() / shares.len() as f64;
        assert!((0.3..0.7).contains(&mean), "{}: mean share {mean}", entry.name);
    }
}

#[test]
fn a_batch_is_left_alone_without_mixing_and_with_probability_0() {
    for preset in ["[]", "[{ name = 'mixup', alpha = 1, probability = 0 }]"] {
        assert_eq!(mixed(preset, 4, 3), (batch(4), 1.0));
    }
}

#[test]
fn of_two_ways_each_is_taken() {
    let preset = "[{ name = 'mixup', alpha = 1 }, { name = 'cutmix', alpha = 1 }]";
    let cut = (0..60).filter(|&coordinate| {
        let (values, _) = mixed(preset, 2, coordinate);
        // Cutting invents no value.
        values.iter().zip(&batch(2)).all(|(after, _)| batch(2).contains(after))
    });
    assert!((15..=45).contains(&cut.count()));
}

#[test]
fn labels_follow_the_pixels() {
    use Label::{Fake, Real};
    assert_eq!(mixed_labels(&[Real, Fake, Fake], 1.0), [[1.0, 0.0], [0.0, 1.0], [0.0, 1.0]]);
    assert_eq!(mixed_labels(&[Real, Fake, Fake], 0.75), [[0.75, 0.25], [0.0, 1.0], [0.25, 0.75]]);
}

#[test]
fn what_is_unknown_or_out_of_range_is_refused_by_name() {
    for (preset, named) in [
        ("[{ alpha = 1 }]", "train.mix.name"),
        ("[{ name = 'blend', alpha = 1 }]", "mixup, cutmix"),
        ("[{ name = 'mixup' }]", "alpha"),
        ("[{ name = 'mixup', alpha = 0 }]", "alpha"),
        ("[{ name = 'cutmix', alpha = 1, margin = 1 }]", "margin"),
        ("[{ name = 'cutmix', alpha = 1, probability = 2 }]", "probability"),
    ] {
        let message = Mixing::build(&steps(preset)).unwrap_err().to_string();
        assert!(message.contains(named), "{preset}: {message}");
    }
}

//! The attacks against torchattacks: `golden/attack/attack.json`, made by `generate.py` beside it.

mod formula;
mod tiny;

use burn::tensor::{Tensor, TensorData};
use fauxto::attack::{AutoPgd, Batch, ChosenAttack, Epsilon, Square, Target, wrong_leads};
use tiny::{Tiny, golden, images, numbers};

const EPSILON: &str = "20/255";

fn epsilon(text: &str) -> Epsilon {
    text.parse().unwrap()
}

fn values<const D: usize>(tensor: &Tensor<D>) -> Vec<f32> {
    tensor.to_data().iter::<f32>().collect()
}

/// Two f32 networks give gradients that differ in the last digits; a sign may turn where a gradient is
/// nearly zero and then moves one value by twice the step. More than `flips` of these, or any smaller
/// difference above 1e-5, is a difference in method.
fn assert_pixels(name: &str, found: &Tensor<4>, flips: usize) {
    let expected = numbers(&golden()["pixels"][name]);
    let found = values(found);
    assert_eq!(found.len(), expected.len(), "{name}");
    let differing: Vec<_> =
        found.iter().zip(&expected).enumerate().filter(|(_, (found, truth))| (*found - *truth).abs() > 1e-5).collect();
    assert!(differing.len() <= flips, "{name}: {} differ: {:?}", differing.len(), &differing[..differing.len().min(9)]);
}

#[test]
fn the_tiny_network_is_the_one_attacked() {
    let golden = golden();
    let logits = values(&Tiny::new(&golden).logits(images(&golden).pixels));
    for (found, expected) in logits.iter().zip(numbers(&golden["logits"])) {
        assert!((found - expected).abs() < 1e-5, "{found} {expected}");
    }
}

#[test]
fn attacks_without_randomness_are_torchattacks_own() {
    let golden = golden();
    let (target, batch) = (Tiny::new(&golden), images(&golden));
    for (name, attack, radius) in [
        ("fgsm", "fgsm", EPSILON),
        ("pgd", "pgd:random_start=false", EPSILON),
        ("pgd_l2", "pgd_l2:random_start=false", "0.5"),
        ("fab", "fab:iterations=20", "0.3"),
    ] {
        let attack = ChosenAttack::parse(attack).unwrap();
        let found = attack.perturb(&target, &batch, &epsilon(radius), 0).unwrap();
        assert_pixels(name, &found, 0);
    }
}

/// Number `index` of the stream called `name`, in `0..1`.
fn uniform(name: &str, index: u64) -> f32 {
    (formula::stream(name, index) >> 40) as f32 / (1 << 24) as f32
}

fn start(batch: &Batch) -> Tensor<4> {
    let clean = values(&batch.pixels);
    let per_image = clean.len() / batch.labels.len();
    let radius = epsilon(EPSILON).value() as f32;
    let drawn: Vec<f32> = (0..clean.len() as u64).map(|index| 2.0 * uniform("apgd.start", index) - 1.0).collect();
    let start = clean.chunks(per_image).zip(drawn.chunks(per_image)).flat_map(|(clean, drawn)| {
        let largest = drawn.iter().fold(0.0f32, |largest, value| largest.max(value.abs()));
        clean.iter().zip(drawn).map(move |(clean, drawn)| (clean + radius * drawn / largest).clamp(0.0, 1.0))
    });
    let start = start.collect::<Vec<_>>();
    Tensor::from_data(TensorData::new(start, batch.pixels.dims()), &batch.pixels.device())
}

#[test]
fn auto_pgd_from_a_given_start_is_the_authors() {
    let golden = golden();
    let (target, batch) = (Tiny::new(&golden), images(&golden));
    let run = |iterations| {
        let attack = AutoPgd { iterations, ..AutoPgd::default() };
        attack.run_from(&target, &batch, &epsilon(EPSILON), start(&batch)).unwrap()
    };
    // Thirty steps of signs: with vectors of eight instead of sixteen, sums round otherwise and a pair of signs turns.
    assert_pixels("apgd_ce", &run(30), 4);
    let leads = wrong_leads(&target, run(100), &batch.labels).unwrap();
    for (lead, expected) in leads.iter().zip(numbers(&golden["apgd_ce_loss_after_100"])) {
        let loss = lead.exp().ln_1p();
        assert!((loss - expected).abs() < 1e-4 * (1.0 + expected), "{loss} {expected}");
    }
}

#[test]
fn square_with_given_numbers_is_the_authors() {
    let golden = golden();
    let (target, batch) = (Tiny::new(&golden), images(&golden));
    let draws = (0..batch.labels.len())
        .map(|image| {
            let (name, mut index) = (format!("square.{image}"), 0);
            move || {
                index += 1;
                uniform(&name, index - 1)
            }
        })
        .collect();
    let found = Square { queries: 400, ..Square::default() }.search(&target, &batch, &epsilon(EPSILON), draws).unwrap();
    assert_pixels("square", &found, 0);
}

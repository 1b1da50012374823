//! Explainers and scores against the packages of their authors: `golden/explain/golden.json`, made by
//! `generate.py` beside it in f64. Tolerances are relative to the greatest value of each map: networks
//! here compute in f32.

mod formula;

use std::path::Path;

use burn::tensor::Device;
use fauxto::Label;
use fauxto::explain::kernel_shap::{Coalition, coalitions, shapley_values};
use fauxto::explain::score::imputation::impute;
use fauxto::explain::score::road;
use fauxto::explain::segments::grid;
use fauxto::explain::{Case, Map, MapKind, evidence, explainer, lime};
use fauxto::image::FloatImage;
use fauxto::model::weights::{self, ClassifierPolicy, StateDict};
use fauxto::model::{Detector, Frozen, model};
use fauxto::random;
use serde_json::Value;

const SIDE: usize = 32;
/// f32 through tens of layers and back.
const RELATIVE: f64 = 2e-4;

fn golden() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/explain/golden.json");
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}

fn masks(value: &Value) -> Vec<Vec<bool>> {
    let mask = |text: &Value| text.as_str().unwrap().bytes().map(|bit| bit == b'1').collect();
    value.as_array().unwrap().iter().map(mask).collect()
}

fn detector(name: &str) -> Frozen {
    let gain = if name == "resnet_se_small" { 1.0 } else { 1.4 };
    let mut detector = Detector::new(model(name).unwrap(), SIDE, 0, &Device::flex());
    let mut tensors = StateDict::new();
    detector.network.visit(&mut |parameter| {
        tensors.insert(parameter.name.to_owned(), formula::tensor(parameter.name, parameter.shape, gain));
    });
    weights::assign(detector.network.as_mut(), tensors, Path::new("formula"), "", ClassifierPolicy::Exact).unwrap();
    detector.freeze()
}

fn images() -> Vec<FloatImage> {
    let values: Vec<f32> = formula::pixels("explained", [2, SIDE, SIDE]).iter::<f32>().collect();
    let image = |pixels: &[f32]| FloatImage { width: SIDE, height: SIDE, pixels: pixels.to_vec() };
    values.chunks(3 * SIDE * SIDE).map(image).collect()
}

/// The first image as fake, the second as real.
fn cases() -> Vec<Case> {
    let classes = [Label::Fake, Label::Real];
    images().into_iter().zip(classes).map(|(image, class)| Case { image, class, item: 0 }).collect()
}

fn explain(name: &str, parameters: &[(&str, f64)], frozen: &Frozen, cases: &[Case]) -> Vec<Map> {
    let entry = explainer(name).unwrap();
    let mut values = entry.defaults();
    parameters.iter().for_each(|(name, value)| values.set(name, *value).unwrap());
    (entry.build)(&values).explain(frozen, cases, 0).unwrap()
}

fn wide(values: &[f32]) -> Vec<f64> {
    values.iter().copied().map(f64::from).collect()
}

#[track_caller]
fn assert_close(what: &str, found: &[f64], expected: &[f64], relative: f64) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let scale = expected.iter().fold(0.0_f64, |greatest, value| greatest.max(value.abs()));
    assert!(scale > 0.0, "{what}: nothing to compare with");
    for (index, (found, expected)) in found.iter().zip(expected).enumerate() {
        let difference = (found - expected).abs() / scale;
        assert!(difference <= relative, "{what}[{index}]: {found}, expected {expected}, off by {difference:.1e}");
    }
}

#[test]
fn activation_maps_are_pytorch_grad_cams() {
    for (name, methods) in golden()["activation_maps"].as_object().unwrap() {
        let frozen = detector(name);
        let mut cases = cases();
        cases.extend(cases.clone().into_iter().map(|case| {
            let class = if case.class == Label::Fake { Label::Real } else { Label::Fake };
            Case { class, ..case }
        }));
        for (method, expected) in methods.as_object().unwrap() {
            let maps = explain(method, &[], &frozen, &cases);
            let coarse = numbers(&expected["coarse"]);
            let side = (coarse.len() as f64 / 4.0).sqrt() as usize;
            for (case, (map, coarse)) in maps.iter().zip(coarse.chunks(side * side)).enumerate() {
                let what = format!("{method} of {name}, case {case}");
                if coarse.iter().all(|&value| value == 0.0) {
                    assert!(map.values.iter().all(|&value| value == 0.0), "{what}");
                } else {
                    assert_close(&what, &wide(&map.values), &enlarged(coarse, side), RELATIVE);
                }
            }
            // The package stretches each map to 0..1 before OpenCV enlarges it, and again after.
            for (case, expected) in [0, 2].into_iter().zip(numbers(&expected["enlarged_of_first"]).chunks(SIDE * SIDE))
            {
                let values = wide(&maps[case].values);
                if values.iter().all(|&value| value == 0.0) {
                    assert!(expected.iter().all(|&value| value == 0.0), "{method} of {name}");
                    continue;
                }
                let (low, high) =
                    values.iter().fold((f64::MAX, f64::MIN), |(low, high), v| (low.min(*v), high.max(*v)));
                let stretched: Vec<f64> = values.iter().map(|value| (value - low) / (high - low)).collect();
                assert_close(&format!("{method} of {name}, enlarged"), &stretched, expected, 1e-3);
            }
        }
    }
}

/// Bilinear enlargement with half-pixel centres, written by its definition: weights of a tent.
fn enlarged(coarse: &[f64], side: usize) -> Vec<f64> {
    let weight = |pixel: usize, cell: usize| {
        let centre = ((pixel as f64 + 0.5) * side as f64 / SIDE as f64 - 0.5).clamp(0.0, side as f64 - 1.0);
        (1.0 - (centre - cell as f64).abs()).max(0.0)
    };
    let value = |y: usize, x: usize| {
        (0..side * side).map(|cell| weight(y, cell / side) * weight(x, cell % side) * coarse[cell]).sum()
    };
    (0..SIDE * SIDE).map(|index| value(index / SIDE, index % SIDE)).collect()
}

#[test]
fn integrated_gradients_and_occlusion_are_captums() {
    let (golden, frozen) = (golden(), detector("efficientnet_b0"));
    let case = &cases()[..1];
    let map = explain("integrated_gradients", &[], &frozen, case).remove(0);
    assert_close("integrated gradients", &wide(&map.values), &numbers(&golden["integrated_gradients"]), RELATIVE);
    for expected in golden["occlusion"].as_array().unwrap() {
        let parameters = ["window", "stride"].map(|name| (name, expected[name].as_f64().unwrap()));
        let map = explain("occlusion", &parameters, &frozen, case).remove(0);
        assert_close("occlusion", &wide(&map.values), &numbers(&expected["map"]), RELATIVE);
    }
}

/// The evidence of `case` with the segments of a square grid hidden that each mask drops.
fn evidence_of(frozen: &Frozen, case: &Case, masks: &[Vec<bool>]) -> Vec<f64> {
    let segments = grid(SIDE, SIDE, masks[0].len());
    let flat = segments.flattened(&case.image);
    let image = |mask: &Vec<bool>| {
        let kept = |index: usize| mask[segments.of_pixels()[index / 3]];
        let level = |index: usize| if kept(index) { case.image.pixels[index] } else { flat.pixels[index] };
        FloatImage { pixels: (0..3 * SIDE * SIDE).map(level).collect(), ..case.image.clone() }
    };
    evidence::of_images(frozen, &masks.iter().map(image).collect::<Vec<_>>(), case.class)
}

#[test]
fn lime_is_limes() {
    let golden = &golden()["lime"];
    let (masks, evidence) = (masks(&golden["masks"]), numbers(&golden["evidence"]));
    let coefficients = lime::coefficients(&masks, &evidence, golden["kernel_width"].as_f64().unwrap());
    assert_close("coefficients", &coefficients, &numbers(&golden["coefficients"]), 1e-7);
    let found = evidence_of(&detector("efficientnet_b0"), &cases()[0], &masks);
    assert_close("evidence", &found, &evidence, RELATIVE);
}

#[test]
fn kernel_shap_is_shaps_and_complete_enumeration_gives_shapley_values() {
    let golden = &golden()["kernel_shap"];
    let (frozen, case) = (detector("efficientnet_b0"), &cases()[..1]);
    let exact = numbers(&golden["exact"]);
    assert_close("the package", &numbers(&golden["complete"]["values"]), &exact, 1e-7);
    let map = explain("kernel_shap", &[("segments", 9.0)], &frozen, case).remove(0);
    let segments = grid(SIDE, SIDE, 9);
    let mut values = vec![0.0; 9];
    for (value, &segment) in map.values.iter().zip(segments.of_pixels()) {
        values[segment] += f64::from(*value);
    }
    assert_close("Shapley values", &values, &exact, 1e-3);

    let sampled = &golden["sampled"];
    let (masks, evidence) = (masks(&sampled["masks"]), numbers(&sampled["evidence"]));
    let drawn: Vec<Coalition> = masks
        .iter()
        .zip(numbers(&sampled["weights"]))
        .map(|(mask, weight)| Coalition { mask: mask.clone(), weight })
        .collect();
    let ends = ["none", "whole"].map(|key| sampled[key].as_f64().unwrap());
    assert_close("values", &shapley_values(&drawn, &evidence, ends), &numbers(&sampled["values"]), 1e-7);
    assert_close("evidence", &evidence_of(&frozen, &case[0], &masks), &evidence, RELATIVE);

    // What the package enumerates before it draws, 1 or 15 of 16 segments, is the same with the same
    // weights; and what is drawn weighs as much in all.
    let own = coalitions(16, masks.len(), &mut random::stream(0, "test", &[]));
    assert_eq!(own.len(), masks.len());
    let outermost = |mask: &[bool]| [1, 15].contains(&mask.iter().filter(|&&shown| shown).count());
    for coalition in &own {
        let same = drawn.iter().find(|drawn| drawn.mask == coalition.mask && outermost(&drawn.mask));
        assert_eq!(same.is_some(), outermost(&coalition.mask), "{coalition:?}");
        if let Some(same) = same {
            assert!((same.weight - coalition.weight).abs() < 1e-9, "{same:?} {coalition:?}");
        }
    }
    let inner = |all: &[Coalition]| all.iter().filter(|c| !outermost(&c.mask)).map(|c| c.weight).sum::<f64>();
    assert!((inner(&own) - inner(&drawn)).abs() < 1e-9);
}

#[test]
fn imputation_and_road_are_those_of_their_authors() {
    let golden = golden();
    let expected = &golden["imputation"];
    let missing: Vec<usize> =
        expected["missing"].as_str().unwrap().match_indices('1').map(|(index, _)| index).collect();
    let imputed = impute(&images()[0], &missing, 0.0, &mut random::stream(0, "test", &[]));
    let found: Vec<f64> = missing.iter().map(|pixel| f64::from(imputed.pixels[3 * pixel])).collect();
    assert_close("imputation", &found, &numbers(&expected["first_channel"]), 1e-5);

    let frozen = detector("efficientnet_b0");
    let values = formula::unit("map", 2 * SIDE * SIDE);
    for ((case, values), expected) in
        cases().iter().zip(values.chunks(SIDE * SIDE)).zip(numbers(&golden["road"]["scores"]))
    {
        let map = Map { width: SIDE, height: SIDE, kind: MapKind::NonNegative, values: values.to_vec() };
        let found = road(&frozen, case, &map, 0.0, 0);
        assert!((found - expected).abs() < 2e-5, "{found} {expected}");
    }
}

//! Laws every registered explainer and score keeps.

mod formula;
mod planted;

use std::path::Path;

use burn::tensor::{Device, Tensor};
use fauxto::Label;
use fauxto::augment::flip_horizontally;
use fauxto::explain::score::imputation::impute;
use fauxto::explain::score::sanity::SanityVerdict;
use fauxto::explain::score::{self, SCORES, Summary, sanity};
use fauxto::explain::{Case, EXPLAINERS, Explainer, ExplainerEntry, Map, MapKind, NULL_BASELINE, evidence, explainer};
use fauxto::image::FloatImage;
use fauxto::model::weights::{self, ClassifierPolicy, StateDict};
use fauxto::model::{Detector, Frozen, MODELS, model};
use fauxto::random;

/// Few samples: laws do not need precise maps.
fn quick(entry: &ExplainerEntry) -> Box<dyn Explainer> {
    let mut parameters = entry.defaults();
    for (name, value) in [("samples", 40.0), ("segments", 16.0), ("steps", 6.0)] {
        if entry.parameters.iter().any(|parameter| parameter.name == name) {
            parameters.set(name, value).unwrap();
        }
    }
    (entry.build)(&parameters)
}

fn with_defaults(name: &str) -> Box<dyn Explainer> {
    let entry = explainer(name).unwrap();
    (entry.build)(&entry.defaults())
}

fn images(count: usize, side: usize) -> Vec<FloatImage> {
    let values: Vec<f32> = formula::pixels("explained", [count, side, side]).iter::<f32>().collect();
    values
        .chunks(3 * side * side)
        .map(|pixels| FloatImage { width: side, height: side, pixels: pixels.to_vec() })
        .collect()
}

fn cases(images: Vec<FloatImage>) -> Vec<Case> {
    let case = |(item, image): (usize, FloatImage)| Case { image, class: Label::ALL[item % 2], item: item as u64 };
    images.into_iter().enumerate().map(case).collect()
}

fn frozen(name: &str, side: usize) -> Frozen {
    Detector::new(model(name).unwrap(), side, 1, &Device::flex()).freeze()
}

/// With the weights of the golden values. In a fresh ConvNeXt every branch is scaled to nearly nothing and
/// the head's normalisation makes gradients orthogonal to features, so that products of both are rounding.
fn filled(name: &str, gain: f64, side: usize) -> Frozen {
    let mut detector = Detector::new(model(name).unwrap(), side, 1, &Device::flex());
    let mut tensors = StateDict::new();
    detector.network.visit(&mut |parameter| {
        tensors.insert(parameter.name.to_owned(), formula::tensor(parameter.name, parameter.shape, gain));
    });
    weights::assign(detector.network.as_mut(), tensors, Path::new("formula"), "", ClassifierPolicy::Exact).unwrap();
    detector.freeze()
}

#[track_caller]
fn assert_close(what: &str, found: &Map, expected: &Map, tolerance: f32) {
    assert_eq!((found.width, found.height, found.kind), (expected.width, expected.height, expected.kind), "{what}");
    let scale = expected.values.iter().fold(0.0_f32, |greatest, value| greatest.max(value.abs()));
    for (found, expected) in found.values.iter().zip(&expected.values) {
        assert!((found - expected).abs() <= tolerance * scale, "{what}: {found} {expected}");
    }
}

#[test]
fn stages_in_order_are_the_features_and_lead_to_the_logits() {
    let device = Device::flex();
    for entry in MODELS {
        let frozen = Detector::new(entry, 32, 1, &device).freeze();
        let pixels: Tensor<4> = Tensor::from_data(formula::pixels("stages", [2, 32, 32]), &device);
        let values = |tensor: Tensor<2>| tensor.into_data().iter::<f32>().collect::<Vec<_>>();
        let logits = values(frozen.logits(pixels.clone()));
        let (mut x, mut side) = (pixels.clone(), 32);
        for stage in 0..frozen.stages() {
            x = frozen.stage(stage, x);
            assert!(x.dims()[1] <= side && x.dims()[1] == x.dims()[2], "{}: maps shrink", entry.name);
            side = x.dims()[1];
            // A compiled program computes `logits`, tensors the stages: equal to rounding.
            let staged = values(frozen.logits_from(stage, x.clone()));
            let close = staged.iter().zip(&logits).all(|(a, b)| (a - b).abs() < 1e-4);
            assert!(close, "{} from stage {stage}: {staged:?} {logits:?}", entry.name);
        }
        let features = frozen.features(pixels);
        assert_eq!(x.into_data(), features.into_data(), "{}", entry.name);
    }
}

#[test]
fn gradients_are_those_of_differences() {
    let frozen = frozen("efficientnet_b0", 32);
    let image = images(1, 32).remove(0);
    let pixels: Tensor<4> = Tensor::from_data(formula::pixels("explained", [1, 32, 32]), frozen.detector().device());
    let gradient: Vec<f32> =
        evidence::pixel_gradient(&frozen, pixels, &[Label::Fake]).into_data().iter::<f32>().collect();
    let steepest = (0..gradient.len()).max_by(|&a, &b| gradient[a].abs().total_cmp(&gradient[b].abs())).unwrap();
    let moved = |by: f32| {
        let mut image = image.clone();
        image.pixels[steepest] += by;
        evidence::of_images(&frozen, &[image], Label::Fake)[0]
    };
    let slope = (moved(0.02) - moved(-0.02)) / 0.04;
    assert!((f64::from(gradient[steepest]) / slope - 1.0).abs() < 0.05, "{} {slope}", gradient[steepest]);
    let [real, fake] = Label::ALL.map(|class| evidence::of_images(&frozen, std::slice::from_ref(&image), class)[0]);
    assert_eq!(real, -fake);
}

#[test]
fn maps_have_the_images_shape_are_finite_decided_by_the_seed_and_the_same_alone_as_in_a_batch() {
    for (name, gain, side) in [("efficientnet_b0", 1.4, 64), ("convnext_tiny", 1.4, 32), ("resnet_se_small", 1.0, 32)] {
        let frozen = filled(name, gain, side);
        let cases = cases(images(2, side));
        for entry in EXPLAINERS {
            let what = format!("{} of {name}", entry.name);
            let explainer = quick(entry);
            let maps = explainer.explain(&frozen, &cases, 7).unwrap();
            assert_eq!(maps.len(), cases.len(), "{what}");
            for map in &maps {
                assert_eq!((map.width, map.height, map.values.len()), (side, side, side * side), "{what}");
                assert!(map.values.iter().all(|value| value.is_finite()), "{what}");
                assert!(map.kind == MapKind::Signed || map.values.iter().all(|&value| value >= 0.0), "{what}");
            }
            assert!(maps[0].values.iter().any(|&value| value != maps[0].values[0]), "{what} says nothing");
            assert_eq!(explainer.explain(&frozen, &cases, 7).unwrap(), maps, "{what}");
            for (case, map) in cases.iter().zip(&maps) {
                let alone = explainer.explain(&frozen, std::slice::from_ref(case), 7).unwrap();
                assert_close(&what, &alone[0], map, 1e-3);
            }
        }
        assert!(quick(&EXPLAINERS[0]).explain(&frozen, &[], 7).unwrap().is_empty());
    }
}

#[test]
fn a_detector_that_judges_mirror_images_is_explained_by_both_views() {
    let seen = images(2, 32);
    let mirrored = seen.iter().cloned().map(flip_horizontally).collect();
    let (seen, mirrored) = (cases(seen), cases(mirrored));
    let mut detector = Detector::new(model("resnet_se_small").unwrap(), 32, 1, &Device::flex());
    let alone = detector.freeze();
    detector.test_time_flip = true;
    let both = detector.freeze();
    for name in ["grad_cam", "grad_cam_plus_plus", "hires_cam", "integrated_gradients"] {
        let explainer = quick(fauxto::explain::explainer(name).unwrap());
        let maps = |frozen: &Frozen, cases: &[Case]| explainer.maps(frozen, cases, 1).unwrap();
        for ((own, other), single) in maps(&both, &seen).iter().zip(maps(&both, &mirrored)).zip(maps(&alone, &seen)) {
            let turned: Vec<f32> = other.values.chunks(32).flat_map(|row| row.iter().rev().copied()).collect();
            assert_close(name, own, &Map { values: turned, ..other.clone() }, 1e-4);
            assert_ne!(own.values, single.values, "{name}");
        }
    }
}

#[test]
fn the_seed_moves_what_is_drawn_and_nothing_else() {
    let frozen = frozen("resnet_se_small", 32);
    let cases = cases(images(1, 32));
    for entry in EXPLAINERS {
        let [first, second] = [1, 2].map(|seed| quick(entry).explain(&frozen, &cases, seed).unwrap());
        assert_eq!(first != second, ["lime", "kernel_shap", "random"].contains(&entry.name), "{}", entry.name);
    }
}

#[test]
fn integrated_gradients_and_shapley_values_sum_to_the_evidence() {
    for name in ["efficientnet_b0", "convnext_tiny"] {
        let frozen = frozen(name, 32);
        let case = cases(images(1, 32)).remove(0);
        let sum = |explainer: &str| {
            let map = with_defaults(explainer).explain(&frozen, std::slice::from_ref(&case), 1).unwrap().remove(0);
            map.values.iter().map(|&value| f64::from(value)).sum::<f64>()
        };
        let of = |image: &FloatImage| evidence::of_images(&frozen, std::slice::from_ref(image), case.class)[0];
        let black = FloatImage { pixels: vec![0.0; 3 * 32 * 32], ..case.image.clone() };
        let flat = fauxto::explain::segments::grid(32, 32, 64).flattened(&case.image);
        for (explainer, baseline) in [("integrated_gradients", of(&black)), ("kernel_shap", of(&flat))] {
            let (found, expected) = (sum(explainer), of(&case.image) - baseline);
            assert!(
                (found - expected).abs() < 1e-3 * expected.abs().max(0.1),
                "{name} {explainer}: {found} {expected}"
            );
        }
    }
}

#[test]
fn every_explainer_beats_the_random_map_where_a_patch_alone_decides() {
    let frozen = planted::frozen();
    let (images, corners): (Vec<_>, Vec<_>) = planted::images(8).into_iter().unzip();
    assert_eq!(fauxto::explain::decided(&frozen, &images, 0.5), [Label::Fake; 8]);
    let cases: Vec<Case> = images
        .into_iter()
        .enumerate()
        .map(|(item, image)| Case { image, class: Label::Fake, item: item as u64 })
        .collect();
    let explainers: Vec<(String, Box<dyn Explainer>)> =
        EXPLAINERS.iter().map(|entry| (entry.name.to_owned(), with_defaults(entry.name))).collect();
    let mut done = Vec::new();
    let rows = score::table(&frozen, &explainers, &cases, 3, &mut |count| done.push(count)).unwrap();
    assert_eq!(done, (1..=EXPLAINERS.len()).collect::<Vec<_>>());
    for (row, (name, explainer)) in rows.iter().zip(&explainers) {
        let maps = explainer.explain(&frozen, &cases, 3).unwrap();
        let shares: Vec<f64> = maps
            .iter()
            .zip(&corners)
            .map(|(map, corner)| f64::from(planted::share_in_patch(&map.values, *corner)))
            .collect();
        let [low, high] = Summary::of(&shares).unwrap().interval.unwrap();
        assert_eq!(row.scores.len(), SCORES.len());
        if name == NULL_BASELINE {
            // The patch is a sixteenth of the image.
            assert!(low < 0.08 && high > 0.05, "{name}: {low} {high} of the map in the patch");
            assert!(row.scores.iter().all(|score| score.gain_over_random.mean == 0.0));
            assert_eq!(row.sanity, SanityVerdict::IgnoresTheDetector);
            continue;
        }
        assert!(low > 0.3, "{name}: {low} of the map in the patch");
        for score in &row.scores {
            let [low, _] = score.gain_over_random.interval.unwrap();
            assert!(low > 0.05, "{name}: {} gains {:?} over the random map", score.name, score.gain_over_random);
        }
        assert_eq!(row.sanity, SanityVerdict::LooksAtTheDetector, "{name}: {:?}", row.randomised_correlation);
    }
}

/// Explains any detector by the image's own edges.
#[derive(Debug)]
struct Edges;

impl Explainer for Edges {
    fn maps(&self, _: &Frozen, cases: &[Case], _: u64) -> fauxto::Result<Vec<Map>> {
        let map = |case: &Case| {
            let FloatImage { width, height, pixels } = &case.image;
            let edge = |index: usize| {
                let right = if (index + 1).is_multiple_of(*width) { index } else { index + 1 };
                (pixels[3 * right] - pixels[3 * index]).abs()
            };
            let values = (0..width * height).map(edge).collect();
            Map { width: *width, height: *height, kind: MapKind::NonNegative, values }
        };
        Ok(cases.iter().map(map).collect())
    }
}

#[test]
fn the_sanity_check_catches_an_explainer_that_ignores_the_detector_and_lets_the_others_pass() {
    let frozen = frozen("efficientnet_b0", 32);
    let cases = cases(images(6, 32));
    let correlation = |explainer: &dyn Explainer, share: f64| {
        let maps = explainer.explain(&frozen, &cases, 1).unwrap();
        Summary::of(&sanity::correlations(explainer, &frozen, &cases, &maps, share, 1).unwrap()).unwrap()
    };
    let edges = correlation(&Edges, 1.0);
    assert!(edges.mean == 1.0 && sanity::verdict(&edges) == SanityVerdict::IgnoresTheDetector, "{edges:?}");
    for entry in EXPLAINERS.iter().filter(|entry| entry.name != NULL_BASELINE) {
        let explainer = quick(entry);
        let all = correlation(explainer.as_ref(), 1.0);
        assert_eq!(sanity::verdict(&all), SanityVerdict::LooksAtTheDetector, "{}: {all:?}", entry.name);
        let none = correlation(explainer.as_ref(), 0.0);
        assert_eq!(none.mean, 1.0, "{}: nothing was redrawn", entry.name);
    }
}

#[test]
fn redrawing_goes_backwards_from_the_output_and_leaves_the_rest() {
    let frozen = frozen("resnet_se_small", 32);
    let parameters = |frozen: &Frozen| {
        let mut found = Vec::new();
        frozen.detector().network.visit(&mut |parameter| found.push(parameter.tensor.into_data()));
        found
    };
    let (before, half) = (parameters(&frozen), parameters(&sanity::randomised(&frozen, 0.5, 3)));
    let kept = before.len() - before.len().div_ceil(2);
    assert_eq!(before[..kept], half[..kept]);
    assert_ne!(before[before.len() - 2], half[before.len() - 2]);
    assert_eq!(half, parameters(&sanity::randomised(&frozen, 0.5, 3)));
    assert_eq!(before, parameters(&sanity::randomised(&frozen, 0.0, 3)));
}

#[test]
fn scores_are_decided_by_the_seed_lie_in_their_range_and_turn_round_with_the_map() {
    let frozen = planted::frozen();
    let (image, _) = planted::images(1).remove(0);
    let case = Case { image, class: Label::Fake, item: 5 };
    let map = with_defaults("occlusion").explain(&frozen, std::slice::from_ref(&case), 1).unwrap().remove(0);
    let inverse = Map { values: map.values.iter().map(|value| -value).collect(), ..map.clone() };
    for entry in SCORES {
        let measure = |map: &Map, seed| (entry.measure)(&frozen, &case, map, seed).unwrap();
        let (good, bad) = (measure(&map, 1), measure(&inverse, 1));
        assert_eq!(good, measure(&map, 1), "{}", entry.name);
        assert!((-0.5..=1.0).contains(&good), "{}: {good}", entry.name);
        let better = if entry.better == fauxto::evaluate::Better::Higher { good > bad } else { good < bad };
        assert!(better, "{}: {good} for the map, {bad} for its inverse", entry.name);
    }
    let [deletion, insertion] =
        [score::deletion_curve, score::insertion_curve].map(|curve| curve(&frozen, &case, &map, 1));
    let (first, last) = (deletion.probabilities[0], deletion.probabilities[deletion.probabilities.len() - 1]);
    assert_eq!(
        insertion.probabilities[insertion.probabilities.len() - 1],
        first,
        "insertion ends where deletion began"
    );
    assert_eq!(insertion.probabilities[0], last, "and begins where it ended");
    assert!(first > 0.9 && last < 0.1, "{first} {last}");
}

#[test]
fn imputation_keeps_what_is_known_constants_and_bounds() {
    let image = images(1, 32).remove(0);
    let mut stream = random::stream(1, "test", &[]);
    let missing: Vec<usize> = (0..1024).filter(|index| index % 3 != 0 && index % 7 != 1).collect();
    let imputed = impute(&image, &missing, 0.0, &mut stream);
    let bounds = |channel: usize| {
        let known = (0..1024).filter(|index| !missing.contains(index)).map(|index| image.pixels[3 * index + channel]);
        known.fold((f32::MAX, f32::MIN), |(low, high), value| (low.min(value), high.max(value)))
    };
    for index in 0..3 * 1024 {
        let (low, high) = bounds(index % 3);
        if missing.contains(&(index / 3)) {
            assert!(
                (low - 1e-5..=high + 1e-5).contains(&imputed.pixels[index]),
                "a mean lies between what it averages"
            );
        } else {
            assert_eq!(imputed.pixels[index], image.pixels[index]);
        }
    }
    let flat = FloatImage { pixels: [0.1, 0.6, 0.9].repeat(1024), ..image.clone() };
    for (found, expected) in impute(&flat, &missing, 0.0, &mut stream).pixels.iter().zip(&flat.pixels) {
        assert!((found - expected).abs() < 1e-5);
    }
    let all: Vec<usize> = (0..1024).collect();
    assert!(impute(&image, &all, 0.0, &mut stream).pixels.iter().all(|&level| level == 0.5));
    let noisy = impute(&image, &missing, 0.01, &mut stream);
    let spread: f32 = missing.iter().map(|index| (noisy.pixels[3 * index] - imputed.pixels[3 * index]).powi(2)).sum();
    let deviation = (spread / missing.len() as f32).sqrt();
    assert!((0.008..0.012).contains(&deviation), "{deviation}");
}

#[test]
fn what_cannot_be_explained_is_refused_with_what_was_found() {
    let message = explainer("gradcam").unwrap_err().to_string();
    assert!(message.contains("`gradcam`") && message.contains("grad_cam"), "{message}");
    let mut parameters = explainer("lime").unwrap().defaults();
    for (name, value, expected) in [
        ("samples", 0.0, "lime.samples"),
        ("samples", 2.5, "whole"),
        ("samples", f64::NAN, "NaN"),
        ("width", 1.0, "kernel_width"),
    ] {
        let message = parameters.set(name, value).unwrap_err().to_string();
        assert!(message.contains(expected), "{message}");
    }
    let detector = frozen("efficientnet_b0", 32);
    let message = with_defaults("random").explain(&detector, &cases(images(1, 64)), 1).unwrap_err().to_string();
    assert!(message.contains("64 x 64") && message.contains("32 x 32"), "{message}");
    let mut parameters = explainer("grad_cam").unwrap().defaults();
    parameters.set("least_side", 100.0).unwrap();
    let coarse = (explainer("grad_cam").unwrap().build)(&parameters);
    let message = coarse.explain(&detector, &cases(images(1, 32)), 1).unwrap_err().to_string();
    assert!(message.contains("least_side") && message.contains("16"), "{message}");
}

#[test]
fn a_detector_without_finite_weights_is_named_as_such() {
    let mut detector = Detector::new(model("resnet_se_small").unwrap(), 32, 1, &Device::flex());
    detector.network.replace(&mut |parameter| parameter.tensor * f32::NAN);
    let broken = detector.freeze();
    for entry in EXPLAINERS.iter().filter(|entry| entry.name != NULL_BASELINE) {
        let message = quick(entry).explain(&broken, &cases(images(1, 32)), 1).unwrap_err().to_string();
        assert!(message.contains("NaN") && message.contains("not finite"), "{}: {message}", entry.name);
    }
}

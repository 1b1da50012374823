//! Laws every registered architecture keeps.

use std::collections::BTreeMap;

use burn::tensor::{Device, Tensor, TensorData};
use fauxto::config::Config;
use fauxto::model::weights::{self, ClassifierPolicy, Precision};
use fauxto::model::{Descriptor, Detector, MODELS, Pass, Start, is_buffer, model};
use fauxto::random;
use fauxto::run;
use fauxto::train::optimiser::AdamW;
use fauxto::train::{batch, cross_entropy};
use rand::RngExt;

fn pixels(batch: usize, height: usize, width: usize) -> TensorData {
    let mut stream = random::stream(7, "test pixels", &[batch as u64]);
    let values: Vec<f32> = (0..batch * height * width * 3).map(|_| stream.random_range(0.0..1.0)).collect();
    TensorData::new(values, [batch, height, width, 3])
}

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().iter::<f32>().collect()
}

fn close(left: &[f32], right: &[f32], tolerance: f32) -> bool {
    left.len() == right.len() && left.iter().zip(right).all(|(a, b)| (a - b).abs() <= tolerance * (1.0 + b.abs()))
}

#[test]
fn parameter_counts_are_those_of_the_published_networks() {
    let device = Device::flex();
    let count = |name| Detector::new(model(name).unwrap(), 32, 0, &device).parameter_count();
    // timm 1.0.31, two classes; the original's own count for ResNet-SE.
    assert_eq!(count("convnext_tiny"), 27_821_666);
    assert_eq!(count("efficientnet_b0"), 4_010_110);
    assert_eq!(count("efficientnet_lite0"), 3_373_570);
    assert_eq!(count("resnet_se"), 11_196_666);
    assert_eq!(count("resnet18_se"), 11_345_214);
    assert!(count("resnet_se_small") <= 2_000_000, "{}", count("resnet_se_small"));
}

#[test]
fn forward_is_head_of_features_and_a_batch_equals_its_images() {
    let device = Device::flex();
    for entry in MODELS {
        let frozen = Detector::new(entry, 32, 1, &device).freeze();
        for [height, width] in [[32, 32], [64, 48]] {
            let data = pixels(3, height, width);
            let batch: Tensor<4> = Tensor::from_data(data, &device);
            let features = frozen.features(batch.clone());
            assert_eq!(features.dims()[0], 3, "{}", entry.name);
            let logits = values(frozen.logits(batch.clone()));
            assert_eq!(logits.len(), 6, "{}", entry.name);
            assert!(logits.iter().all(|value| value.is_finite()), "{}", entry.name);
            // At the detector's own size a compiled program computes the logits, tensors the other two.
            let halves = values(frozen.head(features));
            assert!(close(&halves, &logits, 1e-4), "{} {halves:?} {logits:?}", entry.name);
            for image in 0..3 {
                let single = values(frozen.logits(batch.clone().narrow(0, image, 1)));
                assert!(close(&single, &logits[2 * image..2 * image + 2], 1e-4), "{} {single:?}", entry.name);
            }
        }
    }
}

#[test]
fn the_seed_decides_the_initial_parameters() {
    let device = Device::flex();
    for entry in MODELS {
        let drawn = |seed| weights::collect(Detector::new(entry, 32, seed, &device).network.as_ref());
        assert_eq!(drawn(1), drawn(1), "{}", entry.name);
        assert_ne!(drawn(1), drawn(2), "{}", entry.name);
    }
}

#[test]
fn a_step_moves_every_parameter_and_every_statistic_and_inference_moves_none() {
    let device = Device::flex().autodiff();
    for entry in MODELS {
        let mut detector = Detector::new(entry, 32, 1, &device);
        let before = weights::collect(detector.network.as_ref());
        let _ = detector.logits(Tensor::from_data(pixels(4, 32, 32), &device), &Pass::inference());
        assert_eq!(weights::collect(detector.network.as_ref()), before, "{}", entry.name);

        let pass = Pass::training(1, 0);
        let logits = detector.logits(Tensor::from_data(pixels(4, 32, 32), &device), &pass);
        let examples: Vec<batch::Example> =
            (0..4).map(|index| batch::Example { index, label: fauxto::Label::ALL[index % 2] }).collect();
        let mut gradients = cross_entropy(logits, batch::labels(&examples, &device)).backward();
        let mut optimiser = AdamW::default();
        optimiser.step(detector.network.as_mut(), &mut gradients, pass.into_statistics(), 1e-3, 0.0);
        let after = weights::collect(detector.network.as_ref());
        for (name, tensor) in &after {
            assert!(tensor.values.iter().all(|value| value.is_finite()), "{} {name}", entry.name);
            assert_ne!(tensor, &before[name], "{} {name} (buffer: {})", entry.name, is_buffer(name));
        }
    }
}

#[test]
fn what_is_written_is_what_is_read() {
    let device = Device::flex();
    let folder = tempfile::tempdir().unwrap();
    for entry in MODELS {
        let detector = Detector::new(entry, 32, 3, &device);
        let tensors = weights::collect(detector.network.as_ref());
        let path = folder.path().join("weights.safetensors");
        weights::write_safetensors(&path, &tensors, &BTreeMap::new(), Precision::F32).unwrap();
        let mut other = Detector::new(entry, 32, 4, &device);
        let read = weights::read(&path).unwrap();
        let assignment =
            weights::assign(other.network.as_mut(), read, &path, entry.classifier, ClassifierPolicy::Exact).unwrap();
        assert_eq!((assignment.taken, assignment.unused.len()), (tensors.len(), 0), "{}", entry.name);
        assert_eq!(weights::collect(other.network.as_ref()), tensors, "{}", entry.name);
    }
}

#[test]
fn safetensors_are_told_by_their_header_whatever_its_length_looks_like() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("weights.safetensors");
    let tensors = weights::StateDict::from([(
        "weight".to_owned(),
        weights::NamedTensor { shape: vec![2], values: vec![1.0, -2.0] },
    )]);
    let write = |filler: usize| {
        let metadata = BTreeMap::from([("filler".to_owned(), "x".repeat(filler))]);
        weights::write_safetensors(&path, &tensors, &metadata, Precision::F32).unwrap();
        std::fs::read(&path).unwrap()[..8].to_owned()
    };
    let bare = u64::from_le_bytes(write(0).try_into().unwrap());
    // A pickle begins with 0x80, a ZIP with PK.
    for length in [0x180_u64, u64::from(u16::from_le_bytes(*b"PK"))] {
        assert_eq!(write((length - bare) as usize), length.to_le_bytes());
        assert_eq!(weights::read(&path).unwrap(), tensors, "{length:#x}");
    }
}

#[test]
fn a_network_that_begins_as_a_shallower_one_judges_as_that_does() {
    let device = Device::flex();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shallow.safetensors");
    let mut stream = random::stream(7, "statistics", &[]);
    let mut tensors = weights::collect(Detector::new(model("resnet_se").unwrap(), 32, 3, &device).network.as_ref());
    // Fresh norms shift nothing and have seen nothing; those of a network that learned do and have.
    for (_, tensor) in tensors.iter_mut().filter(|(name, _)| name.contains(".bn") || name.starts_with("bn1.")) {
        tensor.values.iter_mut().for_each(|value| *value += stream.random_range(0.0..0.5));
    }
    weights::write_safetensors(&path, &tensors, &BTreeMap::new(), Precision::F32).unwrap();
    let begun = |name: &str| {
        let config = Config::resolve(None, &[format!("model={name}")]).unwrap();
        run::begin(&config, Some(&path), &device).unwrap()
    };
    let (shallow, _) = begun("resnet_se");
    let (deep, taken) = begun("resnet18_se");
    let taken = taken.unwrap();
    assert!(taken.kept.is_empty() && taken.unused.is_empty(), "{taken:?}");
    let images = || Tensor::<4>::from_data(pixels(4, 32, 32), &device);
    let judged = |detector: &Detector| values(detector.logits(images(), &Pass::inference()));
    assert!(close(&judged(&deep), &judged(&shallow), 1e-5), "{:?} {:?}", judged(&deep), judged(&shallow));

    // Weights of its own are taken as they are.
    let own = weights::collect(deep.network.as_ref());
    weights::write_safetensors(&path, &own, &BTreeMap::new(), Precision::F32).unwrap();
    assert_eq!(weights::collect(begun("resnet18_se").0.network.as_ref()), own);
}

#[test]
fn another_last_layer_is_kept_only_where_that_is_asked_for() {
    let device = Device::flex();
    let path = std::path::Path::new("thousand.safetensors");
    for entry in MODELS {
        let tensors = weights::collect((entry.build)(1000, Start::Drawn(0), &device).as_ref());
        let mut detector = Detector::new(entry, 32, 1, &device);
        let before = weights::collect(detector.network.as_ref());
        let refused = weights::assign(
            detector.network.as_mut(),
            tensors.clone(),
            path,
            entry.classifier,
            ClassifierPolicy::Exact,
        );
        let message = refused.unwrap_err().to_string();
        assert!(message.contains("thousand.safetensors") && message.contains("1000"), "{message}");
        assert_eq!(weights::collect(detector.network.as_ref()), before, "{} unchanged", entry.name);

        let policy = ClassifierPolicy::KeepOwnIfDifferent;
        let assignment =
            weights::assign(detector.network.as_mut(), tensors.clone(), path, entry.classifier, policy).unwrap();
        assert_eq!(assignment.kept.len(), 2, "{}", entry.name);
        let after = weights::collect(detector.network.as_ref());
        for (name, tensor) in &after {
            let expected = if assignment.kept.contains(name) { &before[name] } else { &tensors[name] };
            assert_eq!(tensor, expected, "{} {name}", entry.name);
        }
    }
}

#[test]
fn weights_that_do_not_fit_are_refused_by_name() {
    let device = Device::flex();
    let entry = model("resnet_se_small").unwrap();
    let mut detector = Detector::new(entry, 32, 1, &device);
    let path = std::path::Path::new("other.safetensors");
    let mut tensors = weights::collect(detector.network.as_ref());
    tensors.remove("conv1.weight");
    tensors.get_mut("bn1.bias").unwrap().values[0] = f32::NAN;
    let refused = weights::assign(detector.network.as_mut(), tensors, path, entry.classifier, ClassifierPolicy::Exact);
    let message = refused.unwrap_err().to_string();
    assert!(message.contains("`conv1.weight` is missing"), "{message}");
    assert!(message.contains("`bn1.bias` holds values that are not finite"), "{message}");
}

#[test]
fn a_description_is_the_verdict_and_every_stage_pooled() {
    let device = Device::flex();
    for entry in MODELS {
        let frozen = Detector::new(entry, 32, 1, &device).freeze();
        let batch: Tensor<4> = Tensor::from_data(pixels(3, 32, 32), &device);
        let described = frozen.describe(batch.clone());
        assert_eq!(described.probability_fake.len(), 3, "{}", entry.name);
        for (own, alone) in described.probability_fake.iter().zip(frozen.probability_fake(batch.clone())) {
            assert!((own - alone).abs() < 1e-6, "{}", entry.name);
        }
        let mut map = batch;
        let mut means: Vec<Descriptor> = vec![Vec::new(); 3];
        for stage in 0..frozen.stages() {
            map = frozen.stage(stage, map);
            let pooled = values(map.clone().mean_dims(&[1, 2]));
            let channels = pooled.len() / 3;
            means.iter_mut().zip(pooled.chunks(channels)).for_each(|(mean, own)| mean.push(own.to_vec()));
        }
        for (image, (own, expected)) in described.descriptors.iter().zip(&means).enumerate() {
            assert_eq!(own.len(), expected.len());
            for (own, expected) in own.iter().zip(expected) {
                assert!(close(own, expected, 1e-4), "{} image {image}", entry.name);
            }
        }
    }
}

#[test]
fn with_mirror_images_logits_are_the_mean_over_both_views_and_a_mirror_changes_nothing() {
    let device = Device::flex();
    let batch: Tensor<4> = Tensor::from_data(pixels(3, 32, 32), &device);
    let mirrored = batch.clone().flip([2]);
    for entry in MODELS {
        let mut detector = Detector::new(entry, 32, 1, &device);
        let alone = detector.freeze();
        detector.test_time_flip = true;
        let both = detector.freeze();
        let logits = values(both.logits(batch.clone()));
        let mean = (alone.logits(batch.clone()) + alone.logits(mirrored.clone())) / 2.0;
        assert!(close(&logits, &values(mean), 1e-5), "{}", entry.name);
        assert!(!close(&logits, &values(alone.logits(batch.clone())), 1e-5), "{}: views alike", entry.name);
        assert!(close(&logits, &values(both.logits(mirrored.clone())), 1e-6), "{}", entry.name);
        let [described, single] = [&both, &alone].map(|frozen| frozen.describe(batch.clone()));
        for (own, other) in described.probability_fake.iter().zip(both.probability_fake(batch.clone())) {
            assert!((own - other).abs() < 1e-6, "{}", entry.name);
        }
        for (own, expected) in described.descriptors.iter().flatten().zip(single.descriptors.iter().flatten()) {
            assert!(close(own, expected, 1e-4), "{}", entry.name);
        }
        // Attacks go through both views: the gradient in a mirrored image is the mirrored gradient.
        let gradient = |pixels: &Tensor<4>| {
            let pixels = pixels.clone().autodiff().require_grad();
            let lead = both.logits(pixels.clone()).narrow(1, 1, 1).sum();
            pixels.grad(&lead.backward()).unwrap()
        };
        let (own, other) = (gradient(&batch), gradient(&mirrored).flip([2]));
        assert!(close(&values(own.clone()), &values(other), 1e-4), "{}", entry.name);
        assert!(values(own).iter().any(|&value| value != 0.0), "{}", entry.name);
    }
}

#[test]
fn weights_in_eight_bits_are_off_by_half_a_step_and_logits_by_little() {
    let device = Device::flex();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("weights.safetensors");
    for entry in MODELS {
        let exact = Detector::new(entry, 32, 1, &device);
        let tensors = weights::collect(exact.network.as_ref());
        weights::write_safetensors(&path, &tensors, &BTreeMap::new(), Precision::Int8).unwrap();
        let written = std::fs::read(&path).unwrap();
        if entry.name == "resnet_se" {
            assert!(written.len() < 12_000_000, "{}", written.len());
        }
        let (read, _) = weights::read_safetensors(&path).unwrap();
        assert!(read.keys().eq(tensors.keys()), "{}: scales are no tensors of the network", entry.name);
        for (name, tensor) in &read {
            let original = &tensors[name];
            assert_eq!(tensor.shape, original.shape);
            if tensor.shape.len() < 2 {
                assert_eq!(tensor.values, original.values, "{name} stays f32");
                continue;
            }
            let size = tensor.values.len() / tensor.shape[0];
            for (own, original) in tensor.values.chunks(size).zip(original.values.chunks(size)) {
                let largest = original.iter().fold(0.0f32, |largest, value| largest.max(value.abs()));
                let off = own.iter().zip(original).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
                // Half a step of 1/127, and the rounding of the scale.
                assert!(off <= largest / 254.0 * 1.0001, "{} {name}: {off} of {largest}", entry.name);
            }
        }
        // What was rounded once is kept, up to the rounding of its scale.
        weights::write_safetensors(&path, &read, &BTreeMap::new(), Precision::Int8).unwrap();
        let (again, _) = weights::read_safetensors(&path).unwrap();
        for (name, tensor) in &again {
            let kept = tensor.values.iter().zip(&read[name].values).all(|(a, b)| (a - b).abs() <= 2e-7 * b.abs());
            assert!(kept, "{} {name}", entry.name);
        }
        let mut rounded = Detector::blank(entry, 32, &device);
        weights::assign(rounded.network.as_mut(), read, &path, entry.classifier, ClassifierPolicy::Exact).unwrap();
        let logits =
            |detector: &Detector| values(detector.freeze().logits(Tensor::from_data(pixels(4, 32, 32), &device)));
        let (rounded, exact) = (logits(&rounded), logits(&exact));
        // Networks that have learned nothing, ConvNeXt's 18 blocks the deepest: roundings add up, nothing is far ahead.
        assert!(close(&rounded, &exact, 5e-2), "{} {rounded:?} {exact:?}", entry.name);
    }
}

#[test]
fn weights_without_their_scales_are_refused() {
    use safetensors::tensor::{Dtype, TensorView};
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("weights.safetensors");
    let view = |dtype, shape: &[usize], bytes| TensorView::new(dtype, shape.to_vec(), bytes).unwrap();
    let scales = [0u8; 12];
    for tensors in [
        vec![("fc.weight", view(Dtype::I8, &[2, 3], &[1; 6]))],
        vec![("fc.weight", view(Dtype::I8, &[2, 3], &[1; 6])), ("fc.weight_scale", view(Dtype::F32, &[3], &scales))],
    ] {
        std::fs::write(&path, safetensors::serialize(tensors, None).unwrap()).unwrap();
        let message = weights::read_safetensors(&path).unwrap_err().to_string();
        assert!(message.contains("fc.weight_scale"), "{message}");
    }
}

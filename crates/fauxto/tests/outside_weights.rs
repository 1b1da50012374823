//! Weight files of other programs: `golden/weights`, made by `generate.py` beside them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use burn::tensor::Device;
use fauxto::model::weights::{self, ClassifierPolicy, NamedTensor, Precision, StateDict};
use fauxto::model::{Detector, model};

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/weights").join(name)
}

/// Values that tell tensors apart: the hash of the name, then counting.
fn marked(name: &str, shape: &[usize]) -> NamedTensor {
    let mark = f32::from(blake3::hash(name.as_bytes()).as_bytes()[0]);
    let values = (0..shape.iter().product::<usize>()).map(|index| mark + (index % 97) as f32 / 128.0).collect();
    NamedTensor { shape: shape.to_vec(), values }
}

#[test]
fn torchvisions_names_find_their_places() {
    let folder = tempfile::tempdir().unwrap();
    for (name, pairs) in [
        (
            "convnext_tiny",
            [
                ("features.0.1.bias", "stem.1.bias"),
                ("features.4.1.weight", "stages.2.downsample.1.weight"),
                ("features.5.8.block.3.weight", "stages.2.blocks.8.mlp.fc1.weight"),
                ("features.7.2.layer_scale", "stages.3.blocks.2.gamma"),
                ("classifier.0.weight", "head.norm.weight"),
            ],
        ),
        (
            "efficientnet_b0",
            [
                ("features.0.0.weight", "conv_stem.weight"),
                ("features.1.0.block.2.0.weight", "blocks.0.0.conv_pw.weight"),
                ("features.2.1.block.2.fc1.bias", "blocks.1.1.se.conv_reduce.bias"),
                ("features.6.3.block.3.1.running_var", "blocks.5.3.bn3.running_var"),
                ("features.8.1.weight", "bn2.weight"),
            ],
        ),
    ] {
        let text = std::fs::read_to_string(golden(&format!("torchvision_{name}.json"))).unwrap();
        let shapes: BTreeMap<String, Vec<usize>> = serde_json::from_str(&text).unwrap();
        let theirs: StateDict = shapes.iter().map(|(key, shape)| (key.clone(), marked(key, shape))).collect();
        let path = folder.path().join(format!("{name}.safetensors"));
        weights::write_safetensors(&path, &theirs, &BTreeMap::new(), Precision::F32).unwrap();

        let entry = model(name).unwrap();
        let mut detector = Detector::new(entry, 32, 0, &Device::flex());
        let read = weights::read(&path).unwrap();
        let network = detector.network.as_mut();
        let assigned = weights::assign(network, read, &path, entry.classifier, ClassifierPolicy::Exact).unwrap();
        assert_eq!((assigned.taken, assigned.unused), (theirs.len(), vec![]), "{name}");
        let ours = weights::collect(detector.network.as_ref());
        for (their_name, our_name) in pairs {
            assert_eq!(ours[our_name].values, theirs[their_name].values, "{our_name}");
        }
    }
}

#[test]
fn a_pickled_state_dict_is_read_out_of_its_wrappers_in_any_precision() {
    let tensors = weights::read(&golden("wrapped.pth")).unwrap();
    let names: Vec<&str> = tensors.keys().map(String::as_str).collect();
    assert_eq!(names, ["brain", "double", "half", "single", "transposed"]);
    assert_eq!(tensors["single"], NamedTensor { shape: vec![2, 2], values: vec![1.5, -2.0, 0.25, 1e-3] });
    assert_eq!(tensors["double"].values, [1.0 / 3.0]);
    assert_eq!(tensors["half"].values, [0.5, 1.5]);
    assert_eq!(tensors["brain"].values, [3.0]);
    assert_eq!(tensors["transposed"], NamedTensor { shape: vec![3, 2], values: vec![0.0, 3.0, 1.0, 4.0, 2.0, 5.0] });
}

/// timm's checkpoints hold the weights and their average.
#[test]
fn of_two_state_dicts_in_a_file_the_averaged_one_is_read() {
    let tensors = weights::read(&golden("averaged.pth")).unwrap();
    let values: Vec<(&str, &[f32])> = tensors.iter().map(|(name, own)| (name.as_str(), &own.values[..])).collect();
    assert_eq!(values, [("a", &[10.0][..]), ("b", &[20.0]), ("c", &[30.0])]);
}

#[test]
fn half_precision_halves_the_file_and_rounds_to_nearest() {
    let folder = tempfile::tempdir().unwrap();
    let tensors = StateDict::from([("values".to_owned(), marked("values", &[4096]))]);
    let size = |precision| {
        let path = folder.path().join("weights.safetensors");
        weights::write_safetensors(&path, &tensors, &BTreeMap::new(), precision).unwrap();
        let (read, _) = weights::read_safetensors(&path).unwrap();
        for (read, written) in read["values"].values.iter().zip(&tensors["values"].values) {
            assert!((read - written).abs() <= written.abs() / 2048.0);
        }
        std::fs::metadata(path).unwrap().len()
    };
    assert!(size(Precision::F16) * 2 < size(Precision::F32) + 1024);
}

#[test]
fn files_that_are_no_weights_are_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let whole = std::fs::read(golden("wrapped.pth")).unwrap();
    let cases: [(&str, &[u8]); 4] = [
        ("empty.safetensors", b""),
        ("text.safetensors", b"these are no weights at all"),
        ("torn.pth", &whole[..whole.len() / 2]),
        ("picture.pth", b"\x80\x04not a pickle"),
    ];
    for (name, bytes) in cases {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        let message = weights::read(&path).unwrap_err().to_string();
        assert!(message.contains(name) && message.contains("expected"), "{message}");
    }
    let message = weights::read(&folder.path().join("absent.pth")).unwrap_err().to_string();
    assert!(message.contains("absent.pth"), "{message}");
}

//! `fauxto derive` as a user calls it.

mod ground;

use std::path::Path;

use assert_cmd::Command;
use fauxto::data::Limits;
use fauxto::data::split::Settings;
use predicates::prelude::*;
use serde_json::Value;

/// The built-in set and a split of it, in a file and in a run folder.
fn ground(folder: &Path) {
    let data = folder.join("data");
    fauxto::sample::write(&data, 12, 0, 5).unwrap();
    let split = ground::split(&data, Settings::default());
    std::fs::create_dir(folder.join("run")).unwrap();
    split.save(&folder.join("run/split.json")).unwrap();
    split.save(&folder.join("split.json")).unwrap();
}

fn derive(folder: &Path, arguments: &[&str]) -> assert_cmd::assert::Assert {
    Command::cargo_bin("fauxto").unwrap().current_dir(folder).arg("derive").args(arguments).assert()
}

#[test]
fn from_a_run_or_a_split_the_same_set_which_the_audit_reads() {
    let folder = tempfile::tempdir().unwrap();
    ground(folder.path());
    derive(folder.path(), &["data", "--split", "run", "--out", "a", "--augmented", "20", "--seed", "7"])
        .success()
        .stdout(predicate::str::contains("10 real images").and(predicate::str::contains("metadata.csv")));
    let told = derive(
        folder.path(),
        &["data", "--split", "split.json", "--out", "b", "--augmented", "20", "--seed", "7", "--json"],
    );
    let report: Value = serde_json::from_slice(&told.success().get_output().stdout).unwrap();
    assert_eq!(report["augmented"]["images"], serde_json::json!([10, 10]));
    let read = |name: &str, file: &str| std::fs::read(folder.path().join(name).join(file)).unwrap();
    for file in ["metadata.csv", "images/real-1.png", "images/fake-10.png"] {
        assert!(read("a", file) == read("b", file), "{file}");
    }
    Command::cargo_bin("fauxto")
        .unwrap()
        .current_dir(folder.path())
        .args(["audit", "a"])
        .assert()
        .stdout(predicate::str::contains("20 images: 10 real, 10 fake"));
}

#[test]
fn attacked_images_stay_within_epsilon_of_their_parents_at_the_detectors_size() {
    let folder = tempfile::tempdir().unwrap();
    ground(folder.path());
    let model = fauxto::model::model("resnet_se_small").unwrap();
    let detector = fauxto::model::Detector::new(model, 32, 1, &fauxto::device::device("cpu").unwrap());
    let provenance = fauxto::checkpoint::Provenance {
        seed: 1,
        epoch: 1,
        data_hash: String::new(),
        commit: String::new(),
        validation: fauxto::checkpoint::ValidationSummary { n: 10, accuracy: 0.5, roc_auc: 0.5 },
    };
    let checkpoint = folder.path().join("detector.safetensors");
    fauxto::checkpoint::save(&checkpoint, &detector, &provenance, fauxto::model::weights::Precision::F32).unwrap();
    let attacked = ["data", "--split", "run", "--out", "a", "--adversarial", "4", "--epsilon", "3/255,.05"];
    derive(folder.path(), &attacked).code(2).stderr(predicate::str::contains("--models"));
    let told = derive(folder.path(), &[&attacked[..], &["--models", "detector.safetensors", "--json"]].concat());
    let report: Value = serde_json::from_slice(&told.success().get_output().stdout).unwrap();
    assert_eq!(report["adversarial"]["images"], serde_json::json!([2, 2]));
    for row in csv(&folder.path().join("a/metadata.csv")) {
        let [file, label, parent, recipe] = [0, 1, 2, 4].map(|column| row[column].as_str());
        assert!(parent.starts_with(label), "{parent} {label}");
        // Decoded as the detector sees them: JPEG decoders differ by levels.
        let open = |path: &Path| fauxto::data::decode(&std::fs::read(path).unwrap(), &Limits::default()).unwrap();
        let (own, from) = (open(&folder.path().join("a").join(file)), open(&folder.path().join("data").join(parent)));
        assert_eq!((own.width, own.height), (32, 32));
        let moved = own.pixels.iter().zip(&from.pixels).map(|(a, b)| a.abs_diff(*b)).max().unwrap();
        // .05 is 12.75 levels, and rounding stays within.
        assert!(moved > 0 && moved <= if recipe.contains("0.05") { 12 } else { 3 }, "{recipe}: {moved}");
    }
    let refused = ["data", "--split", "run", "--out", "b", "--adversarial", "4", "--models", "detector.safetensors"];
    for (extra, expected) in [
        (["--attack", "pgd_l2"], "L-infinity"),
        (["--epsilon", ".003,.05"], "8 bits hold steps of 1/255"),
        (["--epsilon", ".02,.03,.05"], "at least 6"),
    ] {
        derive(folder.path(), &[&refused[..], &extra].concat()).code(2).stderr(predicate::str::contains(expected));
        assert!(!folder.path().join("b").exists());
    }
}

/// The rows of a table without quotes, but for its header.
fn csv(path: &Path) -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().skip(1).map(|line| line.split(',').map(String::from).collect()).collect()
}

#[test]
fn what_cannot_be_derived_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    ground(folder.path());
    derive(folder.path(), &["data", "--split", "none.json", "--out", "a"])
        .code(2)
        .stderr(predicate::str::contains("none.json"));
    derive(folder.path(), &["data", "--split", "run", "--out", "data"])
        .code(2)
        .stderr(predicate::str::contains("new folder"));
    derive(folder.path(), &["data", "--split", "run", "--out", "a", "--augmented", "7"])
        .code(2)
        .stderr(predicate::str::contains("even"));
    std::fs::copy(folder.path().join("data/real/1.jpg"), folder.path().join("data/real/2.jpg")).unwrap();
    derive(folder.path(), &["data", "--split", "run", "--out", "a"])
        .code(1)
        .stderr(predicate::str::contains("1 changed in content (real/2.jpg)"));
    assert!(!folder.path().join("a").exists());
}

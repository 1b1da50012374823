//! `fauxto derive` as a user calls it.

use std::path::Path;

use assert_cmd::Command;
use fauxto::data::split::{Settings, Split};
use fauxto::data::{Dataset, OpenOptions, PixelStore, StoreOptions};
use fauxto::run;
use predicates::prelude::*;
use serde_json::Value;

/// The built-in set and a split of it, in a file and in a run folder.
fn ground(folder: &Path) {
    let data = folder.join("data");
    fauxto::sample::write(&data, 12, 0, 5).unwrap();
    let dataset = Dataset::open(&data, &OpenOptions::default()).unwrap();
    let indices = dataset.labelled();
    let store = PixelStore::fill(&dataset, &indices, &StoreOptions::new(32)).unwrap();
    let positions: Vec<usize> = (0..indices.len()).collect();
    let candidates = run::candidates(&dataset, &indices, &store, &positions);
    let split = Split::make(&candidates, [], Settings::default()).unwrap();
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

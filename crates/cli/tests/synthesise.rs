//! `fauxto synthesise` and learning from what it made, as a user calls them.

mod ground;

use std::path::Path;

use assert_cmd::Command;
use assert_cmd::assert::Assert;
use fauxto::data::split::{Settings, Split};
use predicates::prelude::*;
use serde_json::Value;

/// The built-in set and a split of it.
fn ground(folder: &Path) -> Split {
    let data = folder.join("data");
    fauxto::sample::write(&data, 84, 0, 5).unwrap();
    let split = ground::split(&data, Settings::default());
    split.save(&folder.join("split.json")).unwrap();
    split
}

fn fauxto(folder: &Path, words: &str) -> Assert {
    Command::cargo_bin("fauxto").unwrap().current_dir(folder).args(words.split(' ')).assert()
}

fn json(assert: &Assert) -> Value {
    serde_json::from_slice(&assert.get_output().stdout).unwrap()
}

#[test]
fn made_images_are_learned_from_beside_the_split_and_judged_by_never() {
    let folder = tempfile::tempdir().unwrap();
    let split = ground(folder.path());
    let sides = [fauxto::data::Side::Train, fauxto::data::Side::Validation].map(|side| split.on(side).count());
    let made = "synthesise data --split split.json --kind shuffle --steps 2 --count 40 --jpeg 75 --out made --json";
    let report = json(&fauxto(folder.path(), made).success());
    assert_eq!((&report["images"], &report["kind"]), (&40.into(), &"shuffle".into()));
    assert!(report["photographs"].as_u64().unwrap() < 84, "those held out are not learned from");
    fauxto(folder.path(), made).code(2).stderr(predicate::str::contains("expected a new folder"));

    let train = "train data --split split.json --model resnet_se_small --set train.epochs=1 --json";
    let summary = json(&fauxto(folder.path(), &format!("{train} --also made --out runs/more")).success());
    assert_eq!(summary["n_added"], 40);
    assert_eq!(summary["n_train"], sides[0] + 40);
    assert_eq!(summary["n_validation"], sides[1]);

    // A copy of a held-out image is no new image.
    let held_out = split.on(fauxto::data::Side::Validation).next().unwrap();
    let bytes = std::fs::read(folder.path().join("data").join(&held_out.identity)).unwrap();
    let name = Path::new(&held_out.identity).file_name().unwrap();
    std::fs::create_dir_all(folder.path().join("copied").join(held_out.label.name())).unwrap();
    std::fs::write(folder.path().join("copied").join(held_out.label.name()).join(name), bytes).unwrap();
    fauxto(folder.path(), &format!("{train} --also copied --out runs/leak"))
        .code(1)
        .stderr(predicate::str::contains("held out for measuring"));
}

#[test]
fn wrong_calls_say_what_would_be_right() {
    let folder = tempfile::tempdir().unwrap();
    ground(folder.path());
    let call = "synthesise data --split split.json --out made";
    fauxto(folder.path(), &format!("{call} --kind bicubic"))
        .code(2)
        .stderr(predicate::str::contains("transposed, nearest, shuffle"));
    fauxto(folder.path(), &format!("{call} --kind nearest --steps 2 --count 65"))
        .code(1)
        .stderr(predicate::str::contains("at most 64 images"));
    assert!(!folder.path().join("made").exists());
}

//! `fauxto pretrain` and going on from its weights, as a user calls them.

use std::path::Path;
use std::sync::Arc;

use arrow_array::{ArrayRef, BinaryArray, RecordBatch, StringArray};
use assert_cmd::Command;
use assert_cmd::assert::Assert;
use fauxto::Label;
use parquet::arrow::ArrowWriter;
use predicates::prelude::*;
use serde_json::Value;

const ROWS: u64 = 60;

/// Sample images in a Parquet file with what they show: a number, for want of subjects.
fn ground(folder: &Path) {
    let label = |row: u64| if row.is_multiple_of(3) { Label::Fake } else { Label::Real };
    let images =
        (0..ROWS).map(|row| Some(fauxto::data::encode::png(&fauxto::sample::render(7, row, label(row))).unwrap()));
    let columns: [(&str, ArrayRef); 3] = [
        ("image", Arc::new(BinaryArray::from_iter(images))),
        ("label", Arc::new(StringArray::from_iter_values((0..ROWS).map(|row| label(row).name())))),
        (
            "subject",
            Arc::new(StringArray::from_iter_values((0..ROWS).map(|row| ["one", "two, or so"][row as usize % 2]))),
        ),
    ];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let file = std::fs::File::create(folder.join("data.parquet")).unwrap();
    let mut writer = ArrowWriter::try_new(file, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

fn fauxto(folder: &Path, words: &str) -> Assert {
    Command::cargo_bin("fauxto").unwrap().current_dir(folder).args(words.split(' ')).assert()
}

fn json(assert: &Assert) -> Value {
    serde_json::from_slice(&assert.get_output().stdout).unwrap()
}

#[test]
fn photographs_alone_are_learned_from_and_those_held_out_are_not() {
    let folder = tempfile::tempdir().unwrap();
    ground(folder.path());
    let small = "--model resnet_se_small --set train.epochs=1 --set train.batch_size=16 --json";
    let pretrain = format!("pretrain data.parquet --subject subject {small}");
    let report = json(&fauxto(folder.path(), &format!("{pretrain} --out first.safetensors")).success());
    assert_eq!(report["subjects"], serde_json::json!(["one", "two, or so"]));
    assert_eq!((&report["n_train"], &report["n_validation"]), (&38.into(), &2.into()));

    let train = format!("train data.parquet {small} --allow-giveaways --init first.safetensors --out run");
    fauxto(folder.path(), &train).success().stderr(predicate::str::contains("tensors taken"));
    let report =
        json(&fauxto(folder.path(), &format!("{pretrain} --except run/split.json --out second.safetensors")).success());
    let excepted = report["excepted"].as_u64().unwrap();
    assert!(excepted > 0);
    assert_eq!(report["n_train"].as_u64().unwrap() + report["n_validation"].as_u64().unwrap() + excepted, 40);

    // The split that the run made is there before any run, too.
    let split = "split data.parquet --allow-giveaways --out split.json";
    let report = json(&fauxto(folder.path(), &format!("{split} --json")).success());
    assert_eq!(report["validation"].as_u64().unwrap(), 12);
    let [made, own] = ["split.json", "run/split.json"].map(|file| std::fs::read(folder.path().join(file)).unwrap());
    assert!(made == own, "one split by the same settings");
    fauxto(folder.path(), split).code(2).stderr(predicate::str::contains("expected a new one"));

    fauxto(folder.path(), &format!("{pretrain} --out first.safetensors"))
        .code(2)
        .stderr(predicate::str::contains("expected a new one"));
    fauxto(folder.path(), &format!("pretrain data.parquet --subject topic {small} --out third.safetensors"))
        .code(2)
        .stderr(predicate::str::contains("image, label, subject"));
    assert!(!folder.path().join("third.safetensors").exists());
}

#[test]
fn a_run_goes_on_from_the_weights_it_began_from_and_never_from_what_it_holds_out() {
    let folder = tempfile::tempdir().unwrap();
    ground(folder.path());
    let small = "--model resnet_se_small --set train.epochs=1 --set train.batch_size=16";
    let train = format!("train data.parquet {small} --allow-giveaways");
    fauxto(folder.path(), &format!("{train} --out base")).success();
    fauxto(folder.path(), &format!("{train} --init base --out tuned")).success();
    let of = |run: &str, file: &str| folder.path().join(run).join(file);
    let whole = std::fs::read(of("tuned", "checkpoint.safetensors")).unwrap();

    // Killed before its first state, it goes on from the same weights without being told again.
    for file in ["run.json", "checkpoint.safetensors", "history.csv"] {
        std::fs::remove_file(of("tuned", file)).unwrap();
    }
    let other = "train data.parquet --out tuned --resume --init data.parquet";
    fauxto(folder.path(), other).code(1).stderr(predicate::str::contains("began from other weights"));
    fauxto(folder.path(), "train data.parquet --out tuned --resume")
        .success()
        .stderr(predicate::str::contains("tensors taken"));
    assert!(std::fs::read(of("tuned", "checkpoint.safetensors")).unwrap() == whole, "the same bits");
    // Weights that have moved are given again, and read where they are now.
    for file in ["run.json", "checkpoint.safetensors", "history.csv"] {
        std::fs::remove_file(of("tuned", file)).unwrap();
    }
    let moved = folder.path().join("moved.safetensors");
    std::fs::rename(of("base", "checkpoint.safetensors"), &moved).unwrap();
    fauxto(folder.path(), "train data.parquet --out tuned --resume").code(2);
    fauxto(folder.path(), "train data.parquet --out tuned --resume --init moved.safetensors").success();
    assert!(std::fs::read(of("tuned", "checkpoint.safetensors")).unwrap() == whole, "the same bits");
    std::fs::rename(&moved, of("base", "checkpoint.safetensors")).unwrap();

    // By another split, what these weights learned from would be measured on.
    let apart = format!("{train} --set split.seed=7 --init base --out apart");
    fauxto(folder.path(), &apart)
        .code(1)
        .stderr(predicate::str::contains("these weights learned from images").and(predicate::str::contains("--split")));
    assert!(!of("apart", "config.toml").exists());

    let known = "48 of these images are ones it was trained on";
    fauxto(folder.path(), "evaluate tuned data.parquet").success().stderr(predicate::str::contains(known));
    fauxto(folder.path(), "evaluate tuned data.parquet --split tuned/split.json --side validation")
        .success()
        .stderr(predicate::str::contains("trained on").not());
}

#[test]
fn images_are_named_by_what_was_learned() {
    let folder = tempfile::tempdir().unwrap();
    ground(folder.path());
    let small = "--model resnet_se_small --set train.epochs=1 --set train.batch_size=16";
    fauxto(folder.path(), &format!("pretrain data.parquet --subject subject {small} --out named.safetensors"))
        .success();
    let report = json(&fauxto(folder.path(), "recognise named.safetensors data.parquet --json").success());
    assert_eq!(report["n"], ROWS);
    let images = report["images"].as_array().unwrap();
    let doubt = |image: &Value| 1.0 - image["probability"].as_f64().unwrap();
    assert!(images.iter().all(|image| (0.0..=0.5).contains(&doubt(image)) && image["subject"].as_str().unwrap() != ""));
    let (fake, real): (Vec<&Value>, Vec<&Value>) = images.iter().partition(|image| image["label"] == "fake");
    assert_eq!((fake.len(), real.len()), (20, 40));
    let pairs = fake.iter().flat_map(|fake| real.iter().map(move |real| (doubt(fake), doubt(real))));
    let won: f64 = pairs.map(|(fake, real)| f64::midpoint(f64::from(fake > real), f64::from(fake >= real))).sum();
    assert!((report["roc_auc"].as_f64().unwrap() - won / 800.0).abs() < 1e-9);

    // Without labels nothing is said about doubt.
    fauxto::sample::write(&folder.path().join("set"), 1, 3, 5).unwrap();
    let unlabelled = json(&fauxto(folder.path(), "recognise named.safetensors set/test --json").success());
    assert_eq!((&unlabelled["n"], &unlabelled["roc_auc"]), (&3.into(), &Value::Null));

    fauxto(folder.path(), "recognise data.parquet data.parquet").code(2);
    let train = format!("train data.parquet {small} --allow-giveaways --out run");
    fauxto(folder.path(), &train).success();
    fauxto(folder.path(), "recognise run/checkpoint.safetensors data.parquet")
        .code(2)
        .stderr(predicate::str::contains("no `subjects` in its metadata"));
}

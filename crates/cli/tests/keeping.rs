//! What is there is kept: folders and files of something else, runs of others, weights that cannot be had again.

mod detector;

use std::path::{Path, PathBuf};

use assert_cmd::Command;
use assert_cmd::assert::Assert;
use detector::detector;
use fauxto::model::weights::{Precision, read_safetensors, write_safetensors};
use fauxto::run::RunFolder;
use predicates::prelude::*;

fn fauxto(words: &[&str]) -> Assert {
    Command::cargo_bin("fauxto").unwrap().args(words).assert()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn refused(words: &[&str], said: &str) {
    fauxto(words).code(2).stderr(predicate::str::contains(said));
}

fn images(folder: &Path) -> PathBuf {
    let images = folder.join("images");
    fauxto::sample::write(&images, 24, 0, 5).unwrap();
    images
}

const QUICK: [&str; 6] = ["--model", "resnet_se_small", "--set", "train.epochs=1", "--set", "train.batch_size=8"];

#[test]
fn a_folder_of_something_else_is_no_pipelines() {
    let folder = tempfile::tempdir().unwrap();
    let (data, out) = (images(folder.path()), folder.path().join("out"));
    let thesis = out.join("augmented_set/thesis.txt");
    std::fs::create_dir_all(thesis.parent().unwrap()).unwrap();
    std::fs::write(&thesis, "years of work").unwrap();
    refused(&["run", text(&data), "--models", "resnet_se_small", "--out", text(&out)], "no pipeline.toml");
    assert_eq!(std::fs::read_to_string(&thesis).unwrap(), "years of work");
}

#[test]
fn one_training_at_a_time_writes_to_a_folder_and_over_no_checkpoint() {
    let folder = tempfile::tempdir().unwrap();
    let (data, out) = (images(folder.path()), folder.path().join("out"));
    let train = [&["train", text(&data), "--out", text(&out)], &QUICK[..]].concat();
    std::fs::create_dir(&out).unwrap();
    let checkpoint = out.join("checkpoint.safetensors");
    std::fs::write(&checkpoint, "weights of before").unwrap();
    refused(&train, "without the settings");
    assert_eq!(std::fs::read_to_string(&checkpoint).unwrap(), "weights of before");
    std::fs::remove_file(&checkpoint).unwrap();

    let lock = RunFolder::new(&out).lock().unwrap();
    refused(&train, "another process");
    assert!(!out.join("config.toml").exists());
    drop(lock);
    fauxto(&train).success();
}

#[test]
fn a_run_that_cannot_begin_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let (data, out) = (images(folder.path()), folder.path().join("out"));
    let damaged = folder.path().join("damaged.safetensors");
    std::fs::write(&damaged, [0; 64]).unwrap();
    let train = [&["train", text(&data), "--out", text(&out)], &QUICK[..]].concat();
    refused(&[&train[..], &["--init", text(&damaged)]].concat(), "damaged.safetensors");
    refused(&[&train[..], &["--device", "abacus"]].concat(), "abacus");
    assert!(!out.exists());
}

#[test]
fn files_of_another_kind_are_not_replaced_nor_weights_by_rounder_ones() {
    let folder = tempfile::tempdir().unwrap();
    let data = images(folder.path());
    let model = detector(folder.path(), "resnet_se_small", 1);
    let photograph = folder.path().join("photograph.png");
    std::fs::copy(data.join("real/1.jpg"), &photograph).unwrap();
    let before = std::fs::read(&photograph).unwrap();
    let (model, data, picture) = (text(&model), text(&data), text(&photograph));
    refused(&["export", model, "--out", picture], "whose name ends in .safetensors");
    refused(&["evaluate", model, data, "--scores", picture], "whose name ends in .csv");
    let calibrate = ["calibrate", model, data, "--level", "0.8", "--target-fpr", "0.2", "--out", picture];
    refused(&calibrate, "whose name ends in .safetensors or .json");
    refused(&["report", data, "--out", picture], "whose name ends in .html");
    refused(&["scan", picture, "--model", model, "--explain", picture], "--explain");
    assert_eq!(std::fs::read(&photograph).unwrap(), before);
    refused(&["export", model, "--out", model], "the weights that are to be exported");
}

#[test]
fn a_detector_that_says_nothing_calls_nothing_real() {
    let folder = tempfile::tempdir().unwrap();
    let data = images(folder.path());
    let model = detector(folder.path(), "resnet_se_small", 1);
    let (mut tensors, metadata) = read_safetensors(&model).unwrap();
    tensors.values_mut().for_each(|tensor| tensor.values.iter_mut().for_each(|value| *value *= 1e30));
    write_safetensors(&model, &tensors, &metadata, Precision::F32).unwrap();
    let picture = data.join("real/1.jpg");
    for command in [
        &["scan", text(&picture), "--model", text(&model), "--json"][..],
        &["predict", text(&model), text(&picture), "--json"][..],
    ] {
        let said = predicate::str::contains("not a number").or(predicate::str::contains("is not finite"));
        let outcome = fauxto(command).code(2);
        let output = outcome.get_output();
        let all = [&output.stdout[..], &output.stderr[..]].concat();
        let all = String::from_utf8(all).unwrap();
        assert!(said.eval(&all) && !all.contains("\"verdict\""), "{all}");
    }
}

#[test]
fn verdicts_are_not_lost_to_a_heat_map() {
    let folder = tempfile::tempdir().unwrap();
    let picture = images(folder.path()).join("real/1.jpg");
    let model = detector(folder.path(), "resnet_se_small", 1);
    let why = folder.path().join("why");
    let scan = ["scan", text(&picture), "--model", text(&model), "--explain", text(&why), "--json"];
    fauxto(&scan).success();
    // Where the figures were, nothing can be written.
    for entry in std::fs::read_dir(&why).unwrap() {
        let figure = entry.unwrap().path();
        std::fs::remove_file(&figure).unwrap();
        std::fs::create_dir(&figure).unwrap();
    }
    let failed = fauxto(&scan).code(2).stderr(predicate::str::contains("heat maps"));
    failed.stdout(predicate::str::contains("\"verdict\""));
}

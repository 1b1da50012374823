//! `fauxto ablate`: what it promises, on a handful of rendered images.

use std::path::{Path, PathBuf};
use std::process::{Command as Process, Stdio};
use std::time::{Duration, Instant};

use assert_cmd::Command;
use predicates::prelude::*;
use serde_json::Value;

fn fauxto() -> Command {
    Command::cargo_bin("fauxto").unwrap()
}

/// Images to learn from and others to report on.
fn images(folder: &Path) -> [PathBuf; 2] {
    let [data, report] = ["data", "report"].map(|name| folder.join(name));
    fauxto::sample::write(&data, 24, 0, 1).unwrap();
    fauxto::sample::write(&report, 12, 0, 2).unwrap();
    [data, report]
}

fn words([data, report]: &[PathBuf; 2], out: &Path, ablation: &str, models: &str) -> Vec<String> {
    let mut words: Vec<String> = ["ablate", "--ablation", ablation, "--model", models].map(String::from).to_vec();
    for (name, path) in [("--report", report), ("--out", &out.to_path_buf())] {
        words.extend([name.to_owned(), path.display().to_string()]);
    }
    for setting in ["train.epochs=1", "train.batch_size=8"] {
        words.extend(["--set".to_owned(), setting.to_owned()]);
    }
    // The arms ask for attacked shares alone; a cheap attack decides which epoch is best.
    let finetune = out.with_file_name("finetune.toml");
    std::fs::write(&finetune, "[train.adversarial]\nvalidation_attack = \"fgsm\"\n").unwrap();
    words.extend(["--finetune".into(), finetune.display().to_string()]);
    words.extend(["--attack-images", "6", "--save-every", "0"].map(String::from));
    words.push(data.display().to_string());
    words
}

fn results(out: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(out.join("results.json")).unwrap()).unwrap()
}

/// Everything but how long it took.
fn without_times(mut value: Value) -> Value {
    match &mut value {
        Value::Object(fields) => {
            fields.remove("seconds");
            fields.values_mut().for_each(|field| *field = without_times(field.take()));
        }
        Value::Array(values) => values.iter_mut().for_each(|value| *value = without_times(value.take())),
        _ => {}
    }
    value
}

#[test]
fn arms_share_their_base_and_a_killed_study_ends_as_if_it_had_not_been() {
    let folder = tempfile::tempdir().unwrap();
    let data = images(folder.path());
    let (whole, killed) = (folder.path().join("whole"), folder.path().join("killed"));
    let call = |out: &Path| words(&data, out, "adversarial_ratio", "resnet_se_small");
    let seeds = ["--seeds", "1,2"];
    fauxto()
        .args(call(&whole))
        .args(seeds)
        .assert()
        .success()
        .stdout(predicate::str::contains("30% (reference)").and(predicate::str::contains("PGD-10 2/255")))
        .stderr(predicate::str::contains("22 of 22").and(predicate::str::contains("left in all")));
    let result = results(&whole);

    let detectors = result["detectors"].as_array().unwrap();
    assert_eq!(detectors.len(), 2 * (1 + 5), "a base and five arms for each seed");
    for seed in [1, 2] {
        let of_seed: Vec<&Value> = detectors.iter().filter(|d| d["seed"] == seed).collect();
        let base = of_seed.iter().find(|d| d["started_from"].is_null()).unwrap();
        assert!(of_seed.iter().filter(|d| d["started_from"] == base["checkpoint"]).count() == 5, "{of_seed:?}");
    }
    let hashes: std::collections::HashSet<&str> =
        detectors.iter().map(|detector| detector["checkpoint"].as_str().unwrap()).collect();
    assert_eq!(hashes.len(), detectors.len(), "every arm and seed gives another detector");

    let groups = result["ablations"][0]["groups"].as_array().unwrap();
    assert_eq!((groups.len(), groups[0]["group"].as_str()), (1, Some("resnet_se_small")));
    let arms = groups[0]["arms"].as_array().unwrap();
    assert_eq!(
        arms.iter().map(|arm| arm["arm"].as_str().unwrap()).collect::<Vec<_>>(),
        ["0%", "10%", "30%", "50%", "100%"]
    );
    for arm in arms {
        for (place, condition) in arm["conditions"].as_array().unwrap().iter().enumerate() {
            assert_eq!(condition["n"], if place == 0 { 24 } else { 6 });
            let runs = condition["runs"].as_array().unwrap();
            let accuracies: Vec<f64> = runs.iter().map(|run| run["accuracy"].as_f64().unwrap()).collect();
            let mean = condition["accuracy"]["mean"].as_f64().unwrap();
            assert!((accuracies.iter().sum::<f64>() / 2.0 - mean).abs() < 1e-12);
            assert_eq!(runs.iter().all(|run| run["against_reference"].is_null()), arm["arm"] == "30%");
            // One split and one draw: pairs of arms disagree about images, never about which images.
            for (run, reference) in runs.iter().zip(arms[2]["conditions"][place]["runs"].as_array().unwrap()) {
                let Some(test) = run["against_reference"].as_object() else { continue };
                let only = |side: &str| test[side].as_f64().unwrap();
                let difference = run["accuracy"].as_f64().unwrap() - reference["accuracy"].as_f64().unwrap();
                let counted = (only("only_first_right") - only("only_second_right")) / condition["n"].as_f64().unwrap();
                assert!((difference - counted).abs() < 1e-12, "{difference} {counted}");
            }
        }
    }
    assert_eq!(result["ablations"][0]["claimed"]["rows"].as_array().unwrap().len(), 10);
    for extension in ["png", "svg"] {
        assert!(whole.join(format!("adversarial_ratio.{extension}")).metadata().unwrap().len() > 1000);
    }

    // Killed in the middle of an arm, then called again.
    let mut process = Process::new(assert_cmd::cargo::cargo_bin("fauxto"))
        .args(call(&killed))
        .args(seeds)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let arm = killed.join("detectors/resnet_se_small/seed-1/base+attacked_10");
    let deadline = Instant::now() + Duration::from_secs(120);
    while !arm.join("config.toml").exists() && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(2));
    }
    process.kill().unwrap();
    process.wait().unwrap();
    assert!(arm.join("config.toml").exists() && !killed.join("results.json").exists());
    let base = killed.join("detectors/resnet_se_small/seed-1/base/checkpoint.safetensors");
    let trained = base.metadata().unwrap().modified().unwrap();
    fauxto().args(call(&killed)).args(seeds).assert().success();
    assert_eq!(without_times(results(&killed)), without_times(result));
    assert_eq!(base.metadata().unwrap().modified().unwrap(), trained, "what was there is not made again");

    // Another seed adds to it; other settings do not fit.
    fauxto()
        .args(call(&killed))
        .args(["--seeds", "1,2,3", "--json"])
        .assert()
        .success()
        .stderr(predicate::str::contains("11 of 11"));
    fauxto()
        .args(call(&killed))
        .args(["--set", "train.learning_rate=1e-2"])
        .assert()
        .code(2)
        .stderr(predicate::str::contains("other settings"));
}

#[test]
fn votes_and_their_members_are_compared_and_one_model_cannot_vote() {
    let folder = tempfile::tempdir().unwrap();
    let data = images(folder.path());
    let out = folder.path().join("ensemble");
    let models = "resnet_se_small,efficientnet_lite0";
    let assert = fauxto()
        .args(words(&data, &out, "ensemble,augmentation", models))
        .args(["--seeds", "4", "--json"])
        .assert()
        .success();
    let printed: Value = serde_json::from_slice(&assert.get_output().stdout).unwrap();
    assert_eq!(printed, results(&out));
    let group = &printed["ablations"][0]["groups"][0];
    let arms: Vec<&str> = group["arms"].as_array().unwrap().iter().map(|arm| arm["arm"].as_str().unwrap()).collect();
    let combinations = fauxto::ensemble::COMBINATIONS.iter().map(|entry| entry.name);
    assert_eq!(arms, ["resnet_se_small", "efficientnet_lite0"].into_iter().chain(combinations).collect::<Vec<_>>());
    for arm in group["arms"].as_array().unwrap() {
        assert_eq!(arm["fitted"].is_array(), arm["judge"].as_str().unwrap().ends_with("of 2"));
    }
    // The base detectors are those of both ablations.
    assert_eq!(printed["detectors"].as_array().unwrap().len(), 4);
    let augmentation = &printed["ablations"][1]["groups"];
    assert_eq!(augmentation[0]["arms"][0]["conditions"], {
        let mut alone = group["arms"][0]["conditions"].clone();
        for condition in alone.as_array_mut().unwrap() {
            // Another reference: what is compared differs, what is measured does not.
            condition["difference"] = serde_json::json!({ "mean": 0.0, "lowest": 0.0, "highest": 0.0 });
            condition["runs"][0]["against_reference"] = Value::Null;
        }
        alone
    });

    fauxto()
        .args(words(&data, &out, "ensemble", "resnet_se_small"))
        .assert()
        .code(2)
        .stderr(predicate::str::contains("at least 2"));
    fauxto()
        .args(words(&data, &out, "dropout", "resnet_se_small"))
        .assert()
        .code(2)
        .stderr(predicate::str::contains("adversarial_ratio"));
    fauxto()
        .args(words(&data, &out, "augmentation", models))
        .args(["--seeds", "1,1"])
        .assert()
        .code(2)
        .stderr(predicate::str::contains("twice"));
}

#[test]
fn images_that_were_learned_from_are_not_reported_on() {
    let folder = tempfile::tempdir().unwrap();
    let [data, _] = images(folder.path());
    let out = folder.path().join("out");
    fauxto()
        .args(words(&[data.clone(), data], &out, "augmentation", "resnet_se_small"))
        .assert()
        .code(1)
        .stderr(predicate::str::contains("among those to learn from"));
    assert!(!out.join("detectors").exists());
}

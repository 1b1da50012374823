//! `fauxto calibrate`, and what it changes for the commands that judge.

mod detector;
mod ground;

use std::path::{Path, PathBuf};

use assert_cmd::Command;
use assert_cmd::assert::Assert;
use detector::detector;
use fauxto::calibrate::ConformalVerdict;
use fauxto::checkpoint;
use fauxto::data::split::Settings;
use predicates::prelude::*;
use serde_json::Value;

fn call(arguments: &[&str]) -> Assert {
    Command::cargo_bin("fauxto").unwrap().args(arguments).assert()
}

fn json(assert: &Assert) -> Value {
    serde_json::from_slice(&assert.get_output().stdout).unwrap()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn images(folder: &Path, per_class: usize, seed: u64) -> PathBuf {
    fauxto::sample::write(folder, per_class, 0, seed).unwrap();
    folder.to_path_buf()
}

/// The log-odds of an uncalibrated probability, scaled as what was fitted says.
fn scaled(fitted: &Value, uncalibrated: &Value) -> f64 {
    log_odds(uncalibrated) / fitted["temperature"].as_f64().unwrap() + fitted["bias"].as_f64().unwrap()
}

fn log_odds(p: &Value) -> f64 {
    let p = p.as_f64().unwrap();
    (p / (1.0 - p)).ln()
}

const FEW: [&str; 4] = ["--level", "0.9", "--target-fpr", "0.05"];

#[test]
fn versions_move_probabilities_and_leave_thresholds_and_verdicts_where_they_were() {
    let root = tempfile::tempdir().unwrap();
    let data = images(&root.path().join("data"), 40, 5);
    let path = detector(&root.path().join("detector.safetensors"), "resnet_se_small", 1);
    let [plain, wider] = ["plain.safetensors", "wider.safetensors"].map(|name| root.path().join(name));
    let fit = |more: &[&str], out: &Path| {
        let command = ["calibrate", text(&path), text(&data), "--json", "--out", text(out)];
        json(&call(&[&command[..], &FEW, more].concat()).success())
    };
    let reports = [fit(&[], &plain), fit(&["--versions"], &wider)];
    let [own, both] = &reports;
    assert_ne!(own["calibration"]["bias"], both["calibration"]["bias"]);
    assert_eq!(both["models"][0]["bias"], both["calibration"]["bias"], "one model alone is all together");
    assert_eq!(own["uncalibrated"], both["uncalibrated"], "reported are the images as they are");
    assert_ne!(own["after"]["nll"], both["after"]["nll"]);
    let judged = [&plain, &wider].map(|model| json(&call(&["predict", text(model), text(&data), "--json"]).success()));
    let strict = [&plain, &wider]
        .map(|model| json(&call(&["predict", text(model), text(&data), "--json", "--target-fpr", "0.05"]).success()));
    for image in 0..80 {
        assert_eq!(judged[0][image]["judgement"], judged[1][image]["judgement"]);
        assert_eq!(strict[0][image]["verdict"], strict[1][image]["verdict"]);
    }
}

#[test]
fn a_calibrated_checkpoint_judges_three_ways_and_keeps_its_weights() {
    let root = tempfile::tempdir().unwrap();
    let (data, new) = (images(&root.path().join("data"), 40, 5), images(&root.path().join("new"), 6, 6));
    let path = detector(&root.path().join("detector.safetensors"), "resnet_se_small", 1);
    let [model, data, new] = [text(&path), text(&data), text(&new)];
    let raw = json(&call(&["predict", model, new, "--json"]).success());
    assert!(raw[0].get("judgement").is_none());
    call(&["predict", model, new, "--target-fpr", "0.05"]).code(2).stderr(predicate::str::contains("fauxto calibrate"));

    let stem = root.path().join("reliability");
    let figure = ["--figure", text(&stem), "--json"];
    let report = call(&[&["calibrate", model, data], &FEW[..], &figure].concat()).success();
    assert!(predicate::str::contains("no split.json").eval(&String::from_utf8_lossy(&report.get_output().stderr)));
    let report = json(&report);
    let calibration = &report["calibration"];
    assert_eq!((calibration["n_real"].as_u64(), calibration["n_fake"].as_u64()), (Some(40), Some(40)));
    assert_eq!((report["written"].as_str(), report["in_sample"].as_bool()), (Some(model), Some(false)));
    assert_eq!(report["uncalibrated"]["roc_auc"].as_f64().map(|auc| auc > 0.0), Some(true));
    assert!(report["replaced"].is_null() && report["coverage"][0]["coverage"].is_number());
    for end in ["svg", "png"] {
        assert!(stem.with_extension(end).is_file());
    }

    // What is in the file is what was said, and the weights are the same.
    let device = fauxto::device::device("cpu").unwrap();
    let loaded = checkpoint::load(&path, &device).unwrap();
    assert_eq!(serde_json::to_value(loaded.calibration.unwrap()).unwrap(), *calibration);
    let twin = detector(&root.path().join("twin.safetensors"), "resnet_se_small", 1);
    let other = checkpoint::load(&twin, &device).unwrap();
    assert_eq!(checkpoint::content(&loaded.detector).unwrap(), checkpoint::content(&other.detector).unwrap());

    let threshold = calibration["thresholds"][0]["threshold"].as_f64().unwrap();
    let judged = json(&call(&["predict", model, new, "--json"]).success());
    let strict = json(&call(&["predict", model, new, "--json", "--target-fpr", "0.05"]).success());
    for (image, before) in raw.as_array().unwrap().iter().enumerate() {
        let after = &judged[image];
        let (p, expected) = (log_odds(&after["probability_fake"]), scaled(calibration, &before["probability_fake"]));
        assert!((p - expected).abs() < 1e-6 * expected.abs().max(1.0), "{p} {expected}");
        let half = after["probability_fake"].as_f64().unwrap() >= 0.5;
        assert_eq!(after["verdict"], if half { "fake" } else { "real" });
        assert_eq!(after["models"]["resnet_se_small"], after["probability_fake"]);
        assert!(ConformalVerdict::ALL.iter().any(|verdict| after["judgement"] == verdict.name()));
        let fake = after["probability_fake"].as_f64().unwrap() >= threshold;
        assert_eq!(strict[image]["verdict"], if fake { "fake" } else { "real" });
    }
    call(&["predict", model, new, "--target-fpr", "0.2"]).code(2).stderr(predicate::str::contains("0.05"));
    call(&["predict", model, new, "--target-fpr", "0.05", "--threshold", "0.3"]).code(2);
    call(&["predict", model, new]).success().stdout(predicate::str::contains("judgement at the 90% level"));
    call(&["predict", model, new, "--csv"])
        .success()
        .stdout(predicate::str::starts_with("path,verdict,judgement,probability_fake,resnet_se_small,error\n"));

    // On the images fitted on, counts are what the order statistics say: one of 40 above, 37 of 40 within.
    let stem = root.path().join("diagram");
    let reliability = ["--reliability", text(&stem), "--json"];
    let evaluated = call(&[&["evaluate", model, data, "--target-fpr", "0.05"][..], &reliability].concat()).success();
    let evaluated = json(&evaluated);
    assert_eq!(evaluated["threshold"], calibration["thresholds"][0]["threshold"]);
    assert_eq!(evaluated["confusion"]["real_as_fake"], 1);
    assert!(evaluated["coverage"].as_array().unwrap().iter().all(|class| class["covered"] == 37));
    assert!(stem.with_extension("png").is_file());
    call(&["evaluate", model, data])
        .success()
        .stdout(predicate::str::contains("three-way verdicts"))
        .stderr(predicate::str::contains("calibrated on"));
    call(&["evaluate", model, new]).success().stderr(predicate::str::contains("calibrated on").not());

    // Attacks turn the calibrated verdict, so where they begin is where evaluation is.
    let clean = json(&call(&["evaluate", model, data, "--json"]).success());
    let attacked = json(&call(&["attack", model, data, "--attack", "fgsm", "--epsilon", "1/255", "--json"]).success());
    assert_eq!(attacked["clean"]["confusion"], clean["confusion"]);
    let nll = [&attacked["clean"], &clean].map(|report| report["nll"].as_f64().unwrap());
    assert!((nll[0] - nll[1]).abs() < 1e-5, "{nll:?}");

    // Again, to another file: the first stays.
    let copy = root.path().join("copies/again.safetensors");
    let bytes = std::fs::read(&path).unwrap();
    let again = json(
        &call(&["calibrate", model, data, "--level", "0.8", "--target-fpr", "0.1,0.2", "--out", text(&copy), "--json"])
            .success(),
    );
    assert_eq!(again["replaced"], *calibration);
    assert_eq!(again["calibration"]["temperature"], calibration["temperature"]);
    assert_eq!(again["calibration"]["thresholds"].as_array().unwrap().len(), 2);
    assert!(again["before"]["nll"].is_number());
    assert_eq!(std::fs::read(&path).unwrap(), bytes);
    call(&["predict", text(&copy), new]).success().stdout(predicate::str::contains("at the 80% level"));
    call(&["calibrate", text(&copy), data, "--level", "0.8", "--target-fpr", "0.1"])
        .success()
        .stdout(predicate::str::contains("before").and(predicate::str::contains("expected calibration error")));
}

#[test]
fn what_would_not_hold_is_refused_and_nothing_is_written() {
    let root = tempfile::tempdir().unwrap();
    let data = images(&root.path().join("data"), 30, 5);
    let run = root.path().join("run");
    std::fs::create_dir(&run).unwrap();
    let path = detector(&run.join("checkpoint.safetensors"), "resnet_se_small", 1);
    let before = std::fs::read(&path).unwrap();
    let settings = Settings { seed: 1, validation: 0.3, test: 0.4 };
    let split = run.join("split.json");
    ground::split(&data, settings).save(&split).unwrap();

    let [model, data] = [text(&run), text(&data)];
    let refused = |arguments: &[&str], code: i32, words: &[&str]| {
        let assert = call(&[&["calibrate", model, data], arguments].concat()).code(code);
        let said = String::from_utf8_lossy(&assert.get_output().stderr).into_owned();
        assert!(words.iter().all(|word| said.contains(word)), "{said}");
        assert_eq!(std::fs::read(&path).unwrap(), before);
    };
    refused(&[], 1, &["18 of 60 images that the detector was trained on", "--split"]);
    refused(&["--level", "0.8", "--target-fpr", "0.2"], 1, &["trained on"]);
    let test = ["--split", text(&split), "--side", "test"];
    refused(&test, 1, &["found 12 real and 12 fake", "at least 99 real and 19 fake", "95%", "1%"]);
    refused(&["--split", text(&split), "--side", "train", "--level", "0.8"], 1, &["trained on"]);
    refused(&["--level", "1"], 2, &["level: found 1"]);
    refused(&["--target-fpr", "0.05,0"], 2, &["target-fpr: found 0"]);
    refused(&["--side", "test"], 2, &["--split"]);

    let validation = ["--split", text(&split), "--side", "validation"];
    let little = ["--level", "0.8", "--target-fpr", "0.2", "--json"];
    let assert = call(&[&["calibrate", model, data], &validation[..], &little].concat()).success();
    assert!(String::from_utf8_lossy(&assert.get_output().stderr).contains("stopped on 18 of 18 images"));
    let report = json(&assert);
    assert_eq!((report["models"][0]["stopped_on"].as_u64(), report["in_sample"].as_bool()), (Some(18), Some(false)));
    // A copy under another name is known by its content; a folder of others is not refused.
    let renamed = root.path().join("renamed");
    std::fs::create_dir(&renamed).unwrap();
    for class in ["real", "fake"] {
        std::fs::rename(root.path().join("data").join(class), renamed.join(class)).unwrap();
        std::fs::rename(renamed.join(class).join("1.jpg"), renamed.join(class).join("first.jpg")).unwrap();
    }
    call(&["calibrate", model, text(&renamed), "--level", "0.8", "--target-fpr", "0.2"])
        .code(1)
        .stderr(predicate::str::contains("18 of 60"));
    // So are copies that were degraded, by what they were made of.
    let degraded = root.path().join("degraded");
    call(&["corrupt", text(&renamed), "--corruption", "fog", "--severity", "3", "--out", text(&degraded)]).success();
    call(&["calibrate", model, text(&degraded.join("manifest.csv")), "--level", "0.8", "--target-fpr", "0.2"])
        .code(1)
        .stderr(predicate::str::contains("18 of 60").and(predicate::str::contains("was derived from")));
    let others = images(&root.path().join("others"), 10, 9);
    let others = call(&["calibrate", model, text(&others), "--level", "0.9", "--target-fpr", "0.1"]).success();
    // A fifth fewer are too few for these promises, and it says so.
    others.stdout(predicate::str::contains("these numbers flatter"));
}

#[test]
fn a_gate_shares_out_the_votes_of_an_ensemble_image_by_image() {
    let root = tempfile::tempdir().unwrap();
    let (data, new) = (images(&root.path().join("data"), 40, 5), images(&root.path().join("new"), 3, 6));
    let paths =
        [1, 2, 3].map(|seed| detector(&root.path().join(format!("{seed}.safetensors")), "resnet_se_small", seed));
    let [first, second, third] = [0, 1, 2].map(|place| text(&paths[place]));
    let run = root.path().join("gate");
    let [data, new, gate] = [text(&data), text(&new), text(&run)];
    let degrade = "train.degrade=[{name='gaussian_noise', sigma=[0.2, 0.3], probability=0.5}]";
    let short =
        ["--set", degrade, "--set", "train.epochs=1", "--set", "train.batch_size=32", "--set", "split.test=0.5"];
    call(&[&["train", data, "--out", gate], &short[..]].concat()).success();

    let drawn = std::fs::read_to_string(run.join("validation.svg")).unwrap();
    assert!(drawn.contains("pristine called degraded") && !drawn.contains("fake"));

    let file = root.path().join("ensemble.json");
    let models = format!("{first},{second}");
    let others = format!("{second},{third}");
    let gated = |out: &[&str]| [&["calibrate", &models, data], &FEW[..], out].concat().join(" ");
    let call_words = |words: &str| call(&words.split(' ').collect::<Vec<_>>());
    // The gate was trained on some of these.
    let asked = gated(&["--gate", gate, "--degraded", &others, "--out", text(&file)]);
    call_words(&asked).code(1).stderr(predicate::str::contains("was trained on"));
    call_words(&format!("{asked} --split {gate}/split.json --side test")).success();
    call_words(&gated(&["--gate", gate, "--out", text(&file)])).code(2).stderr(predicate::str::contains("--degraded"));
    call_words(&gated(&["--gate", first, "--degraded", &others, "--out", text(&file)]))
        .code(2)
        .stderr(predicate::str::contains("tells `real,fake` apart").and(predicate::str::contains("release_gate")));
    call(&["predict", gate, new]).code(2).stderr(predicate::str::contains("pristine,degraded"));

    call_words(&asked.replace(&models, text(&file)).replace(&others, text(&file)))
        .code(2)
        .stderr(predicate::str::contains("name its members instead"));

    // Uncalibrated probabilities of both votes, and the calibrated one of what the gate makes of them.
    let json_of = |models: &str| json(&call(&["predict", models, new, "--json"]).success());
    let (pristine, degraded, both) = (json_of(&models), json_of(&others), json_of(text(&file)));
    let written: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    for (image, judged) in both.as_array().unwrap().iter().enumerate() {
        let of = |rows: &Value| rows[image]["probability_fake"].as_f64().unwrap();
        let g = judged["degraded"].as_f64().unwrap();
        assert!((0.0..=1.0).contains(&g));
        let mixed = (1.0 - g) * of(&pristine) + g * of(&degraded);
        let (own, expected) = (log_odds(&judged["probability_fake"]), scaled(&written["calibration"], &mixed.into()));
        assert!((own - expected).abs() < 1e-5 * expected.abs().max(1.0), "{own} {expected}");
        assert_eq!(judged["models"].as_object().unwrap().len(), 3);
    }
    call(&["evaluate", text(&file), data, "--target-fpr", "0.05"]).success();
    call(&["attack", text(&file), new, "--attack", "fgsm", "--epsilon", "1/255"]).success();
    let scanned = json(&call(&["scan", new, "--model", text(&file), "--json"]).success());
    assert!(scanned[0]["degraded"].is_number());
    // Recalibrated, it keeps its gate; another gate in its place is refused.
    call(&[
        "calibrate",
        text(&file),
        data,
        "--split",
        &format!("{gate}/split.json"),
        "--side",
        "test",
        "--level",
        "0.8",
        "--target-fpr",
        "0.1",
    ])
    .success();
    assert!(json_of(text(&file))[0]["degraded"].is_number());
    std::fs::remove_dir_all(gate).unwrap();
    call(&["predict", text(&file), new]).code(2).stderr(predicate::str::contains("gate"));
}

#[test]
fn several_models_become_an_ensemble_file_that_is_used_like_a_run() {
    let root = tempfile::tempdir().unwrap();
    let (data, new) = (images(&root.path().join("data"), 40, 5), images(&root.path().join("new"), 3, 6));
    let folder = root.path().join("models");
    std::fs::create_dir(&folder).unwrap();
    let paths = [1, 2].map(|seed| detector(&folder.join(format!("{seed}.safetensors")), "resnet_se_small", seed));
    let models = format!("{},{}", text(&paths[0]), text(&paths[1]));
    let [data, new] = [text(&data), text(&new)];
    call(&[&["calibrate", &models, data], &FEW[..]].concat()).code(2).stderr(predicate::str::contains("ensemble.json"));
    let file = root.path().join("made/ensemble.json");
    let call_of = |models: &str| {
        [&["calibrate", models, data], &FEW[..], &["--out", text(&file), "--json"]]
            .concat()
            .iter()
            .map(|a| (*a).to_owned())
            .collect::<Vec<_>>()
    };
    let report = json(&Command::cargo_bin("fauxto").unwrap().args(call_of(&models)).assert().success());
    assert_eq!(report["models"].as_array().unwrap().len(), 2);

    let ensemble = json(&call(&["predict", text(&file), new, "--json"]).success());
    let voted = json(&call(&["predict", &models, new, "--json"]).success());
    for (image, plain) in voted.as_array().unwrap().iter().enumerate() {
        let (p, expected) = (
            log_odds(&ensemble[image]["probability_fake"]),
            scaled(&report["calibration"], &plain["probability_fake"]),
        );
        assert!((p - expected).abs() < 1e-6 * expected.abs().max(1.0), "{p} {expected}");
        assert!(ensemble[image]["judgement"].is_string() && plain.get("judgement").is_none());
        for member in 0..2 {
            let name = format!("resnet_se_small_{}", member + 1);
            let (p, expected) = (
                log_odds(&ensemble[image]["models"][&name]),
                scaled(&report["models"][member], &plain["models"][&name]),
            );
            assert!((p - expected).abs() < 1e-6 * expected.abs().max(1.0), "{name}: {p} {expected}");
        }
    }
    call(&["evaluate", text(&file), data, "--target-fpr", "0.05"]).success();
    call(&["attack", text(&file), new, "--attack", "fgsm", "--epsilon", "1/255"]).success();
    call(&["predict", &format!("{},{}", text(&file), text(&paths[0])), new])
        .code(2)
        .stderr(predicate::str::contains("alone"));

    // Recalibrated in place, and moved together with its members.
    let again =
        json(&call(&["calibrate", text(&file), data, "--level", "0.8", "--target-fpr", "0.1", "--json"]).success());
    assert_eq!((&again["replaced"], again["written"].as_str()), (&report["calibration"], Some(text(&file))));
    let moved = tempfile::tempdir().unwrap();
    for folder in ["made", "models"] {
        std::fs::rename(root.path().join(folder), moved.path().join(folder)).unwrap();
    }
    let file = moved.path().join("made/ensemble.json");
    call(&["predict", text(&file), new]).success().stdout(predicate::str::contains("at the 80% level"));
    // Calibrating a member by itself changes nothing for the ensemble; other weights do.
    let member = moved.path().join("models/1.safetensors");
    call(&[&["calibrate", text(&member), data], &FEW[..]].concat()).success();
    call(&["predict", text(&file), new]).success();
    detector(&member, "resnet_se_small", 3);
    call(&["predict", text(&file), new])
        .code(2)
        .stderr(predicate::str::contains("hash").and(predicate::str::contains("ensemble.json")));
}

//! `fauxto scan` and `fauxto export` as a user calls them; detectors are untrained: what is tested is what is said of their
//! verdicts.

mod detector;

use std::path::{Path, PathBuf};

use assert_cmd::Command;
use detector::detector;
use fauxto::data::encode;
use fauxto::image::RgbImage;
use fauxto::random;
use fauxto::scan::stability::VARIANTS;
use predicates::prelude::*;
use rand::RngExt;
use serde_json::Value;

fn fauxto(command: &str) -> Command {
    let mut process = Command::cargo_bin("fauxto").unwrap();
    process.arg(command);
    process
}

fn json(output: &[u8]) -> Value {
    serde_json::from_slice(output).unwrap()
}

fn noise(folder: &Path, count: usize, side: usize) {
    std::fs::create_dir_all(folder).unwrap();
    for index in 0..count {
        let mut stream = random::stream(3, "noise images", &[index as u64]);
        let pixels = (0..3 * side * side).map(|_| stream.random_range(0..=255u8)).collect();
        let image = RgbImage { width: side, height: side, pixels };
        std::fs::write(folder.join(format!("{index}.png")), encode::png(&image).unwrap()).unwrap();
    }
}

#[test]
fn every_image_is_judged_with_what_the_verdict_is_worth() {
    let folder = tempfile::tempdir().unwrap();
    let (data, large) = (folder.path().join("data"), folder.path().join("large"));
    fauxto::sample::write(&data, 2, 0, 5).unwrap();
    noise(&large, 1, 200);
    let broken = folder.path().join("broken.png");
    std::fs::write(&broken, b"\x89PNG\r\n\x1a\nnot really").unwrap();
    let models = ["resnet_se_small", "efficientnet_b0"].map(|name| detector(folder.path(), name, 1));
    let models = format!("{},{}", models[0].display(), models[1].display());
    let why = folder.path().join("why");
    let scanned = fauxto("scan")
        .arg(&data)
        .args([&broken, &large, &folder.path().join("absent.png")])
        .args(["--model", &models, "--tiles", "9", "--json", "--explain"])
        .arg(&why)
        .assert()
        .code(2);
    let rows = json(&scanned.get_output().stdout);
    let rows = rows.as_array().unwrap();
    assert_eq!(rows.len(), 4 + 1 + 1 + 1);
    assert!(rows[4]["error"].is_string() && rows[6]["error"].is_string(), "the rest was judged");
    for row in rows.iter().filter(|row| row["error"].is_null()) {
        let own = row["probability_fake"].as_f64().unwrap();
        assert_eq!(row["verdict"], if own >= 0.5 { "fake" } else { "real" });
        assert_eq!(row["models"].as_object().unwrap().len(), 2);
        let versions = row["stability"]["variants"].as_array().unwrap();
        assert_eq!(versions.len(), VARIANTS.len(), "few images: every version");
        let flips = row["stability"]["flips"].as_array().unwrap();
        let mut extremes = [own, own];
        for version in versions {
            let p = version["probability_fake"].as_f64().unwrap();
            extremes = [extremes[0].min(p), extremes[1].max(p)];
            assert_eq!(flips.contains(&version["name"]), (p >= 0.5) != (own >= 0.5));
        }
        let spread = row["stability"]["spread"].as_f64().unwrap();
        assert!((spread - (extremes[1] - extremes[0])).abs() < 1e-12);
        let unstable = row["doubts"].as_array().unwrap().contains(&"unstable".into());
        assert_eq!(unstable, !flips.is_empty());
        assert_eq!(row["judgement"] == "unsure", unstable, "nothing else can be doubted here");
        assert!(row["unlike"]["content"].is_null(), "no statistics");
        let figure = PathBuf::from(row["explanation"].as_str().unwrap());
        assert!(figure.starts_with(&why) && figure.is_file() && figure.with_extension("png").is_file());
    }
    assert_eq!(rows[0]["unlike"]["resolution"], "fits");
    assert!(rows[0]["tiles"].is_null());
    let tiles = &rows[5]["tiles"];
    assert_eq!(rows[5]["unlike"]["resolution"], "reduced");
    assert_eq!((tiles["tiles"].as_array().unwrap().len(), tiles["tiles"][8]["left"].as_u64()), (9, Some(133)));
    let mean = tiles["probability_fake"].as_f64().unwrap();
    assert!(tiles["least"].as_f64().unwrap() <= mean && mean <= tiles["greatest"].as_f64().unwrap());

    // What was judged beside others is judged the same alone, and as `predict` judges it.
    let alone = |command: &str, extra: &[&str]| {
        let image = data.join("fake/2.jpg").display().to_string();
        let mut process = fauxto(command);
        let output = process.args(extra).arg(image).arg("--json").assert().success();
        json(&output.get_output().stdout)[0]["probability_fake"].as_f64().unwrap()
    };
    let path = data.join("fake/2.jpg").display().to_string();
    let together = rows.iter().find(|row| row["path"] == path.as_str()).unwrap()["probability_fake"].as_f64().unwrap();
    for single in [
        alone("scan", &["--model", &models]),
        alone("scan", &["--model", &models, "--stability", "none"]),
        alone("predict", &[&models]),
    ] {
        assert!((single - together).abs() < 1e-4, "{single} {together}");
    }
}

#[test]
fn standard_input_tables_and_exit_codes() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    fauxto::sample::write(&data, 2, 0, 5).unwrap();
    let model = detector(folder.path(), "resnet_se_small", 1).display().to_string();
    let image = std::fs::read(data.join("real/1.jpg")).unwrap();
    let scan = |arguments: &[&str]| {
        let mut process = fauxto("scan");
        process.args(["-", "--model", &model]).args(arguments).write_stdin(image.clone()).assert()
    };
    scan(&["--threshold", "0", "--fail-on-fake"]).code(1).stdout(predicate::str::contains("fake"));
    scan(&["--threshold", "1", "--fail-on-fake"]).code(0).stdout(predicate::str::contains("real"));
    scan(&["--threshold", "7"]).code(2).stderr(predicate::str::contains("--threshold"));
    scan(&["--target-fpr", "0.01"]).code(2).stderr(predicate::str::contains("fauxto calibrate"));
    scan(&["--stability", "fast", "--csv"])
        .code(0)
        .stdout(predicate::str::starts_with("path,verdict,judgement,probability_fake,resnet_se_small,doubts,spread"));
    let array = json(&scan(&["--json"]).success().get_output().stdout);
    assert_eq!(array, Value::Array(vec![json(&scan(&["--json-lines"]).success().get_output().stdout)]));
    let lines = fauxto("scan").arg(&data).args(["absent", "--model", &model, "--json-lines"]).assert().code(2);
    let lines: Vec<Value> = lines.get_output().stdout.trim_ascii().split(|&byte| byte == b'\n').map(json).collect();
    assert_eq!(lines.len(), 5);
    assert!(lines[..4].iter().all(|line| line["verdict"].is_string()) && lines[4]["error"].is_string());
    let counted = fauxto("scan").arg(&data).args(["--model", &model]).assert().success();
    counted.stdout(predicate::str::contains("0 not judged"));
    fauxto("list").arg("variants").assert().success().stdout(predicate::str::contains("jpeg_75"));
}

#[test]
fn without_a_model_the_built_in_one_judges_or_is_said_to_be_missing() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    fauxto::sample::write(&data, 1, 0, 5).unwrap();
    let scanned = fauxto("scan").arg(data.join("real/1.jpg")).arg("--json").assert();
    if !fauxto::built_in::is_there() {
        scanned.code(2).stderr(predicate::str::contains("FAUXTO_BUILT_IN"));
        return;
    }
    let rows = json(&scanned.success().get_output().stdout);
    assert!(rows[0]["probability_fake"].as_f64().is_some_and(|p| (0.0..=1.0).contains(&p)));
    assert!(rows[0]["unlike"]["content"].is_string(), "the shipped detector knows its training images");
}

#[test]
fn an_exported_detector_is_small_and_judges_alike() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    fauxto::sample::write(&data, 8, 0, 5).unwrap();
    let model = detector(folder.path(), "resnet_se_small", 4);
    let probabilities = |model: &Path| -> Vec<f64> {
        let output = fauxto("predict").arg(model).arg(&data).arg("--json").assert().success();
        let rows = json(&output.get_output().stdout);
        rows.as_array().unwrap().iter().map(|row| row["probability_fake"].as_f64().unwrap()).collect()
    };
    let exact = probabilities(&model);
    let before = std::fs::metadata(&model).unwrap().len() as f64;
    for (precision, share, tolerance) in [("f32", 1.01, 1e-9), ("f16", 0.51, 1e-3), ("int8", 0.28, 2e-2)] {
        let out = folder.path().join(format!("{precision}.safetensors"));
        let exported = fauxto("export")
            .arg(&model)
            .args(["--precision", precision, "--json", "--out"])
            .arg(&out)
            .assert()
            .success();
        let report = json(&exported.get_output().stdout);
        let after = std::fs::metadata(&out).unwrap().len();
        assert_eq!((report["bytes"].as_u64(), report["precision"].as_str()), (Some(after), Some(precision)));
        assert!(after as f64 <= share * before, "{precision}: {after} of {before}");
        for (found, exact) in probabilities(&out).iter().zip(&exact) {
            assert!((found - exact).abs() <= tolerance, "{precision}: {found} {exact}");
        }
    }
    let both = folder.path().join("both.safetensors");
    let mut exported = fauxto("export");
    exported.arg(&model).args(["--test-time-flip", "--precision", "f32", "--out"]).arg(&both);
    exported.assert().success().stdout(predicate::str::contains("judges mirror images too"));
    let moved = probabilities(&both).iter().zip(&exact).filter(|(found, exact)| found != exact).count();
    assert!(moved > 0, "the mirror had a say");
    let wrong = fauxto("export").arg(&model).args(["--precision", "int4", "--out", "x"]).assert().code(2);
    wrong.stderr(predicate::str::contains("f32, f16, int8"));
}

#[test]
fn an_average_of_two_detectors_has_the_mean_of_their_weights() {
    let folder = tempfile::tempdir().unwrap();
    let [first, second] = [4, 5].map(|seed| detector(folder.path(), "resnet_se_small", seed));
    let averaged = |other: &Path, out: &Path| {
        fauxto("export").arg(&first).arg("--average").arg(other).args(["--precision", "f32", "--out"]).arg(out).assert()
    };
    let weights = |path: &Path| fauxto::model::weights::read_safetensors(path).unwrap().0;
    let out = folder.path().join("averaged.safetensors");
    averaged(&first, &out).success();
    assert_eq!(weights(&out), weights(&first), "the mean with itself");
    averaged(&second, &out).success();
    let (one, other) = (weights(&first), weights(&second));
    for (name, mean) in weights(&out) {
        let pairs = one[&name].values.iter().zip(&other[&name].values);
        assert!(
            mean.values.iter().zip(pairs).all(|(mean, (one, other))| *mean == f32::midpoint(*one, *other)),
            "{name}"
        );
    }
    let stranger = detector(folder.path(), "efficientnet_b0", 1);
    averaged(&stranger, &out).code(2).stderr(predicate::str::contains("model `efficientnet_b0`"));
}

#[test]
fn a_detector_that_knows_its_training_images_warns_of_noise() {
    let folder = tempfile::tempdir().unwrap();
    let (data, run) = (folder.path().join("data"), folder.path().join("run"));
    fauxto::sample::write(&data, 750, 0, 5).unwrap();
    let settings = ["train.epochs=1", "train.batch_size=32", "split.test=0.75", "split.validation=0.05"];
    let mut train = fauxto("train");
    train.arg(&data).args(["--model", "resnet_se_small", "--out"]).arg(&run);
    settings.iter().fold(&mut train, |train, setting| train.args(["--set", setting])).assert().success();
    let out = folder.path().join("shipped.safetensors");
    let exported = fauxto("export")
        .arg(&run)
        .args(["--json", "--training-data"])
        .arg(&data)
        .arg("--out")
        .arg(&out)
        .assert()
        .success();
    let summary = &json(&exported.get_output().stdout)["out_of_distribution"];
    assert!(summary["n_held_out"].as_u64().is_some_and(|n| n >= 1000));
    assert!(summary["unlike_from"].as_f64() <= summary["far_from"].as_f64());
    // What it achieves on the run's validation images is measured of it as it was written.
    let shipped = |path: &Path| fauxto::checkpoint::load(path, &burn::tensor::Device::flex()).unwrap().provenance;
    let split = run.join("split.json");
    let evaluated =
        fauxto("evaluate").arg(&out).arg(&data).args(["--side", "validation", "--json", "--split"]).arg(split).assert();
    let evaluated = json(&evaluated.success().get_output().stdout);
    let validation = shipped(&out).validation;
    assert_eq!(Some(validation.n as u64), evaluated["n"].as_u64());
    assert_eq!(Some(validation.roc_auc), evaluated["roc_auc"].as_f64());
    assert_ne!(validation, shipped(&run.join("checkpoint.safetensors")).validation, "rounding to 8 bits moves it");

    let scores = |path: &Path| -> Vec<(f64, String)> {
        let mut process = fauxto("scan");
        let scanned = process.arg(path).arg("--model").arg(&out).args(["--stability", "none", "--json"]).assert();
        let rows = json(&scanned.success().get_output().stdout);
        let row = |row: &Value| {
            let content = row["unlike"]["content"].as_str().unwrap().to_owned();
            assert_eq!(content == "far", row["doubts"].as_array().unwrap().contains(&"far_from_training".into()));
            (row["unlike"]["scores"]["resnet_se_small"].as_f64().unwrap(), content)
        };
        rows.as_array().unwrap().iter().map(row).collect()
    };
    let noise_folder = folder.path().join("noise");
    noise(&noise_folder, 20, 32);
    let noise = scores(&noise_folder);
    let fresh = folder.path().join("fresh");
    fauxto::sample::write(&fresh, 20, 0, 6).unwrap();
    let fresh = scores(&fresh);
    let median = |scores: &[(f64, String)]| {
        let mut values: Vec<f64> = scores.iter().map(|(score, _)| *score).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    assert!(median(&noise) > 2.0 * median(&fresh), "{} {}", median(&noise), median(&fresh));
    assert!(fresh.iter().filter(|(_, content)| content == "alike").count() >= 36, "{fresh:?}");

    // Other data than those that were split.
    let other = folder.path().join("other");
    fauxto::sample::write(&other, 20, 0, 9).unwrap();
    let refused = fauxto("export").arg(&run).arg("--training-data").arg(&other).arg("--out").arg(&out).assert();
    refused.code(1);
}

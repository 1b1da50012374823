//! `fauxto explain` as a user calls it.

mod detector;

use std::path::{Path, PathBuf};

use assert_cmd::Command;
use detector::detector;
use fauxto::explain::EXPLAINERS;
use fauxto::explain::score::SCORES;
use predicates::prelude::*;
use serde_json::Value;

fn explain(arguments: &[&str]) -> Command {
    let mut command = Command::cargo_bin("fauxto").unwrap();
    command.arg("explain").args(arguments);
    command
}

fn json(output: &[u8]) -> Value {
    serde_json::from_slice(output).unwrap()
}

const QUICK: [&str; 10] = [
    "--set",
    "lime.samples=20",
    "--set",
    "kernel_shap.samples=0",
    "--set",
    "lime.segments=9",
    "--set",
    "kernel_shap.segments=9",
    "--set",
    "integrated_gradients.steps=4",
];

#[test]
fn every_image_gets_a_figure_and_its_maps_from_every_model_and_explainer() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    fauxto::sample::write(&data, 2, 0, 5).unwrap();
    let out = folder.path().join("new/explanations");
    let models = ["resnet_se_small", "efficientnet_b0"].map(|name| detector(folder.path(), name, 1));
    let broken = folder.path().join("broken.png");
    std::fs::write(&broken, b"\x89PNG\r\n\x1a\nnot really").unwrap();
    let explained = explain(&[&format!("{},{}", models[0].display(), models[1].display())])
        .arg(data.join("fake/1.jpg"))
        .arg(&data)
        .arg(&broken)
        .args(["--explainer", "all", "--json", "--out"])
        .arg(&out)
        .args(QUICK)
        .assert()
        .code(2)
        .stderr(predicate::str::contains("broken.png"));
    let rows = json(&explained.get_output().stdout);
    let rows = rows.as_array().unwrap();
    assert_eq!(rows.len(), 6, "one image, a folder of four, and the broken one");
    assert!(rows[5]["error"].is_string() && rows[5]["figure"].is_null());
    let mut figures = std::collections::HashSet::new();
    for row in &rows[..5] {
        let figure = PathBuf::from(row["figure"].as_str().unwrap());
        assert!(figure.is_file() && figure.with_extension("png").is_file(), "{figure:?}");
        assert!(figures.insert(figure), "no figure overwrites another");
        assert_eq!(row["class"], row["verdict"], "by default the class decided for");
        let file = json(&std::fs::read(row["maps"].as_str().unwrap()).unwrap());
        assert_eq!(file["probability_fake"], row["probability_fake"]);
        let maps = file["maps"].as_array().unwrap();
        assert_eq!(maps.len(), 2 * EXPLAINERS.len());
        for (map, entry) in maps.iter().zip(EXPLAINERS.iter().cycle()) {
            assert_eq!(map["explainer"], entry.name);
            let lines = map["values"].as_array().unwrap();
            assert!(lines.len() == 32 && lines.iter().all(|line| line.as_array().unwrap().len() == 32));
        }
    }
    // The same image alone and in its folder: class activation maps draw nothing, so they agree.
    let map = |row: &Value| -> Vec<f64> {
        let file = json(&std::fs::read(row["maps"].as_str().unwrap()).unwrap());
        let lines = file["maps"][0]["values"].as_array().unwrap();
        lines.iter().flat_map(|line| line.as_array().unwrap()).map(|value| value.as_f64().unwrap()).collect()
    };
    let same = rows[1..5].iter().find(|row| row["path"] == rows[0]["path"]).unwrap();
    let (alone, together) = (map(&rows[0]), map(same));
    let greatest = alone.iter().fold(0.0, |greatest: f64, value| greatest.max(*value));
    assert!(alone.iter().zip(&together).all(|(a, b)| (a - b).abs() <= 1e-3 * greatest));
}

#[test]
fn what_is_drawn_for_an_image_depends_on_what_it_shows_and_not_on_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    fauxto::sample::write(&data, 2, 0, 5).unwrap();
    let model = detector(folder.path(), "resnet_se_small", 1).display().to_string();
    let image = data.join("real/2.jpg");
    let maps = |path: &Path, out: &str| {
        let mut command = explain(&[&model, "--explainer", "lime,random", "--set", "lime.samples=20", "--json"]);
        command.args(["--set", "lime.segments=9"]).arg(path).arg("--out").arg(folder.path().join(out));
        let rows = json(&command.assert().success().get_output().stdout);
        let row = rows.as_array().unwrap().iter().find(|row| row["path"] == image.to_str().unwrap()).unwrap();
        json(&std::fs::read(row["maps"].as_str().unwrap()).unwrap())["maps"].clone()
    };
    let (alone, together) = (maps(&image, "alone"), maps(&data, "together"));
    assert_eq!(alone.as_array().unwrap().len(), 2);
    assert_eq!(alone, together);
}

#[test]
fn unreadable_images_are_named_and_break_nothing_where_they_may_be_skipped() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    fauxto::sample::write(&data, 1, 0, 5).unwrap();
    let [undecodable, empty] = ["broken.png", "empty.png"].map(|name| data.join("fake").join(name));
    std::fs::write(&undecodable, b"\x89PNG\r\n\x1a\nnot really").unwrap();
    std::fs::write(&empty, b"").unwrap();
    let model = detector(folder.path(), "resnet_se_small", 1).display().to_string();
    let call = |extra: &[&str], code: i32| {
        let mut command = explain(&[&model, "--json", "--out"]);
        command.arg(folder.path().join("explanations")).arg(&data).args(extra);
        let explained = command.assert().code(code).stderr(predicate::str::contains("broken.png"));
        let rows = json(&explained.get_output().stdout);
        for path in [&undecodable, &empty] {
            let row = rows.as_array().unwrap().iter().find(|row| row["path"] == path.to_str().unwrap()).unwrap();
            assert!(row["error"].is_string(), "{row}");
        }
        assert_eq!(rows.as_array().unwrap().iter().filter(|row| row["figure"].is_string()).count(), 2);
    };
    call(&[], 2);
    call(&["--skip-bad"], 0);
    explain(&[&model, "--skip-bad", "/nonexistent/image.png"])
        .current_dir(folder.path())
        .assert()
        .code(2)
        .stderr(predicate::str::contains("/nonexistent/image.png"));
}

#[test]
fn the_class_asked_for_is_the_one_explained() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    fauxto::sample::write(&data, 1, 0, 5).unwrap();
    let model = detector(folder.path(), "resnet_se_small", 1).display().to_string();
    let image = data.join("real/1.jpg").display().to_string();
    let map = |class: &str| {
        let out = folder.path().join(class);
        let arguments = [&model, &image, "--explainer", "occlusion", "--json", "--class", class, "--out"];
        let explained = explain(&arguments).arg(&out).assert().success();
        let rows = json(&explained.get_output().stdout);
        assert_eq!(rows[0]["class"], class);
        let file = json(&std::fs::read(rows[0]["maps"].as_str().unwrap()).unwrap());
        file["maps"][0]["values"][10]
            .as_array()
            .unwrap()
            .iter()
            .map(|value| value.as_f64().unwrap())
            .collect::<Vec<_>>()
    };
    let (real, fake) = (map("real"), map("fake"));
    assert!(real.iter().any(|value| *value != 0.0));
    assert!(real.iter().zip(&fake).all(|(real, fake)| *real == -*fake), "what speaks for one speaks against the other");
}

#[test]
fn scores_come_for_every_model_and_explainer_with_intervals() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    fauxto::sample::write(&data, 4, 0, 5).unwrap();
    let model = detector(folder.path(), "resnet_se_small", 1).display().to_string();
    let call = |extra: &[&str]| {
        let mut command = explain(&[&model]);
        command.arg(&data).args(["--score", "--limit", "3", "--explainer", "grad_cam,random"]).args(extra);
        command.assert().success()
    };
    let report = json(&call(&["--json"]).get_output().stdout);
    assert_eq!((report["n"].as_u64(), report["models"][0]["name"].as_str()), (Some(3), Some("resnet_se_small")));
    let rows = report["models"][0]["explainers"].as_array().unwrap();
    for (row, name) in rows.iter().zip(["grad_cam", "random"]) {
        assert_eq!(row["explainer"], name);
        assert!(row["seconds_per_image"].as_f64().is_some_and(|seconds| seconds > 0.0));
        for (score, entry) in row["scores"].as_array().unwrap().iter().zip(SCORES) {
            assert_eq!(score["name"], entry.name);
            assert!(score["value"]["interval"].is_array());
        }
    }
    assert_eq!(rows[1]["sanity"], "ignores_the_detector");
    call(&[]).stdout(
        predicate::str::contains("gain over random").and(predicate::str::contains("1.00, ignores the detector")),
    );
}

#[test]
fn wrong_calls_name_what_there_is() {
    let folder = tempfile::tempdir().unwrap();
    let model = detector(folder.path(), "resnet_se_small", 1).display().to_string();
    for (arguments, expected) in [
        (vec!["--explainer", "gradcam"], "grad_cam_plus_plus"),
        (vec!["--set", "samples=3"], "EXPLAINER.PARAMETER=VALUE"),
        (vec!["--set", "lime.samples=3"], "asked for: grad_cam"),
        (vec!["--set", "grad_cam.least_side=half"], "expected a number"),
        (vec!["--set", "grad_cam.side=2"], "least_side"),
        (vec!["--set", "grad_cam.least_side=0"], "whole number from 1"),
        (vec!["--threshold", "2"], "threshold"),
        (vec!["--limit", "3"], "--score"),
        (vec!["--classes", "real,fake"], "--score"),
        (vec!["--explainer", "lime,lime"], "--explainer: found lime twice"),
        (vec!["--score", "."], "expected one"),
    ] {
        let mut command = explain(&[&model, "image.png"]);
        command.args(&arguments).assert().code(2).stderr(predicate::str::contains(expected));
    }
}

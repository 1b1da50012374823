//! `fauxto run`: everything the pipeline promises, on a handful of rendered images.

#![allow(clippy::print_stderr, reason = "a skipped test says so")]

#[path = "../../report/tests/window/mod.rs"]
mod window;

use assert_cmd::Command;
use predicates::prelude::*;
use std::path::Path;

fn fauxto() -> Command {
    Command::cargo_bin("fauxto").unwrap()
}

fn words(data: &Path, out: &Path) -> Vec<String> {
    let preset = out.with_extension("base.toml");
    let finetune = out.with_extension("finetune.toml");
    std::fs::write(&preset, "[train]\nepochs = 1\nbatch_size = 8\n").unwrap();
    let adversarial = "[train]\nepochs = 1\nbatch_size = 8\n[train.adversarial]\nvalidation_attack = \"fgsm\"\n";
    std::fs::write(&finetune, adversarial).unwrap();
    let mut words: Vec<String> = ["run", "--models", "resnet_se_small", "--seed", "3", "--about", "Rendered <scenes>."]
        .map(String::from)
        .to_vec();
    for (name, value) in
        [("augmented", "4"), ("adversarial", "8"), ("attack", "4"), ("strong", "0"), ("corruption", "4")]
    {
        words.extend([format!("--{name}-images"), value.into()]);
    }
    for (name, path) in [("--preset", preset.as_path()), ("--finetune", &finetune), ("--out", out)] {
        words.extend([name.into(), path.display().to_string()]);
    }
    words.push(data.display().to_string());
    words
}

#[test]
fn the_pipeline_leaves_every_file_and_goes_on_where_it_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("images");
    fauxto::sample::write(&data, 24, 5, 1).unwrap();
    let out = folder.path().join("pipeline");
    fauxto().args(words(&data, &out)).assert().success().stdout(predicate::str::contains("all stages done"));
    let figures = ["adv_BEFORE", "adv_AFTER", "comparison", "gradcam", "base_evaluation", "final_evaluation"];
    for figure in
        figures.map(|name| format!("resnet_se_small_{name}")).iter().chain(&["corruptions".into(), "models".into()])
    {
        for extension in ["png", "svg"] {
            let path = out.join(format!("{figure}.{extension}"));
            assert!(path.metadata().unwrap().len() > 1000, "{}", path.display());
        }
    }
    for checkpoint in ["resnet_se_small_base.safetensors", "resnet_se_small_final.safetensors"] {
        assert!(out.join(checkpoint).is_file());
    }
    let attacked = std::fs::read_to_string(out.join("adversarial_set/metadata.csv")).unwrap();
    assert_eq!(attacked.lines().count(), 1 + 8);
    for epsilon in ["0.02", "0.03", "0.05", "0.08"] {
        assert_eq!(attacked.matches(&format!("fgsm epsilon={epsilon} ")).count(), 2, "one of each class: {attacked}");
    }
    let augmented = std::fs::read_to_string(out.join("augmented_set/metadata.csv")).unwrap();
    assert_eq!(augmented.lines().count(), 1 + 4);
    let submission: serde_json::Value =
        serde_json::from_slice(&std::fs::read(out.join("submission.json")).unwrap()).unwrap();
    assert_eq!(submission.as_array().unwrap().len(), 5);
    let results: serde_json::Value = serde_json::from_slice(&std::fs::read(out.join("results.json")).unwrap()).unwrap();
    for phase in results["phases"].as_array().unwrap() {
        assert_eq!(phase["corruptions"].as_array().unwrap().len(), 19 * 5);
        assert_eq!(phase["combinations"].as_array().unwrap().len(), 3);
    }

    let html = std::fs::read_to_string(out.join("report.html")).unwrap();
    for words in ["after fine-tuning", "PGD, 50 steps", "gaussian noise", "Most certain", "Rendered &lt;scenes&gt;."] {
        assert!(html.contains(words), "{words}");
    }
    let accuracy = results["phases"][1]["clean"][0]["evaluation"]["accuracy"].as_f64().unwrap();
    let n = results["phases"][1]["clean"][0]["evaluation"]["n"].as_u64().unwrap();
    assert!(html.contains(&format!(
        "Of {n} images that taught it nothing, the detector (resnet_se_small) judged {:.1}%",
        100.0 * accuracy
    )));
    assert!(!html.contains("The original project"), "claims belong to a run of the original's models");
    assert!(html.len() < 10_000_000, "{}", html.len());
    match window::chromium() {
        None => eprintln!("SKIPPED: no Chromium (scripts/install-chromium installs Debian's)"),
        Some(chromium) => {
            for width in [390, 1280] {
                let seen = window::look(&chromium, &html, width, false);
                assert!(seen.is_whole() && seen.images > 8 + 2 * 8, "at {width} pixels: {seen:?}");
                assert_eq!((seen.title.as_str(), seen.sections), ("resnet_se_small", 8));
                assert_eq!(seen.paper, "rgb(252, 252, 251)", "the light scheme");
            }
        }
    }

    // A later stage alone is repeated when its mark is gone; the models are not trained again.
    let checkpoint = out.join("final/resnet_se_small/checkpoint.safetensors");
    let before = checkpoint.metadata().unwrap().modified().unwrap();
    let stages = out.join("stages.json");
    let mut marks: Vec<serde_json::Value> = serde_json::from_slice(&std::fs::read(&stages).unwrap()).unwrap();
    marks.retain(|mark| mark["name"] != "submission");
    std::fs::write(&stages, serde_json::to_vec(&marks).unwrap()).unwrap();
    std::fs::remove_file(out.join("submission.json")).unwrap();
    fauxto().args(words(&data, &out)).assert().success();
    assert!(out.join("submission.json").is_file());
    assert_eq!(checkpoint.metadata().unwrap().modified().unwrap(), before);

    // A report is made again where the images are now, and of no others by their names.
    let moved = folder.path().join("moved");
    std::fs::rename(&data, &moved).unwrap();
    let report = |data: &Path| {
        let mut command = fauxto();
        command.arg("report").arg(&out).arg("--out").arg(folder.path().join("again.html")).arg("--data").arg(data);
        command.assert()
    };
    report(&moved).success();
    let other = folder.path().join("other");
    fauxto::sample::write(&other, 24, 5, 2).unwrap();
    report(&other).code(2).stderr(predicate::str::contains("found other pixels in"));
    fauxto().arg("report").arg(&out).assert().success();
    let html = std::fs::read_to_string(out.join("report.html")).unwrap();
    assert!(html.contains("The images are not where the run found them"), "it says so and goes on");
    std::fs::rename(&moved, &data).unwrap();

    // Stopped while measuring, it keeps the judges it is done with.
    let kept = out.join("final_resnet_se_small_attacked.json");
    assert!(!kept.exists(), "all of it is in final.json");
    std::fs::write(&kept, r#"{"judge": "resnet_se_small", "attacks": "kept"}"#).unwrap();
    marks.retain(|mark| mark["name"] != "measure final");
    std::fs::write(&stages, serde_json::to_vec(&marks).unwrap()).unwrap();
    fauxto().args(words(&data, &out)).assert().success();
    let measured: serde_json::Value = serde_json::from_slice(&std::fs::read(out.join("final.json")).unwrap()).unwrap();
    assert_eq!(measured["robustness"][0]["attacks"], "kept");
    assert!(!kept.exists());

    // What is compared is of the same images.
    let scores = out.join("base_resnet_se_small.csv");
    let lines = std::fs::read_to_string(&scores).unwrap();
    let (kept, _) = lines.trim_end().rsplit_once('\n').unwrap();
    std::fs::write(&scores, format!("{kept}\nelsewhere.jpg,real,0.5,\n")).unwrap();
    fauxto().args(words(&data, &out)).assert().code(2).stderr(predicate::str::contains("other images were measured"));
    std::fs::write(&scores, lines).unwrap();

    // Other settings belong into another folder, also where a preset's file says something else under the same name.
    let mut other = words(&data, &out);
    other.extend(["--test-share".into(), "0.3".into()]);
    fauxto().args(other).assert().code(2).stderr(predicate::str::contains("other settings"));
    let same = words(&data, &out);
    std::fs::write(out.with_extension("base.toml"), "[train]\nepochs = 2\nbatch_size = 8\n").unwrap();
    fauxto().args(same).assert().code(2).stderr(predicate::str::contains("other settings"));
}

#[test]
fn what_cannot_be_is_refused_before_hours_are_spent_on_it() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("images");
    fauxto::sample::write(&data, 24, 0, 1).unwrap();
    let out = folder.path().join("pipeline");
    let refused = |change: &dyn Fn(&mut Vec<String>), code: i32, said: &str| {
        let mut words = words(&data, &out);
        change(&mut words);
        fauxto().args(words).assert().code(code).stderr(predicate::str::contains(said));
    };
    let value = |words: &mut Vec<String>, name: &str, value: &str| {
        let place = words.iter().position(|word| word == name).unwrap();
        words[place + 1] = value.into();
    };
    refused(&|words| *words.last_mut().unwrap() = "nowhere".into(), 2, "nowhere");
    refused(&|words| value(words, "--models", "resnet_se_small,resnet_se_small"), 2, "found resnet_se_small twice");
    refused(&|words| value(words, "--models", "resnet_se_small,resnet"), 2, "`resnet`");
    refused(&|words| value(words, "--augmented-images", "5"), 2, "an even number, at least 2");
    refused(&|words| value(words, "--adversarial-images", "6"), 2, "an even number, at least 8");
    refused(&|words| value(words, "--attack-images", "0"), 2, "at least 1");
    refused(&|words| value(words, "--out", "with,comma"), 2, "a comma");
    refused(&|words| words.extend(["--test-share".into(), "0".into()]), 2, "--test-share: found 0");
    refused(&|words| words.extend(["--test-share".into(), "0.97".into()]), 2, "split.test");
    // What it would learn from is not reported on.
    let report = data.display().to_string();
    refused(&|words| words.extend(["--report".into(), report.clone()]), 1, "among those to learn from or stop on");
    assert!(!out.exists(), "nothing is kept of what was refused");
}

//! The commands as a user calls them.

use std::path::Path;
use std::process::{Command as Process, Stdio};
use std::time::Duration;

use assert_cmd::Command;
use predicates::prelude::*;
use serde_json::Value;

fn fauxto() -> Command {
    Command::cargo_bin("fauxto").unwrap()
}

/// A small labelled set: the built-in one, which gives nothing away.
fn images(folder: &Path, per_class: usize) {
    fauxto::sample::write(folder, per_class, 0, 5).unwrap();
}

const FAST: [&str; 8] =
    ["--set", "train.epochs=2", "--set", "train.batch_size=8", "--set", "seed=3", "--save-every", "0"];

fn train(data: &Path, out: &Path) -> assert_cmd::assert::Assert {
    fauxto().arg("train").arg(data).args(["--model", "resnet_se_small", "--out"]).arg(out).args(FAST).assert()
}

fn json(output: &[u8]) -> Value {
    serde_json::from_slice(output).unwrap()
}

#[test]
fn from_a_folder_of_images_to_verdicts() {
    let folder = tempfile::tempdir().unwrap();
    let (data, run) = (folder.path().join("data"), folder.path().join("run"));
    images(&data, 24);
    train(&data, &run).success().stdout(predicate::str::contains("best epoch"));
    for file in [
        "config.toml",
        "split.json",
        "checkpoint.safetensors",
        "history.csv",
        "run.json",
        "curves.png",
        "validation.svg",
    ] {
        assert!(run.join(file).is_file(), "{file}");
    }
    assert!(!run.join("state.safetensors").exists(), "a finished run needs no state");

    // The same call again would overwrite a result.
    train(&data, &run).code(2).stderr(predicate::str::contains("--resume"));

    let evaluated = fauxto().arg("evaluate").arg(&run).arg(&data).arg("--json").assert().success();
    let report = json(&evaluated.get_output().stdout);
    assert_eq!((report["n"].as_u64(), report["n_fake"].as_u64()), (Some(48), Some(24)));
    for metric in fauxto::evaluate::METRICS {
        assert!(report[metric.name].is_number(), "{}", metric.name);
    }
    let split = run.join("split.json");
    let [validation, train, both] = ["validation", "train", "train,validation"].map(|sides| {
        let mut call = fauxto();
        call.arg("evaluate").arg(&run).arg(&data).arg("--split").arg(&split).args(["--side", sides, "--json"]);
        json(&call.assert().success().get_output().stdout)["n"].as_u64().unwrap()
    });
    assert!((8..=11).contains(&validation), "{validation}");
    assert_eq!(train + validation, both);

    let figure = folder.path().join("corrupted");
    let corrupted = fauxto()
        .arg("evaluate")
        .arg(&run)
        .arg(&data)
        .args(["--json", "--corrupted", "6", "--corrupted-figure"])
        .arg(&figure)
        .assert()
        .success();
    let corrupted = json(&corrupted.get_output().stdout)["corrupted"].clone();
    let results = corrupted["results"].as_array().unwrap();
    let accuracy = |result: &Value| result["columns"][1]["accuracy"].as_f64().unwrap();
    let mean = results.iter().map(accuracy).sum::<f64>() / results.len() as f64;
    assert_eq!((corrupted["n"].as_u64(), results.len()), (Some(6), 19 * 5));
    assert!((corrupted["mean_accuracy_19"].as_f64().unwrap() - mean).abs() < 1e-9);
    assert!(figure.with_extension("png").is_file() && figure.with_extension("svg").is_file());

    let broken = folder.path().join("broken.png");
    std::fs::write(&broken, b"\x89PNG\r\n\x1a\nnot really").unwrap();
    let submission = folder.path().join("submission.json");
    let predicted = fauxto()
        .args(["predict", "--json", "--submission"])
        .arg(&submission)
        .arg(&run)
        .arg(data.join("real/3.jpg"))
        .arg(&broken)
        .arg(folder.path().join("absent.png"))
        .assert()
        .code(2);
    let rows = json(&predicted.get_output().stdout);
    assert_eq!(rows.as_array().unwrap().len(), 3);
    assert!(rows[0]["probability_fake"].as_f64().is_some_and(|p| (0.0..=1.0).contains(&p)));
    assert!(rows[0]["models"]["resnet_se_small"].is_number() && rows[0]["verdict"].is_string());
    assert!(rows[1]["error"].is_string() && rows[2]["error"].is_string());
    let submitted = json(&std::fs::read(&submission).unwrap());
    assert_eq!(submitted.as_array().unwrap().len(), 1);
    assert_eq!(submitted[0]["index"], 3);

    // A threshold of 0 calls everything fake, one of 1 (nearly) nothing.
    let judge = |threshold: &str| {
        let mut command = fauxto();
        command.args(["predict", "--fail-on-fake", "--threshold", threshold]).arg(&run).arg("-");
        command.write_stdin(std::fs::read(data.join("fake/1.jpg")).unwrap()).assert()
    };
    judge("0").code(1).stdout(predicate::str::contains("fake"));
    judge("1").code(0);
    judge("1.5").code(2).stderr(predicate::str::contains("threshold"));
}

#[test]
fn attacks_are_measured_checked_and_saved() {
    let folder = tempfile::tempdir().unwrap();
    let (data, run, out) = (folder.path().join("data"), folder.path().join("run"), folder.path().join("attacked"));
    images(&data, 16);
    train(&data, &run).success();
    let attack = |models: &str, arguments: &[&str]| {
        fauxto().args(["attack", models]).arg(&data).args(["--limit", "6"]).args(arguments).assert()
    };
    let one = run.to_str().unwrap();
    let folder_argument = out.to_str().unwrap();
    let call = ["--attack", "fgsm,pgd_l2:steps=2", "--epsilon", "8/255,.03", "--epsilon-l2", "0.5", "--json"];
    let assert = attack(one, &[&call[..], &["--out", folder_argument]].concat()).success();
    let report = json(&assert.get_output().stdout);
    let attacks: Vec<_> = report["attacks"].as_array().unwrap().iter().collect();
    let named: Vec<(&str, &str)> =
        attacks.iter().map(|a| (a["attack"].as_str().unwrap(), a["epsilon"].as_str().unwrap())).collect();
    let expected = [
        ("fgsm", "8/255"),
        ("fgsm", ".03"),
        ("pgd_l2:steps=2", "0.5"),
        ("random_noise", "8/255"),
        ("random_noise", ".03"),
    ];
    assert_eq!(named, expected);
    for attack in &attacks {
        assert_eq!(attack["n"], 6);
        let [low, high] = [0, 1].map(|end| attack["accuracy_interval"][end].as_f64().unwrap());
        assert!((low..=high).contains(&attack["accuracy"].as_f64().unwrap()));
        assert!(attack["mean_l2"].as_f64().unwrap() > 0.0);
    }
    assert_eq!((report["n"].as_u64(), report["chance"].as_f64()), (Some(6), Some(0.5)));
    assert_eq!(report["clean"]["n"], 6);
    // Another size of batch, and the same again.
    let again = attack(one, &[&call[..], &["--batch", "2"]].concat()).success();
    let again = json(&again.get_output().stdout);
    for (first, second) in attacks.iter().zip(again["attacks"].as_array().unwrap()) {
        let [first, second] = [first, second].map(|a| a["accuracy"].as_f64().unwrap());
        assert!((first - second).abs() <= 1.0 / 6.0, "{first} {second}");
    }

    let manifest = std::fs::read_to_string(out.join("manifest.csv")).unwrap();
    let rows: Vec<Vec<&str>> = manifest.lines().map(|line| line.split(',').collect()).collect();
    assert_eq!(rows[0], ["file_name", "label", "parent", "parent_content_hash", "attack", "epsilon"]);
    assert_eq!(rows.len(), 1 + 3 * 6, "noise was not asked for");
    for row in &rows[1..] {
        assert!(out.join(row[0]).is_file() && data.join(row[2]).is_file(), "{row:?}");
        assert!(row[2].starts_with(row[1]), "the parent's label: {row:?}");
        if row[4] == "fgsm" {
            let [parent, attacked] = [data.join(row[2]), out.join(row[0])].map(|p| image::open(p).unwrap().to_rgb8());
            // Decoders of JPEG differ by a level or two.
            let largest = parent.iter().zip(attacked.iter()).map(|(a, b)| a.abs_diff(*b)).max().unwrap();
            assert!((4..=12).contains(&largest), "{largest}");
        }
    }
    fauxto().arg("evaluate").arg(&run).arg(out.join("manifest.csv")).assert().success();
    attack(one, &["--out", folder_argument]).code(2).stderr(predicate::str::contains("a new folder"));

    // Two vote; the checks bring what they need, and decide the exit code.
    let both = format!("{one},{one}/checkpoint.safetensors");
    let quick = ["--attack", "pgd:steps=2,square:queries=5", "--epsilon", "4/255", "--check"];
    let asked = ["--attack", "apgd_ce", "--json", "--out", folder_argument];
    std::fs::remove_dir_all(&out).unwrap();
    let checked = attack(&both, &[&quick[..], &asked].concat());
    let report = json(&checked.get_output().stdout);
    let mut measured: Vec<String> =
        report["attacks"].as_array().unwrap().iter().map(|a| format!("{} {}", a["attack"], a["epsilon"])).collect();
    measured.sort();
    let expected = [
        "apgd_ce 0.5",
        "apgd_ce 4/255",
        "fgsm 4/255",
        "pgd:steps=2 4/255",
        "pgd:steps=50 4/255",
        "random_noise 4/255",
        "square:queries=1000 4/255",
        "square:queries=5 4/255",
    ];
    let measured: Vec<String> = measured.iter().map(|one| one.replace('"', "")).collect();
    assert_eq!(measured, expected, "what is asked for under the same name suppresses nothing that the checks need");
    let manifest = std::fs::read_to_string(out.join("manifest.csv")).unwrap();
    assert_eq!(manifest.lines().count(), 1 + 3 * 6, "only attacks and epsilons that were asked for");
    assert!(manifest.lines().skip(1).all(|line| line.ends_with(",4/255")), "{manifest}");
    let checks = report["checks"].as_array().unwrap();
    assert_eq!(checks.len(), fauxto::attack::masking::CHECKS.len());
    let failed = checks.iter().any(|check| check["passed"] == false);
    let checked = checked.code(i32::from(failed));
    if failed {
        checked.stderr(predicate::str::contains("gradients are masked"));
    }
    assert_eq!(report["models"].as_array().unwrap().len(), 2);
    attack(one, &quick[..4]).success().stdout(
        predicate::str::contains("guessing has an accuracy of 0.5").and(predicate::str::contains("95% interval")),
    );
}

#[test]
fn a_killed_run_resumes_to_the_same_bits() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    images(&data, 40);
    let whole = folder.path().join("whole");
    train(&data, &whole).success();

    let killed = folder.path().join("killed");
    for pause in [700u64, 1100, 1500, 1900] {
        let mut process = Process::new(assert_cmd::cargo::cargo_bin("fauxto"))
            .arg("train")
            .arg(&data)
            .args(["--model", "resnet_se_small", "--resume", "--out"])
            .arg(&killed)
            .args(FAST)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(pause));
        process.kill().unwrap();
        process.wait().unwrap();
    }
    let resumed = fauxto()
        .arg("train")
        .arg(&data)
        .args(["--model", "resnet_se_small", "--resume", "--out"])
        .arg(&killed)
        .args(FAST)
        .assert();
    resumed.success();
    for file in ["checkpoint.safetensors", "history.csv", "split.json"] {
        let read = |run: &Path| std::fs::read(run.join(file)).unwrap();
        assert!(read(&whole) == read(&killed), "{file} differs");
    }
    let leftovers = std::fs::read_dir(&killed).unwrap().filter_map(Result::ok);
    let unfinished: Vec<_> =
        leftovers.filter(|entry| entry.file_name().to_string_lossy() == "state.safetensors").collect();
    assert!(unfinished.is_empty(), "{unfinished:?}");
}

#[test]
fn training_in_bf16_begins_alike_and_says_where_there_is_none() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    images(&data, 24);
    let loss = |precision: &str, level: &str| {
        let run = folder.path().join(format!("{precision}-{level}"));
        let settings = ["--set", &format!("train.precision={precision}"), "--set", "train.epochs=1"];
        let mut call = fauxto();
        call.arg("train").arg(&data).args(["--model", "resnet_se_small", "--out"]).arg(&run).args(FAST).args(settings);
        let told = call.env("FAUXTO_SIMD", level).assert().success();
        let config = std::fs::read_to_string(run.join("config.toml")).unwrap();
        assert!(config.contains(&format!("precision = \"{precision}\"")), "{config}");
        let history = std::fs::read_to_string(run.join("history.csv")).unwrap();
        let mut rows = csv::Reader::from_reader(history.as_bytes());
        let column = rows.headers().unwrap().iter().position(|name| name == "train_loss").unwrap();
        let value: f64 = rows.records().next().unwrap().unwrap()[column].parse().unwrap();
        (value, String::from_utf8(told.get_output().stderr.clone()).unwrap())
    };
    let ((single, _), (half, _)) = (loss("single", ""), loss("half", ""));
    assert!((half / single - 1.0).abs() < 0.1, "{half} {single}");
    assert_eq!(half != single, has_half(), "half precision is as if not there");
    let (_, told) = loss("half", "avx2");
    assert!(told.contains("no products in bf16"), "{told}");
}

#[test]
fn a_run_is_not_resumed_under_other_settings_or_data() {
    let folder = tempfile::tempdir().unwrap();
    let (data, run) = (folder.path().join("data"), folder.path().join("run"));
    images(&data, 16);
    train(&data, &run).success();
    std::fs::remove_file(run.join("run.json")).unwrap();
    let resume = |settings: &[&str]| {
        fauxto().arg("train").arg(&data).args(["--resume", "--out"]).arg(&run).args(settings).assert()
    };
    resume(&["--model", "resnet_se_small", "--set", "seed=4"])
        .code(2)
        .stderr(predicate::str::contains("other settings"));
    std::fs::copy(data.join("real/1.jpg"), data.join("fake/99.jpg")).unwrap();
    resume(&[]).code(1).stderr(predicate::str::contains("not the one that was split"));
}

#[test]
fn a_loss_that_is_not_finite_stops_the_run_and_names_step_and_step_size() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    images(&data, 16);
    fauxto()
        .arg("train")
        .arg(&data)
        .args(["--out"])
        .arg(folder.path().join("run"))
        .args(FAST)
        .args(["--set", "train.learning_rate=10", "--set", "train.weight_decay=10", "--set", "train.epochs=40"])
        .assert()
        .code(2)
        .stderr(predicate::str::contains("step size").and(predicate::str::contains("learning_rate")));
}

#[test]
fn bad_images_stop_training_unless_they_may_be_skipped() {
    let folder = tempfile::tempdir().unwrap();
    let (data, run) = (folder.path().join("data"), folder.path().join("run"));
    images(&data, 16);
    std::fs::write(data.join("real/torn.png"), b"\x89PNG\r\n\x1a\n").unwrap();
    std::fs::write(data.join("fake/empty.jpg"), b"").unwrap();
    train(&data, &run).code(2).stderr(
        predicate::str::contains("torn.png")
            .and(predicate::str::contains("empty.jpg"))
            .and(predicate::str::contains("--skip-bad")),
    );
    assert!(!run.exists(), "nothing half-made");
    fauxto().arg("train").arg(&data).args(["--skip-bad", "--out"]).arg(&run).args(FAST).assert().success();
}

#[test]
fn one_class_alone_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    images(&data, 8);
    std::fs::remove_dir_all(data.join("fake")).unwrap();
    train(&data, &folder.path().join("run")).code(predicate::in_iter([1, 2])).stderr(predicate::str::contains("fake"));
}

#[test]
fn data_that_give_their_labels_away_are_refused_unless_allowed() {
    let folder = tempfile::tempdir().unwrap();
    let (data, run) = (folder.path().join("data"), folder.path().join("run"));
    images(&data, 16);
    for number in 1..=16 {
        let path = data.join(format!("fake/{number}.jpg"));
        image::open(&path).unwrap().save(path.with_extension("bmp")).unwrap();
        std::fs::remove_file(path).unwrap();
    }
    train(&data, &run)
        .code(1)
        .stderr(predicate::str::contains("--allow-giveaways").and(predicate::str::contains("format")));
    fauxto().arg("audit").arg(&data).assert().code(1).stdout(predicate::str::contains("format"));
    fauxto().arg("train").arg(&data).args(["--allow-giveaways", "--out"]).arg(&run).args(FAST).assert().success();
}

#[test]
fn wrong_calls_name_what_there_is() {
    for (arguments, expected) in [
        (vec!["train", "/nonexistent"], "/nonexistent"),
        (vec!["train", ".", "--model", "resnet"], "convnext_tiny"),
        (vec!["train", ".", "--preset", "best"], "base"),
        (vec!["evaluate", "/nonexistent/run", "."], "/nonexistent/run"),
        (vec!["calibrate", "/nonexistent/run", "."], "/nonexistent/run"),
        (vec!["calibrate", "/nonexistent/run", ".", "--level", "95"], "a share above 0 and below 1"),
        (vec!["attack", "/nonexistent/run", ".", "--attack", "pgd,fgms"], "autoattack_two_class"),
        (vec!["attack", "/nonexistent/run", ".", "--epsilon", "8"], "8/255"),
        (vec!["attack", "/nonexistent/run", ".", "--epsilon", "1/0"], "8/255"),
        (vec!["attack", "/nonexistent/run", ".", "--attack", "pgd_l2", "--epsilon-l2", "1e39"], "further apart"),
        (vec!["attack", "/nonexistent/run", ".", "--attack", "pgd:steps=2:steps=3"], "`steps` twice"),
        (vec!["attack", "/nonexistent/run", "."], "/nonexistent/run"),
        (vec!["bench", "infer", "--model", "vgg"], "resnet_se"),
        (vec!["bench", "infer", "--device", "tpu"], "cpu"),
        (vec!["list", "cars"], "models"),
    ] {
        fauxto().args(&arguments).assert().code(2).stderr(predicate::str::contains(expected));
    }
}

#[test]
fn lists_completions_and_manual_come_from_the_same_definitions() {
    let listed = fauxto().args(["list", "--json"]).assert().success();
    let rows = json(&listed.get_output().stdout);
    for entry in fauxto::model::MODELS {
        assert!(rows.as_array().unwrap().iter().any(|row| row["name"] == entry.name), "{}", entry.name);
    }
    let parameters = fauxto().args(["list", "parameters", "--json"]).assert().success();
    let samples = json(&parameters.get_output().stdout);
    let samples = samples.as_array().unwrap().iter().find(|row| row["name"] == "lime.samples").unwrap();
    assert_eq!((&samples["kind"], samples["default"].as_str()), (&Value::from("parameters"), Some("1000")));
    assert!(samples["summary"].as_str().is_some_and(|summary| !summary.is_empty()));
    fauxto().args(["completions", "bash"]).assert().success().stdout(predicate::str::contains("--fail-on-fake"));
    fauxto().arg("man").assert().success().stdout(predicate::str::contains("fauxto"));
    let commands = [
        "demo",
        "audit",
        "split",
        "train",
        "pretrain",
        "derive",
        "synthesise",
        "evaluate",
        "calibrate",
        "run",
        "attack",
        "corrupt",
        "predict",
        "explain",
        "bench",
        "list",
        "completions",
        "man",
    ];
    for command in commands {
        fauxto().args([command, "--help"]).assert().success().stdout(predicate::str::contains("Example"));
    }
}

/// What a check found does not depend on who reads it.
#[cfg(target_os = "linux")]
#[test]
fn who_stops_reading_changes_no_exit_code() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("broken.png"), "text").unwrap();
    let full = || Stdio::from(std::fs::File::options().write(true).open("/dev/full").unwrap());
    let program = assert_cmd::cargo::cargo_bin("fauxto");
    for (words, code) in [(["audit", "--json"], 1), (["scan", "--json"], 2), (["list", "models"], 0)] {
        let mut command = Process::new(&program);
        command.args(words).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(full());
        if words[0] != "list" {
            command.arg(folder.path());
        }
        let mut child = command.spawn().unwrap();
        drop(child.stdout.take());
        assert_eq!(child.wait().unwrap().code(), Some(code), "{words:?}");
    }
}

/// Whether this processor multiplies in half precision.
fn has_half() -> bool {
    fauxto::model::Precision::Half.is_available_on(&fauxto::device::device("cpu").unwrap())
}

#[test]
fn bench_reports_its_contract() {
    for workload in ["train", "infer"] {
        let timed = fauxto()
            .args(["bench", workload, "--model", "resnet_se_small", "--batch", "2", "--steps", "2", "--json"])
            .args(["--precision", "half"])
            .assert()
            .success();
        let timing = json(&timed.get_output().stdout);
        let seconds = |field: &str| timing[field].as_f64().unwrap();
        assert!(seconds("minimum_seconds") <= seconds("median_seconds"));
        assert!(seconds("median_seconds") <= seconds("maximum_seconds"));
        assert_eq!((timing["workload"].as_str(), timing["batch"].as_u64()), (Some(workload), Some(2)));
        assert_eq!(timing["precision"], if has_half() { "half" } else { "single" });
        assert!(timing["threads"].is_number() && timing["device"] == "cpu");
        if cfg!(target_os = "linux") {
            assert!(timing["peak_memory_bytes"].as_u64().unwrap() > 1 << 20);
        }
    }
}

#[test]
fn bench_measures_the_machine() {
    let measured = fauxto().args(["bench", "machine", "--json"]).assert().success();
    let rates = json(&measured.get_output().stdout);
    assert!(rates["multiply_adds_per_second"].as_f64().unwrap() > 1e8);
    let reads = rates["reads"].as_array().unwrap();
    assert!(reads.len() > 1 && reads.iter().all(|read| read["bytes_per_second"].as_f64().unwrap() > 1e8));
}

/// The detector that comes with the binary, as a file.
fn shipped() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fauxto/weights/release.safetensors")
}

#[cfg(target_os = "linux")]
#[test]
fn names_of_files_are_shown_and_not_obeyed() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    images(&data, 2);
    let real = data.join("real");
    std::fs::write(real.join("broken\u{1b}[8m.png"), "text").unwrap();
    std::fs::copy(real.join("1.jpg"), real.join("again\r.jpg")).unwrap();
    std::os::unix::fs::symlink("nothing", real.join("dangling.png")).unwrap();
    let audit = fauxto().arg("audit").arg(&data).assert().code(1);
    let text = String::from_utf8(audit.get_output().stdout.clone()).unwrap();
    for part in [r"real/broken\u{1b}[8m.png: ", r"real/again\r.jpg", "real/dangling.png: ", "2 unreadable"] {
        assert!(text.contains(part), "{part} is missing in: {text}");
    }
    assert!(!text.contains(['\u{1b}', '\r']), "{text:?}");
    fauxto().args(["audit", "--skip-bad"]).arg(&data).assert().success();
}

#[test]
fn images_that_a_split_was_not_made_of_are_refused_by_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let [own, other, split] = ["own", "other", "split.json"].map(|name| folder.path().join(name));
    images(&own, 12);
    fauxto::sample::write(&other, 12, 0, 6).unwrap();
    fauxto().arg("split").arg(&own).arg("--out").arg(&split).assert().success();
    let mut call = fauxto();
    call.arg("evaluate").arg(shipped()).arg(&other).args(["--side", "validation", "--split"]).arg(&split);
    call.assert()
        .code(1)
        .stderr(predicate::str::contains("split.json").and(predicate::str::contains("changed in content")));
}

#[test]
fn times_that_no_clock_holds_are_refused() {
    for seconds in ["1e30", "-1.0", "NaN"] {
        let refused = predicate::str::contains(format!("--save-every: found {seconds}; expected seconds from 0"));
        let save_every = format!("--save-every={seconds}");
        fauxto().args(["train", ".", "--out", "nowhere", &save_every]).assert().code(2).stderr(refused);
    }
}

/// Where both go to one file, neither begins at its start.
#[cfg(target_os = "linux")]
#[test]
fn standard_output_named_as_a_file_goes_on_where_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let (data, both) = (folder.path().join("data"), folder.path().join("both.json"));
    images(&data, 1);
    let status = Process::new(assert_cmd::cargo::cargo_bin("fauxto"))
        .args(["predict", "--json", "--submission", "/dev/stdout"])
        .args([shipped(), data])
        .stdout(std::fs::File::create(&both).unwrap())
        .status()
        .unwrap();
    assert!(status.success());
    let text = std::fs::read(&both).unwrap();
    let values: Vec<Value> = serde_json::Deserializer::from_slice(&text).into_iter().map(Result::unwrap).collect();
    assert_eq!(values.iter().map(|value| value.as_array().unwrap().len()).collect::<Vec<_>>(), [2, 2]);
    assert!(values[0][0]["probability_fake"].is_number() && values[1][0]["prediction"].is_string());
}

//! `fauxto report` on the folder of a training; that of a pipeline is in `pipeline.rs`.

use assert_cmd::Command;
use predicates::prelude::*;

fn fauxto() -> Command {
    Command::cargo_bin("fauxto").unwrap()
}

#[test]
fn a_training_is_reported_with_what_its_folder_holds_and_more_with_its_data() {
    let folder = tempfile::tempdir().unwrap();
    let (data, run) = (folder.path().join("data"), folder.path().join("run"));
    fauxto::sample::write(&data, 24, 0, 5).unwrap();
    // A name that would be an element, were it not escaped.
    std::fs::rename(data.join("real/1.jpg"), data.join("real/<b>&1.jpg")).unwrap();
    let train = ["--model", "resnet_se_small", "--set", "train.epochs=1", "--set", "train.batch_size=8"];
    fauxto()
        .arg("train")
        .arg(&data)
        .args(train)
        .args(["--set", "split.test=0.5", "--out"])
        .arg(&run)
        .assert()
        .success();
    assert!(run.join("audit.json").is_file());

    let stdout = predicate::str::contains("report.html");
    fauxto().arg("report").arg(&run).assert().success().stdout(stdout);
    let html = std::fs::read_to_string(run.join("report.html")).unwrap();
    for words in [
        "the detector (resnet_se_small)",
        "images that taught it nothing but chose its epoch",
        "Not measured: this is the folder of a training.",
        "Not calibrated",
        "A training&#39;s folder does not say where its images are.",
        "batch_size = 8",
        "sharpness",
    ] {
        // Apostrophes may be escaped or not.
        assert!(html.contains(words) || html.contains(&words.replace("&#39;", "'")), "{words}");
    }
    assert_eq!(html.matches("<img").count(), 2, "curves and validation");

    let out = folder.path().join("with data.html");
    let about = ["--about", "Rendered <images>."];
    fauxto().arg("report").arg(&run).arg("--data").arg(&data).arg("--out").arg(&out).args(about).assert().success();
    let html = std::fs::read_to_string(&out).unwrap();
    for words in ["images that taught it nothing", "Most certain", "Least certain", "Rendered &lt;images&gt;."] {
        assert!(html.contains(words), "{words}");
    }
    assert!(!html.contains("chose its epoch") && !html.contains("<b>"));
    assert!(html.matches("<img class=\"pixels\"").count() >= 2 * 8, "image and map of each case");

    // A calibration is told, with what it makes of each image; numbers stay those of the detector itself.
    let accuracy = |html: &str| html.split(" rightly").next().unwrap().rsplit(' ').next().unwrap().to_owned();
    let promise = ["--level", "0.8", "--target-fpr", "0.2", "--side", "test", "--split"];
    fauxto().arg("calibrate").arg(&run).arg(&data).args(promise).arg(run.join("split.json")).assert().success();
    fauxto().arg("report").arg(&run).arg("--data").arg(&data).assert().success();
    let calibrated = std::fs::read_to_string(run.join("report.html")).unwrap();
    for words in ["Temperature", "12 real and 12 fake images", "at least 80.0% of each class", "calibrated verdict: "] {
        assert!(calibrated.contains(words), "{words}");
    }
    assert!(!calibrated.contains("Not calibrated"));
    assert_eq!(accuracy(&calibrated), accuracy(&html));

    // Other images under the same names are not the ones that were split.
    let other = folder.path().join("other");
    fauxto::sample::write(&other, 24, 0, 6).unwrap();
    let refused = fauxto().arg("report").arg(&run).arg("--data").arg(&other).assert().code(2);
    refused.stderr(predicate::str::contains("other pixels"));
}

#[test]
fn a_folder_that_holds_no_finished_run_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    fauxto()
        .arg("report")
        .arg(folder.path())
        .assert()
        .code(2)
        .stderr(predicate::str::contains("finished `fauxto run` or `fauxto train`"));
}

//! `fauxto corrupt` as a user calls it.

use std::collections::HashSet;
use std::path::Path;

use assert_cmd::Command;
use predicates::prelude::*;
use serde_json::Value;

fn corrupt(data: &Path, out: &Path, arguments: &[&str]) -> assert_cmd::assert::Assert {
    let mut command = Command::cargo_bin("fauxto").unwrap();
    command.arg("corrupt").arg(data).arg("--out").arg(out).args(arguments).assert()
}

/// A small labelled set: the built-in one.
fn images(folder: &Path, per_class: usize) {
    fauxto::sample::write(folder, per_class, 0, 5).unwrap();
}

/// The manifest's rows: file name, label, parent, its content, corruption, severity.
fn manifest(folder: &Path) -> Vec<[String; 6]> {
    let text = std::fs::read_to_string(folder.join("manifest.csv")).unwrap();
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("file_name,label,parent,parent_content_hash,corruption,severity"));
    let cells = |line: &str| line.split(',').map(str::to_owned).collect::<Vec<_>>().try_into().unwrap();
    lines.map(cells).collect()
}

#[test]
fn a_labelled_set_keeps_its_labels_and_names_its_parents() {
    let folder = tempfile::tempdir().unwrap();
    let (data, out) = (folder.path().join("data"), folder.path().join("out"));
    images(&data, 2);
    corrupt(&data, &out, &["--corruption", "snow,pixelate", "--severity", "1,5"])
        .success()
        .stdout(predicate::str::contains("16 images (4 images x 2 corruptions x 2 severities)"));
    let rows = manifest(&out);
    assert_eq!(rows.len(), 16);
    for [file, label, parent, _, corruption, severity] in &rows {
        let image = image::open(out.join(file)).unwrap();
        assert_eq!((image.width(), image.height()), (32, 32), "{file}");
        assert!(parent.starts_with(label.as_str()) && data.join(parent).is_file(), "{parent}");
        let expected = format!("{corruption}/{severity}/{}", parent.replace(".jpg", ".png"));
        assert_eq!(file, &expected);
    }
    // The reader for manifests takes it, labels and parents included.
    let dataset = fauxto::data::Dataset::open(out.join("manifest.csv"), &Default::default()).unwrap();
    assert_eq!(dataset.class_counts(), [8, 8]);
    assert!(dataset.items.iter().all(|item| item.parent.is_some()));
    // Nothing is left of the writing.
    let names: HashSet<String> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    assert_eq!(names, HashSet::from(["data".to_owned(), "out".to_owned()]));
}

#[test]
fn one_image_by_everything_with_a_figure() {
    let folder = tempfile::tempdir().unwrap();
    images(&folder.path().join("data"), 1);
    let (out, stem) = (folder.path().join("out"), folder.path().join("sheet"));
    let image = folder.path().join("data/real/1.jpg");
    let run = corrupt(&image, &out, &["--json", "--figure", stem.to_str().unwrap()]).success();
    let report: Value = serde_json::from_slice(&run.get_output().stdout).unwrap();
    assert_eq!((report["images"].as_u64(), report["files"].as_u64()), (Some(1), Some(95)));
    assert_eq!(report["severities"], serde_json::json!([1, 2, 3, 4, 5]));
    let rows = manifest(&out);
    assert_eq!(rows.len(), 95);
    assert!(rows.iter().all(|[_, label, parent, ..]| label.is_empty() && parent == "1.jpg"));
    let svg = std::fs::read_to_string(folder.path().join("sheet.svg")).unwrap();
    assert_eq!(svg.matches("<image ").count(), 19 * 6);
    for entry in fauxto::corrupt::CORRUPTIONS {
        assert!(svg.contains(&entry.name.replace('_', " ")), "{}", entry.name);
    }
    assert!(folder.path().join("sheet.png").is_file());
}

#[test]
fn the_seed_decides_and_size_resizes() {
    let folder = tempfile::tempdir().unwrap();
    images(&folder.path().join("data"), 1);
    let image = folder.path().join("data/fake/1.jpg");
    let pixels = |name: &str, arguments: &[&str]| {
        let out = folder.path().join(name);
        corrupt(&image, &out, &[&["--corruption", "gaussian_noise", "--severity", "3"], arguments].concat()).success();
        image::open(out.join("gaussian_noise/3/1.png")).unwrap().into_rgb8()
    };
    let first = pixels("first", &["--seed", "1"]);
    assert_eq!(first, pixels("again", &["--seed", "1"]));
    assert_ne!(first, pixels("other", &["--seed", "2"]));
    assert_eq!(pixels("large", &["--size", "48"]).dimensions(), (48, 48));
}

#[test]
fn broken_images_leave_nothing_unless_they_may_be_skipped() {
    let folder = tempfile::tempdir().unwrap();
    let (data, out) = (folder.path().join("data"), folder.path().join("out"));
    images(&data, 2);
    std::fs::write(data.join("real/torn.png"), b"\x89PNG\r\n\x1a\n").unwrap();
    let fog = ["--corruption", "fog", "--severity", "2"];
    corrupt(&data, &out, &fog)
        .code(2)
        .stderr(predicate::str::contains("torn.png").and(predicate::str::contains("--skip-bad")));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing half-made");
    let skipping = [&fog[..], &["--skip-bad"]].concat();
    corrupt(&data, &out, &skipping).success().stderr(predicate::str::contains("left out real/torn.png"));
    assert_eq!(manifest(&out).len(), 4);
    corrupt(&data, &out, &skipping).code(2).stderr(predicate::str::contains("expected a new folder"));
}

#[test]
fn names_that_would_meet_keep_their_extensions() {
    let folder = tempfile::tempdir().unwrap();
    let (data, out) = (folder.path().join("data"), folder.path().join("out"));
    images(&data, 1);
    image::open(data.join("real/1.jpg")).unwrap().save(data.join("real/1.bmp")).unwrap();
    corrupt(&data, &out, &["--corruption", "contrast", "--severity", "4"]).success();
    for file in ["real/1.jpg.png", "real/1.bmp.png", "fake/1.jpg.png"] {
        assert!(out.join("contrast/4").join(file).is_file(), "{file}");
    }
}

#[test]
fn wrong_calls_name_what_there_is() {
    let folder = tempfile::tempdir().unwrap();
    let (data, out) = (folder.path().join("data"), folder.path().join("out"));
    images(&data, 1);
    for (arguments, expected) in [
        (["--corruption", "rain"], "motion_blur"),
        (["--severity", "6"], "from 1 (mild) to 5"),
        (["--severity", "all,6"], "from 1 (mild) to 5"),
        (["--size", "4"], "8..=4096"),
    ] {
        corrupt(&data, &out, &arguments).code(2).stderr(predicate::str::contains(expected));
    }
    corrupt(Path::new("/nonexistent"), &out, &[]).code(2).stderr(predicate::str::contains("/nonexistent"));
    let small = folder.path().join("small.png");
    image::RgbImage::new(7, 40).save(&small).unwrap();
    corrupt(&small, &out, &[])
        .code(2)
        .stderr(predicate::str::contains("7 x 40").and(predicate::str::contains("from 8")));
    assert!(!out.exists());
}

#[test]
fn help_and_list_come_from_the_same_definitions() {
    let run = |arguments: &[&str]| Command::cargo_bin("fauxto").unwrap().args(arguments).assert().success();
    run(&["corrupt", "--help"])
        .stdout(predicate::str::contains("Examples:").and(predicate::str::contains("--severity")));
    let listed = run(&["list", "corruptions", "--json"]);
    let rows: Value = serde_json::from_slice(&listed.get_output().stdout).unwrap();
    let names: Vec<&str> = rows.as_array().unwrap().iter().filter_map(|row| row["name"].as_str()).collect();
    assert_eq!(names, fauxto::corrupt::CORRUPTIONS.iter().map(|entry| entry.name).collect::<Vec<_>>());
}

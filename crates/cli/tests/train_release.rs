//! `scripts/train-release` calls this program as it understands it, and nothing twice. Hours of training are left out: a
//! stand-in makes what each call would write.
#![cfg(unix)]

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use assert_cmd::Command;

const STAND_IN: &str = r#"#!/usr/bin/env bash
echo "$*" >> "$CALLS"
while [ $# -gt 0 ]; do if [ "$1" = --out ]; then out=$2; fi; shift; done
case "${out:-}" in
    *.safetensors | *.json) touch "$out" ;;
    ?*) mkdir -p "$out" && touch "$out/run.json" "$out/checkpoint.safetensors" ;;
esac
"#;

fn calls(folder: &Path, further: &[&str]) -> Vec<String> {
    let (program, list) = (folder.join("stand-in"), folder.join("calls"));
    std::fs::write(&program, STAND_IN).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    let _ = std::fs::remove_file(&list);
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    // What the last member begins from lies in the repository's history, which a copy without it lacks.
    std::fs::create_dir_all(folder.join("out")).unwrap();
    std::fs::write(folder.join("out/before.safetensors"), "").unwrap();
    Command::new(root.join("scripts/train-release"))
        .arg("train.parquet")
        .arg(folder.join("out"))
        .args(further)
        .env("FAUXTO", &program)
        .env("CALLS", &list)
        .current_dir(&root)
        .assert()
        .success();
    std::fs::read_to_string(list).unwrap_or_default().lines().map(str::to_owned).collect()
}

#[test]
fn every_call_is_one_the_program_takes_and_is_made_once() {
    let folder = tempfile::tempdir().unwrap();
    let first = calls(folder.path(), &["--set", "train.epochs=1"]);
    let of = |command: &str| first.iter().filter(|call| call.starts_with(command)).count();
    assert_eq!(["split", "pretrain", "train", "calibrate"].map(of), [1, 1, 6, 2]);
    for call in &first {
        // Options are read before help is given.
        Command::cargo_bin("fauxto").unwrap().args(call.split(' ')).arg("--help").assert().success();
        let words: Vec<&str> = call.split(' ').collect();
        if let Some(at) = words.iter().position(|word| *word == "--preset") {
            assert!(fauxto::config::PRESETS.iter().any(|preset| preset.name == words[at + 1]), "{call}");
        }
        let learns = ["train", "pretrain"].contains(&words[0]);
        assert_eq!(call.ends_with("--set train.epochs=1"), learns, "{call}");
    }
    let again = calls(folder.path(), &[]);
    assert!(again.is_empty(), "{again:?}");

    // A training that was cut off goes on as it began.
    std::fs::remove_file(folder.path().join("out/mixed/run.json")).unwrap();
    std::fs::write(folder.path().join("out/mixed/config.toml"), "").unwrap();
    let resumed = calls(folder.path(), &["--set", "train.epochs=1"]);
    assert!(resumed[0].starts_with("train ") && resumed[0].ends_with("/mixed --resume"), "{resumed:?}");
}

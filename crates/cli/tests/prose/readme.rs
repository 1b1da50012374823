//! The front page.

use std::fmt::Write;

use serde_json::Value;

use super::cell::{accuracy, auc, join, number, share};
use super::document::{assert_in, json, read};
use super::speed::{in_bf16, seconds};

#[test]
fn the_first_commands_are_the_two_to_set_up() {
    let readme = read("README.md");
    let block = readme.split("```").nth(1).unwrap();
    assert_eq!(block.trim().lines().collect::<Vec<_>>(), ["cargo run --release -- demo", "cargo test --workspace"]);
}

/// Where no file is there, each fails for want of it, and not for how it was called.
#[test]
fn the_commands_of_the_front_page_are_commands() {
    let nowhere = tempfile::tempdir().unwrap();
    let readme = read("README.md");
    let commands: Vec<&str> = readme.lines().filter(|line| line.starts_with("fauxto ")).collect();
    assert!(commands.len() > 15, "{}", commands.len());
    for line in commands {
        let call = line.split(['#', '>']).next().unwrap();
        let mut program = assert_cmd::Command::cargo_bin("fauxto").unwrap();
        let output = program.current_dir(nowhere.path()).args(call.split_whitespace().skip(1)).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{line}\n{said}");
        assert!(!said.contains("Usage:"), "{line}\n{said}");
    }
}

#[test]
fn checkpoints_were_loaded_by_timm() {
    let loaded = json("results/timm_load.json");
    let tolerance = loaded["tolerance"].as_f64().unwrap();
    for (name, model) in loaded["models"].as_object().unwrap() {
        assert!(model["maximum_difference"].as_f64().unwrap() <= tolerance, "{name}");
    }
}

/// What the detectors are worth, each row of what was measured of them.
#[test]
fn the_front_page_is_made_of_results() {
    let robust = |file: &str| json(file)["detectors"]["robust"].clone();
    let (fine_tuned, strongest) = (robust("results/release_robust.json"), robust("results/release_autoattack.json"));
    let [built_in, ensemble] = [json("results/release.json"), json("results/release_ensemble.json")];
    let clean = [&built_in["cifake_test"], &ensemble["cifake_test"], &fine_tuned["clean"]];

    let mut table =
        String::from("| | built-in detector | full ensemble | fine-tuned against attacks |\n|---|---|---|---|\n");
    let mut row = |name: &str, cells: [String; 3]| writeln!(table, "| {name} | {} |", join(cells)).unwrap();
    row("accuracy, % (95% interval)", clean.map(accuracy));
    row("ROC AUC", clean.map(|one| number(&one["roc_auc"], 4)));
    row("expected calibration error, %", clean.map(|one| share(&one["ece"])));
    let first_two = |cell: &dyn Fn(&Value) -> String| [cell(&built_in), cell(&ensemble), String::new()];
    row(
        "mean accuracy under 19 corruptions at 5 severities, %",
        first_two(&|one| share(&one["corrupted"]["mean_accuracy_19"])),
    );
    row(
        "accuracy under JPEG at severity 5, %",
        first_two(&|one| share(&one["corrupted"]["by_corruption"]["jpeg_compression"]["accuracy"][4])),
    );
    let attacks = [&built_in["attacked"]["attacks"], &ensemble["attacked"]["attacks"], &fine_tuned["attacked"]];
    row("accuracy under PGD-10 at 2/255, %", attacks.map(|attacks| accuracy(at(attacks, "pgd:steps=10", "2/255"))));
    let strongest = accuracy(at(&strongest["attacked"], "autoattack_two_class:half=true", "2/255"));
    row("accuracy under AutoAttack at 2/255, %", [String::new(), String::new(), strongest]);
    row("ROC AUC on seven generators never seen, mean", first_two(&|one| auc(&one["generators_dev"]["macro"])));
    assert_in("README.md", &table);
}

fn at<'a>(attacks: &'a Value, name: &str, epsilon: &str) -> &'a Value {
    let mut attacks = attacks.as_array().unwrap().iter();
    attacks.find(|one| one["attack"] == name && one["epsilon"] == epsilon).unwrap()
}

#[test]
fn the_front_page_says_how_fast_it_is() {
    let bench = json("results/bench.json");
    let mut table = String::from(
        "| | training step, batch 128 | inference, batch 128 | inference, one image |\n|---|---|---|---|\n",
    );
    for model in ["convnext_tiny", "efficientnet_b0", "resnet_se"] {
        let ratios = in_bf16(&bench, model).map(|[peer, ours]| format!("{:.1}", seconds(peer) / seconds(ours)));
        writeln!(table, "| `{model}` | {} |", join(ratios)).unwrap();
    }
    assert_in("README.md", &table);

    let scan = json("results/scan.json");
    let milliseconds = 1e3 * scan["cold_start"]["median_seconds"].as_f64().unwrap();
    assert_in("README.md", &format!("A scan of one image takes {milliseconds:.0} ms"));
    let rate = number(&scan["precisions"]["int8, products in bf16"]["images_per_second"], 0);
    assert_in("README.md", &format!("is judged at {rate} images a second"));
}

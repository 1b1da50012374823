//! The base recipe beside its twin in PyTorch; draws; versions.

use std::fmt::Write;

use serde_json::Value;

use super::cell::{accuracy, auc, join, range, range_of, share};
use super::document::{assert_in_results, json};

#[test]
fn the_table_of_results_is_made_of_results() {
    let (ours, twin) = (json("results/synergy_base.json"), json("results/pytorch_twin.json"));
    let mut table = String::from(
        "| | runs | accuracy, % | ROC AUC | PyTorch: runs | accuracy, % | ROC AUC |\n|---|---|---|---|---|---|---|\n",
    );
    for name in ["resnet_se", "convnext_tiny", "efficientnet_b0", "ensemble"] {
        let cells = |runs: &Value| {
            let runs = runs.as_array().unwrap();
            format!("{} | {} | {}", runs.len(), range_of(runs, "accuracy", 100.0, 1), range_of(runs, "roc_auc", 1.0, 3))
        };
        let twin = if name == "ensemble" { &twin["ensemble"] } else { &twin["models"][name] };
        writeln!(table, "| `{name}` | {} | {} |", cells(&ours["models"][name]["runs"]), cells(&twin["seeds"])).unwrap();
    }
    let runs = twin["fauxto_on_these_splits"]["resnet_se"].as_array().unwrap();
    let seeds: Vec<String> = runs.iter().map(|run| run["seed"].to_string()).collect();
    let sentence = format!(
        "On PyTorch's splits Fauxto's\n`resnet_se` reaches {}% and {} (seeds {};",
        range_of(runs, "accuracy", 100.0, 1),
        range_of(runs, "roc_auc", 1.0, 3),
        seeds.join(", ")
    );
    assert_in_results(&table);
    assert_in_results(&sentence);
    let small_stem = &json("results/efficientnet_b0_cifar.json")["cifake_test"];
    assert_in_results(&format!(
        "`efficientnet_b0_cifar` reaches\n{}% and {} by the same recipe",
        accuracy(small_stem),
        auc(small_stem)
    ));
}

#[test]
fn the_table_of_draws_is_made_of_results() {
    let draws = &json("results/draws.json")["models"]["efficientnet_b0"];
    let mut table = String::from("| `efficientnet_b0` | Fauxto | PyTorch | difference |\n|---|---|---|---|\n");
    for (name, metric, scale, digits) in [("accuracy, %", "accuracy", 100.0, 1), ("ROC AUC", "roc_auc", 1.0, 3)] {
        let number = |value: &Value| value.as_f64().unwrap() * scale;
        let signed = |value: &Value| format!("{:+.digits$}", number(value));
        let row = &draws[metric];
        let sides = ["fauxto", "pytorch"].map(|side| range(&row[side], scale, digits));
        let (low, high) = (signed(&row["interval"][0]), signed(&row["interval"][1]));
        writeln!(table, "| {name} | {} | {} ({low} to {high}) |", sides.join(" | "), signed(&row["difference"]))
            .unwrap();
    }
    assert_in_results(&table);
    for side in ["fauxto", "pytorch"] {
        assert_eq!(draws[side].as_array().unwrap().len(), 6);
    }
}

#[test]
fn what_calibrating_on_versions_is_worth_is_made_of_results() {
    let results = json("results/versions.json");
    let mut table = String::from(
        "| calibrated on | accuracy, % | ECE, % | mean of 19 corruptions at 5 severities, % |\n|---|---|---|---|\n",
    );
    for (name, one) in results["calibrated_on"].as_object().unwrap() {
        let cells = [&one["clean"]["accuracy"], &one["clean"]["ece"], &one["mean_accuracy_19"]].map(share);
        writeln!(table, "| {} | {} |", name.replace('_', " "), join(cells)).unwrap();
    }
    assert_in_results(&table);
}

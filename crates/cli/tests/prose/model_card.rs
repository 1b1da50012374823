//! The model card's numbers are those of `results/release.json`.

#![allow(clippy::print_stderr, reason = "a skipped test says so")]

use std::fmt::Write;
use std::path::Path;

use serde_json::Value;

use super::cell::{accuracy, auc, number, share, share_within};
use super::document::{assert_in, json};

fn whole(release: &Value) -> String {
    let test = &release["cifake_test"];
    let mut table = String::from("| on `cifake/test` | |\n|---|---|\n");
    let mut row = |name: &str, value: String| writeln!(table, "| {name} | {value} |").unwrap();
    row("images", test["n"].to_string());
    row("accuracy, % (95% interval)", accuracy(test));
    row("ROC AUC", number(&test["roc_auc"], 4));
    row("ECE, %", share(&test["ece"]));
    row("NLL, Brier", format!("{}, {}", number(&test["nll"], 3), number(&test["brier"], 3)));
    for rate in release["at_target_fpr"].as_array().unwrap() {
        let name = format!(
            "photographs called fake, % (95% interval), at a target of {}%",
            rate["target_fpr"].as_f64().unwrap() * 100.0
        );
        row(&name, share_within(&rate["false_positive_rate"], &rate["false_positive_interval"]));
        row("fakes called fake there, %", share(&rate["true_positive_rate"]));
    }
    for class in test["coverage"].as_array().unwrap() {
        let count = |field: &str| class[field].as_u64().unwrap() as f64;
        let value = format!("{:.1}", 100.0 * count("covered") / count("n"));
        row(&format!("{} for whom the three-way verdict allows the truth, %", class["label"].as_str().unwrap()), value);
    }
    table
}

fn by_subject(release: &Value) -> String {
    let mut table = String::from("| subject | images | accuracy, % (95% interval) | ROC AUC |\n|---|---|---|---|\n");
    for (name, one) in release["cifake_test"]["by_subject"].as_object().unwrap() {
        writeln!(table, "| {name} | {} | {} | {} |", one["n"], accuracy(one), auc(one)).unwrap();
    }
    table
}

fn by_generator(release: &Value) -> String {
    let mut table = String::from(
        "| generator never seen | images | ROC AUC | called fake, % (95% interval) |\n|---|---|---|---|\n",
    );
    let generators = &release["generators_dev"];
    for (name, one) in generators["generators"].as_object().unwrap() {
        let called = share_within(&one["called_fake"], &one["called_fake_interval"]);
        writeln!(table, "| {name} | {} | {} | {called} |", one["n"], auc(one)).unwrap();
    }
    let mean = &generators["macro"];
    writeln!(table, "| mean | | {} | {} |", auc(mean), share(&mean["called_fake"])).unwrap();
    table
}

fn attacked(release: &Value) -> String {
    let found = &release["attacked"];
    let mut table =
        String::from("| attack | epsilon | images | accuracy, % (95% interval; chance is 50) |\n|---|---|---|---|\n");
    for one in found["attacks"].as_array().unwrap() {
        let confusion = &one["confusion"];
        let count = |field: &str| confusion[field].as_f64().unwrap();
        let accuracy = (count("real_as_real") + count("fake_as_fake")) / one["n"].as_f64().unwrap();
        let accuracy = share_within(&accuracy.into(), &one["accuracy_interval"]);
        let (attack, epsilon) = (one["attack"].as_str().unwrap(), one["epsilon"].as_str().unwrap());
        writeln!(table, "| {attack} | {epsilon} | {} | {accuracy} |", one["n"]).unwrap();
    }
    table
}

fn corrupted(release: &Value) -> String {
    let found = &release["corrupted"];
    let mut table = format!(
        "| accuracy, %, on {} images; severity: | 1 | 2 | 3 | 4 | 5 |\n|---|---|---|---|---|---|\n",
        found["n"]
    );
    for (name, one) in found["by_corruption"].as_object().unwrap() {
        let cells: Vec<String> = one["accuracy"].as_array().unwrap().iter().map(share).collect();
        writeln!(table, "| {name} | {} |", cells.join(" | ")).unwrap();
    }
    let [fifteen, nineteen] = ["15", "19"].map(|count| share(&found[format!("mean_accuracy_{count}")]));
    writeln!(table, "| mean of the benchmark's 15: {fifteen}; of all 19: {nineteen} | | | | | |").unwrap();
    table
}

#[test]
fn the_card_is_made_of_results() {
    let release = json("results/release.json");
    for table in
        [whole(&release), by_subject(&release), by_generator(&release), corrupted(&release), attacked(&release)]
    {
        assert_in("MODEL_CARD.md", &table);
    }
}

/// Judges all reported images again, with the weights that are shipped.
#[test]
fn what_is_shipped_does_what_the_results_say() {
    let data = std::env::var("FAUXTO_DATA")
        .map_or_else(|_| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/datasets"), Into::into);
    let test = data.join("cifake/test.parquet");
    if !test.is_file() {
        eprintln!("skipped: {} is not there", test.display());
        return;
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fauxto/weights/release.safetensors");
    let output =
        assert_cmd::Command::cargo_bin("fauxto").unwrap().arg("evaluate").args([root, test]).arg("--json").output();
    let found: Value = serde_json::from_slice(&output.unwrap().stdout).unwrap();
    let release = json("results/release.json");
    let stated = &release["cifake_test"];
    assert_eq!(found["n"], stated["n"]);
    // Instruction sets round differently: a handful of the 10,001 verdicts may turn.
    for (metric, tolerance) in [("accuracy", 1e-3), ("roc_auc", 1e-4), ("ece", 1e-3), ("nll", 1e-3)] {
        let (found, stated) = (found[metric].as_f64().unwrap(), stated[metric].as_f64().unwrap());
        assert!((found - stated).abs() <= tolerance, "{metric}: {found} where {stated} is stated");
    }
}

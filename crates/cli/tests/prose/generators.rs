//! Generators never seen.

use std::fmt::Write;

use serde_json::Value;

use super::cell::{auc, join, share};
use super::document::{assert_in_results, json};

#[test]
fn the_doubt_of_a_recogniser_is_made_of_results() {
    let results = json("results/recogniser.json");
    let mut table = String::from("| doubt about the subject | images | ROC AUC |\n|---|---|---|\n");
    let dev = &results["generators_dev"];
    for (name, one) in dev["generators"].as_object().unwrap() {
        writeln!(table, "| `{name}` | {} | {} |", one["n"], auc(one)).unwrap();
    }
    writeln!(table, "| mean of the generators | | {} |", auc(&dev["macro"])).unwrap();
    writeln!(table, "| `cifake/test` | {} | {} |", results["cifake_test"]["n"], auc(&results["cifake_test"])).unwrap();
    assert_in_results(&table);
}

#[test]
fn the_table_of_generators_never_seen_is_made_of_results() {
    let results = json("results/generalisation.json");
    let detectors = results["detectors"].as_object().unwrap();
    let mut table = format!("| ROC AUC | {} |\n|---|{}\n", join(detectors.keys()), "---|".repeat(detectors.len()));
    let mut row = |name: &str, cell: &dyn Fn(&Value) -> String| {
        writeln!(table, "| {name} | {} |", join(detectors.values().map(cell))).unwrap();
    };
    row("`cifake/test`", &|detector| auc(&detector["cifake_test"]));
    let first = detectors.values().next().unwrap();
    for kind in first["made"].as_object().unwrap().keys() {
        row(&format!("made: `{kind}`"), &|detector| {
            let made = &detector["made"][kind];
            format!("{}{}", auc(made), if made["held_out"] == true { "" } else { " (learned from)" })
        });
    }
    for generator in first["generators_dev"]["generators"].as_object().unwrap().keys() {
        row(&format!("`{generator}`"), &|detector| auc(&detector["generators_dev"]["generators"][generator]));
    }
    row("mean of the generators", &|detector| auc(&detector["generators_dev"]["macro"]));
    row("photographs called fake at .5, %", &|detector| share(&detector["generators_dev"]["false_positive_rate"]));
    assert_in_results(&table);
}

//! Generators never seen.

use std::fmt::Write;

use serde_json::Value;

use super::cell::{auc, join, share};
use super::document::{assert_in_results, json};

#[test]
fn the_doubt_of_a_recogniser_is_made_of_results() {
    let results = json("results/recogniser.json");
    let networks: Vec<(&String, &Value)> = results["networks"].as_object().unwrap().iter().collect();
    let mut table = String::from("| ROC AUC of doubt about the subject | images |");
    for (name, network) in &networks {
        let named = share(&network["pretraining"]["validation_accuracy"]);
        write!(table, " `{name}`, {} epochs, names {named}% |", network["pretraining"]["epochs"]).unwrap();
    }
    table += &format!("\n|---|---|{}\n", "---|".repeat(networks.len()));
    let mut row = |name: &str, images: &str, cell: &dyn Fn(&Value) -> String| {
        writeln!(table, "| {name} | {images} | {} |", join(networks.iter().map(|(_, network)| cell(network)))).unwrap();
    };
    for (name, one) in networks[0].1["generators_dev"]["generators"].as_object().unwrap() {
        row(
            &format!("`{name}`"),
            &one["n"].to_string(),
            &|network| auc(&network["generators_dev"]["generators"][name]),
        );
    }
    row("mean of the generators", "", &|network| auc(&network["generators_dev"]["macro"]));
    let images = networks[0].1["cifake_test"]["n"].to_string();
    row("`cifake/test`", &images, &|network| auc(&network["cifake_test"]));
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

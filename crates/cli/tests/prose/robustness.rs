//! Before and after robust fine-tuning.

use std::fmt::Write;

use serde_json::Value;

use super::cell::{accuracy, join};
use super::document::{assert_in_results, json};

fn attacked(detector: &Value) -> &Vec<Value> {
    detector["attacked"].as_array().unwrap()
}

/// Detectors of `bench/measure_robustness.py`, clean and attacked.
fn before_and_after(results: &Value) -> String {
    let detectors = results["detectors"].as_object().unwrap();
    let mut table = format!("| accuracy, % | {} |\n|---|{}\n", join(detectors.keys()), "---|".repeat(detectors.len()));
    writeln!(table, "| clean | {} |", join(detectors.values().map(|detector| accuracy(&detector["clean"])))).unwrap();
    let trial = |attack: &Value| {
        let [name, epsilon] = ["attack", "epsilon"].map(|field| attack[field].as_str().unwrap().to_owned());
        format!("`{name}` {epsilon}, n = {}", attack["n"])
    };
    let mut trials = Vec::new();
    for name in detectors.values().flat_map(attacked).map(trial) {
        if !trials.contains(&name) {
            trials.push(name);
        }
    }
    for name in trials {
        let cells = detectors.values().map(|detector| {
            attacked(detector).iter().find(|attack| trial(attack) == name).map_or_else(String::new, accuracy)
        });
        writeln!(table, "| {name} | {} |", join(cells)).unwrap();
    }
    table
}

#[test]
fn the_tables_of_robustness_are_made_of_results() {
    for file in ["results/release_robust.json", "results/release_autoattack.json", "results/robustness.json"] {
        let results = json(file);
        assert_in_results(&before_and_after(&results));
    }
}

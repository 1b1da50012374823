//! Detectors of few labelled images.

use std::fmt::Write;

use super::cell::{percent, range, share};
use super::document::{assert_in_results, json};
use super::ensemble::together;

#[test]
fn the_table_of_beginnings_is_made_of_results() {
    let results = json("results/pretraining.json");
    let mut table = String::from(
        "| | subjects named, % | from scratch: accuracy, % | ROC AUC | begun from subjects: accuracy, % | ROC AUC |\n|---|---|---|---|---|---|\n",
    );
    for (name, model) in results["models"].as_object().unwrap() {
        let named = 100.0 * model["pretraining"]["validation_accuracy"].as_f64().unwrap();
        let sides = ["from_scratch", "pretrained"]
            .map(|side| format!("{} | {}", percent(&model[side]["accuracy"]), range(&model[side]["roc_auc"], 1.0, 3)));
        writeln!(table, "| `{name}` | {named:.1} | {} |", sides.join(" | ")).unwrap();
    }
    assert_in_results(&table);
}

#[test]
fn the_table_of_few_images_is_made_of_results() {
    let results = json("results/few_images.json");
    assert_in_results(&together("preset `few_images`", &results));
    let named = &json("results/recogniser.json")["networks"]["resnet_se"]["pretraining"]["validation_accuracy"];
    assert_in_results(&format!("Ten epochs of naming subjects ({}% named right)", share(named)));
}

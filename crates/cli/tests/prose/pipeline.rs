//! The original's pipeline on its own amount of data.

use std::fmt::Write;

use serde_json::Value;

use super::cell::share;
use super::document::{assert_in_results, json};

/// The three models before and after adversarial fine-tuning, and what an epoch takes beside PyTorch's.
#[test]
fn the_tables_of_the_pipeline_are_made_of_results() {
    let results = json("results/synergy_pipeline.json");
    let models = ["convnext_tiny", "efficientnet_b0", "resnet_se", "ensemble"];
    let phase = |name: &str| results["phases"][name]["judges"].clone();
    let (base, last) = (phase("base"), phase("final"));
    let number = |value: &Value| share(&value["accuracy"]);
    let attacked = |judge: &Value, epsilon: &str| {
        let attacks = judge["attacks"].as_array().unwrap();
        number(attacks.iter().find(|one| one["attack"] == "pgd:steps=50" && one["epsilon"] == epsilon).unwrap())
    };
    let corrupted = |judge: &Value| share(&judge["corruption_mean_accuracy_15_and_19"][1]);
    let mut table = String::from(
        "| before / after | clean | PGD-50 1/255 | PGD-50 2/255 | corruptions, mean of 19 x 5 |\n|---|---|---|---|---|\n",
    );
    for model in models {
        let (before, after) = (&base[model], &last[model]);
        writeln!(
            table,
            "| `{model}` | {} / {} | {} / {} | {} / {} | {} / {} |",
            number(&before["clean"]),
            number(&after["clean"]),
            attacked(before, "1/255"),
            attacked(after, "1/255"),
            attacked(before, "2/255"),
            attacked(after, "2/255"),
            corrupted(before),
            corrupted(after)
        )
        .unwrap();
    }
    assert_in_results(&table);

    let strongest = json("results/pipeline_autoattack.json");
    let measured = strongest["phases"]["final"].as_object().unwrap();
    let mut table = String::from("| AutoAttack | images | before: clean, 1/255, 2/255 | after |\n|---|---|---|---|\n");
    for model in models.into_iter().filter(|model| measured.contains_key(*model)) {
        let cell = |phase: &str| {
            let judge = &strongest["phases"][phase][model];
            ["clean", "1/255", "2/255"].map(|condition| number(&judge[condition])).join(", ")
        };
        let [before, after] = ["base", "final"].map(|phase| &strongest["phases"][phase][model]["clean"]["n"]);
        let n = if before == after { before.to_string() } else { format!("{before} / {after}") };
        writeln!(table, "| `{model}` | {n} | {} | {} |", cell("base"), cell("final")).unwrap();
    }
    assert_in_results(&table);

    let mut table = String::from("| seconds an epoch: PyTorch / Fauxto | base | fine-tuning |\n|---|---|---|\n");
    for (model, phases) in json("results/pipeline_epochs.json")["models"].as_object().unwrap() {
        let cell = |phase: &str| {
            let number = |field: &str| phases[phase][field].as_f64().unwrap();
            format!("{:.1} / {:.1} = {:.2}", number("pytorch"), number("fauxto"), number("ratio"))
        };
        writeln!(table, "| `{model}` | {} | {} |", cell("base"), cell("final")).unwrap();
    }
    assert_in_results(&table);
}

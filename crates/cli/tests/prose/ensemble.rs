//! The full ensemble, its members, and detectors beside it.

use std::fmt::Write;

use serde_json::Value;

use super::cell::{accuracy, auc, join, number, share};
use super::document::{assert_in_results, json};

/// Detectors alone and together, of `bench/measure_ensemble.py`.
pub(super) fn together(header: &str, results: &Value) -> String {
    let mut table = format!("| {header} | accuracy, % (95% interval) | ROC AUC |\n|---|---|---|\n");
    let mut row = |name: &str, test: &Value| {
        writeln!(table, "| {name} | {} | {} |", accuracy(test), auc(test)).unwrap();
    };
    for member in results["members"].as_array().unwrap() {
        row(&format!("`{}`", member["name"].as_str().unwrap()), &member["cifake_test"]);
    }
    row("together", &results["cifake_test"]);
    table
}

#[test]
fn the_tables_of_the_full_ensemble_are_made_of_results() {
    let ensemble = json("results/release_ensemble.json");
    assert_in_results(&together("full ensemble", &ensemble));
    assert_in_results(&format!(
        "calls {}% of `cifake/test` degraded",
        share(&ensemble["gate"]["called_degraded"]["share"])
    ));
    let p = ensemble["against_best"]["p"].as_f64().unwrap();
    let p = if p < 0.001 { "< .001".to_owned() } else { format!("= {}", format!("{p:.3}").trim_start_matches('0')) };
    assert_in_results(&format!("McNemar's test: p {p}"));
    let sides = [json("results/release.json"), json("results/ungated_ensemble.json"), ensemble];
    let mut table = String::from(
        "| accuracy, % | built-in detector | vote on pristine images alone | full ensemble |\n|---|---|---|---|\n",
    );
    let mut row = |name: &str, of: &dyn Fn(&Value) -> &Value| {
        writeln!(table, "| {name} | {} |", join(sides.iter().map(|side| share(of(side))))).unwrap();
    };
    row("clean", &|side| &side["cifake_test"]["accuracy"]);
    row("mean of 19 corruptions at 5 severities", &|side| &side["corrupted"]["mean_accuracy_19"]);
    for name in sides[0]["corrupted"]["by_corruption"].as_object().unwrap().keys() {
        row(&format!("`{name}`, severity 5"), &|side| &side["corrupted"]["by_corruption"][name]["accuracy"][4]);
    }
    for (place, attack) in sides[0]["attacked"]["attacks"].as_array().unwrap().iter().enumerate() {
        let [attack, epsilon] = ["attack", "epsilon"].map(|field| attack[field].as_str().unwrap());
        row(&format!("`{attack}` {epsilon}"), &|side| &side["attacked"]["attacks"][place]["accuracy"]);
    }
    assert_in_results(&table);
}

/// A deeper network that began as the built-in detector.
#[test]
fn the_table_of_a_deeper_network_is_made_of_results() {
    let results = json("results/deepened.json");
    let mut table = String::from(
        "| `resnet18_se` begun as a `resnet_se` | held out, % (95% interval) | ROC AUC | `cifake/test`, % (95% interval) | \
         ROC AUC |\n|---|---|---|---|---|\n",
    );
    for (name, judge) in [
        ("built-in detector", "began"),
        ("deepened", "deepened"),
        ("deepened, with mirror images", "mirrored"),
        ("these and the built-in detector together", "together"),
    ] {
        let cells = ["held_out", "cifake_test"].map(|side| &results["judges"][judge][side]);
        let cells = cells.map(|side| format!("{} | {}", accuracy(side), number(&side["roc_auc"], 4)));
        writeln!(table, "| {name} | {} |", join(cells)).unwrap();
    }
    assert_in_results(&table);
    let trained = &results["trained"]["deepened"];
    let minutes = trained["seconds"].as_f64().unwrap() / 60.0;
    assert_in_results(&format!("for {} epochs\n({minutes:.0} minutes on two cores", trained["epochs"]));
}

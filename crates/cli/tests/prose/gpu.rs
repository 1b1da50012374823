//! What a GPU gave.

use std::fmt::Write;

use super::document::{assert_in_results, json};

#[test]
fn what_a_gpu_gave_is_made_of_results() {
    let results = json("results/cuda.json");
    let timing = &results["timing"];
    let [batch, seconds] = [&timing["batch"], &timing["median_seconds"]].map(|number| number.as_f64().unwrap());
    let mut table = format!("| {} | |\n|---|---|\n", results["device"].as_str().unwrap());
    let mut row = |name: String, value: String| writeln!(table, "| {name} | {value} |").unwrap();
    row(
        format!("verdicts unlike the CPU's, of {} on `cifake/test`", results["n"]),
        results["verdicts_that_differ"].to_string(),
    );
    let difference = results["largest_difference"].as_f64().unwrap();
    row("largest difference of a probability".into(), format!("{difference:.4}"));
    let model = timing["model"].as_str().unwrap();
    row(format!("`{model}`, batch {batch}, images/s"), format!("{:.0}", batch / seconds));
    assert_in_results(&table);
}

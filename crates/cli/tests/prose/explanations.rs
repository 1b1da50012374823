//! What heat maps are worth.

use std::fmt::Write;

use super::document::{assert_in_results, json};

#[test]
fn the_tables_of_explanations_are_made_of_results() {
    let results = json("results/explanations.json");
    for (name, model) in results["models"].as_object().unwrap() {
        let mut table = format!(
            "| `{name}` | deletion | insertion | ROAD | redrawn weights | seconds an image |\n|---|---|---|---|---|---|\n"
        );
        for row in model["explainers"].as_array().unwrap() {
            let scores = row["scores"].as_array().unwrap().iter().map(|score| {
                let gain = &score["gain_over_random"];
                let bound = |place: usize| gain["interval"][place].as_f64().unwrap();
                match row["explainer"].as_str().unwrap() {
                    // What the others are better than.
                    "random" => format!("{:.3}", score["value"]["mean"].as_f64().unwrap()),
                    _ => format!("{:+.3} [{:+.3}, {:+.3}]", gain["mean"].as_f64().unwrap(), bound(0), bound(1)),
                }
            });
            let cells: Vec<String> = scores.collect();
            let correlation = row["randomised_correlation"]["mean"].as_f64().unwrap();
            let seconds = row["seconds_per_image"].as_f64().unwrap();
            writeln!(
                table,
                "| `{}` | {} | {correlation:.2} | {seconds:.4} |",
                row["explainer"].as_str().unwrap(),
                cells.join(" | ")
            )
            .unwrap();
        }
        assert_in_results(&table);
    }
}

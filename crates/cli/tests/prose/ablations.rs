//! The original's ablations.

use std::fmt::Write;

use super::cell::percent;
use super::document::{assert_in_results, json};

#[test]
fn the_tables_of_ablations_are_made_of_results() {
    let results = json("results/ablations.json");
    const SHOWN: [(&str, &str); 4] = [
        ("clean", "clean"),
        ("fgsm .05", "FGSM .05"),
        ("pgd:steps=10 1/255", "PGD-10 1/255"),
        ("pgd:steps=10 2/255", "PGD-10 2/255"),
    ];
    for ablation in results["ablations"].as_array().unwrap() {
        let claims = ablation["claimed"]["rows"].as_array().map_or(&[][..], Vec::as_slice);
        let claimed: Vec<(&str, &str)> =
            SHOWN.into_iter().filter(|(name, _)| claims.iter().any(|claim| claim["condition"] == *name)).collect();
        for group in ablation["groups"].as_array().unwrap() {
            let titles = SHOWN.iter().map(|(_, title)| (*title).to_owned());
            let titles: Vec<String> =
                titles.chain(claimed.iter().map(|(_, title)| format!("claimed: {title}"))).collect();
            let mut table = format!(
                "| `{}` | {} |\n|---|{}\n",
                group["group"].as_str().unwrap(),
                titles.join(" | "),
                "---|".repeat(titles.len())
            );
            for arm in group["arms"].as_array().unwrap() {
                let conditions = arm["conditions"].as_array().unwrap();
                let measured = SHOWN.iter().map(|(name, _)| {
                    percent(&conditions.iter().find(|condition| condition["condition"] == *name).unwrap()["accuracy"])
                });
                let claimed = claimed.iter().map(|(name, _)| {
                    let claim = claims.iter().find(|claim| claim["condition"] == *name && claim["arm"] == arm["arm"]);
                    claim.map_or(String::new(), |claim| format!("{:.1}", 100.0 * claim["accuracy"].as_f64().unwrap()))
                });
                let cells: Vec<String> = measured.chain(claimed).collect();
                writeln!(table, "| {} | {} |", arm["arm"].as_str().unwrap(), cells.join(" | ")).unwrap();
            }
            assert_in_results(&table);
        }
    }
}

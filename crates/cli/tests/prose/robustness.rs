//! Before and after robust fine-tuning.

use std::fmt::Write;

use figures::{RobustnessCurve, RobustnessFigure, RobustnessPanel, RobustnessPoint};
use serde_json::Value;

use super::cell::{accuracy, join};
use super::document::{assert_drawn, assert_in_results, json};

/// An attack's name without what it was given, as in `autoattack_two_class:half=true`.
fn family(name: &str) -> &str {
    name.split(':').next().unwrap()
}

/// Its epsilon in levels of 255.
fn levels(attack: &Value) -> u64 {
    attack["epsilon"].as_str().unwrap().strip_suffix("/255").unwrap().parse().unwrap()
}

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
    // Attacks in their order, variants of one together, each by rising epsilon.
    let kind = |attack: &Value| (family(attack["attack"].as_str().unwrap()).to_owned(), attack["n"].as_u64().unwrap());
    let (mut kinds, mut trials) = (Vec::new(), Vec::new());
    for attack in detectors.values().flat_map(attacked) {
        if !kinds.contains(&kind(attack)) {
            kinds.push(kind(attack));
        }
        let place = kinds.iter().position(|known| *known == kind(attack)).unwrap();
        let entry = (place, levels(attack), trial(attack));
        if !trials.contains(&entry) {
            trials.push(entry);
        }
    }
    trials.sort();
    for (_, _, name) in trials {
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
        assert_in_results(&before_and_after(&json(file)));
    }
}

/// The accuracy of one attack at every epsilon it was tried on 1,000 images, and without it.
fn curve(name: &str, attack: &str, clean: &Value, results: &[&Value]) -> RobustnessCurve {
    let point = |epsilon: f64, result: &Value| RobustnessPoint {
        epsilon,
        accuracy: result["accuracy"].as_f64().unwrap(),
        interval: [0, 1].map(|end| result["accuracy_interval"][end].as_f64().unwrap()),
    };
    let mut points: Vec<RobustnessPoint> = vec![point(0.0, clean)];
    let tried = results
        .iter()
        .flat_map(|detector| attacked(detector))
        .filter(|one| one["n"] == 1000 && family(one["attack"].as_str().unwrap()) == attack);
    points.extend(tried.map(|one| point(levels(one) as f64 / 255.0, one)));
    points.sort_by(|a, b| a.epsilon.total_cmp(&b.epsilon));
    points.dedup_by(|a, b| a.epsilon == b.epsilon);
    RobustnessCurve { name: name.into(), points }
}

#[test]
fn the_figure_of_robustness_is_drawn_of_results() {
    let [fine_tuned, strongest] = ["results/release_robust.json", "results/release_autoattack.json"].map(json);
    let panels: Vec<RobustnessPanel> =
        [("before", "before fine-tuning"), ("robust", "after an epoch on attacked images")]
            .map(|(name, heading)| {
                let both = [&fine_tuned["detectors"][name], &strongest["detectors"][name]];
                let curves = [
                    ("random noise", "random_noise"),
                    ("FGSM", "fgsm"),
                    ("PGD, 10 steps", "pgd"),
                    ("AutoAttack, two classes", "autoattack_two_class"),
                ]
                .map(|(called, attack)| curve(called, attack, &both[0]["clean"], &both));
                RobustnessPanel { heading: heading.into(), curves: curves.into() }
            })
            .into();
    let figure = RobustnessFigure {
        title: "Accuracy under attack, before and after fine-tuning",
        caption: "cifake/test, 1,000 images, clean 10,001; bars are 95% intervals",
        panels: &panels,
        chance: 0.5,
    };
    assert_drawn("results/robustness.svg", figure.draw().unwrap().svg());
}

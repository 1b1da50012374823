//! README's numbers are those of `results/`.

use std::fmt::Write;
use std::path::Path;

use serde_json::Value;

fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn json(path: &str) -> Value {
    serde_json::from_str(&read(path)).unwrap()
}

/// `mean (lowest to highest)` over the runs, or the one value there is.
fn spread(runs: &[Value], field: &str, scale: f64, digits: usize) -> String {
    let values: Vec<f64> = runs.iter().map(|run| run["test"][field].as_f64().unwrap() * scale).collect();
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let (lowest, highest) =
        values.iter().fold((f64::MAX, f64::MIN), |(low, high), &value| (low.min(value), high.max(value)));
    let several = if values.len() > 1 { format!(" ({lowest:.digits$} to {highest:.digits$})") } else { String::new() };
    format!("{mean:.digits$}{several}")
}

#[test]
fn the_table_of_results_is_made_of_results() {
    let (ours, twin) = (json("results/synergy_base.json"), json("results/pytorch_twin.json"));
    let mut table = String::from(
        "| | runs | accuracy, % | ROC AUC | PyTorch: runs | accuracy, % | ROC AUC |\n|---|---|---|---|---|---|---|\n",
    );
    for name in ["resnet_se", "convnext_tiny", "efficientnet_b0", "ensemble"] {
        let cells = |runs: &Value| {
            let runs = runs.as_array().unwrap();
            format!("{} | {} | {}", runs.len(), spread(runs, "accuracy", 100.0, 1), spread(runs, "roc_auc", 1.0, 3))
        };
        let twin = if name == "ensemble" { &twin["ensemble"] } else { &twin["models"][name] };
        writeln!(table, "| `{name}` | {} | {} |", cells(&ours["models"][name]["runs"]), cells(&twin["seeds"])).unwrap();
    }
    let same_split = &twin["same_split"]["efficientnet_b0"].as_array().unwrap();
    let sentence = format!(
        "reaches {}% and {} (seed {}, `same_split` there)",
        spread(same_split, "accuracy", 100.0, 1),
        spread(same_split, "roc_auc", 1.0, 3),
        same_split[0]["seed"]
    );
    let readme = read("README.md");
    for expected in [table, sentence] {
        assert!(readme.contains(&expected), "README.md lacks this:\n{expected}");
    }
}

#[test]
fn the_table_of_speed_is_made_of_one_run() {
    let bench = json("results/bench.json");
    let mut table = String::from(
        "| | training step, batch 128: PyTorch f32 / Fauxto | inference, batch 128: ONNX Runtime / Fauxto | inference, one image: ONNX Runtime / Fauxto |\n|---|---|---|---|\n",
    );
    let milliseconds = |side: &Value| {
        let value = side["median_seconds"].as_f64().unwrap() * 1e3;
        if value < 10.0 { format!("{value:.2}") } else { format!("{value:.0}") }
    };
    for model in ["convnext_tiny", "efficientnet_b0", "resnet_se"] {
        write!(table, "| `{model}` |").unwrap();
        for (what, batch, peer) in
            [("train", 128, "pytorch"), ("infer", 128, "onnxruntime"), ("infer", 1, "onnxruntime")]
        {
            let cases = bench["cases"].as_array().unwrap();
            let case = cases.iter().find(|c| c["model"] == model && c["what"] == what && c["batch"] == batch).unwrap();
            let peers = case["peers"].as_array().unwrap();
            let peer = peers.iter().find(|p| p["peer"] == peer && p["precision"] == "f32").unwrap();
            let ratio = peer["ratio"].as_f64().unwrap();
            write!(table, " {} / {} ms = {ratio:.2} |", milliseconds(peer), milliseconds(&case["fauxto"])).unwrap();
        }
        table.push('\n');
    }
    let readme = read("README.md");
    assert!(readme.contains(&table), "README.md lacks this table:\n{table}");
}

/// The results, if they have been made; README is silent on them until then.
fn made(path: &str, heading: &str) -> Option<Value> {
    if Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path).exists() {
        return Some(json(path));
    }
    assert!(!read("README.md").contains(heading), "README.md has `{heading}`, and there is no {path}");
    None
}

fn assert_in_readme(table: &str) {
    assert!(read("README.md").contains(table), "README.md lacks this table:\n{table}");
}

/// `87.3 (86.4 to 88.7)`, in percent.
fn percent(spread: &Value) -> String {
    let number = |field: &str| 100.0 * spread[field].as_f64().unwrap();
    let (mean, lowest, highest) = (number("mean"), number("lowest"), number("highest"));
    if lowest < highest { format!("{mean:.1} ({lowest:.1} to {highest:.1})") } else { format!("{mean:.1}") }
}

#[test]
fn the_tables_of_ablations_are_made_of_results() {
    let Some(results) = made("results/ablations.json", "## Ablations") else { return };
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
            assert_in_readme(&table);
        }
    }
}

#[test]
fn the_tables_of_explanations_are_made_of_results() {
    let Some(results) = made("results/explanations.json", "## Explanations") else { return };
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
        assert_in_readme(&table);
    }
}

#[test]
fn checkpoints_were_loaded_by_timm() {
    let loaded = json("results/timm_load.json");
    let tolerance = loaded["tolerance"].as_f64().unwrap();
    for (name, model) in loaded["models"].as_object().unwrap() {
        assert!(model["maximum_difference"].as_f64().unwrap() <= tolerance, "{name}");
    }
}

#[test]
fn the_first_commands_are_the_two_to_set_up() {
    let readme = read("README.md");
    let block = readme.split("```").nth(1).unwrap();
    assert_eq!(block.trim().lines().collect::<Vec<_>>(), ["cargo run --release -- demo", "cargo test --workspace"]);
}

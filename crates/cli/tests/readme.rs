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

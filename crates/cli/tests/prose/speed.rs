//! Times beside the peers.

use std::fmt::Write;

use serde_json::Value;

use super::cell::{join, range};
use super::document::{assert_in_results, json};

fn milliseconds(side: &Value) -> String {
    let value = 1e3 * seconds(side);
    if value < 10.0 { format!("{value:.2}") } else { format!("{value:.0}") }
}

/// Peer / Fauxto by model and case, of one run of `bench/compare.py`.
fn speed(bench: &Value) -> String {
    let mut table = String::from(
        "| | training step, batch 128: PyTorch f32 / Fauxto | inference, batch 128: ONNX Runtime / Fauxto | inference, one image: ONNX Runtime / Fauxto |\n|---|---|---|---|\n",
    );
    for model in timed(bench) {
        write!(table, "| `{model}` |").unwrap();
        for (what, batch, peer) in
            [("train", 128, "pytorch"), ("infer", 128, "onnxruntime"), ("infer", 1, "onnxruntime")]
        {
            let case = case(bench, model, what, batch);
            let peer = peer_in(case, peer, "f32");
            let ratio = peer["ratio"].as_f64().unwrap();
            write!(table, " {} / {} ms = {ratio:.2} |", milliseconds(peer), milliseconds(&case["fauxto"])).unwrap();
        }
        table.push('\n');
    }
    table
}

/// The models of a run, in its order.
fn timed(bench: &Value) -> Vec<&str> {
    let mut models: Vec<&str> =
        bench["cases"].as_array().unwrap().iter().map(|case| case["model"].as_str().unwrap()).collect();
    models.dedup();
    models
}

fn case<'a>(bench: &'a Value, model: &str, what: &str, batch: u64) -> &'a Value {
    let cases = bench["cases"].as_array().unwrap();
    cases.iter().find(|c| c["model"] == model && c["what"] == what && c["batch"] == batch).unwrap()
}

fn peer_in<'a>(case: &'a Value, peer: &str, precision: &str) -> &'a Value {
    case["peers"].as_array().unwrap().iter().find(|p| p["peer"] == peer && p["precision"] == precision).unwrap()
}

/// The median seconds of one side of a case.
pub(super) fn seconds(side: &Value) -> f64 {
    side["median_seconds"].as_f64().unwrap()
}

/// `[peer, Fauxto]` with products in bf16: training beside PyTorch, inference beside PyTorch, inference of one image beside
/// ONNX Runtime, which has none.
pub(super) fn in_bf16<'a>(bench: &'a Value, model: &str) -> [[&'a Value; 2]; 3] {
    [("train", 128, "pytorch", "bf16"), ("infer", 128, "pytorch", "bf16"), ("infer", 1, "onnxruntime", "f32")].map(
        |(what, batch, peer, precision)| {
            let case = case(bench, model, what, batch);
            [peer_in(case, peer, precision), &case["fauxto_half"]]
        },
    )
}

fn speed_in_bf16(bench: &Value) -> String {
    let mut table = String::from(
        "| bf16 | training step, batch 128: PyTorch bf16 / Fauxto | inference, batch 128: PyTorch bf16 / Fauxto | inference, one image: ONNX Runtime f32 / Fauxto |\n|---|---|---|---|\n",
    );
    for model in timed(bench) {
        let cells = in_bf16(bench, model).map(|[peer, ours]| {
            format!("{} / {} ms = {:.2}", milliseconds(peer), milliseconds(ours), seconds(peer) / seconds(ours))
        });
        writeln!(table, "| `{model}` | {} |", join(cells)).unwrap();
    }
    table
}

/// What training in bf16 gives beside training in f32.
#[test]
fn the_table_of_half_precision_is_made_of_results() {
    let models = &json("results/half_precision.json")["models"];
    let mut table = String::from("| | f32 | bf16 | difference |\n|---|---|---|---|\n");
    for (name, entry) in models.as_object().unwrap() {
        assert!(entry["half"].as_array().unwrap().len() >= 2, "{name}");
        for (metric, called, scale, digits) in [("accuracy", "accuracy, %", 100.0, 1), ("roc_auc", "ROC AUC", 1.0, 3)] {
            let row = &entry[metric];
            let signed = |value: &Value| format!("{:+.digits$}", value.as_f64().unwrap() * scale);
            let sides = ["single", "half"].map(|side| range(&row[side], scale, digits)).join(" | ");
            let (low, high) = (signed(&row["interval"][0]), signed(&row["interval"][1]));
            writeln!(table, "| `{name}`, {called} | {sides} | {} ({low} to {high}) |", signed(&row["difference"]))
                .unwrap();
        }
    }
    assert_in_results(&table);
}

#[test]
fn the_tables_of_speed_are_each_made_of_one_run() {
    for file in ["results/bench.json", "results/bench_zen4.json", "results/bench_avx2.json"] {
        assert_in_results(&speed(&json(file)));
    }
    let bench = json("results/bench_zen4.json");
    for in_bf16 in [&bench, &json("results/bench.json")] {
        assert_in_results(&speed_in_bf16(in_bf16));
    }
    assert_in_results(&speed_in_bf16(&json("results/bench_amx.json")).replacen("bf16", "bf16, AMX", 1));
    let repeated = json("results/bench_repeat.json");
    let slower = case(&repeated, "resnet_se_small", "infer", 128);
    let [peer, ours] = [peer_in(slower, "onnxruntime", "f32"), &slower["fauxto"]];
    let ratio = seconds(peer) / seconds(ours);
    assert_in_results(&format!("batch 128: {} / {} ms = {ratio:.2}.", milliseconds(peer), milliseconds(ours)));
    let gap = |what| case(&bench, "convnext_tiny", what, 128)["floor"]["gap"].as_f64().unwrap();
    let (training, inference) = (gap("train"), gap("infer"));
    assert_in_results(&format!(
        "a training step takes {training:.1} times\nthe floor (below), inference {inference:.1} times."
    ));
}

/// How far from what the machine could do at most, what takes the most time, and memory beside the peer's.
#[test]
fn the_table_of_floors_is_made_of_results() {
    let bench = json("results/bench_avx2.json");
    let mut table = String::from(
        "| | training step: times the floor | largest parts | peak memory, MB: PyTorch / Fauxto | one image: times the floor |\n|---|---|---|---|---|\n",
    );
    for model in ["convnext_tiny", "efficientnet_b0", "resnet_se"] {
        let (training, single) = (case(&bench, model, "train", 128), case(&bench, model, "infer", 1));
        let gap = |case: &Value| format!("{:.1}", case["floor"]["gap"].as_f64().unwrap());
        let parts = |case: &Value| {
            let mut shares: Vec<(&String, f64)> = case["profile"]
                .as_object()
                .unwrap()
                .iter()
                .map(|(name, share)| (name, share.as_f64().unwrap()))
                .collect();
            shares.sort_by(|a, b| b.1.total_cmp(&a.1));
            let named = shares.iter().take(3).map(|(name, share)| format!("{name} {:.0}%", 100.0 * share));
            named.collect::<Vec<_>>().join(", ")
        };
        let memory = |side: &Value| format!("{:.0}", side["peak_memory_bytes"].as_f64().unwrap() / 1e6);
        writeln!(
            table,
            "| `{model}` | {} | {} | {} / {} | {} |",
            gap(training),
            parts(training),
            memory(peer_in(training, "pytorch", "f32")),
            memory(&training["fauxto"]),
            gap(single)
        )
        .unwrap();
    }
    assert_in_results(&table);
}

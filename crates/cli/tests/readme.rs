//! README's numbers are those of `results/`.

mod prose;

use std::fmt::Write;
use std::path::Path;

use serde_json::Value;

use self::prose::{json, read};

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
    let runs = twin["fauxto_on_these_splits"]["resnet_se"].as_array().unwrap();
    let seeds: Vec<String> = runs.iter().map(|run| run["seed"].to_string()).collect();
    let sentence = format!(
        "On PyTorch's splits Fauxto's\n`resnet_se` reaches {}% and {} (seeds {};",
        spread(runs, "accuracy", 100.0, 1),
        spread(runs, "roc_auc", 1.0, 3),
        seeds.join(", ")
    );
    assert_in_readme(&table);
    assert_in_readme(&sentence);
    let small_stem = &json("results/efficientnet_b0_cifar.json")["cifake_test"];
    assert_in_readme(&format!(
        "`efficientnet_b0_cifar` reaches\n{}% and {} by the same recipe",
        proportion(small_stem),
        auc(small_stem)
    ));
}

#[test]
fn the_table_of_draws_is_made_of_results() {
    let draws = &json("results/draws.json")["models"]["efficientnet_b0"];
    let mut table = String::from("| `efficientnet_b0` | Fauxto | PyTorch | difference |\n|---|---|---|---|\n");
    for (name, metric, scale, digits) in [("accuracy, %", "accuracy", 100.0, 1), ("ROC AUC", "roc_auc", 1.0, 3)] {
        let number = |value: &Value| value.as_f64().unwrap() * scale;
        let signed = |value: &Value| format!("{:+.digits$}", number(value));
        let row = &draws[metric];
        let sides = ["fauxto", "pytorch"].map(|side| range(&row[side], scale, digits));
        let (low, high) = (signed(&row["interval"][0]), signed(&row["interval"][1]));
        writeln!(table, "| {name} | {} | {} ({low} to {high}) |", sides.join(" | "), signed(&row["difference"]))
            .unwrap();
    }
    assert_in_readme(&table);
    for side in ["fauxto", "pytorch"] {
        assert_eq!(draws[side].as_array().unwrap().len(), 6);
    }
}

fn milliseconds(side: &Value) -> String {
    let value = side["median_seconds"].as_f64().unwrap() * 1e3;
    if value < 10.0 { format!("{value:.2}") } else { format!("{value:.0}") }
}

/// Peer / Fauxto by model and case, of one run of `bench/compare.py`.
fn speed(bench: &Value) -> String {
    let mut table = String::from(
        "| | training step, batch 128: PyTorch f32 / Fauxto | inference, batch 128: ONNX Runtime / Fauxto | inference, one image: ONNX Runtime / Fauxto |\n|---|---|---|---|\n",
    );
    for model in ["convnext_tiny", "efficientnet_b0", "resnet_se"] {
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

fn case<'a>(bench: &'a Value, model: &str, what: &str, batch: u64) -> &'a Value {
    let cases = bench["cases"].as_array().unwrap();
    cases.iter().find(|c| c["model"] == model && c["what"] == what && c["batch"] == batch).unwrap()
}

fn peer_in<'a>(case: &'a Value, peer: &str, precision: &str) -> &'a Value {
    case["peers"].as_array().unwrap().iter().find(|p| p["peer"] == peer && p["precision"] == precision).unwrap()
}

/// The same with products in bf16, beside PyTorch's in bf16 and ONNX Runtime, which has none.
fn speed_in_bf16(bench: &Value) -> String {
    let mut table = String::from(
        "| bf16 | training step, batch 128: PyTorch bf16 / Fauxto | inference, batch 128: PyTorch bf16 / Fauxto | inference, one image: ONNX Runtime f32 / Fauxto |\n|---|---|---|---|\n",
    );
    for model in ["convnext_tiny", "efficientnet_b0", "resnet_se"] {
        write!(table, "| `{model}` |").unwrap();
        for (what, batch, peer, precision) in
            [("train", 128, "pytorch", "bf16"), ("infer", 128, "pytorch", "bf16"), ("infer", 1, "onnxruntime", "f32")]
        {
            let case = case(bench, model, what, batch);
            let (peer, ours) = (peer_in(case, peer, precision), &case["fauxto_half"]);
            let ratio = peer["median_seconds"].as_f64().unwrap() / ours["median_seconds"].as_f64().unwrap();
            write!(table, " {} / {} ms = {ratio:.2} |", milliseconds(peer), milliseconds(ours)).unwrap();
        }
        table.push('\n');
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
    assert_in_readme(&table);
}

#[test]
fn the_tables_of_speed_are_each_made_of_one_run() {
    for file in ["results/bench.json", "results/bench_zen4.json", "results/bench_avx2.json"] {
        assert_in_readme(&speed(&json(file)));
    }
    let bench = json("results/bench_zen4.json");
    assert_in_readme(&speed_in_bf16(&bench));
    assert_in_readme(&speed_in_bf16(&json("results/bench_amx.json")).replacen("bf16", "bf16, AMX", 1));
    let gap = |what| case(&bench, "convnext_tiny", what, 128)["floor"]["gap"].as_f64().unwrap();
    let (training, inference) = (gap("train"), gap("infer"));
    assert_in_readme(&format!(
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
    assert_in_readme(&table);
}

/// The three models before and after adversarial fine-tuning, and what an epoch takes beside PyTorch's.
#[test]
fn the_tables_of_the_pipeline_are_made_of_results() {
    let Some(results) = made("results/synergy_pipeline.json", "## The original's pipeline") else { return };
    let models = ["convnext_tiny", "efficientnet_b0", "resnet_se", "ensemble"];
    let phase = |name: &str| results["phases"][name]["judges"].clone();
    let (base, last) = (phase("base"), phase("final"));
    let number = |value: &Value| format!("{:.1}", 100.0 * value["accuracy"].as_f64().unwrap());
    let attacked = |judge: &Value, epsilon: &str| {
        let attacks = judge["attacks"].as_array().unwrap();
        number(attacks.iter().find(|one| one["attack"] == "pgd:steps=50" && one["epsilon"] == epsilon).unwrap())
    };
    let corrupted =
        |judge: &Value| format!("{:.1}", 100.0 * judge["corruption_mean_accuracy_15_and_19"][1].as_f64().unwrap());
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
    assert_in_readme(&table);

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
    assert_in_readme(&table);

    let mut table = String::from("| seconds an epoch: PyTorch / Fauxto | base | fine-tuning |\n|---|---|---|\n");
    for (model, phases) in json("results/pipeline_epochs.json")["models"].as_object().unwrap() {
        let cell = |phase: &str| {
            let number = |field: &str| phases[phase][field].as_f64().unwrap();
            format!("{:.1} / {:.1} = {:.2}", number("pytorch"), number("fauxto"), number("ratio"))
        };
        writeln!(table, "| `{model}` | {} | {} |", cell("base"), cell("final")).unwrap();
    }
    assert_in_readme(&table);
}

/// The results, if they have been made; README is silent on them until then.
fn made(path: &str, heading: &str) -> Option<Value> {
    if Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path).exists() {
        return Some(json(path));
    }
    assert!(!read("README.md").contains(heading), "README.md has `{heading}`, and there is no {path}");
    None
}

#[track_caller]
fn assert_in_readme(text: &str) {
    prose::assert_in("README.md", text);
}

/// `87.3 (86.4 to 88.7)`, in percent.
fn percent(spread: &Value) -> String {
    range(spread, 100.0, 1)
}

/// A mean and, where there is more than one value, from which to which they go; times `scale`.
fn range(spread: &Value, scale: f64, digits: usize) -> String {
    let [mean, lowest, highest] = ["mean", "lowest", "highest"].map(|field| scale * spread[field].as_f64().unwrap());
    let from_to = if lowest < highest { format!(" ({lowest:.digits$} to {highest:.digits$})") } else { String::new() };
    format!("{mean:.digits$}{from_to}")
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

/// Accuracy and interval as `95.6 (95.2 to 96.0)`, in percent.
fn proportion(result: &Value) -> String {
    let number = |value: &Value| 100.0 * value.as_f64().unwrap();
    let interval = &result["accuracy_interval"];
    format!("{:.1} ({:.1} to {:.1})", number(&result["accuracy"]), number(&interval[0]), number(&interval[1]))
}

#[test]
fn the_table_of_beginnings_is_made_of_results() {
    let Some(results) = made("results/pretraining.json", "## Few images") else { return };
    let mut table = String::from(
        "| | subjects named, % | from scratch: accuracy, % | ROC AUC | begun from subjects: accuracy, % | ROC AUC |\n|---|---|---|---|---|---|\n",
    );
    for (name, model) in results["models"].as_object().unwrap() {
        let named = 100.0 * model["pretraining"]["validation_accuracy"].as_f64().unwrap();
        let sides = ["from_scratch", "pretrained"]
            .map(|side| format!("{} | {}", percent(&model[side]["accuracy"]), range(&model[side]["roc_auc"], 1.0, 3)));
        writeln!(table, "| `{name}` | {named:.1} | {} |", sides.join(" | ")).unwrap();
    }
    assert_in_readme(&table);
}

/// Detectors alone and together, of `bench/measure_ensemble.py`.
fn together(header: &str, results: &Value) -> String {
    let mut table = format!("| {header} | accuracy, % (95% interval) | ROC AUC |\n|---|---|---|\n");
    let mut row = |name: &str, test: &Value| {
        writeln!(table, "| {name} | {} | {} |", proportion(test), auc(test)).unwrap();
    };
    for member in results["members"].as_array().unwrap() {
        row(&format!("`{}`", member["name"].as_str().unwrap()), &member["cifake_test"]);
    }
    row("together", &results["cifake_test"]);
    table
}

fn auc(value: &Value) -> String {
    format!("{:.3}", value["roc_auc"].as_f64().unwrap())
}

#[test]
fn the_table_of_few_images_is_made_of_results() {
    let Some(results) = made("results/few_images.json", "## Few images") else { return };
    assert_in_readme(&together("preset `few_images`", &results));
    let named = &json("results/recogniser.json")["pretraining"]["validation_accuracy"];
    assert_in_readme(&format!("Ten epochs of naming subjects ({}% named right)", shown(named)));
}

#[test]
fn the_tables_of_the_full_ensemble_are_made_of_results() {
    let Some(ensemble) = made("results/release_ensemble.json", "## Full ensemble") else { return };
    assert_in_readme(&together("full ensemble", &ensemble));
    assert_in_readme(&format!(
        "calls {}% of `cifake/test` degraded",
        shown(&ensemble["gate"]["called_degraded"]["share"])
    ));
    let p = ensemble["against_best"]["p"].as_f64().unwrap();
    let p = if p < 0.001 { "< .001".to_owned() } else { format!("= {}", format!("{p:.3}").trim_start_matches('0')) };
    assert_in_readme(&format!("McNemar's test: p {p}"));
    let sides = [json("results/release.json"), json("results/ungated_ensemble.json"), ensemble];
    let mut table = String::from(
        "| accuracy, % | built-in detector | vote on pristine images alone | full ensemble |\n|---|---|---|---|\n",
    );
    let mut row = |name: &str, of: &dyn Fn(&Value) -> &Value| {
        writeln!(table, "| {name} | {} |", join(sides.iter().map(|side| shown(of(side))))).unwrap();
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
    assert_in_readme(&table);
}

#[test]
fn what_calibrating_on_versions_is_worth_is_made_of_results() {
    let Some(results) = made("results/versions.json", "## Results") else { return };
    let mut table = String::from(
        "| calibrated on | accuracy, % | ECE, % | mean of 19 corruptions at 5 severities, % |\n|---|---|---|---|\n",
    );
    for (name, one) in results["calibrated_on"].as_object().unwrap() {
        let cells = [&one["clean"]["accuracy"], &one["clean"]["ece"], &one["mean_accuracy_19"]].map(shown);
        writeln!(table, "| {} | {} |", name.replace('_', " "), join(cells)).unwrap();
    }
    assert_in_readme(&table);
}

/// A share in percent.
fn shown(share: &Value) -> String {
    format!("{:.1}", 100.0 * share.as_f64().unwrap())
}

#[test]
fn the_doubt_of_a_recogniser_is_made_of_results() {
    let Some(results) = made("results/recogniser.json", "## Generators never seen") else { return };
    let mut table = String::from("| doubt about the subject | images | ROC AUC |\n|---|---|---|\n");
    let dev = &results["generators_dev"];
    for (name, one) in dev["generators"].as_object().unwrap() {
        writeln!(table, "| `{name}` | {} | {} |", one["n"], auc(one)).unwrap();
    }
    writeln!(table, "| mean of the generators | | {} |", auc(&dev["macro"])).unwrap();
    writeln!(table, "| `cifake/test` | {} | {} |", results["cifake_test"]["n"], auc(&results["cifake_test"])).unwrap();
    assert_in_readme(&table);
}

#[test]
fn the_table_of_generators_never_seen_is_made_of_results() {
    let Some(results) = made("results/generalisation.json", "## Generators never seen") else { return };
    let detectors = results["detectors"].as_object().unwrap();
    let mut table = format!("| ROC AUC | {} |\n|---|{}\n", join(detectors.keys()), "---|".repeat(detectors.len()));
    let mut row = |name: &str, cell: &dyn Fn(&Value) -> String| {
        writeln!(table, "| {name} | {} |", join(detectors.values().map(cell))).unwrap();
    };
    row("`cifake/test`", &|detector| auc(&detector["cifake_test"]));
    let first = detectors.values().next().unwrap();
    for kind in first["made"].as_object().unwrap().keys() {
        row(&format!("made: `{kind}`"), &|detector| {
            let made = &detector["made"][kind];
            format!("{}{}", auc(made), if made["held_out"] == true { "" } else { " (learned from)" })
        });
    }
    for generator in first["generators_dev"]["generators"].as_object().unwrap().keys() {
        row(&format!("`{generator}`"), &|detector| auc(&detector["generators_dev"]["generators"][generator]));
    }
    row("mean of the generators", &|detector| auc(&detector["generators_dev"]["macro"]));
    row("photographs called fake at .5, %", &|detector| shown(&detector["generators_dev"]["false_positive_rate"]));
    assert_in_readme(&table);
}

fn join(cells: impl IntoIterator<Item = impl AsRef<str>>) -> String {
    cells.into_iter().map(|cell| cell.as_ref().to_owned()).collect::<Vec<_>>().join(" | ")
}

#[test]
fn the_tables_of_robustness_are_made_of_results() {
    for file in ["results/release_robust.json", "results/release_autoattack.json", "results/robustness.json"] {
        let Some(results) = made(file, "## Robustness") else { return };
        assert_in_readme(&before_and_after(&results));
    }
}

fn attacked(detector: &Value) -> &Vec<Value> {
    detector["attacked"].as_array().unwrap()
}

/// Detectors of `bench/measure_robustness.py`, clean and attacked.
fn before_and_after(results: &Value) -> String {
    let detectors = results["detectors"].as_object().unwrap();
    let mut table = format!("| accuracy, % | {} |\n|---|{}\n", join(detectors.keys()), "---|".repeat(detectors.len()));
    writeln!(table, "| clean | {} |", join(detectors.values().map(|detector| proportion(&detector["clean"])))).unwrap();
    let trial = |attack: &Value| {
        let [name, epsilon] = ["attack", "epsilon"].map(|field| attack[field].as_str().unwrap().to_owned());
        format!("`{name}` {epsilon}, n = {}", attack["n"])
    };
    let mut trials = Vec::new();
    for name in detectors.values().flat_map(attacked).map(trial) {
        if !trials.contains(&name) {
            trials.push(name);
        }
    }
    for name in trials {
        let cells = detectors.values().map(|detector| {
            attacked(detector).iter().find(|attack| trial(attack) == name).map_or_else(String::new, proportion)
        });
        writeln!(table, "| {name} | {} |", join(cells)).unwrap();
    }
    table
}

#[test]
fn what_a_gpu_gave_is_made_of_results() {
    let Some(results) = made("results/cuda.json", "## On a GPU") else { return };
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
    assert_in_readme(&table);
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

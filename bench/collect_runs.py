"""Collects runs of `fauxto train` and their evaluations into one JSON of results.

    python bench/collect_runs.py RUNS results/synergy_base.json

RUNS holds a folder MODEL-SEED for each run, with `run.json` (written by `fauxto train`) and `test.json` (`fauxto
evaluate MODEL-SEED cifake/test.parquet --json`), and `ensemble-SEED.json` (the three together) beside them.
"""

import json
import sys
from pathlib import Path

from interval import spread

FIELDS = ["n", "accuracy", "accuracy_interval", "roc_auc", "balanced_accuracy", "eer", "nll", "ece"]


def test(path: Path) -> dict:
    report = json.loads(path.read_text())
    return {field: report[field] for field in FIELDS}


def main() -> None:
    folder, out = Path(sys.argv[1]), Path(sys.argv[2])
    models: dict[str, list[dict]] = {}
    for summary in sorted(folder.glob("*-*/run.json")):
        run = json.loads(summary.read_text())
        report = summary.with_name("test.json")
        if not report.exists():
            continue
        kept = {key: run[key] for key in ["seed", "commit", "data_hash", "n_train", "n_validation", "epochs", "best_epoch"]}
        validation = {key: run["validation"][key] for key in ["n", "accuracy", "roc_auc"]}
        models.setdefault(run["model"], []).append(kept | {"validation": validation, "test": test(report)})
    for path in sorted(folder.glob("ensemble-*.json")):
        if path.stat().st_size:
            seed = int(path.stem.split("-")[1])
            models.setdefault("ensemble", []).append({"seed": seed, "test": test(path)})
    result = {
        "what": "the base recipe from scratch on 2,000 images, tested on held-out images of the same source",
        "preset": "base",
        "training_data": "synergy: 1,000 + 1,000 images of CIFAKE",
        "test_data": "cifake/test.parquet: held-out part of CIFAKE's published training images",
        "ensemble": "probabilities of resnet_se, convnext_tiny, efficientnet_b0, weighted by validation accuracy",
        "models": {
            name: {field: spread([run["test"][field] for run in runs]) for field in ["accuracy", "roc_auc"]} | {"runs": runs}
            for name, runs in models.items()
        },
    }
    out.write_text(json.dumps(result, indent=1) + "\n")


main()

"""Gathers the runs of train.py, and the ensemble of each seed, into one file.

    python collect.py RUNS ../../results/pytorch_twin.json

Runs on the split of Fauxto's runs (`train.py --split`) go under `same_split`, beside what the file already holds.
The other way round, runs of `fauxto train` on the splits that train.py drew (`split.py`) go under `fauxto_on_these_splits`:

    python collect.py --fauxto RUNS ../../results/pytorch_twin.json

where RUNS holds MODEL-SEED/run.json and MODEL-SEED/test.json (`fauxto evaluate ... --json`).

The ensemble is the mean of the probabilities of "fake", weighted by each model's validation accuracy. A seed's models
share one split, so the weights rest on the same 400 images.
"""

import json
import re
import sys
from pathlib import Path

import numpy as np

from machine import machine
from train import RECIPE, scores

ENSEMBLE = ["convnext_tiny", "efficientnet_b0", "resnet_se"]


def mean(entries: list[dict]) -> dict:
    keys = ("accuracy", "roc_auc")
    return {key: float(np.mean([entry[key] for entry in entries])) for key in keys}


def ensemble(runs: Path, seed: int, members: dict[str, dict]) -> dict:
    arrays = {name: np.load(runs / f"{name}-{seed}.npz") for name in ENSEMBLE}
    labels = arrays[ENSEMBLE[0]]["test_labels"]
    assert all(np.array_equal(array["test_labels"], labels) for array in arrays.values())
    weights = np.array([members[name]["validation"]["accuracy"] for name in ENSEMBLE])
    weights /= weights.sum()
    fake = sum(weight * arrays[name]["test_fake"] for name, weight in zip(ENSEMBLE, weights))
    return {"seed": seed, "weights": dict(zip(ENSEMBLE, weights.tolist())), "test": scores(fake, labels)}


def of_fauxto(runs: Path, out: Path) -> None:
    found: dict[str, list[dict]] = {}
    for file in sorted(runs.glob("*-*/test.json")):
        run, test = json.loads(file.with_name("run.json").read_text()), json.loads(file.read_text())
        kept = {key: run[key] for key in ("seed", "commit", "epochs", "best_epoch")}
        short = ("n", "accuracy", "accuracy_interval", "roc_auc")
        kept["validation"] = {key: run["validation"][key] for key in short}
        found.setdefault(run["model"], []).append(kept | {"test": {key: test[key] for key in short}})
    result = json.loads(out.read_text())
    result["fauxto_on_these_splits"] = found
    out.write_text(json.dumps(result, indent=1) + "\n")


def main(runs: Path, out: Path) -> None:
    found: dict[str, dict[int, dict]] = {}
    for file in sorted(runs.glob("*.json")):
        name, seed = re.fullmatch(r"(\w+)-(\d+)", file.stem).groups()
        found.setdefault(name, {})[int(seed)] = json.loads(file.read_text())
    if not found:
        sys.exit(f"{runs}: no MODEL-SEED.json there; run train.py first")
    some = next(iter(next(iter(found.values())).values()))
    if len({run["split"] for seeds in found.values() for run in seeds.values()}) > 1:
        sys.exit(f"{runs}: runs on splits of their own beside runs on Fauxto's; collect them from two folders")
    kept = ("seed", "epochs", "best_epoch", "bf16_autocast", "validation", "test", "threads")
    if some["split"] != "drawn by the seed":
        result = json.loads(out.read_text())
        result["same_split"] = {
            name: [{key: run[key] for key in kept} for _, run in sorted(seeds.items())]
            for name, seeds in sorted(found.items())
        }
        out.write_text(json.dumps(result, indent=1) + "\n")
        return
    result = {
        "what": "Fauxto's base recipe in PyTorch (bench/peers/train.py): trained on 1,600 of the synergy setting's 2,000 "
        "images, stopped on the other 400, reported on cifake/test.parquet (cut from CIFAKE's published training part)",
        "recipe": RECIPE | {key: some[key] for key in ("most_epochs", "patience")},
        "versions": some["versions"],
        "machine": machine(),
        "test_n": some["test"]["n"],
        "models": {},
    }
    for name, seeds in sorted(found.items()):
        # Not the seconds: runs may share the machine; time_peers.py measures times.
        entries = [{key: run[key] for key in kept} for _, run in sorted(seeds.items())]
        result["models"][name] = {
            "parameters": next(iter(seeds.values()))["parameters"],
            "test_mean": mean([entry["test"] for entry in entries]),
            "seeds": entries,
        }
    complete = sorted(set.intersection(*(set(found.get(name, {})) for name in ENSEMBLE)))
    if complete:
        entries = [ensemble(runs, seed, {name: found[name][seed] for name in ENSEMBLE}) for seed in complete]
        result["ensemble"] = {
            "members": ENSEMBLE,
            "test_mean": mean([entry["test"] for entry in entries]),
            "seeds": entries,
        }
    out.write_text(json.dumps(result, indent=1) + "\n")
    for name, entry in [*result["models"].items(), *([("ensemble", result["ensemble"])] if complete else [])]:
        each = ", ".join(f"{seed['test']['accuracy']:.4f}" for seed in entry["seeds"])
        print(f"{name:18} accuracy {entry['test_mean']['accuracy']:.4f} ({each}) AUC {entry['test_mean']['roc_auc']:.4f}")


if __name__ == "__main__":
    if sys.argv[1] == "--fauxto":
        of_fauxto(Path(sys.argv[2]), Path(sys.argv[3]))
    else:
        main(Path(sys.argv[1]), Path(sys.argv[2]))

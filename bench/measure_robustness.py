"""What adversarial fine-tuning costs and gives: results/robustness.json.

    python bench/measure_robustness.py --data ../shared/datasets/cifake/test.parquet NAME=DETECTOR ... [--attacked 512] \\
        [--strong 64] [--out results/release_robust.json]

Each DETECTOR is a run folder or a checkpoint, the first the one that the others were fine-tuned from. All are measured
on the same images: clean on all of them, under each attack on the same drawn ones, under a stronger one (by default the
two-class AutoAttack) on fewer, with McNemar's test of every detector's clean verdicts against the first's. Chance is
one half. Needs safetensors and scipy.
"""

import argparse
import csv
import json
import tempfile
import tomllib
from pathlib import Path

from safetensors import safe_open
from scipy.stats import binomtest

from interval import wilson
from measure_release import chosen, git, say

KEPT = ("attack", "norm", "epsilon", "n", "accuracy", "accuracy_interval", "roc_auc")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("detectors", nargs="+", metavar="NAME=DETECTOR")
    parser.add_argument("--fauxto", type=Path, default=Path("target/release/fauxto"))
    parser.add_argument("--data", type=Path, default=Path("../shared/datasets/cifake/test.parquet"))
    parser.add_argument("--attacked", type=int, default=512, help="images under --attack; 0: none")
    parser.add_argument("--attack", default="fgsm,pgd:steps=50")
    parser.add_argument("--epsilon", default="1/255,2/255,4/255,8/255")
    parser.add_argument("--strong", type=int, default=0, help="images under the stronger attack; 0: none")
    parser.add_argument("--strong-attack", default="autoattack_two_class")
    parser.add_argument("--strong-epsilon", default="2/255")
    parser.add_argument("--report", action="append", default=[], metavar="NAME=FILE[,FILE...]=DEVICE",
                        help="take NAME's further attacks from what `fauxto attack --json` printed on DEVICE, in one "
                             "file or in one for each part of the images")
    parser.add_argument("--out", type=Path, default=Path("results/robustness.json"))
    arguments = parser.parse_args()
    result = {"what": "detectors before and after adversarial fine-tuning, clean and attacked", "commit": git(),
              "data": "/".join(arguments.data.parts[-2:]), "detectors": {}}
    first = None
    with tempfile.TemporaryDirectory() as folder:
        scores = Path(folder) / "scores.csv"
        for entry in arguments.detectors:
            name, detector = entry.split("=", 1)
            clean = say(arguments.fauxto, "evaluate", detector, arguments.data, "--scores", scores)
            right = verdicts(scores)
            first = first or right
            result["detectors"][name] = {
                "trained": training(Path(detector)),
                **recipe(Path(detector)),
                "clean": chosen(clean),
                "against_first": mcnemar(first, right),
                "attacked": attacked(arguments, detector) + reported(arguments, name),
            }
            print(name, clean["accuracy"], flush=True)
    arguments.out.write_text(json.dumps(result, indent=1) + "\n")


def training(detector: Path) -> dict:
    """How it came about: what the run says of itself, or, more briefly, the checkpoint."""
    if detector.is_dir():
        summary = json.loads((detector / "run.json").read_text())
        return {key: summary[key] for key in ("model", "seed", "commit", "n_train", "epochs", "seconds")}
    with safe_open(detector, framework="numpy") as file:
        metadata = file.metadata()
    provenance = json.loads(metadata["provenance"])
    return {"model": metadata["model"]} | {key: provenance[key] for key in ("seed", "commit", "epoch")}


def recipe(detector: Path) -> dict:
    if not detector.is_dir():
        return {}
    train = tomllib.loads((detector / "config.toml").read_text())["train"]
    return {"adversarial": train.get("adversarial"), "learning_rate": train["learning_rate"]}


def attacked(arguments: argparse.Namespace, detector: str) -> list[dict]:
    rounds = [(arguments.attacked, arguments.attack, arguments.epsilon),
              (arguments.strong, arguments.strong_attack, arguments.strong_epsilon)]
    return [
        {key: attack[key] for key in KEPT}
        for images, attacks, epsilons in rounds if images
        for attack in say(arguments.fauxto, "attack", detector, arguments.data, "--limit", images,
                          "--attack", attacks, "--epsilon", epsilons)["attacks"]
    ]


def reported(arguments: argparse.Namespace, name: str) -> list[dict]:
    """The attacks of reports made elsewhere, with the device that made them."""
    mine = [rest for owner, rest in (report.split("=", 1) for report in arguments.report) if owner == name]
    return [
        together(parts) | {"device": device}
        for files, device in (rest.rsplit("=", 1) for rest in mine)
        for parts in zip(*(json.loads(Path(file).read_text())["attacks"] for file in files.split(",")), strict=True)
    ]


def together(parts: tuple[dict, ...]) -> dict:
    """One attack on several parts of the images; how well all are ranked is not known from the parts."""
    if len(parts) == 1:
        return {key: parts[0][key] for key in KEPT}
    first = parts[0]
    same = ("attack", "norm", "epsilon")
    assert all(part[key] == first[key] for part in parts for key in same), "parts of one attack"
    n = sum(part["n"] for part in parts)
    right = sum(round(part["n"] * part["accuracy"]) for part in parts)
    return {key: first[key] for key in same} | {"n": n, "accuracy": right / n, "accuracy_interval": wilson(right, n)}


def verdicts(scores: Path) -> dict[str, bool]:
    rows = csv.DictReader(scores.open())
    return {row["path"]: (float(row["probability_fake"]) >= 0.5) == (row["label"] == "fake") for row in rows}


def mcnemar(first: dict[str, bool], second: dict[str, bool]) -> dict:
    """The exact test: images that only one of the two judged rightly."""
    lost = sum(first[path] and not second[path] for path in first)
    gained = sum(second[path] and not first[path] for path in first)
    n = lost + gained
    p = float(binomtest(lost, n).pvalue) if n else 1.0
    return {"only_first_right": lost, "only_this_right": gained, "p": p}


if __name__ == "__main__":
    main()

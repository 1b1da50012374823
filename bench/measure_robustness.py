"""What adversarial fine-tuning costs and gives: results/robustness.json.

    python bench/measure_robustness.py --data ../shared/datasets/cifake/test.parquet NAME=RUN ... [--attacked 512] \\
        [--strong 64]

Each NAME=RUN is a detector, the first the one that the others were fine-tuned from. All are measured on the same images:
clean on all of them, under each attack on the same drawn ones, under the two-class AutoAttack on fewer, with McNemar's test
of every detector's clean verdicts against the first's. Chance is one half. Needs scipy.
"""

import argparse
import csv
import json
import tempfile
import tomllib
from pathlib import Path

from scipy.stats import binomtest

from measure_release import chosen, git, say


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("detectors", nargs="+", metavar="NAME=RUN")
    parser.add_argument("--fauxto", type=Path, default=Path("target/release/fauxto"))
    parser.add_argument("--data", type=Path, default=Path("../shared/datasets/cifake/test.parquet"))
    parser.add_argument("--attacked", type=int, default=512)
    parser.add_argument("--attack", default="fgsm,pgd:steps=50")
    parser.add_argument("--epsilon", default="1/255,2/255,4/255,8/255")
    parser.add_argument("--strong", type=int, default=0, help="images under the two-class AutoAttack")
    parser.add_argument("--strong-epsilon", default="2/255")
    parser.add_argument("--out", type=Path, default=Path("results/robustness.json"))
    arguments = parser.parse_args()
    result = {"what": "detectors before and after adversarial fine-tuning, clean and attacked", "commit": git(),
              "data": "/".join(arguments.data.parts[-2:]), "detectors": {}}
    first = None
    with tempfile.TemporaryDirectory() as folder:
        scores = Path(folder) / "scores.csv"
        for entry in arguments.detectors:
            name, run = entry.split("=", 1)
            clean = say(arguments.fauxto, "evaluate", run, arguments.data, "--scores", scores)
            right = verdicts(scores)
            first = first or right
            config = tomllib.loads((Path(run) / "config.toml").read_text())
            summary = json.loads((Path(run) / "run.json").read_text())
            result["detectors"][name] = {
                "trained": {key: summary[key] for key in ("model", "seed", "commit", "n_train", "epochs", "seconds")},
                "adversarial": config["train"].get("adversarial"),
                "learning_rate": config["train"]["learning_rate"],
                "clean": chosen(clean),
                "against_first": mcnemar(first, right),
                "attacked": attacked(arguments, run),
            }
            print(name, clean["accuracy"], flush=True)
    arguments.out.write_text(json.dumps(result, indent=1) + "\n")


def attacked(arguments: argparse.Namespace, run: str) -> list[dict]:
    rounds = [(arguments.attacked, arguments.attack, arguments.epsilon)]
    if arguments.strong:
        rounds.append((arguments.strong, "autoattack_two_class", arguments.strong_epsilon))
    kept = ("attack", "norm", "epsilon", "n", "accuracy", "accuracy_interval", "roc_auc")
    return [
        {key: attack[key] for key in kept}
        for images, attacks, epsilons in rounds
        for attack in say(arguments.fauxto, "attack", run, arguments.data, "--limit", images,
                          "--attack", attacks, "--epsilon", epsilons)["attacks"]
    ]


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

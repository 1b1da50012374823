"""How far detectors carry to generators they never learned from: results/generalisation.json.

    python bench/measure_generalisation.py NAME=RUN[:KIND,KIND] ... --data ../shared/datasets \\
        --made transposed=made/transposed ...

Each NAME=RUN is a detector and, after a colon, the kinds of made images (`fauxto synthesise`) it learned from. Every
detector is measured on cifake/test, on made images of every kind against the photographs of its validation side, and on
generators/dev, the fakes of each generator against all of its photographs. What was held out of the made kinds may
choose between detectors; generators/dev and cifake/test may not. Needs pyarrow, numpy and scikit-learn.
"""

import argparse
import csv
import json
import tempfile
from pathlib import Path

import numpy as np
from sklearn.metrics import roc_auc_score

from measure_release import chosen, generators, git, say


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("detectors", nargs="+")
    parser.add_argument("--made", nargs="*", default=[], metavar="KIND=FOLDER")
    parser.add_argument("--fauxto", type=Path, default=Path("target/release/fauxto"))
    parser.add_argument("--data", type=Path, default=Path("../shared/datasets"))
    parser.add_argument("--out", type=Path, default=Path("results/generalisation.json"))
    arguments = parser.parse_args()
    made = dict(entry.split("=", 1) for entry in arguments.made)
    result = {
        "what": "detectors on generators they did not learn from; ROC AUC of each generator's images against photographs",
        "commit": git(),
        "detectors": {},
    }
    with tempfile.TemporaryDirectory() as folder:
        scores = Path(folder) / "scores.csv"
        for entry in arguments.detectors:
            name, run = entry.split("=", 1)
            run, _, kinds = run.partition(":")
            learned = kinds.split(",") if kinds else []
            result["detectors"][name] = measure(arguments, run, learned, made, scores)
            print(name, json.dumps({"made": result["detectors"][name]["made"],
                                    "macro": result["detectors"][name]["generators_dev"]["macro"]}))
    arguments.out.write_text(json.dumps(result, indent=1) + "\n")


def measure(arguments: argparse.Namespace, run: str, learned: list[str], made: dict[str, str], scores: Path) -> dict:
    data, program = arguments.data, arguments.fauxto
    test = say(program, "evaluate", run, data / "cifake/test.parquet")
    summary = json.loads((Path(run) / "run.json").read_text())
    entry = {
        "trained": {key: ({"n_added": 0} | summary)[key] for key in ("model", "seed", "commit", "n_train", "n_added", "epochs", "seconds")},
        "learned_from": learned,
        "cifake_test": chosen(test),
    }
    say(program, "evaluate", run, data / "generators/dev.parquet", "--scores", scores)
    entry["generators_dev"] = generators(scores, data / "generators/dev.parquet")
    say(program, "evaluate", run, data / "cifake/train.parquet", "--split", Path(run) / "split.json", "--side",
        "validation", "--scores", scores)
    real = [float(row["probability_fake"]) for row in csv.DictReader(scores.open()) if row["label"] == "real"]
    entry["made"] = {}
    for kind, folder in made.items():
        fake = [verdict["probability_fake"] for verdict in say(program, "predict", run, Path(folder) / "images")]
        truth = np.r_[np.zeros(len(real)), np.ones(len(fake))]
        entry["made"][kind] = {"n_real": len(real), "n": len(fake), "held_out": kind not in learned,
                               "roc_auc": float(roc_auc_score(truth, np.r_[real, fake]))}
    return entry


if __name__ == "__main__":
    main()

"""What the doubt of a network that learned photographs' subjects says about fakes: results/recogniser.json.

    python bench/measure_recogniser.py PRETRAINED.json WEIGHTS --data ../shared/datasets \\
        [--outliers KIND,KIND --split SPLIT --made KIND=FOLDER ... --out results/recogniser_outliers.json]

PRETRAINED.json is what `fauxto pretrain --json` printed, WEIGHTS what it wrote, --outliers the kinds of made images
(`fauxto synthesise`) it met. The score of an image is the doubt that `fauxto recognise` gives. Reported on
generators/dev, by generator and their mean, on cifake/test, and, where --made names images of kinds, on these and on
Stable Diffusion's images (cifake/train), both against photographs that SPLIT holds out; these may choose, generators/dev
and cifake/test may not. No fake of generators/dev or cifake was learned from. Needs pyarrow, numpy and scikit-learn.
"""

import argparse
import json
from pathlib import Path

import numpy as np
from sklearn.metrics import roc_auc_score

from measure_release import by_generator, cells, git, say


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pretrained", type=Path)
    parser.add_argument("weights", type=Path)
    parser.add_argument("--outliers", default="", metavar="KIND,KIND")
    parser.add_argument("--split", type=Path)
    parser.add_argument("--made", nargs="*", default=[], metavar="KIND=FOLDER")
    parser.add_argument("--fauxto", type=Path, default=Path("target/release/fauxto"))
    parser.add_argument("--data", type=Path, default=Path("../shared/datasets"))
    parser.add_argument("--out", type=Path, default=Path("results/recogniser.json"))
    arguments = parser.parse_args()
    told = json.loads(arguments.pretrained.read_text())
    outliers = arguments.outliers.split(",") if arguments.outliers else []
    dev = arguments.data / "generators/dev.parquet"
    named = say(arguments.fauxto, "recognise", arguments.weights, dev)["images"]
    fake = np.array([image["label"] == "fake" for image in named])
    test = say(arguments.fauxto, "recognise", arguments.weights, arguments.data / "cifake/test.parquet")
    result = {
        "what": "doubt of a network that learned photographs' subjects, as a sign of fakes",
        "commit": git(),
        "pretraining": {key: told[key] for key in told if key != "out"},
        "outliers": outliers,
        "generators_dev": by_generator(doubts(named), fake, cells(dev, "generator", named)),
        "cifake_test": {"n": test["n"], "roc_auc": test["roc_auc"]},
    }
    if arguments.split:
        result["held_out"] = held_out(arguments, outliers)
    arguments.out.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps({key: result[key] for key in ("outliers", "held_out") if key in result}),
          json.dumps(result["generators_dev"]["macro"]))


def doubts(named: list[dict]) -> np.ndarray:
    return np.array([image["doubt"] for image in named])


def held_out(arguments: argparse.Namespace, outliers: list[str]) -> dict:
    """The area under the curve of each kind of made images against the photographs that the split holds out."""
    items = json.loads(arguments.split.read_text())["items"]
    kept = {item["identity"] for item in items if item["side"] != "train"}
    train = say(arguments.fauxto, "recognise", arguments.weights, arguments.data / "cifake/train.parquet")["images"]
    images = [image for image in train if image["path"] in kept]
    real = doubts([image for image in images if image["label"] == "real"])
    kinds = {"cifake/train": doubts([image for image in images if image["label"] == "fake"])}
    for kind, folder in (entry.split("=", 1) for entry in arguments.made):
        kinds[kind] = doubts(say(arguments.fauxto, "recognise", arguments.weights, folder)["images"])
    return {kind: {"n_real": len(real), "n": len(scores), "held_out": kind not in outliers,
                   "roc_auc": float(roc_auc_score(np.r_[np.zeros(len(real)), np.ones(len(scores))],
                                                  np.r_[real, scores]))}
            for kind, scores in kinds.items()}


if __name__ == "__main__":
    main()

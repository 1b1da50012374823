"""What the doubt of a network that only ever learned photographs' subjects says about fakes: results/recogniser.json.

    python bench/measure_recogniser.py PRETRAINED.json WEIGHTS --data ../shared/datasets

PRETRAINED.json is what `fauxto pretrain --json` printed, WEIGHTS what it wrote; what the file holds of other
architectures stays. The score of an image is 1 less the probability of the subject it was named. Reported on
generators/dev, by generator and their mean, and on cifake/test. No fake was learned from; the score is the standard one
(Hendrycks & Gimpel 2017). Needs pyarrow, numpy and scikit-learn.
"""

import argparse
import json
from pathlib import Path

import numpy as np

from measure_release import by_generator, cells, git, say


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pretrained", type=Path)
    parser.add_argument("weights", type=Path)
    parser.add_argument("--fauxto", type=Path, default=Path("target/release/fauxto"))
    parser.add_argument("--data", type=Path, default=Path("../shared/datasets"))
    parser.add_argument("--out", type=Path, default=Path("results/recogniser.json"))
    arguments = parser.parse_args()
    told = json.loads(arguments.pretrained.read_text())
    dev = arguments.data / "generators/dev.parquet"
    named = say(arguments.fauxto, "recognise", arguments.weights, dev)["images"]
    fake = np.array([image["label"] == "fake" for image in named])
    doubt = np.array([1 - image["probability"] for image in named])
    test = say(arguments.fauxto, "recognise", arguments.weights, arguments.data / "cifake/test.parquet")
    result = json.loads(arguments.out.read_text()) if arguments.out.exists() else {"networks": {}}
    result["what"] = "doubt about the subject, of networks that learned photographs' subjects alone, as a sign of fakes"
    result["networks"][told["model"]] = {
        "commit": git(),
        "pretraining": {key: told[key] for key in told if key not in ("out", "model")},
        "generators_dev": by_generator(doubt, fake, cells(dev, "generator", named)),
        "cifake_test": {"n": test["n"], "roc_auc": test["roc_auc"]},
    }
    arguments.out.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()

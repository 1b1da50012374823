"""What a detector trained on cifake/train is worth on images that decided nothing: results/release.json.

    python bench/measure_release.py RUN MODEL --data ../shared/datasets [--attacked 512] [--corrupted 1000] \\
        [--out results/release.json]

RUN is the folder it was trained in, MODEL the file that is shipped. Reported on cifake/test, all of it and by subject,
also at the thresholds it was calibrated to; on generators/dev, by generator and their mean, fakes of each against all
of its photographs; under CIFAR-10-C's corruptions; and under attack. Needs pyarrow, numpy and scikit-learn.
"""

import argparse
import csv
import json
import subprocess
import tempfile
import tomllib
from pathlib import Path

import numpy as np
import pyarrow.parquet as parquet
from sklearn.metrics import roc_auc_score, roc_curve

from interval import wilson

METRICS = ["n", "n_real", "n_fake", "accuracy", "accuracy_interval", "balanced_accuracy", "f1", "roc_auc",
           "average_precision", "eer", "tpr_at_1_percent_fpr", "tpr_at_5_percent_fpr", "nll", "brier", "ece"]
ATTACKS = "fgsm,pgd:steps=10"
EPSILONS = ["1/255", "2/255", "4/255", "8/255"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("model", type=Path)
    parser.add_argument("--fauxto", type=Path, default=Path("target/release/fauxto"))
    parser.add_argument("--data", type=Path, default=Path("../shared/datasets"))
    parser.add_argument("--preset", default="release", help="the preset of RUN, for the record")
    parser.add_argument("--attacked", type=int, default=512, help="images attacked; 0: none")
    parser.add_argument("--corrupted", type=int, default=1000, help="images under each corruption and severity")
    parser.add_argument("--out", type=Path, default=Path("results/release.json"))
    arguments = parser.parse_args()
    test, dev = arguments.data / "cifake/test.parquet", arguments.data / "generators/dev.parquet"
    config = tomllib.loads((arguments.run / "config.toml").read_text())
    with tempfile.TemporaryDirectory() as folder:
        scores = Path(folder) / "scores.csv"
        clean = say(arguments.fauxto, "evaluate", arguments.model, test, "--scores", scores,
                    "--corrupted", arguments.corrupted)
        by_subject = subjects(scores, test)
        say(arguments.fauxto, "evaluate", arguments.model, dev, "--scores", scores)
        result = {
            "what": "the detector that is shipped, on images that decided nothing about it",
            "commit": git(),
            "model": clean["models"][0]["name"],
            "preset": arguments.preset,
            "seed": config["seed"],
            "epochs": config["train"]["epochs"],
            "bytes": arguments.model.stat().st_size,
            "trained": say(arguments.fauxto, "train", arguments.data / "cifake/train.parquet", "--out", arguments.run,
                           "--resume"),
            "cifake_test": chosen(clean) | {"coverage": clean.get("coverage"), "by_subject": by_subject},
            "at_target_fpr": [at_rate(arguments, test, rate) for rate in ("0.01", "0.05")],
            "generators_dev": generators(scores, dev),
            "corrupted": under_corruptions(clean["corrupted"]),
        }
    if arguments.attacked:
        result["attacked"] = under_attack(arguments.fauxto, arguments.model, test, arguments.attacked)
    arguments.out.write_text(json.dumps(result, indent=1) + "\n")


def say(program: Path, *words) -> dict:
    done = subprocess.run([program, *map(str, words), "--json"], check=True, stdout=subprocess.PIPE)
    return json.loads(done.stdout)


def git() -> str:
    words = ["git", "rev-parse", "--short=12", "HEAD"]
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout.strip()


def chosen(report: dict) -> dict:
    return {field: report[field] for field in METRICS if field in report} | {"threshold": report["threshold"]}


def at_rate(arguments: argparse.Namespace, test: Path, rate: str) -> dict:
    report = say(arguments.fauxto, "evaluate", arguments.model, test, "--target-fpr", rate)
    confusion = report["confusion"]
    real = confusion["real_as_real"] + confusion["real_as_fake"]
    return {
        "target_fpr": float(rate),
        "threshold": report["threshold"],
        "accuracy": report["accuracy"],
        "false_positive_rate": confusion["real_as_fake"] / real,
        "false_positive_interval": wilson(confusion["real_as_fake"], real),
        "true_positive_rate": confusion["fake_as_fake"] / (confusion["fake_as_real"] + confusion["fake_as_fake"]),
    }


def under_attack(program: Path, model: Path | str, test: Path, images: int) -> dict:
    attacked = say(program, "attack", model, test, "--limit", images, "--attack", ATTACKS, "--epsilon", ",".join(EPSILONS))
    return {key: value for key, value in attacked.items() if key not in ("data", "models")}


def under_corruptions(full: dict) -> dict:
    """Accuracy with its interval at severities 1 to 5, by corruption; the last of a result's columns is all members."""
    by_corruption: dict = {}
    for one in full["results"]:
        column = one["columns"][-1]
        kept = by_corruption.setdefault(one["corruption"], {"accuracy": [], "accuracy_interval": []})
        for field, values in kept.items():
            values.append(column[field])
    means = {field: full[field] for field in ("n", "seed", "mean_accuracy_15", "mean_accuracy_19")}
    return means | {"by_corruption": by_corruption}


def read(scores: Path, file: Path, column: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Probability of fake, whether it is, and the column, in the order of the scores."""
    rows = list(csv.DictReader(scores.open()))
    fake = np.array([float(row["probability_fake"]) for row in rows])
    labels = np.array([row["label"] == "fake" for row in rows])
    return fake, labels, cells(file, column, rows)


def cells(file: Path, column: str, images: list[dict]) -> np.ndarray:
    """The column's value for each image, which its `path` says the row of."""
    values = np.array(parquet.read_table(file, columns=[column]).column(column).to_pylist(), dtype=object)
    return values[[int(image["path"].rsplit("#", 1)[1]) for image in images]]


def subjects(scores: Path, file: Path) -> dict:
    fake, labels, groups = read(scores, file, "subject")
    result = {}
    for name in sorted(set(groups)):
        own = groups == name
        right = int(((fake[own] >= 0.5) == labels[own]).sum())
        n = int(own.sum())
        result[str(name)] = {"n": n, "accuracy": right / n, "accuracy_interval": wilson(right, n),
                             "roc_auc": float(roc_auc_score(labels[own], fake[own]))}
    return result


def generators(scores: Path, file: Path) -> dict:
    return by_generator(*read(scores, file, "generator"))


def by_generator(fake: np.ndarray, labels: np.ndarray, groups: np.ndarray) -> dict:
    """Each generator's images against all photographs, by scores in 0..=1, and the means over generators."""
    real = fake[~labels]
    result = {"n_real": len(real), "false_positive_rate": float((real >= 0.5).mean()), "generators": {}}
    for name in sorted({str(group) for group, label in zip(groups, labels) if label}):
        own = fake[labels & (groups == name)]
        truth = np.r_[np.zeros(len(real)), np.ones(len(own))]
        rates, found, _ = roc_curve(truth, np.r_[real, own])
        called = int((own >= 0.5).sum())
        result["generators"][name] = {
            "n": len(own),
            "roc_auc": float(roc_auc_score(truth, np.r_[real, own])),
            "tpr_at_1_percent_fpr": float(found[rates <= 0.01].max()),
            "called_fake": called / len(own),
            "called_fake_interval": wilson(called, len(own)),
        }
    each = result["generators"].values()
    result["macro"] = {key: float(np.mean([one[key] for one in each]))
                       for key in ("roc_auc", "tpr_at_1_percent_fpr", "called_fake")}
    return result


if __name__ == "__main__":
    main()

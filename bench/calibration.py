"""Calibrates a run on one side of its split and measures what was promised on images it has never met.

    cargo build --release && cargo build --release --example calibration_draws
    python bench/calibration.py RUN DATA SIDE REPORTED results/calibration.json [--figure STEM]

RUN is a run folder whose checkpoint is not calibrated, DATA the images that its split.json splits, SIDE the side to
calibrate on, REPORTED the images to report on (cifake/test.parquet). Also draws 1,000 sets of 200 of the calibration
images, and calibrates on each.
"""

import argparse
import json
import subprocess
import tempfile
from pathlib import Path

from interval import wilson

PROGRAMS = Path(__file__).resolve().parents[1] / "target/release"
METRICS = ["n", "n_real", "n_fake", "accuracy", "roc_auc", "nll", "brier", "ece"]


def say(program: Path, *arguments: object) -> dict:
    done = subprocess.run([program, *map(str, arguments)], check=True, stdout=subprocess.PIPE)
    return json.loads(done.stdout)


def chosen(report: dict) -> dict:
    return {field: report[field] for field in METRICS}


def rate(fauxto: Path, calibrated: Path, reported: str, target: float) -> dict:
    report = say(fauxto, "evaluate", calibrated, reported, "--target-fpr", target, "--json")
    confusion = report["confusion"]
    real = confusion["real_as_real"] + confusion["real_as_fake"]
    fake = confusion["fake_as_real"] + confusion["fake_as_fake"]
    return {
        "target_fpr": target,
        "threshold": report["threshold"],
        "false_positive_rate": confusion["real_as_fake"] / real,
        "interval": wilson(confusion["real_as_fake"], real),
        "true_positive_rate": confusion["fake_as_fake"] / fake,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ["run", "data", "side", "reported", "out"]:
        parser.add_argument(name)
    parser.add_argument("--figure", help="stem of the reliability diagrams")
    parser.add_argument("--fauxto", type=Path, default=PROGRAMS / "fauxto")
    parser.add_argument("--draws", type=Path, default=PROGRAMS / "examples/calibration_draws")
    arguments = parser.parse_args()
    fauxto = arguments.fauxto
    run = Path(arguments.run)
    side = ["--split", run / "split.json", "--side", arguments.side]
    with tempfile.TemporaryDirectory() as folder:
        calibrated = Path(folder) / "calibrated.safetensors"
        scores = [Path(folder) / name for name in ["calibration.csv", "reported.csv"]]
        figures = [[], []]
        if arguments.figure:
            figures = [["--figure", arguments.figure], ["--reliability", f"{arguments.figure}_reported"]]
        fitted = say(fauxto, "calibrate", run, arguments.data, *side, "--out", calibrated, "--json", *figures[0])
        say(fauxto, "evaluate", run, arguments.data, *side, "--scores", scores[0], "--json")
        before = say(fauxto, "evaluate", run, arguments.reported, "--scores", scores[1], "--json")
        after = say(fauxto, "evaluate", calibrated, arguments.reported, "--json", *figures[1])
        result = {
            "what": "fauxto calibrate on a side of the run's split, measured on images nothing was decided on",
            "model": fitted["models"][0]["name"],
            "side": arguments.side,
            "reported_on": "/".join(Path(arguments.reported).parts[-2:]),
            "calibration": fitted["calibration"],
            "before": chosen(before),
            "after": chosen(after),
            "coverage": after["coverage"],
            "rates": [rate(fauxto, calibrated, arguments.reported, target) for target in [0.01, 0.05]],
            "sets_of_200": say(arguments.draws, *scores, 100, 1000),
        }
    Path(arguments.out).write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()

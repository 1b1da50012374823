"""What `fauxto scan` costs and what its warnings are worth, measured with one trained detector: results/scan.json.

    python bench/measure_scan.py RUN --data ../shared/datasets [--samples runs/demo/images/test] [--out results/scan.json]

Weights in f32, f16 and int8, products in f32 and bf16 (size, images per second, accuracy on cifake/test), the cold
start of one image, a whole Parquet file against the bare inference rate, and how well images unlike the training images
are told apart. The
training images' statistics come from cifake/train by the run's split; cifake/test and generators/dev report only.
Needs numpy, pyarrow, Pillow and scikit-learn.
"""

import argparse
import json
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import numpy
import pyarrow.parquet
from PIL import Image
from sklearn.metrics import roc_auc_score


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, help="run folder of `fauxto train cifake/train.parquet`")
    parser.add_argument("--fauxto", type=Path, default=Path("target/release/fauxto"))
    parser.add_argument("--data", type=Path, default=Path("../shared/datasets"))
    parser.add_argument("--samples", type=Path, help="folder of rendered sample images, as `fauxto demo` leaves")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--out", type=Path, default=Path("results/scan.json"))
    arguments = parser.parse_args()
    test, dev = arguments.data / "cifake/test.parquet", arguments.data / "generators/dev.parquet"
    call = Caller(arguments.fauxto)
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        precisions, files = {}, {}
        for precision in ["f32", "f16", "int8"]:
            files[precision] = folder / f"{precision}.safetensors"
            data = ["--training-data", arguments.data / "cifake/train.parquet"] if precision == "int8" else []
            export = call.json("export", arguments.run, "--precision", precision, "--out", files[precision], *data)
            precisions[precision] = {"bytes": export["bytes"]}
            if precision == "int8":
                statistics_of_training = export["out_of_distribution"]
                model = export["model"]
        precisions["int8, products in bf16"] = {"bytes": precisions["int8"]["bytes"]}
        for precision in precisions:
            file = files[precision.split(",")[0]]
            products = ["--precision", "half"] if "bf16" in precision else []
            seconds = [call.seconds("predict", file, test, "--quiet", *products) for _ in range(arguments.rounds)]
            evaluation = call.json("evaluate", file, test, *products)
            precisions[precision] |= {
                "n": evaluation["n"],
                "images_per_second": round(evaluation["n"] / statistics.median(seconds), 1),
                "accuracy": evaluation["accuracy"],
                "accuracy_interval": evaluation["accuracy_interval"],
                "roc_auc": evaluation["roc_auc"],
            }
        shipped = files["int8"]
        result = {
            "commit": git("rev-parse", "--short=12", "HEAD"),
            "run": arguments.run.name,
            "model": model,
            "precisions": precisions,
            "cold_start": cold_start(call, shipped, folder),
            "bulk": bulk(call, shipped, model, test, arguments.rounds),
            "out_of_distribution": statistics_of_training
            | {"sets": unlike(call, shipped, test, dev, arguments.samples, folder)},
        }
    arguments.out.write_text(json.dumps(result, indent=2) + "\n")


def git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], check=True, capture_output=True, text=True).stdout.strip()


class Caller:
    """The program with its output."""

    def __init__(self, program: Path):
        self.program = program

    def run(self, *arguments) -> str:
        return subprocess.run([self.program, *map(str, arguments)], check=True, capture_output=True, text=True).stdout

    def json(self, *arguments):
        return json.loads(self.run(*arguments, "--json"))

    def seconds(self, *arguments) -> float:
        start = time.perf_counter()
        self.run(*arguments)
        return time.perf_counter() - start


def cold_start(call: Caller, model: Path, folder: Path) -> dict:
    """One image of 32 pixels a side with every version, process start to end."""
    image = folder / "one.png"
    pixels = numpy.random.default_rng(1).integers(0, 256, (32, 32, 3), dtype=numpy.uint8)
    Image.fromarray(pixels).save(image)
    runs = [call.seconds("scan", image, "--model", model) for _ in range(21)]
    return {"runs": len(runs), "median_seconds": round(statistics.median(runs), 4), "maximum_seconds": round(max(runs), 4)}


def bulk(call: Caller, model: Path, name: str, test: Path, rounds: int) -> dict:
    """A whole Parquet file in one call beside the bare rate, one after the other so that both meet the same machine."""
    pairs = []
    for _ in range(rounds):
        bare = call.json("bench", "infer", "--model", name, "--batch", 128, "--steps", 30)
        start = time.perf_counter()
        rows = call.json("scan", test, "--model", model, "--stability", "none")
        pairs.append((len(rows) / (time.perf_counter() - start), bare["batch"] / bare["median_seconds"]))
    ratios = [scan / bare for scan, bare in pairs]
    return {
        "n": len(rows),
        "scan_images_per_second": [round(scan, 1) for scan, _ in pairs],
        "bare_images_per_second": [round(bare, 1) for _, bare in pairs],
        "median_ratio": round(statistics.median(ratios), 3),
    }


def unlike(call: Caller, model: Path, test: Path, dev: Path, samples: Path | None, folder: Path) -> dict:
    """AUC of the unlikeness score of each set against photographs and fakes of the training's source."""

    def rows(path: Path) -> list[dict]:
        return call.json("scan", path, "--model", model, "--stability", "none", "--tiles", 0)

    def scores(found: list[dict]) -> numpy.ndarray:
        return numpy.array([next(iter(row["unlike"]["scores"].values())) for row in found])

    def share(found: list[dict], *levels: str) -> float:
        return round(sum(row["unlike"]["content"] in levels for row in found) / len(found), 4)

    familiar = rows(test)
    sets = {"cifake_test": familiar}
    table = pyarrow.parquet.read_table(dev, columns=["label", "generator"])
    labels, generators = table["label"].to_numpy(), numpy.array(table["generator"].to_pylist())
    of_dev = rows(dev)
    sets["dev_photographs"] = [row for row, label in zip(of_dev, labels) if label == 0]
    for generator in sorted(set(generators[labels == 1])):
        sets[f"dev_{generator}"] = [row for row, g, label in zip(of_dev, generators, labels) if label == 1 and g == generator]
    if samples:
        sets["rendered_samples"] = rows(samples)
    random = numpy.random.default_rng(2)
    for name, side in [("noise", 32), ("coarse_noise", 4), ("flat", 1)]:
        place = folder / name
        place.mkdir()
        for index in range(300):
            pixels = random.integers(0, 256, (side, side, 3), dtype=numpy.uint8)
            Image.fromarray(pixels).resize((32, 32), Image.Resampling.BICUBIC).save(place / f"{index}.png")
        sets[name] = rows(place)
    own = scores(familiar)
    return {
        name: {
            "n": len(found),
            "unlike_or_far": share(found, "unlike", "far"),
            "far": share(found, "far"),
            **(
                {}
                if name == "cifake_test"
                else {
                    "roc_auc": round(
                        float(
                            roc_auc_score(
                                numpy.r_[numpy.zeros(len(own)), numpy.ones(len(found))], numpy.r_[own, scores(found)]
                            )
                        ),
                        4,
                    )
                }
            ),
        }
        for name, found in sets.items()
    }


if __name__ == "__main__":
    main()

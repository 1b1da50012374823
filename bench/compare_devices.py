"""How far a device's verdicts lie from the CPU's, and how fast it is: results/cuda.json.

    python bench/compare_devices.py CPU_SCORES DEVICE_SCORES --timing TIMING --device NAME --build TEXT --commit REVISION \\
        [--data cifake/test.parquet] [--out results/cuda.json]

The scores are what `fauxto evaluate DETECTOR DATA --scores FILE` wrote on the CPU and with --device; TIMING is what
`fauxto bench infer --device ... --json` printed. Needs nothing beyond Python.
"""

import argparse
import csv
import json
from pathlib import Path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cpu", type=Path)
    parser.add_argument("other", type=Path)
    parser.add_argument("--timing", type=Path, required=True)
    parser.add_argument("--device", required=True, help="what it is, in words")
    parser.add_argument("--build", required=True, help="how the program was built for it, in words")
    parser.add_argument("--commit", required=True, help="the revision that ran")
    parser.add_argument("--data", default="cifake/test.parquet")
    parser.add_argument("--out", type=Path, default=Path("results/cuda.json"))
    arguments = parser.parse_args()
    ours, theirs = probabilities(arguments.cpu), probabilities(arguments.other)
    if ours.keys() != theirs.keys():
        raise SystemExit("the two files of scores are of different images")
    differences = [abs(ours[path] - theirs[path]) for path in ours]
    result = {
        "what": "a device beside the CPU: the same detector's probabilities, and the rate of inference",
        "commit": arguments.commit,
        "device": arguments.device,
        "build": arguments.build,
        "data": arguments.data,
        "n": len(differences),
        "largest_difference": max(differences),
        "mean_difference": sum(differences) / len(differences),
        "verdicts_that_differ": sum((ours[path] >= 0.5) != (theirs[path] >= 0.5) for path in ours),
        "timing": json.loads(arguments.timing.read_text()),
    }
    arguments.out.write_text(json.dumps(result, indent=1) + "\n")


def probabilities(scores: Path) -> dict[str, float]:
    return {row["path"]: float(row["probability_fake"]) for row in csv.DictReader(scores.open())}


if __name__ == "__main__":
    main()

"""What it is worth to calibrate on versions of the images as well: results/versions.json.

    python bench/measure_versions.py RUN MODEL --data ../shared/datasets [--corrupted 200] [--out results/versions.json]

MODEL is RUN's detector, not calibrated. It is calibrated on images alone, and on their versions too (`fauxto calibrate
--versions`), those of the test side of RUN's split, and measured on the validation side, clean and under CIFAR-10-C's
corruptions: cifake/test may not choose. Needs pyarrow, numpy and scikit-learn.
"""

import argparse
import json
import tempfile
from pathlib import Path

from measure_release import chosen, git, say


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("model", type=Path)
    parser.add_argument("--fauxto", type=Path, default=Path("target/release/fauxto"))
    parser.add_argument("--data", type=Path, default=Path("../shared/datasets"))
    parser.add_argument("--corrupted", type=int, default=200, help="images under each corruption and severity")
    parser.add_argument("--out", type=Path, default=Path("results/versions.json"))
    arguments = parser.parse_args()
    train = arguments.data / "cifake/train.parquet"
    split = ["--split", arguments.run / "split.json"]
    result = {"what": "the shipped detector calibrated on images, and on their versions too, measured on its "
                      "validation images", "commit": git(), "n_corrupted": arguments.corrupted, "calibrated_on": {}}
    with tempfile.TemporaryDirectory() as folder:
        for name, more in (("images", []), ("images_and_versions", ["--versions"])):
            calibrated = Path(folder) / f"{name}.safetensors"
            fitted = say(arguments.fauxto, "calibrate", arguments.model, train, *split, "--side", "test",
                         *more, "--out", calibrated)["calibration"]
            measured = say(arguments.fauxto, "evaluate", calibrated, train, *split, "--side", "validation",
                           "--corrupted", arguments.corrupted)
            result["calibrated_on"][name] = {
                "temperature": fitted["temperature"],
                "bias": fitted["bias"],
                "clean": chosen(measured),
                "mean_accuracy_19": measured["corrupted"]["mean_accuracy_19"],
            }
    arguments.out.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()

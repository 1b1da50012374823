"""What a deeper network is worth that begins as a trained one: results/deepened.json.

    python bench/measure_deepened.py BEGAN RUN --split SPLIT --data ../shared/datasets

BEGAN is the checkpoint that RUN, a run folder of `resnet18_se`, was given by `--init` (Net2DeeperNet). Judged are the images
of the split's validation and test sides, with McNemar's test between the two, then cifake/test; alone, by the mean of an
image and its mirror image (`fauxto export --test-time-flip`), and by the vote of BEGAN and the latter. Needs the packages of
`measure_recipes.py`.
"""

import argparse
import json
import subprocess
import tempfile
from pathlib import Path

from measure_recipes import judged
from measure_release import git
from measure_robustness import mcnemar, training


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("began", type=Path, metavar="BEGAN")
    parser.add_argument("run", type=Path, metavar="RUN")
    parser.add_argument("--split", type=Path, required=True)
    parser.add_argument("--fauxto", type=Path, default=Path("target/release/fauxto"))
    parser.add_argument("--data", type=Path, default=Path("../shared/datasets"))
    parser.add_argument("--out", type=Path, default=Path("results/deepened.json"))
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        mirrored = Path(folder) / "mirrored.safetensors"
        words = ["export", arguments.run, "--precision", "f16", "--test-time-flip", "--out", mirrored]
        subprocess.run([arguments.fauxto, *map(str, words)], check=True, stdout=subprocess.DEVNULL)
        judges = {"began": arguments.began, "deepened": arguments.run, "mirrored": mirrored,
                  "together": f"{arguments.began},{mirrored}"}
        measured = {name: judged(arguments, str(judge)) for name, judge in judges.items()}
    right = {name: one.pop("right") for name, one in measured.items()}
    for name in ("deepened", "mirrored", "together"):
        measured[name]["against_began"] = mcnemar(right["began"], right[name])
    trained = {"began": training(arguments.began), "deepened": training(arguments.run)}
    result = {"what": "resnet18_se that began as a trained resnet_se, beside it", "commit": git(), "trained": trained,
              "judges": measured}
    arguments.out.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()

"""What the release recipe is worth beside the base recipe, model by model: results/recipes.json.

    python bench/measure_recipes.py MODEL=BASE:RELEASE ... --split SPLIT --data ../shared/datasets [--corrupted 300]

BASE and RELEASE are run folders of the two presets on cifake/train, of as many epochs, by one split; where BASE is empty
there is none. Judged are the images of the split's validation and test sides, with McNemar's test between the two, then
cifake/test, some of that under CIFAR-10-C's corruptions, and at last the vote of all RELEASEs. Needs numpy, pyarrow,
scikit-learn, safetensors and scipy.
"""

import argparse
import json
import tempfile
import tomllib
from pathlib import Path

from measure_release import chosen, git, say
from measure_robustness import mcnemar, training, verdicts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+", metavar="MODEL=BASE:RELEASE")
    parser.add_argument("--split", type=Path, required=True)
    parser.add_argument("--fauxto", type=Path, default=Path("target/release/fauxto"))
    parser.add_argument("--data", type=Path, default=Path("../shared/datasets"))
    parser.add_argument("--corrupted", type=int, default=300, help="images under each corruption and severity")
    parser.add_argument("--out", type=Path, default=Path("results/recipes.json"))
    arguments = parser.parse_args()
    models: dict[str, dict] = {}
    runs: list[tuple[str, str, str]] = []
    for entry in arguments.models:
        model, folders = entry.split("=", 1)
        recipes = dict(zip(("base", "release"), folders.split(":"), strict=True))
        judged = {name: measured(arguments, run) for name, run in recipes.items() if run}
        right = {name: one.pop("right") for name, one in judged.items()}
        models[model] = judged
        if len(right) == 2:
            models[model] |= {"against_base": mcnemar(right["base"], right["release"])}
        runs += [(model, name, run) for name, run in recipes.items() if run]
    full = say(arguments.fauxto, "evaluate", ",".join(run for *_, run in runs), arguments.data / "cifake/test.parquet",
               "--corrupted", arguments.corrupted)["corrupted"]
    for at, (model, name, _) in enumerate(runs):
        each = [one["columns"][at]["accuracy"] for one in full["results"]]
        models[model][name]["corrupted"] = {"n": full["n"], "seed": full["seed"], "mean_accuracy_19": sum(each) / len(each)}
    together = say(arguments.fauxto, "evaluate", ",".join(run for _, name, run in runs if name == "release"),
                   arguments.data / "cifake/test.parquet")
    result = {"what": "the base recipe and the release recipe on the same images, for as many epochs", "commit": git(),
              "models": models, "release_together": chosen(together)}
    arguments.out.write_text(json.dumps(result, indent=1) + "\n")


def measured(arguments: argparse.Namespace, run: str) -> dict:
    settings = tomllib.loads((Path(run) / "config.toml").read_text())["train"]
    return {"trained": training(Path(run)), "learning_rate": settings["learning_rate"]} | judged(arguments, run)


def judged(arguments: argparse.Namespace, judge: str) -> dict:
    """A judge on the sides of the split that nobody learned from, image by image (`right`), and on cifake/test."""
    with tempfile.TemporaryDirectory() as folder:
        scores = Path(folder) / "scores.csv"
        held_out = say(arguments.fauxto, "evaluate", judge, arguments.data / "cifake/train.parquet", "--split",
                       arguments.split, "--side", "validation,test", "--scores", scores)
        right = verdicts(scores)
    test = say(arguments.fauxto, "evaluate", judge, arguments.data / "cifake/test.parquet")
    return {"held_out": chosen(held_out), "cifake_test": chosen(test), "right": right}


if __name__ == "__main__":
    main()

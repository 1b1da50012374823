"""What beginning from photographs' subjects is worth on few images: results/pretraining.json.

    python bench/measure_pretraining.py --data ../shared/datasets MODEL=PRETRAINED.json:BEFORE,...:AFTER,... ...

For each MODEL: what `fauxto pretrain --json` printed, run folders trained from scratch, and run folders trained with
`--init` from its weights, by one revision of the program on one split. All are judged on cifake/test. Models that the file
has already stay.
"""

import argparse
import json
from pathlib import Path

from interval import spread
from measure_release import chosen, git, say


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+", metavar="MODEL=JSON:RUNS:RUNS")
    parser.add_argument("--fauxto", type=Path, default=Path("target/release/fauxto"))
    parser.add_argument("--data", type=Path, default=Path("../shared/datasets"))
    parser.add_argument("--out", type=Path, default=Path("results/pretraining.json"))
    arguments = parser.parse_args()
    models = json.loads(arguments.out.read_text())["models"] if arguments.out.exists() else {}
    for entry in arguments.models:
        model, rest = entry.split("=", 1)
        pretrained, *sides = rest.split(":")
        told = json.loads(Path(pretrained).read_text())
        models[model] = {"commit": git(), "pretraining": {key: told[key] for key in told if key != "out"}} | {
            name: measured(arguments, runs.split(",")) for name, runs in zip(("from_scratch", "pretrained"), sides)
        }
    result = {"what": "the base recipe on 1,600 images from scratch and from weights that learned what photographs show",
              "data": "cifake/test.parquet", "models": dict(sorted(models.items()))}
    arguments.out.write_text(json.dumps(result, indent=1) + "\n")


def measured(arguments: argparse.Namespace, runs: list[str]) -> dict:
    reports = []
    for run in runs:
        summary = json.loads((Path(run) / "run.json").read_text())
        test = say(arguments.fauxto, "evaluate", run, arguments.data / "cifake/test.parquet")
        reports.append({key: summary[key] for key in ("seed", "commit", "n_train", "epochs", "best_epoch", "seconds")}
                       | {"test": chosen(test)})
    return {"runs": reports} | {
        metric: spread([report["test"][metric] for report in reports]) for metric in ("accuracy", "roc_auc")
    }


if __name__ == "__main__":
    main()

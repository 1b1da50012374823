"""Whether training in bf16 is as good as in f32: results/half_precision.json.

    python bench/measure_half_precision.py --data ../shared/datasets MODEL=RUN,RUN,RUN ...

RUN is a run folder of `fauxto train synergy --preset base --set train.precision=half`. They are judged on cifake/test, in
f32, beside the runs of results/synergy_base.json, the same recipe on the same split in f32. The interval of the
difference of means is Welch's, at 95%. Needs scipy, pyarrow, numpy and scikit-learn.
"""

import argparse
import json
import tomllib
from pathlib import Path

from compare_draws import METRICS, difference
from interval import spread
from measure_release import git, say


def judged(fauxto: Path, run: Path, data: Path) -> dict:
    precision = tomllib.loads((run / "config.toml").read_text())["train"]["precision"]
    if precision != "half":
        raise SystemExit(f"{run}: trained in {precision} precision; expected half")
    summary, report = json.loads((run / "run.json").read_text()), say(fauxto, "evaluate", run, data)
    kept = {key: summary[key] for key in ("seed", "commit", "n_train", "epochs", "best_epoch", "seconds")}
    return kept | {key: report[key] for key in ("n", *METRICS)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+", metavar="MODEL=RUNS")
    parser.add_argument("--fauxto", type=Path, default=Path("target/release/fauxto"))
    parser.add_argument("--data", type=Path, default=Path("../shared/datasets"))
    parser.add_argument("--out", type=Path, default=Path("results/half_precision.json"))
    arguments = parser.parse_args()
    single = json.loads(Path("results/synergy_base.json").read_text())["models"]
    result = {"what": "the base recipe on 1,600 images, products of training in bf16 and in f32",
              "commit": git(), "data": "cifake/test.parquet", "models": {}}
    for entry in arguments.models:
        model, runs = entry.split("=", 1)
        half = [judged(arguments.fauxto, Path(run), arguments.data / "cifake/test.parquet") for run in runs.split(",")]
        result["models"][model] = {"half": half} | {
            metric: {"half": spread(ours), "single": spread(theirs)} | difference(ours, theirs)
            for metric in METRICS
            for ours, theirs in [([run[metric] for run in half],
                                  [run["test"][metric] for run in single[model]["runs"]])]
        }
    arguments.out.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()

"""Fauxto against its PyTorch twin over several draws of the initial weights, on one split: results/draws.json.

    python bench/compare_draws.py DATA results/draws.json MODEL=OUR_RUN,...=TWIN_JSON,... ...

OUR_RUN is a run folder of `fauxto train synergy --split SPLIT`, TWIN_JSON what `peers/train.py --split SPLIT` wrote; all
of one split. Ours are judged here, on DATA (cifake/test.parquet). The interval of the difference of means is Welch's, at
95%: what separates two draws is chance, so single runs say little. Needs scipy.
"""

import json
import statistics
import sys
from pathlib import Path

from scipy.stats import ttest_ind

from interval import spread
from measure_release import git, say

FAUXTO = Path("target/release/fauxto")
METRICS = ("accuracy", "roc_auc")


def ours(run: str, data: Path) -> dict:
    summary = json.loads((Path(run) / "run.json").read_text())
    report = say(FAUXTO, "evaluate", run, data)
    kept = {key: summary[key] for key in ("seed", "epochs", "best_epoch")}
    return kept | {key: report[key] for key in ("n", *METRICS, "confusion")}


def twin(path: str) -> dict:
    told = json.loads(Path(path).read_text())
    kept = {key: told[key] for key in ("seed", "epochs", "best_epoch", "bf16_autocast", "split")}
    return kept | {key: told["test"][key] for key in ("n", *METRICS)}


def difference(first: list[float], second: list[float]) -> dict:
    test = ttest_ind(first, second, equal_var=False)
    interval = test.confidence_interval(0.95)
    return {"difference": statistics.mean(first) - statistics.mean(second),
            "interval": [float(interval.low), float(interval.high)], "p": float(test.pvalue)}


def main() -> None:
    data, out = Path(sys.argv[1]), Path(sys.argv[2])
    result = {"what": "the base recipe from several draws of initial weights, Fauxto and its PyTorch twin on one split",
              "commit": git(), "data": "/".join(data.parts[-2:]), "models": {}}
    for entry in sys.argv[3:]:
        model, runs, twins = entry.split("=")
        sides = {"fauxto": [ours(run, data) for run in runs.split(",")], "pytorch": [twin(path) for path in twins.split(",")]}
        result["models"][model] = sides | {
            metric: {side: spread(values) for side, values in by_side.items()} | difference(*by_side.values())
            for metric in METRICS
            for by_side in [{side: [run[metric] for run in runs] for side, runs in sides.items()}]
        }
    out.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()

"""Scores the explanations of several detectors and collects the tables into one JSON of results.

    python bench/collect_explanations.py FAUXTO DATA N results/explanations.json NAME=RUN...

FAUXTO is the program, DATA labelled images held out from training, N how many of them to score on, drawn by the seed;
each NAME=RUN is a run folder or checkpoint and what to call it. Calls `fauxto explain RUN DATA --score --explainer all`
for each and keeps, for every explainer: deletion, insertion and ROAD with 95% intervals over images, the gain over the
random map on the same images, the rank correlation with redrawn weights, and seconds an image.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

SEED = 42


def main() -> None:
    if len(sys.argv) < 6 or not all("=" in argument for argument in sys.argv[5:]):
        sys.exit(__doc__)
    program, data, n, out = sys.argv[1:5]
    models, reports = {}, []
    for argument in sys.argv[5:]:
        name, run = argument.split("=", 1)
        call = [program, "explain", run, data, "--score", "--explainer", "all", "--limit", n, "--seed", str(SEED), "--json"]
        began = time.monotonic()
        report = json.loads(subprocess.run(call, check=True, stdout=subprocess.PIPE).stdout)
        seconds = time.monotonic() - began
        [model] = report["models"]
        models[name] = {"architecture": model["name"], "seconds": seconds, "explainers": model["explainers"]}
        reports.append({key: report[key] for key in ["commit", "n", "threshold", "seed"]})
    if any(report != reports[0] for report in reports):
        sys.exit(f"found reports that differ: {reports}; expected the same program, images and settings for all")
    result = {
        "what": "`fauxto explain --score`: what explanations of the class decided for are worth; gains are over the random map",
        "data": "/".join(Path(data).parts[-2:]),
        **reports[0],
        "threads": os.cpu_count(),
        "models": models,
    }
    Path(out).write_text(json.dumps(result, indent=1) + "\n")


main()

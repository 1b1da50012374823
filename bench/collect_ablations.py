"""Makes a short JSON of results from the `results.json` of one or several `fauxto ablate` folders.

    python bench/collect_ablations.py results/ablations.json STUDY/results.json...

Several studies of one ablation add up: a group (an architecture, or the ensemble) comes from the last study that has it.
Keeps every run's accuracy with interval, AUC and McNemar's test, and what each study was run with.
"""

import json
import sys
from pathlib import Path

STUDY = ["data", "reported_on", "commit", "threads", "presets", "settings", "models", "seeds", "split_seed", "data_hash"]
COUNTS = ["n_train", "n_validation", "n_reported", "n_attacked", "chance"]


def main() -> None:
    out, paths = Path(sys.argv[1]), [Path(path) for path in sys.argv[2:]]
    if not paths:
        sys.exit(__doc__)
    studies, ablations = [], {}
    for path in paths:
        full = json.loads(path.read_text())
        study = {key: full[key] for key in STUDY + COUNTS}
        study["training_seconds"] = sum(detector["seconds"] for detector in full["detectors"])
        studies.append(study)
        for ablation in full["ablations"]:
            kept = ablations.setdefault(ablation["name"], {key: ablation[key] for key in ["title", "summary", "claimed"]} | {"groups": {}})
            for group in ablation["groups"]:
                kept["groups"][group["group"]] = {"study": len(studies) - 1, **group}
    for ablation in ablations.values():
        ablation["groups"] = list(ablation["groups"].values())
    result = {
        "what": "`fauxto ablate`: arms on the same split, judged on the same held-out images; claims of the original beside them",
        "studies": studies,
        "ablations": [{"name": name, **ablation} for name, ablation in ablations.items()],
    }
    out.write_text(json.dumps(result, indent=1) + "\n")


main()

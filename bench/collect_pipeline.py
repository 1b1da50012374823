"""Makes a short JSON of results from the `results.json` that `fauxto run` leaves.

    python bench/collect_pipeline.py RUN/results.json results/synergy_pipeline.json

Keeps, for every judge before and after fine-tuning: accuracy with interval and AUC on clean images and under each attack,
and mean accuracy under corruptions; the combinations; what each stage took.
"""

import json
import sys
from pathlib import Path


def short(evaluation: dict) -> dict:
    confusion = evaluation["confusion"]
    right = confusion["real_as_real"] + confusion["fake_as_fake"]
    return {
        "n": evaluation["n"],
        "accuracy": right / evaluation["n"],
        "accuracy_interval": evaluation["accuracy_interval"],
        "roc_auc": evaluation["roc_auc"],
    }


def phase(full: dict) -> dict:
    judges = {judged["judge"]: {"weight": judged["weight"], "clean": short(judged["evaluation"])} for judged in full["clean"]}
    for attacked in full["robustness"]:
        judge = judges[attacked["judge"]]
        judge["attacked_clean"] = short(attacked["attacks"]["clean"])
        measured = attacked["attacks"]["attacks"] + ((attacked["strongest"] or {}).get("attacks") or [])
        judge["attacks"] = [{"attack": one["attack"], "epsilon": one["epsilon"], **short(one)} for one in measured]
    for name, means in full["corruption_means"]:
        judges[name]["corruption_mean_accuracy_15_and_19"] = means
    return {
        "judges": judges,
        "corruption_images": full["corruption_images"],
        "combinations": [
            {
                "name": one["name"],
                "fitted": one["fitted"],
                "validation": short(one["validation"]),
                "reported": short(one["reported"]),
                "against_accuracy_weighted": one["against_accuracy_weighted"],
            }
            for one in full["combinations"]
        ],
    }


def main() -> None:
    full = json.loads(Path(sys.argv[1]).read_text())
    result = {
        "what": "`fauxto run`: base training, adversarial fine-tuning, both measured on held-out images; chance is 0.5",
        "data": Path(full["data"]).name,
        "reported_on": "/".join(Path(full["reported_on"]).parts[-2:]),
        **{key: full[key] for key in ["seed", "presets", "commit", "threads", "stages", "changes"]},
        "seconds": sum(stage["seconds"] for stage in full["stages"]),
        "phases": {one["phase"]: phase(one) for one in full["phases"]},
    }
    Path(sys.argv[2]).write_text(json.dumps(result, indent=1) + "\n")


main()

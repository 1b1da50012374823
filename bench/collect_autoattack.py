"""Makes results/pipeline_autoattack.json: the detectors of results/synergy_pipeline.json under two-class AutoAttack.

    python bench/collect_autoattack.py REPORTS results/pipeline_autoattack.json

REPORTS holds a JSON for each phase and judge, `base_resnet_se.json` to `final_ensemble.json`: what `fauxto attack
RUN/PHASE/MODEL cifake/test.parquet --attack autoattack_two_class --epsilon 1/255,2/255 --limit N --json` printed (for
the ensemble, of all models of the phase), or what `fauxto run --strong-images N` left as PHASE_JUDGE_attacked.json,
which is the same measurement. A judge that lacks one of the two phases is left out.
"""

import argparse
import json
from pathlib import Path

from collect_pipeline import short
from measure_release import git

JUDGES = ["convnext_tiny", "efficientnet_b0", "resnet_se", "ensemble"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("reports", type=Path)
    parser.add_argument("out", type=Path)
    arguments = parser.parse_args()
    phases = ("base", "final")
    judges = [judge for judge in JUDGES if all(file(arguments.reports, phase, judge).is_file() for phase in phases)]
    result = {
        "what": "the detectors of results/synergy_pipeline.json under two-class AutoAttack; chance is 0.5",
        "data": "synergy",
        "reported_on": "cifake/test.parquet",
        "presets": ["base", "adversarial"],
        "seed": 42,
        "commit": git(),
        "phases": {phase: {judge: measured(file(arguments.reports, phase, judge)) for judge in judges} for phase in phases},
    }
    arguments.out.write_text(json.dumps(result, indent=1) + "\n")


def file(reports: Path, phase: str, judge: str) -> Path:
    kept = reports / f"{phase}_{judge}_attacked.json"
    return kept if kept.exists() else reports / f"{phase}_{judge}.json"


def measured(report: Path) -> dict:
    full = json.loads(report.read_text())
    full = full.get("strongest") or full
    under = [one for one in full["attacks"] if one["attack"] == "autoattack_two_class"]
    return {"clean": short(full["clean"])} | {one["epsilon"]: short(one) for one in under}


if __name__ == "__main__":
    main()

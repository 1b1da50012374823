"""What several detectors are worth alone and together: results/release_ensemble.json, results/few_images.json.

    python bench/measure_ensemble.py [NAME=]MEMBER,[NAME=]MEMBER,... --data ../shared/datasets [--ensemble FILE] \\
        [--corrupted 500] [--attacked 256] [--out results/release_ensemble.json]

MEMBERs are run folders or checkpoints, called by model and seed where they get no name. Reported on cifake/test: every
member, and all together with McNemar's test of their verdicts against the best member's; together also under
CIFAR-10-C's corruptions, under attack, and on generators/dev.
With --ensemble, the file that `fauxto calibrate` wrote of them is judged in place of their vote; where it has a gate,
also how many images that calls degraded. Needs pyarrow, numpy, scikit-learn, safetensors and scipy.
"""

import argparse
import json
import tempfile
from pathlib import Path

from interval import wilson
from measure_release import chosen, generators, git, say, under_attack, under_corruptions
from measure_robustness import mcnemar, training, verdicts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("members", metavar="[NAME=]MEMBER,...")
    parser.add_argument("--ensemble", type=Path)
    parser.add_argument("--fauxto", type=Path, default=Path("target/release/fauxto"))
    parser.add_argument("--data", type=Path, default=Path("../shared/datasets"))
    parser.add_argument("--attacked", type=int, default=256, help="images attacked; 0: none")
    parser.add_argument("--corrupted", type=int, default=500, help="images under each; 0: none")
    parser.add_argument("--out", type=Path, default=Path("results/release_ensemble.json"))
    arguments = parser.parse_args()
    program, test = arguments.fauxto, arguments.data / "cifake/test.parquet"
    named = [tuple(member.rpartition("=")[::2]) for member in arguments.members.split(",")]
    together = arguments.ensemble or ",".join(path for _, path in named)
    with tempfile.TemporaryDirectory() as folder:
        scores = Path(folder) / "scores.csv"
        members, judged = [], {}
        for name, member in named:
            clean = say(program, "evaluate", member, test, "--scores", scores)
            trained = training(Path(member))
            name = name or f"{trained['model']}, seed {trained['seed']}"
            judged[name] = (clean["accuracy"], verdicts(scores))
            members.append({"name": name, "trained": trained, "cifake_test": chosen(clean)})
        best = max(judged, key=lambda name: judged[name][0])
        under = ("--corrupted", arguments.corrupted) if arguments.corrupted else ()
        clean = say(program, "evaluate", together, test, "--scores", scores, *under)
        result = {
            "what": "detectors alone and together, on images that decided nothing about them",
            "commit": git(),
            "calibrated": arguments.ensemble is not None,
            "members": members,
            "cifake_test": chosen(clean) | {"coverage": clean.get("coverage")},
            "against_best": {"best": best} | mcnemar(judged[best][1], verdicts(scores)),
        }
        if arguments.corrupted:
            result["corrupted"] = under_corruptions(clean["corrupted"])
        if arguments.ensemble and (gate := json.loads(arguments.ensemble.read_text()).get("gate")):
            result["gate"] = gated(program, arguments.ensemble, gate, test)
        say(program, "evaluate", together, arguments.data / "generators/dev.parquet", "--scores", scores)
        result["generators_dev"] = generators(scores, arguments.data / "generators/dev.parquet")
    if arguments.attacked:
        result["attacked"] = under_attack(program, together, test, arguments.attacked)
    arguments.out.write_text(json.dumps(result, indent=1) + "\n")


def gated(program: Path, ensemble: Path, gate: dict, test: Path) -> dict:
    """How the gate of the file `ensemble` was trained, and the images of `test` it calls degraded."""
    checkpoint = ensemble.parent / gate["path"]
    run = checkpoint.parent
    called = [image["degraded"] >= 0.5 for image in say(program, "predict", ensemble, test)]
    return {
        "trained": training(run if (run / "run.json").exists() else checkpoint),
        "called_degraded": {"n": len(called), "share": sum(called) / len(called), "interval": wilson(sum(called), len(called))},
    }


if __name__ == "__main__":
    main()

"""Makes a short JSON of results from the `results.json` that `fauxto run` leaves.

    python bench/collect_pipeline.py RUN results/synergy_pipeline.json [--peers RUNS results/pipeline_epochs.json]

Keeps, for every judge before and after fine-tuning: accuracy with interval and AUC on clean images and under each attack,
and mean accuracy under corruptions; the combinations; what each stage took. RUNS holds runs of `bench/peers/train.py
--split RUN/split.json --fine-tune` on the same machine at the same time: the seconds of an epoch then stand side by
side in a file of their own.
"""

import argparse
import json
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


def epochs(run: Path, peers: Path) -> dict:
    """Seconds of an epoch, by model and phase, of both sides. PyTorch's runs may be a few epochs long."""
    result = {}
    for base in sorted((run / "base").glob("*/run.json")):
        model = base.parent.name
        peer = json.loads(next(peers.glob(f"{model}-*.json")).read_text())
        phases = {"base": (base, peer), "final": (run / "final" / model / "run.json", peer["fine_tuning"])}
        result[model] = {"threads": peer["threads"]}
        for phase, (file, theirs) in phases.items():
            ours = json.loads(file.read_text())
            seconds = {"fauxto": ours["seconds"] / ours["epochs"], "pytorch": theirs["training_seconds"] / theirs["epochs"]}
            result[model][phase] = seconds | {"ratio": seconds["pytorch"] / seconds["fauxto"]}
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, help="the folder of `fauxto run`")
    parser.add_argument("out", type=Path)
    parser.add_argument("--peers", type=Path, nargs=2, metavar=("RUNS", "OUT"), help="runs of train.py with --fine-tune")
    arguments = parser.parse_args()
    full = json.loads((arguments.run / "results.json").read_text())
    result = {
        "what": "`fauxto run`: base training, adversarial fine-tuning, both measured on held-out images; chance is 0.5",
        "data": Path(full["data"]).name,
        "reported_on": "/".join(Path(full["reported_on"]).parts[-2:]),
        **{key: full[key] for key in ["seed", "presets", "commit", "threads", "stages", "changes"]},
        "seconds": sum(stage["seconds"] for stage in full["stages"]),
        "phases": {one["phase"]: phase(one) for one in full["phases"]},
    }
    arguments.out.write_text(json.dumps(result, indent=1) + "\n")
    if arguments.peers:
        runs, out = arguments.peers
        what = "seconds of an epoch of `fauxto run` beside bench/peers/train.py, on the same machine at the same time"
        record = {key: result[key] for key in ["data", "seed", "presets", "commit"]}
        out.write_text(json.dumps({"what": what, **record, "models": epochs(arguments.run, runs)}, indent=1) + "\n")


if __name__ == "__main__":
    main()

"""Writes the split that train.py draws by a seed in the form of Fauxto's, so that Fauxto trains on the peer's sides.

    python split.py SEED RUN/split.json OUT.json --data ../../../shared/datasets
    fauxto train DATA/synergy --split OUT.json ...

RUN/split.json is any split of the same images: it lends identities, hashes and groups. Images of one group that the
draw puts on both sides all go to training, since Fauxto refuses a split group; how many moved is printed.
"""

import argparse
import collections
import json
from pathlib import Path

from train import drawn, training_data


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("seed", type=int)
    parser.add_argument("split", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--data", type=Path, required=True, help="folder with synergy/")
    arguments = parser.parse_args()
    _, labels, paths = training_data(arguments.data / "synergy")
    _, validation = drawn(labels, arguments.seed)
    stopped_on = {paths[i] for i in validation}
    split = json.loads(arguments.split.read_text())
    groups = collections.defaultdict(list)
    for item in split["items"]:
        groups[item["group"]].append(item)
    moved = 0
    for members in groups.values():
        chosen = [item["identity"] in stopped_on for item in members]
        for item in members:
            item["side"] = "validation" if all(chosen) else "train"
        moved += 0 if all(chosen) else sum(chosen)
    # The settings name a draw of Fauxto's, which this is not; its seed is the peer's.
    split["settings"]["seed"] = arguments.seed
    arguments.out.write_text(json.dumps(split))
    print(f"seed {arguments.seed}: {moved} of {len(stopped_on)} images to stop on moved to training with their group")


if __name__ == "__main__":
    main()

"""Loads a checkpoint that Fauxto wrote into the PyTorch network of the same name and computes logits.

    python load_in_timm.py CHECKPOINT.safetensors [--expected LOGITS.json] [--input input] [--batch 4] [--size 32x32]

Every tensor must be there, with timm's name and shape, and none beyond (`strict=True`). The network is named by the key
`model` of the checkpoint's metadata. The images are the formula's (formula.py), in f32. Prints JSON. With `--expected`
(a JSON list of rows, or an object whose `logits` is one) the largest absolute difference is printed too, and the exit
status is 1 if it is above 1e-4.
"""

import argparse
import json
import sys
from pathlib import Path

import numpy as np
import torch
from safetensors import safe_open

sys.path.insert(0, str(Path(__file__).parents[5] / "bench" / "peers"))

import formula
import models

TOLERANCE = 1e-4


def load(checkpoint: Path) -> tuple[str, models.Detector]:
    with safe_open(checkpoint, "pt") as file:
        metadata = file.metadata() or {}
        state = {name: file.get_tensor(name) for name in file.keys()}
    name = metadata.get("model")
    if name not in models.NETWORKS:
        sys.exit(f"{checkpoint}: metadata key `model` is {name!r}; expected one of {', '.join(models.NETWORKS)}")
    detector = models.create(name)
    # PyTorch's own counter of training batches: it plays no part at a fixed momentum, so a checkpoint may leave it out.
    for key, value in detector.network.state_dict().items():
        if key.endswith("num_batches_tracked"):
            state.setdefault(key, value)
    detector.network.load_state_dict(state, strict=True)
    return name, detector.eval()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--expected", type=Path, help="logits from Fauxto for the same images")
    parser.add_argument("--input", default="input", help="name of the image stream")
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--size", default="32x32", help="HEIGHTxWIDTH")
    arguments = parser.parse_args()
    height, width = map(int, arguments.size.split("x"))
    name, detector = load(arguments.checkpoint)
    with torch.no_grad():
        logits = detector(formula.images(arguments.input, arguments.batch, height, width)).numpy()
    result = {"model": name, "logits": logits.astype(float).tolist()}
    if arguments.expected:
        expected = json.loads(arguments.expected.read_text())
        expected = np.array(expected["logits"] if isinstance(expected, dict) else expected)
        if expected.shape != logits.shape:
            sys.exit(f"{arguments.expected}: logits of shape {expected.shape}, expected {logits.shape}")
        difference = float(np.abs(expected - logits).max())
        result |= {"maximum_difference": difference, "tolerance": TOLERANCE, "equal": difference <= TOLERANCE}
    print(json.dumps(result))
    return 0 if result.get("equal", True) else 1


if __name__ == "__main__":
    sys.exit(main())

"""The least work of a network: multiply-adds and bytes, for inference and for a training step.

    python work.py --model resnet_se --batch 128

Prints a JSON object. Multiply-adds are those of convolutions and dense layers by their definition (Winograd's algorithm
needs fewer), once forward and twice backward, except for the pixels' gradient, which nobody needs. Bytes are what must
pass through memory if normalisation, activation, addition and attention cost nothing: every convolution and dense layer
reads its weight and input and writes its output; backward it reads weight, input and output gradient and writes both
gradients; AdamW reads parameter, gradient and two moments and writes all but the gradient.
"""

import argparse
import json

import torch
from torch import nn

import models

F32 = 4


def layers(detector: nn.Module) -> list[tuple[int, int, int]]:
    """Values read, values written, and multiply-adds of every convolution and dense layer for one image, in order."""
    counted = []

    def count(layer, inputs, output) -> None:
        # Each output value is a product with one output channel's weights.
        multiply_adds = output.numel() * layer.weight[0].numel()
        counted.append((inputs[0].numel(), output.numel(), multiply_adds))

    for layer in detector.modules():
        if isinstance(layer, (nn.Conv2d, nn.Linear)):
            layer.register_forward_hook(count)
    with torch.no_grad():
        detector.eval()(torch.rand(1, 3, 32, 32))
    return counted


def work(model: str, batch: int) -> dict:
    detector = models.create(model)
    weights = models.parameters(detector)
    counted = layers(detector)
    read, written, forward = (sum(values) * batch for values in zip(*counted))
    pixels, _, first = (value * batch for value in counted[0])
    return {
        "model": model,
        "batch": batch,
        "parameters": weights,
        "inference": {"multiply_adds": forward, "bytes": F32 * (weights + read + written)},
        "training": {
            "multiply_adds": 3 * forward - first,
            "bytes": F32 * (10 * weights + 3 * read - pixels + 2 * written),
        },
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True, choices=models.NETWORKS)
    parser.add_argument("--batch", type=int, default=128)
    arguments = parser.parse_args()
    print(json.dumps(work(arguments.model, arguments.batch)))

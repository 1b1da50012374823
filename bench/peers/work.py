"""The least work of a network: multiply-adds and bytes, for one image and for a training step.

    python work.py --model resnet_se --batch 128

Prints a JSON object. Multiply-adds are those of convolutions and dense layers by their definition, as PyTorch counts them
(Winograd's algorithm needs fewer). Bytes are what must pass through memory if normalisation, activation, addition and
attention cost nothing: every convolution and dense layer reads its weight and input and writes its output; backward it
reads weight, input and output gradient and writes both gradients; AdamW reads parameter, gradient and two moments and
writes all but the gradient.
"""

import argparse
import json

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

import models

F32 = 4


def multiply_adds(work) -> int:
    with FlopCounterMode(display=False) as counter:
        work()
    return counter.get_total_flops() // 2


def activations(detector: nn.Module, pixels: torch.Tensor) -> tuple[int, int]:
    """Values that convolutions and dense layers read and write."""
    read = written = 0

    def count(_, inputs, output) -> None:
        nonlocal read, written
        read, written = read + inputs[0].numel(), written + output.numel()

    layers = [layer for layer in detector.modules() if isinstance(layer, (nn.Conv2d, nn.Linear))]
    hooks = [layer.register_forward_hook(count) for layer in layers]
    with torch.no_grad():
        detector(pixels)
    for hook in hooks:
        hook.remove()
    return read, written


def work(model: str, batch: int) -> dict:
    detector = models.create(model)
    # Two images, for batch statistics; everything but the weights grows with the batch.
    pixels, labels = torch.rand(2, 3, 32, 32), torch.tensor([0, 1])
    weights = models.parameters(detector)
    forward = multiply_adds(lambda: detector(pixels)) // 2
    step = multiply_adds(lambda: F.cross_entropy(detector(pixels), labels).backward()) // 2
    read, written = (values // 2 for values in activations(detector.eval(), pixels))
    return {
        "model": model,
        "batch": batch,
        "parameters": weights,
        "inference": {
            "multiply_adds": forward * batch,
            "bytes": F32 * (weights + (read + written) * batch),
        },
        "training": {
            "multiply_adds": step * batch,
            "bytes": F32 * (10 * weights + (3 * read + 2 * written) * batch),
        },
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True, choices=models.NETWORKS)
    parser.add_argument("--batch", type=int, default=128)
    arguments = parser.parse_args()
    print(json.dumps(work(arguments.model, arguments.batch)))

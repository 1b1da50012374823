"""Weights and images by a formula, so that no weight file is needed and both sides compute the same numbers.

The stream called `name` is a sequence of 64-bit numbers: element i is the splitmix64 output (Steele, Lea & Flood 2014)
of the state FNV-1a-64(name in UTF-8) + i, all sums and products modulo 2^64:

    z = state + 0x9E3779B97F4A7C15
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9
    z = (z ^ z >> 27) * 0x94D049BB133111EB
    z ^ z >> 31

To check an implementation: FNV-1a-64("input") = 0x1EBBAE8F5810B65B; the stream `input` begins 0x190A9F76A9BD8BF6,
0x25C12863D0B8ABEB; `conv1.weight` of shape [64, 3, 3, 3] at gain 1.3 begins 0.03906494751572609, -0.3684938848018646;
the image `input` (1, 32, 32) begins with the levels 179, 52, 197, 227, 105, 210.

**Weights.** Element i (row-major in PyTorch's shape) of the tensor called `name` in the state dict is
base + scale * u, computed in f64 and rounded to f32, with u = (z >> 40) / 2^24 * 2 - 1 in [-1, 1) and

    two or more dimensions      base 0    scale gain * sqrt(3 / fan_in), fan_in = product of shape[1:]
    ...weight (one dimension)   base 1    scale .1      (norms)
    ...bias                     base .5   scale .5
    ...running_mean             base 0    scale .1
    ...running_var              base 1    scale .25
    ...gamma                    base .5   scale .25     (ConvNeXt's layer scale)

The gain belongs to the model (`GAIN` in generate.py, `gain` in the values). Positive biases keep most rectified units
open, which keeps a deep network of random weights well conditioned.

**Images.** `[batch, height, width, channel]`, levels of 256: a fine grain a quarter, 8x8 blocks three quarters, so that
images differ in more than noise. The grain is z >> 56 of the stream `name` at the flat index; the blocks are z >> 56 of
the stream `name.coarse` at the flat index in `[batch, ceil(height/8), ceil(width/8), channel]`.

    level = (3 * coarse[b, y/8, x/8, c] + fine[b, y, x, c]) >> 2        pixel = level / 255
"""

import math

import numpy as np
import torch

U64 = np.uint64


def fnv1a64(name: str) -> int:
    state = 0xCBF29CE484222325
    for byte in name.encode():
        state = (state ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return state


def stream(name: str, length: int) -> np.ndarray:
    with np.errstate(over="ignore"):
        z = np.arange(length, dtype=U64) + U64(fnv1a64(name)) + U64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> U64(30))) * U64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> U64(27))) * U64(0x94D049BB133111EB)
        return z ^ (z >> U64(31))


KINDS = {
    "weight": (1.0, 0.1),
    "bias": (0.5, 0.5),
    "running_mean": (0.0, 0.1),
    "running_var": (1.0, 0.25),
    "gamma": (0.5, 0.25),
}


def tensor(name: str, shape: tuple[int, ...], gain: float) -> torch.Tensor:
    if len(shape) >= 2:
        base, scale = 0.0, gain * math.sqrt(3 / math.prod(shape[1:]))
    else:
        base, scale = KINDS[name.rsplit(".", 1)[-1]]
    unit = (stream(name, math.prod(shape)) >> U64(40)).astype(np.float64) / 2**24 * 2 - 1
    return torch.from_numpy((base + scale * unit).astype(np.float32)).reshape(shape)


def fill(network: torch.nn.Module, gain: float) -> None:
    """Gives every parameter and buffer of `network` its value by the formula."""
    state = network.state_dict()
    for name, value in state.items():
        if not name.endswith("num_batches_tracked"):
            state[name] = tensor(name, tuple(value.shape), gain)
    network.load_state_dict(state)


def levels(name: str, batch: int, height: int, width: int) -> np.ndarray:
    """u8 `[batch, height, width, 3]`."""
    blocks = (batch, -(-height // 8), -(-width // 8), 3)
    fine = (stream(name, batch * height * width * 3) >> U64(56)).reshape(batch, height, width, 3)
    coarse = (stream(f"{name}.coarse", math.prod(blocks)) >> U64(56)).reshape(blocks)
    coarse = coarse.repeat(8, 1).repeat(8, 2)[:, :height, :width]
    return ((U64(3) * coarse + fine) >> U64(2)).astype(np.uint8)


def images(name: str, batch: int, height: int, width: int, precision: torch.dtype = torch.float32) -> torch.Tensor:
    """`[batch, 3, height, width]` in [0, 1], as PyTorch wants them."""
    pixels = torch.from_numpy(levels(name, batch, height, width)).to(precision) / 255
    return pixels.permute(0, 3, 1, 2).contiguous()

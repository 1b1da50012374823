"""Golden values of the attacks: torchattacks on a tiny network whose weights follow a formula.

    pip install --no-deps torchattacks==3.5.1
    python generate.py

torch 2.15.0, numpy 2.4.6 (bench/peers/requirements.txt), torchattacks 3.5.1 (MIT; without its dependencies, of which it
names versions that no longer install and needs none here). Computed in f32, as torchattacks has it.

The network: 3x3 convolution of 3 to 6 channels, SiLU, 3x3 convolution of 6 to 8 of stride 2, SiLU, mean over the image,
linear 8 to 2; padding 1; pixels shifted by -.5 and multiplied by 4 first. Its tensors are those of
../models/formula.py called `tiny.*` at gain `gain`, except the last bias, stored as `bias`, which puts the boundary
among the images. SiLU has no kink, so that gradients depend on rounding nowhere.

Images: the stream `attack`, [6, 8, 8]. Labels are what the network says, but for the last image, which is labelled
wrong: attacks that only touch what is right must leave it alone.

- `apgd_ce`: one run from a given start, the point of highest loss. The start is image + epsilon * t / max|t|, cut to
  0..=1, with t = 2u - 1, u = (z >> 40) / 2^24 of the stream `apgd.start` at the flat index in `[batch, height, width,
  channel]`. `loss` is the cross entropy after 100 iterations, where pixels no longer agree to the last digit.
- `fab`: without random start, at an epsilon that all images reach.
- `square`: each image alone, numbers u as above from the stream `square.{image}`, one after another. The position of
  a square is drawn from all places, the last row and column included, as the paper says; the original's integer draw
  leaves these out. Schedule not compressed (`resc_schedule=False`), as AutoAttack calls it.
"""

import json
import sys
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
import torchattacks

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "models"))

import formula

GAIN = 1.6
BATCH, SIDE = 6, 8
EPSILON = 20 / 255


class Tiny(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv1 = torch.nn.Conv2d(3, 6, 3, padding=1)
        self.conv2 = torch.nn.Conv2d(6, 8, 3, stride=2, padding=1)
        self.fc = torch.nn.Linear(8, 2)
        state = {
            name: formula.tensor(f"tiny.{name}", tuple(value.shape), GAIN) for name, value in self.state_dict().items()
        }
        self.load_state_dict(state)

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        x = F.silu(self.conv1((pixels - 0.5) * 4))
        return self.fc(F.silu(self.conv2(x)).mean(dim=(2, 3)))


def uniform(name: str, length: int) -> np.ndarray:
    return ((formula.stream(name, length) >> np.uint64(40)).astype(np.float64) / 2**24).astype(np.float32)


class given:
    """While entered, torch.rand hands out the numbers of `source` instead of random ones."""

    def __init__(self, source) -> None:
        self.source = source

    def __enter__(self) -> None:
        self.original = torch.rand
        torch.rand = lambda *shape: self.source(torch.Size(shape[0] if isinstance(shape[0], (list, tuple)) else shape))

    def __exit__(self, *_) -> None:
        torch.rand = self.original


class Square(torchattacks.Square):
    def random_int(self, low=0, high=1, shape=[1]):
        return (low + (high - low + 1) * torch.rand(shape)).long()


def square(model, images, labels, queries: int) -> torch.Tensor:
    results = []
    for index in range(len(images)):
        numbers, at = uniform(f"square.{index}", 1_000_000), 0

        def take(shape) -> torch.Tensor:
            nonlocal at
            at += shape.numel()
            return torch.from_numpy(numbers[at - shape.numel() : at]).reshape(shape)

        attack = Square(model, eps=EPSILON, n_queries=queries, resc_schedule=False)
        image, label = images[index : index + 1], labels[index : index + 1]
        if model(image).argmax(1) != label:
            results.append(image)
            continue
        attack.init_hyperparam(image)
        with given(take):
            results.append(attack.attack_single_run(image, label)[1])
    return torch.cat(results)


def apgd(model, images, labels, steps: int) -> tuple[torch.Tensor, torch.Tensor]:
    numbers = torch.from_numpy(uniform("apgd.start", images.numel())).reshape(BATCH, SIDE, SIDE, 3).permute(0, 3, 1, 2)
    attack = torchattacks.APGD(model, eps=EPSILON, steps=steps)
    with given(lambda shape: numbers):
        best, _, loss, _ = attack.attack_single_run(images, labels)
    return best.detach(), loss


def main() -> None:
    model = Tiny().eval().requires_grad_(False)
    images = formula.images("attack", BATCH, SIDE, SIDE)
    logits = model(images)
    lead = (logits[:, 1] - logits[:, 0]).sort().values
    with torch.no_grad():
        model.fc.bias[1] -= (lead[2] + lead[3]) / 2
    logits = model(images)
    labels = logits.argmax(1)
    labels[-1] = 1 - labels[-1]

    def pgd(kind, **settings) -> torch.Tensor:
        return kind(model, random_start=False, **settings)(images, labels)

    apgd_pixels, _ = apgd(model, images, labels, 30)
    _, apgd_loss = apgd(model, images, labels, 100)
    results = {
        "fgsm": torchattacks.FGSM(model, eps=EPSILON)(images, labels),
        "pgd": pgd(torchattacks.PGD, eps=EPSILON, alpha=EPSILON / 4, steps=10),
        "pgd_l2": pgd(torchattacks.PGDL2, eps=0.5, alpha=0.125, steps=10),
        "apgd_ce": apgd_pixels,
        "fab": torchattacks.FAB(model, eps=0.3, steps=20, n_restarts=1, n_classes=2)(images, labels),
        "square": square(model, images, labels, 400),
    }
    for name, result in results.items():
        verdicts = model(result).argmax(1)
        size = (result - images).abs().amax(dim=(1, 2, 3))
        print(name, "right:", (verdicts == labels).int().tolist(), "size:", [f"{value:.4f}" for value in size.tolist()])

    def digits(values: torch.Tensor) -> list[float]:
        return [float(f"{value:.8g}") for value in values.flatten().tolist()]

    golden = {
        "versions": {"torch": torch.__version__, "torchattacks": torchattacks.__version__},
        "gain": GAIN,
        "bias": digits(model.fc.bias),
        "shape": [BATCH, SIDE, SIDE],
        "labels": labels.tolist(),
        "logits": digits(logits),
        "apgd_ce_loss_after_100": digits(apgd_loss),
        "pixels": {name: digits(result.permute(0, 2, 3, 1)) for name, result in results.items()},
    }
    file = HERE / "attack.json"
    file.write_text(json.dumps(golden, separators=(",", ":")) + "\n")
    print(f"{file.stat().st_size / 1000:.0f} kB; logits {logits.tolist()}")


if __name__ == "__main__":
    main()

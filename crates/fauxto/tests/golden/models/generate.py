"""Golden values of the networks: what PyTorch computes for weights and images that follow a formula (formula.py).

    python generate.py [MODEL ...]

torch 2.15.0, timm 1.0.31, numpy 2.4.6 (bench/peers/requirements.txt); networks from bench/peers/models.py. The values
are computed in f64. `single_precision_error` says how far PyTorch's own f32 lands from them, the worst of three ways to compute it
(plain layout, channels last, without oneDNN): a tolerance of a few times that number is what f32 deserves.

Per model: logits in evaluation mode for two image sizes; then one training batch with dropout switched off: logits,
cross entropy, running statistics after the forward pass, every parameter's gradient (norm, sum, up to eight elements),
and every parameter after three AdamW steps on the same batch (norm of the whole change, the same elements).

- The sampled elements are those whose gradient is at least `LARGE` of the tensor's largest in all three steps: AdamW's
  first steps are nearly the sign of the gradient, which rounding decides where the gradient is nearly zero.
- Parameters without influence in training mode (a bias before a linear layer before BatchNorm) have gradients of zero;
  f32 gives noise there. They carry `"invariant": true`, their gradient should be below `invariant_gradient_norm`'s
  scale, and their values after AdamW are noise.
- Learning rate and weight decay are not the training recipe's: with 5e-4 and 1e-4 the decay is below f32's resolution
  of the weights, and a wrong one would pass. `adamw.json` holds the optimiser alone, with the recipe's values too.
- Rectifiers have a kink. An activation so near zero that rounding decides its side changes gradients by a share of
  1/sqrt(activations), whatever the precision of everything else. For the models with ReLU the input stream is therefore
  the first (`input.0`, `input.1`, ...) for which every rectified value of the first step stays `MARGIN` times its
  layer's f32 error away from zero; `--search MODEL` finds it. The later steps have no such guard, which the error of
  `after` and `change_norm` shows.
"""

import itertools
import json
import sys
from pathlib import Path

import numpy as np
import timm
import torch
import torch.nn.functional as F

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[4] / "bench" / "peers"))

import formula
import models

GAIN = {
    "convnext_tiny": 1.4,
    "efficientnet_b0": 1.4,
    "efficientnet_b0_cifar": 1.4,
    "efficientnet_lite0": 1.2,
    "resnet_se": 1.3,
    "resnet_se_small": 1.0,
    "resnet18_se": 1.2,
}
INPUT = {
    "convnext_tiny": "input.0",
    "efficientnet_b0": "input.0",
    "efficientnet_b0_cifar": "input.0",
    "efficientnet_lite0": "input.0",
    "resnet_se": "input.2",
    "resnet_se_small": "input.5",
    "resnet18_se": "input.1",
}
# EfficientNet ends in 1/32 of the resolution: at 32x32 its last BatchNorms would see four values per channel.
TRAINING_SIZE = {"efficientnet_b0": 64}
EVALUATION_ONLY = {"efficientnet_b0_cifar", "efficientnet_lite0"}
LABELS = [0, 1, 1, 0]
ADAMW = {"learning_rate": 1e-4, "weight_decay": 0.1, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-8}
STEPS = 3
SAMPLES = 8
LARGE = 0.03
MARGIN = 3.0
ZERO = 1e-9


def build(name: str, precision: torch.dtype, layout=torch.contiguous_format) -> models.Detector:
    detector = models.create(name)
    formula.fill(detector.network, GAIN[name])
    detector = detector.to(precision).to(memory_format=layout)
    for buffer, constant in (
        ("mean", models.IMAGENET_MEAN),
        ("standard_deviation", models.IMAGENET_STANDARD_DEVIATION),
    ):
        setattr(detector, buffer, torch.tensor(constant, dtype=precision).view(1, 3, 1, 1))
    for module in detector.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    return detector


@torch.no_grad()
def evaluate(detector, name: str, batch: int, height: int, width: int) -> np.ndarray:
    detector.eval()
    precision = detector.mean.dtype
    return detector(formula.images(INPUT[name], batch, height, width, precision)).double().numpy()


def adamw(parameters, settings: dict) -> torch.optim.AdamW:
    return torch.optim.AdamW(
        parameters,
        lr=settings["learning_rate"],
        weight_decay=settings["weight_decay"],
        betas=(settings["beta_1"], settings["beta_2"]),
        eps=settings["epsilon"],
    )


def train(detector, name: str, stream: str, steps: int = STEPS) -> dict:
    """All steps: the logits, losses and gradients of each, statistics after the first, parameters at the end."""
    detector.train()
    size = TRAINING_SIZE.get(name, 32)
    pixels = formula.images(stream, len(LABELS), size, size, detector.mean.dtype)
    labels = torch.tensor(LABELS)
    named = dict(detector.network.named_parameters())
    before = {key: value.detach().double().clone() for key, value in named.items()}
    optimizer = adamw(detector.parameters(), ADAMW)
    record = {"logits": [], "losses": [], "gradients": []}
    for step in range(steps):
        logits = detector(pixels)
        if step == 0:
            record["statistics"] = {
                key: value.double().clone()
                for key, value in detector.network.named_buffers()
                if key.endswith(("running_mean", "running_var"))
            }
        loss = F.cross_entropy(logits, labels)
        optimizer.zero_grad()
        loss.backward()
        record["logits"].append(logits.detach().double().numpy())
        record["losses"].append(loss.item())
        record["gradients"].append({key: value.grad.double().flatten().clone() for key, value in named.items()})
        optimizer.step()
    record["after"] = {key: value.detach().double().flatten() for key, value in named.items()}
    record["change"] = {key: value - before[key].flatten() for key, value in record["after"].items()}
    return record


def sample(name: str, candidates: torch.Tensor) -> list[int]:
    """Up to `SAMPLES` of the indices where `candidates` is true, in an order that follows from the name."""
    indices = candidates.nonzero()[:, 0].numpy()
    order = formula.stream(f"{name}.samples", candidates.numel())[indices].argsort()
    return sorted(indices[order[:SAMPLES]].tolist())


def short(values) -> list | float:
    """Nine significant digits: more than f32 holds."""
    if np.ndim(values):
        return [short(value) for value in values]
    return float(f"{float(values):.9g}")


def golden(name: str) -> dict:
    truth = build(name, torch.float64)
    cases = [(4, 32, 32), (2, 64, 48)]
    result = {
        "model": name,
        "versions": {"torch": torch.__version__, "timm": timm.__version__},
        "gain": GAIN[name],
        "input": INPUT[name],
        "evaluation": [
            {"batch": batch, "height": height, "width": width}
            | {"logits": short(evaluate(truth, name, batch, height, width))}
            for batch, height, width in cases
        ],
    }
    singles = []
    for layout, onednn in ((torch.contiguous_format, True), (torch.channels_last, True), (torch.contiguous_format, False)):
        with torch.backends.mkldnn.flags(enabled=onednn):
            detector = build(name, torch.float32, layout)
            logits = [evaluate(detector, name, *case) for case in cases]
            singles.append((logits, None if name in EVALUATION_ONLY else train(detector, name, INPUT[name])))
    error = {
        "evaluation_logits": max(
            np.abs(np.array(case["logits"]) - logits[i]).max()
            for logits, _ in singles
            for i, case in enumerate(result["evaluation"])
        )
    }
    if name not in EVALUATION_ONLY:
        record = train(build(name, torch.float64), name, INPUT[name])
        result["training"], more = training(name, record, [single for _, single in singles])
        error |= more
    result["single_precision_error"] = {key: float(f"{value:.2g}") for key, value in error.items()}
    return result


def training(name: str, record: dict, singles: list[dict]) -> tuple[dict, dict]:
    size = TRAINING_SIZE.get(name, 32)
    error = {
        "logits": max(np.abs(single["logits"][0] - record["logits"][0]).max() for single in singles),
        "losses": max(np.abs(np.subtract(single["losses"], record["losses"])).max() for single in singles),
        "running_statistics": 0.0,
        "gradient_norm_relative": 0.0,
        "gradient_sum_over_norm": 0.0,
        "gradient_relative": 0.0,
        "invariant_gradient_norm": 0.0,
        "change_norm_relative": 0.0,
        "after_over_learning_rate": 0.0,
    }

    def worst(key: str, value) -> None:
        error[key] = max(error[key], float(value))

    statistics = {}
    for key, value in record["statistics"].items():
        indices = sample(key, torch.ones(value.numel(), dtype=torch.bool))[:4]
        statistics[key] = {"norm": short(value.norm()), "indices": indices, "values": short(value[indices])}
        for single in singles:
            worst("running_statistics", (single["statistics"][key] - value).abs().max())

    parameters = {}
    rate = ADAMW["learning_rate"]
    for key, gradient in record["gradients"][0].items():
        norm = gradient.norm()
        if norm < ZERO:
            parameters[key] = {"invariant": True}
            for single in singles:
                worst("invariant_gradient_norm", single["gradients"][0][key].norm())
            continue
        large = torch.ones_like(gradient, dtype=torch.bool)
        for step in record["gradients"]:
            large &= step[key].abs() >= LARGE * step[key].abs().max()
        indices = sample(key, large)
        assert indices, f"{name}: no element of {key} keeps a large gradient"
        parameters[key] = {
            "gradient_norm": short(norm),
            "gradient_sum": short(gradient.sum()),
            "indices": indices,
            "gradients": short(gradient[indices]),
            "change_norm": short(record["change"][key].norm()),
            "after": short(record["after"][key][indices]),
        }
        for single in singles:
            other = single["gradients"][0][key]
            worst("gradient_norm_relative", (other.norm() / norm - 1).abs())
            worst("gradient_sum_over_norm", (other.sum() - gradient.sum()).abs() / norm)
            worst("gradient_relative", ((other - gradient).abs() / gradient.abs())[indices].max())
            worst("change_norm_relative", (single["change"][key].norm() / record["change"][key].norm() - 1).abs())
            worst("after_over_learning_rate", (single["after"][key] - record["after"][key])[indices].abs().max() / rate)
    return {
        "batch": len(LABELS),
        "height": size,
        "width": size,
        "labels": LABELS,
        "logits": short(record["logits"][0]),
        "adamw": ADAMW,
        "losses": short(record["losses"]),
        "running_statistics": statistics,
        "parameters": parameters,
    }, error


def optimiser() -> dict:
    """AdamW alone: a few numbers with prescribed gradients, for the recipe's settings and for a strong decay."""
    size, steps = 12, 5
    start = formula.tensor("adamw.start", (1, size), 1.0).double()[0]
    gradients = [formula.tensor(f"adamw.gradient.{step}", (1, size), 0.01).double()[0] for step in range(steps)]
    cases = []
    for rate, decay in ((5e-4, 1e-4), (1e-2, 0.5)):
        settings = ADAMW | {"learning_rate": rate, "weight_decay": decay}
        parameter = torch.nn.Parameter(start.clone())
        optimizer, after = adamw([parameter], settings), []
        for gradient in gradients:
            parameter.grad = gradient.clone()
            optimizer.step()
            after.append(short(parameter.detach()))
        cases.append(settings | {"after": after})
    return {
        "versions": {"torch": torch.__version__},
        "start": short(start),
        "gradients": [short(gradient) for gradient in gradients],
        "cases": cases,
    }


def rectified(precision: torch.dtype, name: str, stream: str) -> list[torch.Tensor]:
    """Every value that goes into a rectifier in the first step, layer by layer."""
    seen, relu = [], torch.relu

    def watched(x):
        seen.append(x.detach().double().flatten())
        return relu(x)

    torch.relu = watched
    try:
        train(build(name, precision), name, stream, 1)
    finally:
        torch.relu = relu
    return seen


def margin(name: str, stream: str) -> float:
    """The least distance of a rectified value from zero, in units of its layer's f32 error."""
    exact, single = (rectified(precision, name, stream) for precision in (torch.float64, torch.float32))
    return min((a.abs().min() / (b - a).pow(2).mean().sqrt()).item() for a, b in zip(exact, single))


def search(name: str) -> None:
    for number in itertools.count():
        least = margin(name, f"input.{number}")
        print(f"{name} input.{number}: the nearest rectified value is {least:.2f} f32 errors from the kink", flush=True)
        if least >= MARGIN:
            return


def write(file: Path, value: dict) -> None:
    """JSON with one line per value of the outer tables, so that a change shows as a line."""

    def lines(value, depth: int) -> str:
        if depth and isinstance(value, dict):
            inside = ",\n".join(f"{json.dumps(key)}: {lines(each, depth - 1)}" for key, each in value.items())
            return "{\n" + inside + "\n}"
        return json.dumps(value, separators=(",", ":"))

    file.write_text(lines(value, 3 if "training" in value else 1) + "\n")


def main() -> None:
    torch.set_num_threads(2)
    if sys.argv[1:2] == ["--search"]:
        return search(sys.argv[2])
    for name in sys.argv[1:] or [*GAIN, "adamw"]:
        value = optimiser() if name == "adamw" else golden(name)
        file = HERE / f"{name}.json"
        write(file, value)
        print(f"{name}: {file.stat().st_size / 1000:.0f} kB", value.get("single_precision_error", ""))


if __name__ == "__main__":
    main()

"""Golden values of explanations and their scores: what the methods' own packages compute on networks whose weights and
images follow a formula (../models/formula.py).

    python generate.py

torch 2.15.0, timm 1.0.31, numpy 2.4.6 (bench/peers/requirements.txt); grad-cam 1.5.7, captum 0.9.0, lime 0.2.0.1,
shap 0.51.0, scikit-learn 1.9.1. Networks in f64; grad-cam's enlargement and its ROAD work in f32.

What is explained is the log-odds of a class, logit less the other logit. Images are `explained` of the formula,
`[2, 32, 32, 3]`, the first explained as fake, the second as real. Maps of full size are rounded to five to seven digits.
"""

import itertools
import json
import sys
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parents[4] / "bench" / "peers"), str(HERE.parent / "models")]

import formula
import models
import shap
from captum.attr import IntegratedGradients, Occlusion
from lime import lime_image
from pytorch_grad_cam import GradCAM, GradCAMPlusPlus, HiResCAM
from pytorch_grad_cam.metrics import road

GAIN = {"convnext_tiny": 1.4, "efficientnet_b0": 1.4, "resnet_se_small": 1.0}
# The deepest stage whose map is at least 4x4 at 32x32.
LAYER = {
    # Fauxto counts the normalisation that opens timm's third stage to the second.
    "convnext_tiny": lambda network: network.stages[2].downsample[0],
    "efficientnet_b0": lambda network: network.blocks[2],
    "resnet_se_small": lambda network: network.layer3,
}
CLASSES = [1, 0]
SIDE = 32


def build(name: str) -> torch.nn.Module:
    detector = models.create(name)
    formula.fill(detector.network, GAIN[name])
    detector = detector.double().eval()
    for buffer, constant in (
        ("mean", models.IMAGENET_MEAN),
        ("standard_deviation", models.IMAGENET_STANDARD_DEVIATION),
    ):
        setattr(detector, buffer, torch.tensor(constant, dtype=torch.float64).view(1, 3, 1, 1))
    return detector


def log_odds(logits: torch.Tensor, label: int) -> torch.Tensor:
    return logits[..., label] - logits[..., 1 - label]


def rounded(values, digits: int) -> list:
    return [float(f"{value:.{digits}g}") for value in np.asarray(values, dtype=np.float64).ravel()]


def activation_maps(name: str, pixels: torch.Tensor) -> dict:
    """Of both images and of both classes (both as in `CLASSES`, then both the other way round): the rectified maps before
    enlargement, and of the first image the package's results: stretched to 0..1, enlarged by OpenCV."""
    detector = build(name)
    labels = CLASSES + CLASSES[::-1]
    pixels = torch.cat([pixels, pixels])
    targets = [lambda logits, label=label: log_odds(logits, label) for label in labels]
    result = {}
    for key, method in (("grad_cam", GradCAM), ("grad_cam_plus_plus", GradCAMPlusPlus), ("hires_cam", HiResCAM)):
        coarse = []

        class Recording(method):
            def get_cam_image(self, *arguments):
                cam = super().get_cam_image(*arguments)
                coarse.append(np.maximum(cam, 0))
                return cam

        enlarged = Recording(model=detector, target_layers=[LAYER[name](detector.network)])(pixels, targets)
        result[key] = {"coarse": rounded(coarse[0], 9), "enlarged_of_first": rounded(enlarged[[0, 2]], 5)}
    return result


def integrated_gradients(detector, pixels: torch.Tensor) -> list:
    attributions = IntegratedGradients(lambda x: log_odds(detector(x), CLASSES[0])).attribute(pixels[:1], n_steps=50)
    return rounded(attributions.sum(1), 7)


def occlusion(detector, pixels: torch.Tensor) -> list:
    """Windows of Fauxto's shares of 32 pixels; the second does not divide the image."""
    mean = pixels[:1].mean((2, 3), keepdim=True)
    cases = []
    for window_share, stride_share in ((0.25, 0.5), (0.3125, 0.7)):
        window = round(window_share * SIDE)
        stride = round(stride_share * window)
        attributions = Occlusion(lambda x: log_odds(detector(x), CLASSES[0])).attribute(
            pixels[:1], sliding_window_shapes=(3, window, window), strides=(3, stride, stride), baselines=mean
        )
        cases.append({"window": window_share, "stride": stride_share, "map": rounded(attributions[0, 0], 7)})
    return cases


def grid(rows: int) -> np.ndarray:
    y, x = np.mgrid[:SIDE, :SIDE]
    return (y * rows // SIDE) * rows + x * rows // SIDE


def masked_log_odds(detector, image: np.ndarray, segments: np.ndarray, masks: np.ndarray) -> np.ndarray:
    """`image` `[height, width, 3]` with the segments that a mask drops in their mean colour."""
    flat = image.copy()
    for segment in np.unique(segments):
        flat[segments == segment] = image[segments == segment].mean(0)
    kept = masks.astype(bool)[:, segments][..., None]
    batch = torch.from_numpy(np.where(kept, image, flat)).permute(0, 3, 1, 2)
    with torch.no_grad():
        return log_odds(detector(batch), CLASSES[0]).numpy()


def bits(masks: np.ndarray) -> list:
    return ["".join("1" if kept else "0" for kept in mask) for mask in masks]


def lime(detector, image: np.ndarray) -> dict:
    """The package with its own random masks, which are recorded, on a grid of 4x4."""
    segments = grid(4)
    recorded = {}

    class Recording(lime_image.LimeImageExplainer):
        def data_labels(self, *arguments, **settings):
            recorded["masks"], recorded["evidence"] = super().data_labels(*arguments, **settings)
            return recorded["masks"], recorded["evidence"]

    def classify(images):
        with torch.no_grad():
            value = log_odds(detector(torch.from_numpy(images).permute(0, 3, 1, 2)), CLASSES[0]).numpy()
        return np.stack([-value, value], 1)

    explanation = Recording(random_state=0, feature_selection="none").explain_instance(
        image, classify, labels=(1,), top_labels=None, num_samples=120, segmentation_fn=lambda _: segments
    )
    coefficients = dict(explanation.local_exp[1])
    return {
        "segments": 16,
        "kernel_width": 0.25,
        "masks": bits(recorded["masks"]),
        "evidence": rounded(recorded["evidence"][:, 1], 12),
        "coefficients": rounded([coefficients[segment] for segment in range(16)], 9),
    }


def kernel_shap(detector, image: np.ndarray, rows: int, samples: int) -> dict:
    """The package on a grid of rows x rows, its coalitions and weights recorded, without selection of features."""
    segments = grid(rows)
    explainer = shap.KernelExplainer(
        lambda masks: masked_log_odds(detector, image, segments, masks), np.zeros((1, rows * rows))
    )
    np.random.seed(0)
    values = explainer.shap_values(np.ones((1, rows * rows)), nsamples=samples, l1_reg=False, silent=True)[0]
    added = explainer.nsamplesAdded
    result = {"segments": rows * rows, "samples": samples, "values": rounded(values, 9)}
    if rows * rows > 10:
        result |= {
            "masks": bits(explainer.maskMatrix[:added]),
            "weights": rounded(explainer.kernelWeights[:added], 12),
            "evidence": rounded(explainer.ey[:added, 0], 12),
            "none": float(explainer.fnull[0]),
            "whole": float(explainer.fx[0]),
        }
    return result


def exact_shapley(detector, image: np.ndarray, rows: int) -> list:
    """By the definition: the mean gain over all orders of joining."""
    count = rows * rows
    masks = np.array(list(itertools.product((0, 1), repeat=count)))
    worth = dict(zip(map(tuple, masks), masked_log_odds(detector, image, grid(rows), masks)))
    from math import factorial

    values = np.zeros(count)
    for mask, value in worth.items():
        size = sum(mask)
        for member in range(count):
            if not mask[member]:
                joined = mask[:member] + (1,) + mask[member + 1 :]
                weight = factorial(size) * factorial(count - size - 1) / factorial(count)
                values[member] += weight * (worth[joined] - value)
    return rounded(values, 9)


def imputation(pixels: torch.Tensor) -> dict:
    """Two thirds of the pixels missing, corners and whole rows among them."""
    levels = formula.stream("missing", SIDE * SIDE) >> np.uint64(56)
    missing = (levels < 150) | (np.arange(SIDE * SIDE) // SIDE % 8 >= 6)
    missing[[0, SIDE - 1, -1]] = True
    mask = torch.from_numpy((~missing).astype(np.float32).reshape(SIDE, SIDE))
    imputed = road.NoisyLinearImputer(noise=0)(pixels[0].float(), mask)
    values = imputed.permute(1, 2, 0).reshape(-1, 3)[missing]
    return {"missing": "".join("1" if gone else "0" for gone in missing), "first_channel": rounded(values[:, 0], 7)}


def road_scores(detector, pixels: torch.Tensor) -> dict:
    """`ROADCombined` without its noise, for a map without ties: the stream `map` of the formula."""
    road.NoisyLinearImputer.__init__.__defaults__ = (0.0, road.neighbors_weights)
    maps = (formula.stream("map", 2 * SIDE * SIDE) >> np.uint64(40)).astype(np.float64).reshape(2, SIDE, SIDE) / 2**24
    targets = [lambda logits, label=label: F.softmax(logits, -1)[label] for label in CLASSES]
    # The package imputes in f32.
    detector = detector.float()
    for buffer in ("mean", "standard_deviation"):
        setattr(detector, buffer, getattr(detector, buffer).float())
    scores = road.ROADCombined()(pixels.float(), maps, targets, detector)
    return {"scores": rounded(scores, 7)}


def main() -> None:
    pixels = formula.images("explained", 2, SIDE, SIDE, torch.float64)
    image = pixels[0].permute(1, 2, 0).numpy().copy()
    detector = build("efficientnet_b0")
    golden = {
        "activation_maps": {name: activation_maps(name, pixels) for name in GAIN},
        "integrated_gradients": integrated_gradients(detector, pixels),
        "occlusion": occlusion(detector, pixels),
        "lime": lime(detector, image),
        "kernel_shap": {
            "complete": kernel_shap(detector, image, 3, 10_000),
            "exact": exact_shapley(detector, image, 3),
            "sampled": kernel_shap(detector, image, 4, 150),
        },
        "imputation": imputation(pixels),
        "road": road_scores(detector, pixels),
    }
    (HERE / "golden.json").write_text(json.dumps(golden, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()

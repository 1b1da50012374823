"""Golden values of the augmentations: torchvision's functions on float tensors.

    python generate.py

torch 2.15.0, torchvision 0.29.2, timm 1.0.31, Pillow 13.0.0, numpy 2.4.6 (bench/peers/requirements.txt). The images follow a formula
(../models/formula.py, stream `augment`, batch 1), 32x32 and 31 high by 17 wide, pixels level/255 in f32.

Flip and rotation move pixels and invent none: their results are stored as levels 0..=255, hexadecimal, row by row,
`[height, width, channel]`. Rotation is counter-clockwise in degrees about the centre, nearest neighbour, black outside.
`near_ties` counts pixels whose source coordinate lies within 1e-3 of the middle between two pixels, where rounding
decides and implementations may differ. Colour adjustments are stored as f32 values `[8 rows, 4 columns, channel]` of
the first and the last four rows at x = 0, 5, 10, 15, and as mean and mean square of the whole result. So are all
other results but compression:

- `crop`: rectangles [top, left, height, width] brought to the whole size, bilinear with antialias;
- `translate`: [right, down] in pixels, by `affine` with nearest neighbour, black outside;
- `perspective`: where the corners go, [x, y] each, bilinear without a fill;
- `blur`: with the kernel size 2 ceil(3 sigma) + 1;
- `erase`: rectangles and a value;
- `rescale`: to [width, height] and back by Pillow on floats, one channel at a time, cut to 0..1 after each;
- `mix`: the images of a batch of 3, by timm's Mixup with its random numbers replaced by those stated.

`jpeg` has levels like `rotate`: Pillow's encoder at 4:2:0 and decoder.
"""

import io
import json
import math
import sys
from pathlib import Path
from unittest import mock

import numpy as np
import PIL
import timm
import torch
import torchvision
from PIL import Image
from timm.data.mixup import Mixup
from torchvision.transforms import functional
from torchvision.transforms import InterpolationMode

sys.path.insert(0, str(Path(__file__).parent.parent / "models"))

import formula

SIZES = [(32, 32), (31, 17)]
DEGREES = [-30.0, -15.0, -7.3, -1.0, 0.0, 0.5, 3.7, 11.1, 15.0, 45.0, 90.0, 180.0]
ADJUSTMENTS = {
    "brightness": functional.adjust_brightness,
    "contrast": functional.adjust_contrast,
    "saturation": functional.adjust_saturation,
}
FACTORS = [0.0, 0.5, 0.8, 0.95, 1.0, 1.13, 1.2, 1.7]
TURNS = [-0.5, -0.23, -0.1, 0.0, 0.07, 0.36, 0.5]
CROPS = {(32, 32): [(0, 0, 32, 32), (3, 1, 27, 29), (10, 0, 22, 31), (5, 7, 1, 20)], (31, 17): [(2, 3, 25, 13), (0, 0, 31, 9)]}
SHIFTS = [(3, -2), (-3, 0), (1, 3)]
CORNERS = {
    (32, 32): [
        [[0, 0], [31, 0], [31, 31], [0, 31]],
        [[3, 1], [29, 2], [31, 28], [0, 30]],
        [[7, 8], [24, 0], [23, 31], [2, 25]],
    ],
    (31, 17): [[[4, 1], [15, 7], [13, 24], [1, 30]]],
}
SIGMAS = [0.1, 0.4, 1.0, 2.0, 2.6]
RECTANGLES = [(4, 2, 9, 11), (0, 0, 1, 16), (25, 10, 6, 7)]
RESAMPLING = {name.lower(): getattr(Image.Resampling, name) for name in ["BOX", "BILINEAR", "BICUBIC", "LANCZOS"]}
RESCALES = [([16, 15], ["box", "bicubic"]), ([13, 29], ["bilinear", "lanczos"]), ([9, 9], ["lanczos", "box"]),
            ([5, 20], ["bicubic", "bilinear"])]  # fmt: skip
QUALITIES = [5, 30, 75, 95]
COLUMNS = [0, 5, 10, 15]


def hexadecimal(image: torch.Tensor) -> list[str]:
    levels = (image * 255).round().to(torch.uint8).permute(1, 2, 0)
    return [row.numpy().tobytes().hex() for row in levels]


def near_ties(height: int, width: int, degrees: float) -> int:
    radians = math.radians(degrees)
    count = 0
    for y in range(height):
        for x in range(width):
            dx, dy = x - (width - 1) / 2, y - (height - 1) / 2
            source_x = math.cos(radians) * dx - math.sin(radians) * dy + (width - 1) / 2
            source_y = math.sin(radians) * dx + math.cos(radians) * dy + (height - 1) / 2
            count += any(abs(value - math.floor(value) - 0.5) < 1e-3 for value in (source_x, source_y))
    return count


def samples(image: torch.Tensor) -> dict:
    rows = [*range(4), *range(image.shape[1] - 4, image.shape[1])]
    values = image.permute(1, 2, 0)[rows][:, COLUMNS]
    exact = image.double()
    return {
        "values": [float(f"{value:.8g}") for value in values.flatten().tolist()],
        "mean": float(f"{exact.mean().item():.9g}"),
        "mean_square": float(f"{exact.square().mean().item():.9g}"),
    }


def resample(image: torch.Tensor, width: int, height: int, name: str) -> torch.Tensor:
    channels = [Image.fromarray(channel.numpy()).resize((width, height), RESAMPLING[name]) for channel in image]
    return torch.from_numpy(np.stack([np.asarray(channel) for channel in channels])).clamp(0, 1)


def jpeg(image: torch.Tensor, quality: int) -> torch.Tensor:
    file = io.BytesIO()
    levels = (image * 255).round().to(torch.uint8).permute(1, 2, 0).numpy()
    Image.fromarray(levels).save(file, "JPEG", quality=quality, subsampling="4:2:0")
    return torch.from_numpy(np.array(Image.open(file))).permute(2, 0, 1).float() / 255


def mixed(images: torch.Tensor, name: str, share: float, centre: list[int]) -> dict:
    """Mixup asks for a batch of even size and works on any."""
    mixup = Mixup(
        mixup_alpha=float(name == "mixup"), cutmix_alpha=float(name == "cutmix"), label_smoothing=0, num_classes=2
    )
    labels = torch.tensor([0, 1, 1])
    images = images.clone()
    with mock.patch("numpy.random.beta", return_value=share), mock.patch("numpy.random.randint", side_effect=centre):
        kept = mixup._mix_batch(images)
    shares = timm.data.mixup.mixup_target(labels, 2, kept).flatten().tolist()
    return {"kept": kept, "shares": shares, "images": [samples(image) for image in images]}


def main() -> None:
    result = {
        "versions": {
            "torch": torch.__version__,
            "torchvision": torchvision.__version__,
            "timm": timm.__version__,
            "pillow": PIL.__version__,
        },
        "input": "augment",
        "horizontal_flip": [],
        "vertical_flip": [],
        "rotate": [],
        "jpeg": [],
        "columns": COLUMNS,
        "colour": [],
        "crop": [],
        "translate": [],
        "perspective": [],
        "blur": [],
        "erase": [],
        "rescale": [],
        "mix": [],
    }
    for height, width in SIZES:
        image = formula.images("augment", 1, height, width)[0]
        size = {"height": height, "width": width}
        result["horizontal_flip"].append(size | {"rows": hexadecimal(functional.hflip(image))})
        result["vertical_flip"].append(size | {"rows": hexadecimal(functional.vflip(image))})
        for degrees in DEGREES:
            turned = functional.rotate(image, degrees, InterpolationMode.NEAREST, fill=0)
            result["rotate"].append(
                size
                | {"degrees": degrees, "near_ties": near_ties(height, width, degrees), "rows": hexadecimal(turned)}
            )
        for name, adjust in ADJUSTMENTS.items():
            for factor in FACTORS:
                result["colour"].append(size | {"adjust": name, "factor": factor} | samples(adjust(image, factor)))
        for turn in TURNS:
            found = samples(functional.adjust_hue(image, turn))
            result["colour"].append(size | {"adjust": "hue", "factor": turn} | found)
        for crop in CROPS[height, width]:
            found = functional.resized_crop(image, *crop, [height, width], InterpolationMode.BILINEAR, antialias=True)
            result["crop"].append(size | {"rectangle": crop} | samples(found))
        for right, down in SHIFTS:
            found = functional.affine(image, 0, [right, down], 1, [0, 0], InterpolationMode.NEAREST, fill=0)
            result["translate"].append(size | {"shift": [right, down]} | samples(found))
        for corners in CORNERS[height, width]:
            start = [[0, 0], [width - 1, 0], [width - 1, height - 1], [0, height - 1]]
            found = functional.perspective(image, start, corners, InterpolationMode.BILINEAR)
            result["perspective"].append(size | {"corners": corners} | samples(found))
        for sigma in SIGMAS:
            found = functional.gaussian_blur(image, 2 * math.ceil(3 * sigma) + 1, sigma)
            result["blur"].append(size | {"sigma": sigma} | samples(found))
        for rectangle in RECTANGLES:
            found = functional.erase(image, *rectangle, torch.tensor(0.25))
            result["erase"].append(size | {"rectangle": rectangle, "value": 0.25} | samples(found))
        for small, (down, up) in RESCALES:
            found = resample(resample(image, *small, down), width, height, up)
            result["rescale"].append(size | {"small": small, "filters": [down, up]} | samples(found))
        for quality in QUALITIES if height == width else QUALITIES[1:2]:
            result["jpeg"].append(size | {"quality": quality, "rows": hexadecimal(jpeg(image, quality))})
        if height != width:
            continue
        images = formula.images("augment", 3, height, width)
        for share, centre in [(0.3, [4, 12]), (0.83, [30, 16]), (0.05, [15, 8])]:
            for name in ["mixup", "cutmix"]:
                result["mix"].append(
                    size | {"mix": name, "share": share, "centre": centre} | mixed(images, name, share, centre)
                )

    file = Path(__file__).parent / "augment.json"
    lines = []
    for key, value in result.items():
        text = json.dumps(value)
        if isinstance(value, list) and isinstance(value[0], dict):
            text = "[\n" + ",\n".join(json.dumps(each, separators=(",", ":")) for each in value) + "\n]"
        lines.append(f"{json.dumps(key)}: {text}")
    file.write_text("{\n" + ",\n".join(lines) + "\n}\n")
    print(f"{file.stat().st_size / 1000:.0f} kB", [(each["degrees"], each["near_ties"]) for each in result["rotate"]])


if __name__ == "__main__":
    main()

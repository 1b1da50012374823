"""Golden values of the augmentations: torchvision's functions on float tensors.

    python generate.py

torch 2.15.0, torchvision 0.29.2, numpy 2.4.6 (bench/peers/requirements.txt). The images follow a formula
(../models/formula.py, stream `augment`, batch 1), 32x32 and 31 high by 17 wide, pixels level/255 in f32.

Flip and rotation move pixels and invent none: their results are stored as levels 0..=255, hexadecimal, row by row,
`[height, width, channel]`. Rotation is counter-clockwise in degrees about the centre, nearest neighbour, black outside.
`near_ties` counts pixels whose source coordinate lies within 1e-3 of the middle between two pixels, where rounding
decides and implementations may differ. Colour adjustments are stored as f32 values `[8 rows, 4 columns, channel]` of
the first and the last four rows at x = 0, 5, 10, 15, and as mean and mean square of the whole result.
"""

import json
import math
import sys
from pathlib import Path

import torch
import torchvision
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


def main() -> None:
    result = {
        "versions": {"torch": torch.__version__, "torchvision": torchvision.__version__},
        "input": "augment",
        "horizontal_flip": [],
        "rotate": [],
        "columns": COLUMNS,
        "colour": [],
    }
    for height, width in SIZES:
        image = formula.images("augment", 1, height, width)[0]
        size = {"height": height, "width": width}
        result["horizontal_flip"].append(size | {"rows": hexadecimal(functional.hflip(image))})
        for degrees in DEGREES:
            turned = functional.rotate(image, degrees, InterpolationMode.NEAREST, fill=0)
            result["rotate"].append(
                size
                | {"degrees": degrees, "near_ties": near_ties(height, width, degrees), "rows": hexadecimal(turned)}
            )
        for name, adjust in ADJUSTMENTS.items():
            for factor in FACTORS:
                result["colour"].append(size | {"adjust": name, "factor": factor} | samples(adjust(image, factor)))

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

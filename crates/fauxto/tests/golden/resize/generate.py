"""Writes `WIDTHxHEIGHT.png` and what Pillow's bicubic filter makes of its middle square: `WIDTHxHEIGHT_to_SIZE.png`.

    pip install --requirement requirements.txt && python generate.py
"""

from pathlib import Path

import numpy
from PIL import Image, ImageOps

FOLDER = Path(__file__).parent

# Smaller and larger, square and not, odd differences (a middle between two pixels), extreme shapes.
CASES = [(48, 31, 32), (31, 48, 32), (64, 64, 32), (200, 121, 32), (97, 130, 64), (17, 23, 32), (1, 1, 32), (5, 120, 32), (33, 32, 32)]


def scene(width: int, height: int) -> Image.Image:
    random = numpy.random.default_rng(1000 * width + height)
    row, column = numpy.mgrid[0:height, 0:width].astype(numpy.float64)
    smooth = numpy.stack([column * 5 % 256, row * 4 % 256, (row + column) * 3 % 256], axis=-1)
    # Edges and a fine grating show a filter without antialiasing at once.
    smooth[(row - height / 2) ** 2 + (column - width / 2) ** 2 < (min(width, height) / 3) ** 2] = [250, 20, 90]
    grating = 80 * numpy.sin(2.4 * column)[..., None]
    return Image.fromarray(numpy.clip(smooth + grating + random.normal(0, 10, smooth.shape), 0, 255).astype(numpy.uint8), "RGB")


def main() -> None:
    for old in FOLDER.glob("*.png"):
        old.unlink()
    for width, height, size in CASES:
        image = scene(width, height)
        image.save(FOLDER / f"{width}x{height}.png", optimize=True)
        fitted = ImageOps.fit(image, (size, size), Image.Resampling.BICUBIC)
        fitted.save(FOLDER / f"{width}x{height}_to_{size}.png", optimize=True)


if __name__ == "__main__":
    main()

"""Writes the JPEG fixtures beside this file: `NAME.jpg`, and `NAME.png` with the RGB that Pillow decodes from it.

    pip install --requirement requirements.txt && python generate.py

The scenes are synthetic (gradients, discs, a grating, noise), drawn from a fixed seed, so that every kind of content
reaches the inverse transform and the chroma upsampling. Pillow's wheels carry libjpeg-turbo with its default settings:
the accurate integer transform and "fancy" (triangle filter) upsampling. Pillow writes no 4:4:0 and no 4:1:1, which
cameras and their rotating tools do: simplejpeg (libjpeg-turbo too) writes those.
"""

import io
from pathlib import Path

import numpy
import simplejpeg
from PIL import Image, ImageOps, features

FOLDER = Path(__file__).parent


def scene(width: int, height: int, seed: int) -> Image.Image:
    random = numpy.random.default_rng(seed)
    row, column = numpy.mgrid[0:height, 0:width].astype(numpy.float64)
    pixels = numpy.stack([column * 7 % 256, row * 6 % 256, 255 - (row + column) * 4 % 256], axis=-1)
    for _ in range(6):
        centre = random.uniform(0, [height, width])
        radius = random.uniform(1, max(2, width / 4))
        inside = (row - centre[0]) ** 2 + (column - centre[1]) ** 2 < radius**2
        pixels[inside] = random.uniform(0, 256, size=3)
    grating = 60 * numpy.sin(column * 1.9 + row * 0.7)
    pixels[: height // 2] += grating[: height // 2, :, None]
    pixels += random.normal(0, 12, size=pixels.shape)
    return Image.fromarray(numpy.clip(pixels, 0, 255).astype(numpy.uint8), "RGB")


def save(name: str, encoded: bytes) -> None:
    (FOLDER / f"{name}.jpg").write_bytes(encoded)
    with Image.open(io.BytesIO(encoded)) as image:
        # Viewers turn the image as its Exif orientation says, then show RGB.
        ImageOps.exif_transpose(image).convert("RGB").save(FOLDER / f"{name}.png", optimize=True)


def pillow(image: Image.Image, **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", **options)
    return buffer.getvalue()


def turbo(image: Image.Image, quality: int, subsampling: str, colorspace: str = "RGB") -> bytes:
    pixels = numpy.ascontiguousarray(image)
    return simplejpeg.encode_jpeg(pixels, quality=quality, colorspace=colorspace, colorsubsampling=subsampling)


def main() -> None:
    print("libjpeg-turbo", features.version_feature("libjpeg_turbo"))
    for old in [*FOLDER.glob("*.jpg"), *FOLDER.glob("*.png")]:
        old.unlink()

    for quality in (30, 50, 75, 95):
        for subsampling in ("4:2:0", "4:2:2", "4:4:4"):
            name = f"{subsampling.replace(':', '')}_q{quality}_32x32"
            save(name, pillow(scene(32, 32, quality), quality=quality, subsampling=subsampling))
    for width, height in ((31, 33), (1, 1), (2, 2), (3, 1), (1, 3), (17, 5), (65, 47)):
        for subsampling in ("4:2:0", "4:2:2", "4:4:4"):
            name = f"{subsampling.replace(':', '')}_q75_{width}x{height}"
            save(name, pillow(scene(width, height, 7), quality=75, subsampling=subsampling))
    for subsampling in ("440", "411"):
        for width, height in ((32, 32), (31, 33), (1, 1)):
            save(f"{subsampling}_q75_{width}x{height}", turbo(scene(width, height, 11), 75, subsampling))
    for width, height in ((32, 32), (31, 33), (1, 1)):
        save(f"grey_q75_{width}x{height}", pillow(scene(width, height, 13).convert("L"), quality=75))
    for subsampling in ("4:2:0", "4:2:2", "4:4:4"):
        name = f"{subsampling.replace(':', '')}_progressive_q75_31x33"
        save(name, pillow(scene(31, 33, 17), quality=75, subsampling=subsampling, progressive=True))
    save("grey_progressive_q50_31x33", pillow(scene(31, 33, 19).convert("L"), quality=50, progressive=True))
    save("420_restart_q75_64x48", pillow(scene(64, 48, 23), quality=75, subsampling="4:2:0", restart_marker_blocks=2))
    save("rgb_q75_31x33", pillow(scene(31, 33, 29), quality=75, keep_rgb=True))
    # Pillow marks CMYK as Adobe does and stores it inverted, as Adobe does.
    inks = Image.merge("CMYK", [*scene(31, 33, 31).split(), scene(31, 33, 32).split()[0]])
    save("cmyk_adobe_q75_31x33", pillow(inks, quality=75))
    # The TurboJPEG interface writes inks as YCCK.
    save("ycck_420_q75_31x33", turbo(inks, 75, "420", colorspace="CMYK"))
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        save(f"orientation_{orientation}", pillow(scene(20, 12, 37), quality=90, subsampling="4:4:4", exif=exif.tobytes()))


if __name__ == "__main__":
    main()

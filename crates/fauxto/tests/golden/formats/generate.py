"""Writes one small file of each format and pixel kind, and `NAME.EXTENSION.expected.png` with its RGB.

    pip install --requirement requirements.txt && python generate.py

Expected pixels are Pillow's, composited on white where there is transparency and upright where there is an Exif
orientation. Every file is opened again from its bytes, so that lossy formats expect what Pillow decodes.
"""

import io
from pathlib import Path

import numpy
from PIL import Image, ImageOps

FOLDER = Path(__file__).parent


def scene(width: int, height: int, seed: int) -> Image.Image:
    random = numpy.random.default_rng(seed)
    row, column = numpy.mgrid[0:height, 0:width].astype(numpy.float64)
    pixels = numpy.stack([column * 9 % 256, row * 11 % 256, (row * 3 + column * 5) % 256], axis=-1)
    pixels[(row - height / 2) ** 2 + (column - width / 2) ** 2 < 60] = [230, 40, 70]
    pixels += random.normal(0, 8, pixels.shape)
    return Image.fromarray(numpy.clip(pixels, 0, 255).astype(numpy.uint8), "RGB")


def opacity(width: int, height: int) -> Image.Image:
    row, column = numpy.mgrid[0:height, 0:width]
    return Image.fromarray(((row * 13 + column * 7) % 256).astype(numpy.uint8), "L")


def on_white(image: Image.Image) -> Image.Image:
    if not image.has_transparency_data:
        return image.convert("RGB")
    pixels = numpy.asarray(image.convert("RGBA")).astype(numpy.uint32)
    alpha = pixels[..., 3:]
    mixed = (pixels[..., :3] * alpha + 255 * (255 - alpha) + 127) // 255
    return Image.fromarray(mixed.astype(numpy.uint8), "RGB")


def save(image: Image.Image, name: str, **options) -> None:
    path = FOLDER / name
    image.save(path, **options)
    with Image.open(io.BytesIO(path.read_bytes())) as opened:
        on_white(ImageOps.exif_transpose(opened)).save(FOLDER / f"{name}.expected.png", optimize=True)


def main() -> None:
    for old in FOLDER.iterdir():
        if old.suffix not in (".py", ".txt"):
            old.unlink()
    rgb = scene(23, 17, 1)
    grey = rgb.convert("L")
    alpha = opacity(23, 17)
    rgba = Image.merge("RGBA", [*rgb.split(), alpha])
    palette = rgb.quantize(16)
    turned = Image.Exif()
    turned[0x0112] = 6

    save(rgb, "rgb.png")
    save(rgba, "rgba.png")
    save(grey, "grey.png")
    save(Image.merge("LA", [grey, alpha]), "grey_alpha.png")
    save(grey.point(lambda level: 255 * (level > 128)).convert("1"), "one_bit.png")
    save(palette, "palette.png")
    save(palette, "palette_transparency.png", transparency=bytes(range(0, 256, 16)))
    save(rgb, "rgb_transparent_colour.png", transparency=rgb.getpixel((3, 3)))
    save(rgb, "orientation_6.png", exif=turned)

    save(rgb, "lossy.webp", quality=60)
    save(rgb, "lossy_odd_quality_90.webp", quality=90)
    save(rgb, "lossless.webp", lossless=True)
    save(rgba, "lossy_alpha.webp", quality=60, exact=True)
    save(rgba, "lossless_alpha.webp", lossless=True, exact=True)
    save(rgb, "orientation_6.webp", lossless=True, exif=turned)
    save(rgb, "animated.webp", save_all=True, append_images=[scene(23, 17, 2), scene(23, 17, 3)], lossless=True)

    save(rgb, "rgb.bmp")
    save(grey, "grey.bmp")
    save(palette, "palette.bmp")

    save(palette, "palette.gif")
    save(palette, "transparency.gif", transparency=3)
    save(palette, "animated.gif", save_all=True, append_images=[scene(23, 17, 2).quantize(16), scene(23, 17, 3).quantize(16)])

    save(rgb, "rgb.tiff")
    save(rgb, "rgb_lzw.tiff", compression="tiff_lzw")
    save(rgb, "rgb_deflate.tiff", compression="tiff_adobe_deflate")
    save(grey, "grey.tiff")
    save(rgba, "rgba.tiff")
    save(Image.merge("CMYK", [*rgb.split(), scene(23, 17, 4).convert("L")]), "cmyk.tiff")
    save(rgb, "orientation_6.tiff", tiffinfo=turned)

    # Read by Pillow alone: the error has to say so.
    palette.save(FOLDER.parent / "unsupported" / "palette.tiff")


if __name__ == "__main__":
    main()

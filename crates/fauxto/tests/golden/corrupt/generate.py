"""Golden values of the corruptions: CIFAR-10-C's definitions on the libraries that its authors used.

    python generate.py

requirements.txt beside this file, and ImageMagick 6.9.11-60 Q16 (Debian's libmagickwand-6.q16-6) for motion blur and
snow. The definitions are those of Hendrycks & Dietterich (2019) as their make_cifar_c.py executes them, written anew.
Frost is missing: the authors overlay photographs that are not here, and Fauxto synthesises the texture.

**Exact values** (`exact.json`). Random numbers are an argument, so random corruptions are compared as exactly as the
others: `Formula` numbers come from the stream `corrupt.NAME.SEVERITY` of ../models/formula.py, one element each:

    unit        (z >> 11) / 2^53
    normal      the sum of 12 units, less 6
    poisson     max(0, floor(mean + (2 unit - 1) sqrt(mean)))
    uniform     low + (high - low) unit
    integer     low + floor((high - low) unit)

in the order in which the functions below ask, arrays row by row. A case holds the result, in 0..=1 and before it is cut
to 8 bits, at 32 flat indices of `[32, 32, 3]` (`positions`); its mean; and its product with fixed weights in -1..1
(stream `corrupt.projection`), in which an error at any single pixel shows.

**Statistics** (`statistics.json`): DRAWS results by numpy's generator, in levels as published (cut to 8 bits), and of
each number the standard error over BLOCKS blocks. `changed` is the share of values more than one level off, since of
those that are meant to stay the last bit decides whether they are cut to the level below.

Two images, 32x32, 8 bits: `grain` by the formula (stream `corrupt`), rough; `scene` by `scene()`, smooth and with edges,
greys, black and white.
"""

import ctypes
import json
import math
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
import skimage
import wand.image
import wand.version
from PIL import Image
from scipy import ndimage
from skimage.color import hsv2rgb, rgb2hsv
from skimage.filters import gaussian
from skimage.util import random_noise
from wand.api import library

SIDE = 32
POSITIONS = 32
DRAWS = 400
BLOCKS = 20


# The formula of ../models/formula.py, which needs torch.


def stream(name, start, count):
    state = 0xCBF29CE484222325
    for byte in name.encode():
        state = (state ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    u = np.uint64
    with np.errstate(over="ignore"):
        z = np.arange(start, start + count, dtype=u) + u(state) + u(0x9E3779B97F4A7C15)
        z = (z ^ (z >> u(30))) * u(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> u(27))) * u(0x94D049BB133111EB)
        return z ^ (z >> u(31))


def units(name, start, count):
    return (stream(name, start, count) >> np.uint64(11)).astype(np.float64) / 2**53


def grain():
    fine = (stream("corrupt", 0, SIDE * SIDE * 3) >> np.uint64(56)).reshape(SIDE, SIDE, 3)
    coarse = (stream("corrupt.coarse", 0, 48) >> np.uint64(56)).reshape(4, 4, 3).repeat(8, 0).repeat(8, 1)
    return ((np.uint64(3) * coarse + fine) >> np.uint64(2)).astype(np.uint8)


def scene():
    y, x = np.mgrid[0:SIDE, 0:SIDE]
    image = np.stack([x * 7 + 20, y * 8, 255 - (x + y) * 4], axis=2)
    image[4:12, 4:12] = 128
    image[4:12, 20:28] = 255
    image[20:28, 4:12] = 0
    image[20:28, 20:28] = [200, 40, 30]
    return image.astype(np.uint8)


class Formula:
    def __init__(self, name, severity):
        self.name, self.at = f"corrupt.{name}.{severity}", 0

    def unit(self, *shape):
        count = math.prod(shape)
        self.at += count
        return units(self.name, self.at - count, count).reshape(shape)

    def normal(self, *shape):
        return self.unit(*shape, 12).sum(axis=-1) - 6

    def poisson(self, mean):
        return np.maximum(0, np.floor(mean + (2 * self.unit(*mean.shape) - 1) * np.sqrt(mean)))

    def uniform(self, low, high, *shape):
        return low + (high - low) * self.unit(*shape)

    def integer(self, low, high, *shape):
        return low + np.floor(self.unit(*shape) * (high - low)).astype(int)

    def salt_and_pepper(self, image, amount):
        # A pair for each value: whether it is hit, and whether by salt.
        pair = self.unit(*image.shape, 2)
        return np.where(pair[..., 0] < amount, np.where(pair[..., 1] < 0.5, 1.0, 0.0), image)


class Numpy:
    def __init__(self, seed):
        self.generator = np.random.default_rng(seed)

    def normal(self, *shape):
        return self.generator.normal(size=shape)

    def poisson(self, mean):
        return self.generator.poisson(mean)

    def uniform(self, low, high, *shape):
        return self.generator.uniform(low, high, shape)

    def integer(self, low, high, *shape):
        return self.generator.integers(low, high, shape)

    def salt_and_pepper(self, image, amount):
        return random_noise(image, mode="s&p", amount=amount, rng=self.generator)


# Parts


def uint8(values):
    """As numpy casts: towards zero."""
    return values.astype(np.uint8)


def of(severity, *values):
    return values[severity - 1]


def smooth(image, sigma):
    return gaussian(image, sigma=sigma, channel_axis=2 if image.ndim == 3 else None)


def enlarged_middle(image, factor):
    """The middle of the image, `factor` times larger, bilinear."""
    side = len(image)
    part = math.ceil(side / factor)
    first = (side - part) // 2
    large = ndimage.zoom(image[first : first + part, first : first + part], (factor, factor, 1), order=1)
    first = (len(large) - side) // 2
    return large[first : first + side, first : first + side]


library.MagickMotionBlurImage.argtypes = [ctypes.c_void_p, ctypes.c_double, ctypes.c_double, ctypes.c_double]


def imagemagick_motion_blur(levels, radius, sigma, angle):
    encoded = BytesIO()
    Image.fromarray(levels).save(encoded, format="PNG")
    with wand.image.Image(blob=encoded.getvalue()) as image:
        library.MagickMotionBlurImage(image.wand, radius, sigma, angle)
        decoded = cv2.imdecode(np.frombuffer(image.make_blob(), np.uint8), cv2.IMREAD_UNCHANGED)
    if levels.ndim == 2:
        return decoded if decoded.ndim == 2 else decoded[..., 0]
    return decoded[..., :3][..., ::-1] if decoded.ndim == 3 else np.repeat(decoded[..., None], 3, 2)


def plasma(side, decay, draws):
    """Diamond-square on a torus, brought to 0..=1."""
    field = np.zeros((side, side))
    step, wibble = side, 100.0
    while step >= 2:
        half = step // 2

        def middle(total):
            return total / 4 + wibble * draws.uniform(-wibble, wibble, *total.shape)

        corner = field[::step, ::step].copy()
        below, right = np.roll(corner, -1, 0), np.roll(corner, -1, 1)
        centre = middle(corner + below + (right + np.roll(below, -1, 1)))
        field[half::step, half::step] = centre
        field[::step, half::step] = middle(centre + np.roll(centre, 1, 0) + (corner + right))
        field[half::step, ::step] = middle(centre + np.roll(centre, 1, 1) + (corner + below))
        step, wibble = half, wibble / decay
    field -= field.min()
    return field / field.max()


# Corruptions: an 8-bit image to values in 0..=1.


def gaussian_noise(image, severity, draws):
    return image / 255 + of(severity, 0.04, 0.06, 0.08, 0.09, 0.10) * draws.normal(*image.shape)


def shot_noise(image, severity, draws):
    photons = of(severity, 500, 250, 100, 75, 50)
    return draws.poisson(image / 255 * photons) / photons


def impulse_noise(image, severity, draws):
    return draws.salt_and_pepper(image / 255, of(severity, 0.01, 0.02, 0.03, 0.05, 0.07))


def speckle_noise(image, severity, draws):
    image = image / 255
    return image + image * of(severity, 0.06, 0.1, 0.12, 0.16, 0.2) * draws.normal(*image.shape)


def gaussian_blur(image, severity, draws):
    return smooth(image / 255, of(severity, 0.4, 0.6, 0.7, 0.8, 1))


def defocus_blur(image, severity, draws):
    radius, alias = of(severity, (0.3, 0.4), (0.4, 0.5), (0.5, 0.6), (1, 0.2), (1.5, 0.1))
    y, x = np.mgrid[-8:9, -8:9]
    disk = (x * x + y * y <= radius * radius).astype(np.float32)
    kernel = cv2.GaussianBlur(disk / disk.sum(), (3, 3), sigmaX=alias)
    return np.stack([cv2.filter2D(image[..., c] / 255, -1, kernel) for c in range(3)], axis=2)


def glass_blur(image, severity, draws):
    sigma, reach, rounds = of(severity, (0.05, 1, 1), (0.25, 1, 1), (0.4, 1, 1), (0.25, 1, 2), (0.4, 1, 2))
    levels = uint8(smooth(image / 255, sigma) * 255)
    for _ in range(rounds):
        for y in range(SIDE - reach, reach, -1):
            for x in range(SIDE - reach, reach, -1):
                dx, dy = draws.integer(-reach, reach, 2)
                # The authors' swap of two numpy views leaves the second pixel as it was.
                levels[y, x] = levels[y + dy, x + dx]
    return smooth(levels / 255, sigma)


def motion_blur(image, severity, draws):
    radius, sigma = of(severity, (6, 1), (6, 1.5), (6, 2), (8, 2), (9, 2.5))
    return imagemagick_motion_blur(image, radius, sigma, float(draws.uniform(-45, 45, 1)[0])) / 255


def zoom_blur(image, severity, draws):
    factors = np.arange(1, of(severity, 1.06, 1.11, 1.16, 1.21, 1.26), 0.01)
    image = image / 255
    return (image + sum(enlarged_middle(image, factor) for factor in factors)) / (len(factors) + 1)


def snow(image, severity, draws):
    mean, deviation, zoom, threshold, radius, sigma, mix = of(
        severity,
        (0.1, 0.2, 1, 0.6, 8, 3, 0.95),
        (0.1, 0.2, 1, 0.5, 10, 4, 0.9),
        (0.15, 0.3, 1.75, 0.55, 10, 4, 0.9),
        (0.25, 0.3, 2.25, 0.6, 12, 6, 0.85),
        (0.3, 0.3, 1.25, 0.65, 14, 12, 0.8),
    )
    flakes = mean + deviation * draws.normal(SIDE, SIDE)
    flakes = enlarged_middle(flakes[..., None], zoom)[..., 0]
    flakes[flakes < threshold] = 0
    flakes = uint8(np.clip(flakes, 0, 1) * 255)
    flakes = imagemagick_motion_blur(flakes, radius, sigma, float(draws.uniform(-135, -45, 1)[0]))[..., None] / 255
    image = (image / 255).astype(np.float32)
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)[..., None]
    return mix * image + (1 - mix) * np.maximum(image, 1.5 * grey + 0.5) + flakes + flakes[::-1, ::-1]


def fog(image, severity, draws):
    amount, decay = of(severity, (0.2, 3), (0.5, 3), (0.75, 2.5), (1, 2), (1.5, 1.75))
    image = image / 255
    return (image + amount * plasma(SIDE, decay, draws)[..., None]) * image.max() / (image.max() + amount)


def brightness(image, severity, draws):
    hsv = rgb2hsv(image / 255)
    hsv[..., 2] = np.clip(hsv[..., 2] + of(severity, 0.05, 0.1, 0.15, 0.2, 0.3), 0, 1)
    return hsv2rgb(hsv)


def contrast(image, severity, draws):
    image = image / 255
    mean = image.mean(axis=(0, 1))
    return mean + (image - mean) * of(severity, 0.75, 0.5, 0.4, 0.3, 0.15)


def elastic_transform(image, severity, draws):
    shift, sigma, corner = of(
        severity, (0, 0, 0.08), (0.05, 0.2, 0.07), (0.08, 0.06, 0.06), (0.1, 0.04, 0.05), (0.1, 0.03, 0.03)
    )
    image = (image / 255).astype(np.float32)
    middle, arm = SIDE // 2, SIDE // 3
    before = np.float32([[middle + arm] * 2, [middle + arm, middle - arm], [middle - arm] * 2])
    after = before + draws.uniform(-corner * SIDE, corner * SIDE, 3, 2).astype(np.float32)
    # cv2.warpAffine rounds positions to 1/32 pixel; in OpenCV 5 it no longer does. Here positions are exact.
    inverse = cv2.invertAffineTransform(cv2.getAffineTransform(before, after))
    y, x = np.mgrid[0:SIDE, 0:SIDE]
    source_x, source_y = (row[0] * x + row[1] * y + row[2] for row in inverse)
    channels = [ndimage.map_coordinates(c, [source_y, source_x], order=1, mode="mirror") for c in np.moveaxis(image, 2, 0)]
    dx, dy = (
        gaussian(draws.uniform(-1, 1, SIDE, SIDE), sigma=sigma * SIDE, mode="reflect", truncate=3) * shift * SIDE
        for _ in range(2)
    )
    channels = [ndimage.map_coordinates(c, [y + dy, x + dx], order=1, mode="reflect") for c in channels]
    return np.stack(channels, axis=2)


def pixelate(image, severity, draws):
    side = int(SIDE * of(severity, 0.95, 0.9, 0.85, 0.75, 0.65))
    small = Image.fromarray(image).resize((side, side), Image.Resampling.BOX)
    return np.asarray(small.resize((SIDE, SIDE), Image.Resampling.BOX)) / 255


def jpeg_compression(image, severity, draws):
    encoded = BytesIO()
    Image.fromarray(image).save(encoded, "JPEG", quality=of(severity, 80, 65, 58, 50, 40))
    return np.asarray(Image.open(encoded)) / 255


def spatter(image, severity, draws):
    mean, deviation, sigma, threshold, strength, mud = of(
        severity,
        (0.62, 0.1, 0.7, 0.7, 0.5, False),
        (0.65, 0.1, 0.8, 0.7, 0.5, False),
        (0.65, 0.3, 1, 0.69, 0.5, False),
        (0.65, 0.1, 0.7, 0.69, 0.6, True),
        (0.65, 0.1, 0.5, 0.68, 0.6, True),
    )
    image = (image / 255).astype(np.float32)
    liquid = smooth(mean + deviation * draws.normal(SIDE, SIDE), sigma)
    liquid[liquid < threshold] = 0
    if mud:
        cover = smooth((liquid > threshold).astype(np.float32), strength)
        cover = np.where(cover < 0.8, 0, cover)[..., None]
        return image * (1 - cover) + cover * (np.array([63, 42, 20]) / 255)
    liquid = uint8(liquid * 255)
    distance = cv2.distanceTransform(255 - cv2.Canny(liquid, 50, 150), cv2.DIST_L2, 5)
    distance = uint8(cv2.blur(np.minimum(distance, 20), (3, 3)))
    relief = np.array([[-2, -1, 0], [-1, 1, 1], [0, 1, 2]], np.float32)
    light = cv2.blur(cv2.filter2D(cv2.equalizeHist(distance), cv2.CV_8U, relief), (3, 3))
    drops = liquid * light.astype(np.float32)
    if drops.max() > 0:
        drops *= strength / drops.max()
    return image + drops[..., None] * (np.array([175, 238, 238]) / 255)


def saturate(image, severity, draws):
    factor, more = of(severity, (0.3, 0), (0.1, 0), (1.5, 0), (2, 0.1), (2.5, 0.2))
    hsv = rgb2hsv(image / 255)
    hsv[..., 1] = np.clip(hsv[..., 1] * factor + more, 0, 1)
    return hsv2rgb(hsv)


DETERMINISTIC = [
    defocus_blur, zoom_blur, brightness, contrast, pixelate, jpeg_compression, gaussian_blur, saturate,
]
RANDOM = [
    gaussian_noise, shot_noise, impulse_noise, glass_blur, motion_blur, snow, fog, elastic_transform, speckle_noise,
    spatter,
]  # fmt: skip
SEVERITIES = range(1, 6)


def number(value, digits):
    return float(f"{value:.{digits}g}")


def exact(images, positions, weights):
    for corrupt in DETERMINISTIC + RANDOM:
        for severity in SEVERITIES:
            for name, image in images.items():
                draws = Formula(corrupt.__name__, severity)
                result = np.clip(np.asarray(corrupt(image, severity, draws), np.float64), 0, 1).ravel()
                yield {
                    "corruption": corrupt.__name__,
                    "severity": severity,
                    "image": name,
                    "mean": number(result.mean(), 9),
                    "projection": number(result @ weights, 9),
                    "values": [number(value, 7) for value in result[positions]],
                }


def statistics(image):
    clean = image.astype(np.float64)
    for index, corrupt in enumerate(RANDOM):
        for severity in SEVERITIES:
            draws = Numpy([index, severity])
            results = [np.clip(np.asarray(corrupt(image, severity, draws), np.float64), 0, 1) for _ in range(DRAWS)]
            levels = np.stack([uint8(result * 255) for result in results]).astype(np.float64)
            numbers = {
                "mean": lambda part: part.mean(),
                "distance": lambda part: np.abs(part - clean).mean(),
                "changed": lambda part: (np.abs(part - clean) > 1).mean(),
                "variance": lambda part: part.var(axis=0, ddof=1).mean(),
            }
            row = {"corruption": corrupt.__name__, "severity": severity}
            for name, of_block in numbers.items():
                blocks = np.array([of_block(block) for block in np.split(levels, BLOCKS)])
                row[name] = [number(blocks.mean(), 6), number(blocks.std(ddof=1) / math.sqrt(BLOCKS), 3)]
            yield row


def write(file, head, rows):
    lines = ",\n".join(json.dumps(row, separators=(",", ":")) for row in rows)
    opening = json.dumps(head)[:-1]
    path = Path(__file__).parent / file
    path.write_text(f'{opening}, "cases": [\n{lines}\n]}}\n')
    print(file, f"{path.stat().st_size / 1000:.0f} kB")


def main():
    versions = {
        "numpy": np.__version__,
        "opencv": cv2.__version__,
        "skimage": skimage.__version__,
        "imagemagick": wand.version.MAGICK_VERSION,
    }
    images = {"grain": grain(), "scene": scene()}
    length = SIDE * SIDE * 3
    positions = [int(z % np.uint64(length)) for z in stream("corrupt.positions", 0, POSITIONS)]
    weights = 2 * units("corrupt.projection", 0, length) - 1
    write("exact.json", {"versions": versions, "positions": positions}, exact(images, positions, weights))
    write("statistics.json", {"versions": versions, "draws": DRAWS, "blocks": BLOCKS}, statistics(images["scene"]))


if __name__ == "__main__":
    main()

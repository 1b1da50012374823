"""The recipe's on-line augmentation for a whole batch at once, each image with its own draws.

Horizontal flip with probability 1/2, rotation uniform within 15 degrees (nearest neighbour, black corners), then
brightness, contrast and saturation by factors uniform in [.8, 1.2] in random order. The definitions are torchvision's
for float tensors; `python augment.py` compares every step with torchvision image by image.
"""

import math

import torch
import torch.nn.functional as F

DEGREES = 15.0
JITTER = 0.2
LUMA = (0.2989, 0.587, 0.114)


def augment(images: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """`images` are `[batch, 3, height, width]` in [0, 1]; so is the result."""
    n = len(images)

    def uniform(low: float, high: float, *shape: int) -> torch.Tensor:
        return torch.rand(*shape, generator=generator) * (high - low) + low

    images = flip(images, torch.rand(n, generator=generator) < 0.5)
    images = rotate(images, uniform(-DEGREES, DEGREES, n))
    orders = torch.rand(n, 3, generator=generator).argsort(1)
    factors = uniform(1 - JITTER, 1 + JITTER, n, 3)
    return colour_jitter(images, orders, factors)


def flip(images: torch.Tensor, chosen: torch.Tensor) -> torch.Tensor:
    return torch.where(chosen[:, None, None, None], images.flip(-1), images)


def rotate(images: torch.Tensor, degrees: torch.Tensor) -> torch.Tensor:
    """Counter-clockwise about the centre."""
    n, _, height, width = images.shape
    radians = -degrees * (math.pi / 180)
    cosine, sine = radians.cos(), radians.sin()
    y, x = torch.meshgrid(
        torch.arange(height) - (height - 1) / 2, torch.arange(width) - (width - 1) / 2, indexing="ij"
    )
    source_x = cosine[:, None, None] * x + sine[:, None, None] * y
    source_y = -sine[:, None, None] * x + cosine[:, None, None] * y
    grid = torch.stack([source_x / (width / 2), source_y / (height / 2)], -1)
    return F.grid_sample(images, grid, mode="nearest", padding_mode="zeros", align_corners=False)


def grey(images: torch.Tensor) -> torch.Tensor:
    red, green, blue = images.unbind(1)
    return (LUMA[0] * red + LUMA[1] * green + LUMA[2] * blue)[:, None]


def blend(images: torch.Tensor, other: torch.Tensor | float, factors: torch.Tensor) -> torch.Tensor:
    factors = factors[:, None, None, None]
    return (factors * images + (1 - factors) * other).clamp(0, 1)


def brightness(images, factors):
    return blend(images, 0.0, factors)


def contrast(images, factors):
    return blend(images, grey(images).mean((1, 2, 3), keepdim=True), factors)


def saturation(images, factors):
    return blend(images, grey(images), factors)


ADJUSTMENTS = (brightness, contrast, saturation)


def colour_jitter(images: torch.Tensor, orders: torch.Tensor, factors: torch.Tensor) -> torch.Tensor:
    """`orders[i]` is the order of the three adjustments for image i, `factors[i]` their three factors."""
    images = images.clone()
    for step in orders.unbind(1):
        for kind, adjustment in enumerate(ADJUSTMENTS):
            chosen = (step == kind).nonzero()[:, 0]
            images[chosen] = adjustment(images[chosen], factors[chosen, kind])
    return images


def check() -> None:
    """Every step against torchvision's own function."""
    from torchvision.transforms import functional as reference

    generator = torch.Generator().manual_seed(0)
    images = torch.rand(64, 3, 32, 32, generator=generator)
    angles = torch.rand(64, generator=generator) * 2 * DEGREES - DEGREES
    expected = torch.stack([reference.rotate(i, a.item()) for i, a in zip(images, angles)])
    moved = (rotate(images, angles) != expected).any(1).float().mean().item()
    assert moved < 1e-4, f"{moved:.2%} of the rotated pixels differ"
    assert torch.equal(flip(images, torch.ones(64, dtype=bool)), reference.hflip(images))
    orders = torch.rand(64, 3, generator=generator).argsort(1)
    factors = torch.rand(64, 3, generator=generator) * 0.4 + 0.8
    functions = (reference.adjust_brightness, reference.adjust_contrast, reference.adjust_saturation)
    expected = []
    for image, order, factor in zip(images, orders, factors):
        for kind in order.tolist():
            image = functions[kind](image, factor[kind].item())
        expected.append(image)
    error = (colour_jitter(images, orders, factors) - torch.stack(expected)).abs().max().item()
    assert error < 1e-6, error
    print(f"rotated pixels that differ {moved:.2e}, largest difference of the colour jitter {error:.1e}")


if __name__ == "__main__":
    check()

"""The networks of Fauxto as PyTorch modules.

`convnext_tiny`, `efficientnet_b0` and `efficientnet_lite0` are timm's own definitions, `efficientnet_b0_cifar` one with
another stride. `resnet_se` is the custom network of the original system (11,196,666 parameters), `resnet_se_small` the
same stages within two million, `resnet18_se` ResNet-18 for small images with the same attention and head.

Every network takes ImageNet-normalised input. `Detector` puts that normalisation in front of it, so that a detector
takes RGB pixels in [0, 1], `[batch, 3, height, width]`, and gives logits `[batch, 2]` in the order real, fake. The
normalisation holds no state: `detector.network.state_dict()` has exactly timm's names.
"""

import timm
import torch
from torch import nn

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STANDARD_DEVIATION = (0.229, 0.224, 0.225)
CLASSES = 2


class BasicBlock(nn.Module):
    """Residual block of two 3x3 convolutions (He et al. 2016, arXiv 1512.03385, figure 2)."""

    def __init__(self, channels_in: int, channels: int, stride: int = 1):
        super().__init__()
        self.conv1 = nn.Conv2d(channels_in, channels, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.shortcut = shortcut(channels_in, channels, stride)

    def forward(self, x):
        y = torch.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        return torch.relu(y + self.shortcut(x))


class Bottleneck(nn.Module):
    """Residual block 1x1, 3x3, 1x1 with the stride on the 3x3 (He et al. 2016, figure 5; the stride as in ResNet v1.5)."""

    def __init__(self, channels_in: int, width: int, channels: int, stride: int = 1):
        super().__init__()
        self.conv1 = nn.Conv2d(channels_in, width, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, channels, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(channels)
        self.shortcut = shortcut(channels_in, channels, stride)

    def forward(self, x):
        y = torch.relu(self.bn1(self.conv1(x)))
        y = torch.relu(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(y))
        return torch.relu(y + self.shortcut(x))


def shortcut(channels_in: int, channels: int, stride: int) -> nn.Sequential:
    """The identity where shapes agree, otherwise a strided 1x1 convolution with normalisation."""
    if stride == 1 and channels_in == channels:
        return nn.Sequential()
    return nn.Sequential(nn.Conv2d(channels_in, channels, 1, stride, bias=False), nn.BatchNorm2d(channels))


class SqueezeExcitation(nn.Module):
    """Channel attention (Hu et al. 2018, arXiv 1709.01507) with reduction 16."""

    def __init__(self, channels: int, reduction: int = 16):
        super().__init__()
        self.fc1 = nn.Linear(channels, channels // reduction)
        self.fc2 = nn.Linear(channels // reduction, channels)

    def forward(self, x):
        scale = torch.relu(self.fc1(x.mean((2, 3))))
        scale = torch.sigmoid(self.fc2(scale))
        return x * scale[:, :, None, None]


class Head(nn.Module):
    """Pooled features to logits: dropout .4, 512-256, ReLU, dropout .3, 256-2."""

    def __init__(self, channels: int):
        super().__init__()
        self.drop1 = nn.Dropout(0.4)
        self.fc1 = nn.Linear(channels, 256)
        self.drop2 = nn.Dropout(0.3)
        self.fc2 = nn.Linear(256, CLASSES)

    def forward(self, x):
        x = torch.relu(self.fc1(self.drop1(x.mean((2, 3)))))
        return self.fc2(self.drop2(x))


class ResNetSe(nn.Module):
    """3x3 stem of 64 channels, stages that end in channel attention, a head."""

    def __init__(self, *stages: nn.Sequential):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.stages = [f"layer{number}" for number in range(1, len(stages) + 1)]
        for name, stage in zip(self.stages, stages):
            self.add_module(name, stage)
        self.head = Head(512)

    def forward(self, x):
        x = torch.relu(self.bn1(self.conv1(x)))
        for name in self.stages:
            x = getattr(self, name)(x)
        return self.head(x)


def basic_stage(channels_in: int, channels: int, stride: int) -> nn.Sequential:
    return nn.Sequential(
        BasicBlock(channels_in, channels, stride), BasicBlock(channels, channels), SqueezeExcitation(channels)
    )


def resnet_se() -> nn.Module:
    network = ResNetSe(basic_stage(64, 128, 2), basic_stage(128, 256, 2), basic_stage(256, 512, 2))
    assert parameters(network) == 11_196_666
    return network


def resnet18_se() -> nn.Module:
    return ResNetSe(
        basic_stage(64, 64, 1), basic_stage(64, 128, 2), basic_stage(128, 256, 2), basic_stage(256, 512, 2)
    )


def resnet_se_small() -> nn.Module:
    def stage(channels_in: int, width: int, channels: int) -> nn.Sequential:
        return nn.Sequential(
            Bottleneck(channels_in, width, channels, 2),
            Bottleneck(channels, width, channels),
            Bottleneck(channels, width, channels),
            SqueezeExcitation(channels),
        )

    network = ResNetSe(stage(64, 64, 128), stage(128, 128, 256), stage(256, 128, 512))
    assert parameters(network) <= 2_000_000
    return network


def efficientnet_b0_cifar() -> nn.Module:
    """timm's EfficientNet-B0 with a stem of stride 1."""
    network = timm.create_model("efficientnet_b0", num_classes=CLASSES)
    network.conv_stem.stride = (1, 1)
    return network


NETWORKS = {
    "convnext_tiny": lambda: timm.create_model("convnext_tiny", num_classes=CLASSES),
    "efficientnet_b0": lambda: timm.create_model("efficientnet_b0", num_classes=CLASSES),
    "efficientnet_b0_cifar": efficientnet_b0_cifar,
    "efficientnet_lite0": lambda: timm.create_model("efficientnet_lite0", num_classes=CLASSES),
    "resnet_se": resnet_se,
    "resnet_se_small": resnet_se_small,
    "resnet18_se": resnet18_se,
}


class Detector(nn.Module):
    """Pixels in [0, 1] to logits: ImageNet normalisation, then the network."""

    def __init__(self, network: nn.Module):
        super().__init__()
        self.network = network
        self.register_buffer("mean", torch.tensor(IMAGENET_MEAN).view(1, 3, 1, 1), persistent=False)
        self.register_buffer(
            "standard_deviation", torch.tensor(IMAGENET_STANDARD_DEVIATION).view(1, 3, 1, 1), persistent=False
        )

    def forward(self, pixels):
        return self.network((pixels - self.mean) / self.standard_deviation)


def create(name: str) -> Detector:
    """The detector called `name`, freshly initialised from torch's global random generator."""
    return Detector(NETWORKS[name]())


def parameters(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


if __name__ == "__main__":
    for name in NETWORKS:
        detector = create(name).eval()
        shapes = [tuple(detector(torch.rand(2, 3, *size)).shape) for size in ((32, 32), (64, 48))]
        assert shapes == [(2, CLASSES)] * 2
        print(f"{name:20} {parameters(detector):>12,} parameters")

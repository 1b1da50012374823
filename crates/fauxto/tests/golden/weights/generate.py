"""What weight files of other programs look like: names and shapes of torchvision's networks, and a small .pth file.

    python generate.py

torch 2.15.0, torchvision 0.29.2 (bench/peers/requirements.txt). `torchvision_*.json` map each name of torchvision's
state dict to its shape. `wrapped.pth` is a state dict inside `{"state_dict": ...}` with `module.` before every name, of
several precisions, one tensor not contiguous. `averaged.pth` is what timm's CheckpointSaver writes of a training that
averages its weights: both state dicts in one file.
"""

import json
from pathlib import Path

import torch
import torchvision

HERE = Path(__file__).parent

for name in ("convnext_tiny", "efficientnet_b0"):
    network = getattr(torchvision.models, name)(num_classes=2)
    shapes = {key: list(value.shape) for key, value in network.state_dict().items() if value.dtype == torch.float32}
    (HERE / f"torchvision_{name}.json").write_text(json.dumps(shapes, indent=0) + "\n")

torch.save(
    {
        "epoch": 3,
        "state_dict": {
            "module.single": torch.tensor([[1.5, -2.0], [0.25, 1e-3]]),
            "module.double": torch.tensor([1 / 3], dtype=torch.float64),
            "module.half": torch.tensor([0.5, 1.5], dtype=torch.float16),
            "module.brain": torch.tensor([3.0], dtype=torch.bfloat16),
            "module.transposed": torch.arange(6.0).reshape(2, 3).T,
            "module.bn.num_batches_tracked": torch.tensor(7),
        },
    },
    HERE / "wrapped.pth",
)

weights = {name: torch.tensor([value]) for name, value in [("a", 1.0), ("b", 2.0), ("c", 3.0)]}
averaged = {name: 10 * value for name, value in weights.items()}
torch.save({"epoch": 3, "state_dict": weights, "state_dict_ema": averaged}, HERE / "averaged.pth")

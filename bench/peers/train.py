"""Fauxto's base training recipe in PyTorch, from scratch, for comparison on the same data.

AdamW (lr 5e-4, weight decay 1e-4 on every parameter), cosine annealing over the epochs, batch 128 (the last, incomplete
batch of an epoch is dropped), cross entropy, on-line augmentation, early stopping on the validation AUC with patience
15; the checkpoint of the best validation AUC is evaluated on the test file, in f32. Writes RUNS/MODEL-SEED.json and
RUNS/MODEL-SEED.npz (probabilities of "fake" on validation and test images, for the ensemble). With --split it trains
and stops on the same images as a run of Fauxto, with --init from the same weights; --fine-tune goes on with the
original project's adversarial fine-tuning, as Fauxto's preset `adversarial` has it, and adds what that cost and gave.

    python train.py --model resnet_se --seed 1 --data ../../../shared/datasets --runs runs --split RUN/split.json
"""

import argparse
import copy
import io
import json
import math
import time
from pathlib import Path

import numpy as np
import pyarrow.parquet as parquet
import safetensors.torch
import timm
import torch
import torch.nn.functional as F
import torchvision
from PIL import Image
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split

import models
from augment import augment
from fine_tune import EPOCHS, fine_tune

RECIPE = {
    "optimizer": "AdamW",
    "learning_rate": 5e-4,
    "weight_decay": 1e-4,
    "schedule": "cosine annealing to 0, stepped per epoch",
    "batch": 128,
    "drop_last": True,
    "loss": "cross entropy",
    "augmentation": "horizontal flip .5, rotation 15 degrees, brightness/contrast/saturation .2 in random order",
    "early_stopping": "validation AUC, best checkpoint kept",
    "weights": "from scratch",
    "normalisation": "ImageNet",
}
BF16_MODELS = {"resnet_se", "convnext_tiny"}
PATIENCE = 15


def pixels(files) -> torch.Tensor:
    """u8 `[n, 3, height, width]`."""
    images = [np.asarray(Image.open(file).convert("RGB")) for file in files]
    return torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2).contiguous()


def training_data(folder: Path) -> tuple[torch.Tensor, torch.Tensor, list[str]]:
    """Pixels, labels, and paths within the folder, as a split names them."""
    files, labels = [], []
    for label, name in enumerate(("real_cifake_images", "fake_cifake_images")):
        found = sorted((folder / name).glob("*.png"), key=lambda file: int(file.stem))
        files += found
        labels += [label] * len(found)
    return pixels(files), torch.tensor(labels), [file.relative_to(folder).as_posix() for file in files]


def drawn(labels: torch.Tensor, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Positions of training and validation images, drawn by the seed."""
    return train_test_split(np.arange(len(labels)), test_size=0.2, stratify=labels, random_state=seed)


def sides(arguments: argparse.Namespace, labels: torch.Tensor, paths: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Positions of training and validation images: drawn by the seed, or those of a split that Fauxto wrote."""
    if not arguments.split:
        return drawn(labels, arguments.seed)
    side = {item["identity"]: item["side"] for item in json.loads(arguments.split.read_text())["items"]}
    return tuple(np.array([i for i, path in enumerate(paths) if side[path] == name]) for name in ("train", "validation"))


def test_data(file: Path) -> tuple[torch.Tensor, torch.Tensor]:
    table = parquet.read_table(file, columns=["image", "label"]).to_pydict()
    return pixels(io.BytesIO(image["bytes"]) for image in table["image"]), torch.tensor(table["label"])


@torch.no_grad()
def probabilities(detector: torch.nn.Module, images: torch.Tensor) -> np.ndarray:
    """P(fake) of u8 images, in f32."""
    detector.eval()
    logits = [detector(batch.float().div(255)) for batch in images.split(256)]
    return torch.cat(logits).double().softmax(1)[:, 1].numpy()


def wilson(accuracy: float, n: int, z: float = 1.959964) -> list[float]:
    """The 95% score interval of a proportion (Wilson 1927)."""
    centre = accuracy + z * z / (2 * n)
    spread = z * math.sqrt(accuracy * (1 - accuracy) / n + z * z / (4 * n * n))
    return [(centre - spread) / (1 + z * z / n), (centre + spread) / (1 + z * z / n)]


def scores(fake: np.ndarray, labels: np.ndarray) -> dict:
    accuracy = float(((fake >= 0.5) == labels).mean())
    return {
        "n": len(labels),
        "accuracy": accuracy,
        "accuracy_interval": wilson(accuracy, len(labels)),
        "roc_auc": float(roc_auc_score(labels, fake)),
    }


def versions() -> dict:
    return {"torch": torch.__version__, "torchvision": torchvision.__version__, "timm": timm.__version__}


def train(arguments: argparse.Namespace) -> None:
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(arguments.seed)
    generator = torch.Generator().manual_seed(arguments.seed)
    images, labels, paths = training_data(arguments.data / "synergy")
    training, validation = sides(arguments, labels, paths)
    training_images, training_labels = images[training].float().div(255), labels[training]
    validation_images, validation_labels = images[validation], labels[validation].numpy()

    detector = models.create(arguments.model).to(memory_format=torch.channels_last)
    if arguments.init:
        detector.network.load_state_dict(safetensors.torch.load_file(arguments.init), strict=True)
    optimizer = torch.optim.AdamW(
        detector.parameters(), lr=RECIPE["learning_rate"], weight_decay=RECIPE["weight_decay"]
    )
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, arguments.epochs)
    best, history, started = {"roc_auc": -1.0}, [], time.monotonic()
    for epoch in range(1, arguments.epochs + 1):
        detector.train()
        order = torch.randperm(len(training_labels), generator=generator)
        total = steps = 0
        for chosen in order.split(RECIPE["batch"]):
            if len(chosen) < RECIPE["batch"]:
                break
            # To 256 levels, as files hold and as Fauxto rounds what it changed.
            batch = augment(training_images[chosen], generator).mul(255).round().div(255)
            batch = batch.contiguous(memory_format=torch.channels_last)
            with torch.autocast("cpu", torch.bfloat16, enabled=arguments.bf16):
                logits = detector(batch)
            loss = F.cross_entropy(logits.float(), training_labels[chosen])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total, steps = total + loss.item(), steps + 1
        schedule.step()
        fake = probabilities(detector, validation_images)
        now = scores(fake, validation_labels) | {"epoch": epoch}
        history.append({"epoch": epoch, "loss": total / steps} | {key: now[key] for key in ("accuracy", "roc_auc")})
        print(f"{arguments.model} seed {arguments.seed} epoch {epoch} loss {total / steps:.4f} "
              f"validation accuracy {now['accuracy']:.4f} AUC {now['roc_auc']:.4f} "
              f"{time.monotonic() - started:.0f} s", flush=True)
        if now["roc_auc"] > best["roc_auc"]:
            best = now | {"state": copy.deepcopy(detector.state_dict()), "fake": fake}
        elif epoch - best["epoch"] >= PATIENCE:
            break
    seconds = time.monotonic() - started

    detector.load_state_dict(best["state"])
    test_images, test_labels = test_data(arguments.data / "cifake" / "test.parquet")
    test_fake = probabilities(detector, test_images)
    result = {
        "model": arguments.model,
        "seed": arguments.seed,
        "parameters": models.parameters(detector),
        "training_images": len(training),
        "epochs": epoch,
        "most_epochs": arguments.epochs,
        "patience": PATIENCE,
        "best_epoch": best["epoch"],
        "bf16_autocast": arguments.bf16,
        "validation": {key: best[key] for key in ("n", "accuracy", "accuracy_interval", "roc_auc")},
        "test": scores(test_fake, test_labels.numpy()),
        "training_seconds": seconds,
        "threads": arguments.threads,
        "split": "that of Fauxto's runs" if arguments.split else "drawn by the seed",
        "versions": versions(),
        "recipe": RECIPE,
        "history": history,
    }
    if arguments.fine_tune:
        result["fine_tuning"] = fine_tune(
            detector, training_images, training_labels, validation_images, labels[validation],
            RECIPE["batch"], generator, arguments.bf16, arguments.fine_tune,
        )
        result["fine_tuning"]["test"] = scores(probabilities(detector, test_images), test_labels.numpy())
    arguments.runs.mkdir(parents=True, exist_ok=True)
    stem = arguments.runs / f"{arguments.model}-{arguments.seed}"
    np.savez(stem.with_suffix(".npz"), validation_fake=best["fake"], validation_labels=validation_labels,
             test_fake=test_fake, test_labels=test_labels.numpy())
    stem.with_suffix(".json").write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps({key: result[key] for key in ("model", "seed", "best_epoch", "validation", "test")}), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True, choices=models.NETWORKS)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--epochs", type=int, default=50)
    parser.add_argument("--data", type=Path, required=True, help="folder with synergy/ and cifake/")
    parser.add_argument("--runs", type=Path, required=True, help="folder for the results")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--split", type=Path, help="a split that Fauxto wrote for the same images")
    parser.add_argument("--init", type=Path, help="start from these weights (.safetensors)")
    parser.add_argument("--fine-tune", type=int, nargs="?", const=EPOCHS, default=0, metavar="EPOCHS",
                        help=f"go on with adversarial fine-tuning, {EPOCHS} epochs unless said otherwise")
    parser.add_argument("--bf16", action=argparse.BooleanOptionalAction, help="bf16 autocast while training")
    arguments = parser.parse_args()
    if arguments.bf16 is None:
        arguments.bf16 = arguments.model in BF16_MODELS
    train(arguments)


if __name__ == "__main__":
    main()

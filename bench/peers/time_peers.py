"""Seconds of a training step and of inference in PyTorch and ONNX Runtime, on random 32x32 pixels.

    python time_peers.py --model resnet_se --what train --precision bf16 --batch 128 --steps 10
    python time_peers.py --all

Prints JSON Lines with the fields of `fauxto bench --json` (`median_seconds`, `minimum_seconds`, `maximum_seconds`,
`threads`, `device`, `peak_memory_bytes`) and what was timed. A training step is forward, cross entropy, backward and AdamW; channels last,
the number of threads given. Two steps come first and are not counted.
"""

import argparse
import io
import json
import resource
import statistics
import time

import numpy as np
import onnxruntime
import torch
import torch.nn.functional as F

import models

MODELS = ["convnext_tiny", "efficientnet_b0", "resnet_se", "resnet_se_small"]
WARM_UP = 2
# (what, peer, precision, batch)
CASES = [
    ("train", "pytorch", "f32", 128),
    ("train", "pytorch", "bf16", 128),
    ("infer", "pytorch", "f32", 128),
    ("infer", "pytorch", "bf16", 128),
    ("infer", "pytorch", "f32", 1),
    ("infer", "onnxruntime", "f32", 128),
    ("infer", "onnxruntime", "f32", 1),
]


def training_step(model: str, precision: str, batch: int):
    detector = models.create(model).to(memory_format=torch.channels_last).train()
    optimizer = torch.optim.AdamW(detector.parameters(), lr=5e-4, weight_decay=1e-4)
    pixels = torch.rand(batch, 3, 32, 32).contiguous(memory_format=torch.channels_last)
    labels = torch.randint(0, models.CLASSES, (batch,))

    def step() -> None:
        with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16"):
            logits = detector(pixels)
        loss = F.cross_entropy(logits.float(), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    return step


def pytorch_inference(model: str, precision: str, batch: int):
    # In bf16 as it would be served, weights converted once: autocast converts them at every call.
    kind = torch.bfloat16 if precision == "bf16" else torch.float32
    detector = models.create(model).to(kind, memory_format=torch.channels_last).eval()
    pixels = torch.rand(batch, 3, 32, 32).to(kind).contiguous(memory_format=torch.channels_last)

    def step() -> None:
        with torch.inference_mode():
            detector(pixels)

    return step


def onnx_inference(model: str, batch: int, threads: int):
    detector = models.create(model).eval()
    pixels = torch.rand(batch, 3, 32, 32)
    exported = io.BytesIO()
    torch.onnx.export(detector, (pixels,), exported, input_names=["pixels"], output_names=["logits"], dynamo=False)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(exported.getvalue(), options, providers=["CPUExecutionProvider"])
    feed = {"pixels": pixels.numpy()}
    with torch.no_grad():
        expected = detector(pixels).numpy()
    np.testing.assert_allclose(session.run(None, feed)[0], expected, atol=1e-3, rtol=1e-3)
    return lambda: session.run(None, feed)


def measure(model: str, what: str, peer: str, precision: str, batch: int, steps: int, threads: int) -> dict:
    torch.manual_seed(0)
    if what == "train":
        step = training_step(model, precision, batch)
    elif peer == "pytorch":
        step = pytorch_inference(model, precision, batch)
    else:
        step = onnx_inference(model, batch, threads)
    seconds = []
    for number in range(WARM_UP + steps):
        started = time.perf_counter()
        step()
        if number >= WARM_UP:
            seconds.append(time.perf_counter() - started)
    version = torch.__version__ if peer == "pytorch" else onnxruntime.__version__
    return {
        "peer": peer,
        "version": version,
        "what": what,
        "model": model,
        "precision": precision,
        "batch": batch,
        "steps": steps,
        "median_seconds": statistics.median(seconds),
        "minimum_seconds": min(seconds),
        "maximum_seconds": max(seconds),
        "threads": threads,
        "device": "cpu",
        # Linux counts kibibytes.
        "peak_memory_bytes": 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--all", action="store_true", help="every model and case")
    parser.add_argument("--model", choices=MODELS)
    parser.add_argument("--what", choices=["train", "infer"])
    parser.add_argument("--peer", choices=["pytorch", "onnxruntime"], default="pytorch")
    parser.add_argument("--precision", choices=["f32", "bf16"], default="f32")
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    if not arguments.all and not (arguments.model and arguments.what):
        parser.error("give --model and --what, or --all")
    torch.set_num_threads(arguments.threads)
    case = (arguments.what, arguments.peer, arguments.precision, arguments.batch)
    for model in MODELS if arguments.all else [arguments.model]:
        for what, peer, precision, batch in CASES if arguments.all else [case]:
            result = measure(model, what, peer, precision, batch, arguments.steps, arguments.threads)
            print(json.dumps(result), flush=True)


if __name__ == "__main__":
    main()

"""Which kernels a command of Fauxto's spends its time in, as `perf record` samples it."""

import os
import re
import subprocess
import tempfile
from pathlib import Path

# Part of a symbol's name, and what to call it; the first that fits counts.
GROUPS = (
    ("microkernel", "products"),
    ("Panel", "products"),
    ("gemm", "products of the gemm crate"),
    ("winograd", "Winograd transforms"),
    ("depthwise", "depthwise convolutions"),
    ("batch_norm", "batch normalisation and activation"),
    ("layer_norm", "layer normalisation"),
    ("activation", "activations"),
    ("adamw", "AdamW"),
    ("kernels::flex::product", "packing weights"),
    ("kernels::flex::linear", "dense layers' packing and sums"),
    ("kernels::flex::convolution", "convolutions' patches and sums"),
    ("kernels::flex::team", "waiting for threads"),
    ("kernels::flex", "other kernels"),
    ("rayon", "waiting for threads"),
    ("crossbeam", "waiting for threads"),
    ("burn", "tensor operations without kernels"),
    ("mem", "copying memory"),
)
LINE = re.compile(r"^\s*([\d.]+)%\s+(\S+)\s+(.*)$")


def group(symbol: str, owner: str) -> str:
    if owner.startswith("[k") or symbol.startswith("[k]"):
        return "the operating system"
    return next((name for part, name in GROUPS if part in symbol), "other")


def profile(command: list[str], environment: dict[str, str]) -> dict[str, float] | None:
    """Shares of the samples by group, largest first; None where perf is missing or forbidden."""
    with tempfile.TemporaryDirectory() as folder:
        samples = str(Path(folder) / "samples")
        recorded = ["perf", "record", "-q", "-e", "cpu-clock", "-F", "997", "-o", samples, "--", *command]
        try:
            subprocess.run(recorded, check=True, capture_output=True, env=environment)
            reported = ["perf", "report", "-i", samples, "--stdio", "--sort", "dso,symbol", "-g", "none"]
            report = subprocess.run(reported, check=True, capture_output=True, text=True, env=os.environ)
        except (OSError, subprocess.CalledProcessError):
            return None
    shares: dict[str, float] = {}
    for line in report.stdout.splitlines():
        if found := LINE.match(line):
            name = group(found[3], found[2])
            shares[name] = shares.get(name, 0.0) + float(found[1]) / 100
    return {name: round(share, 4) for name, share in sorted(shares.items(), key=lambda item: -item[1])}

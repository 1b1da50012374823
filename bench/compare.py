"""Fauxto beside PyTorch and ONNX Runtime, on one machine in one run.

    python bench/compare.py                                    # builds the release binary, 10 steps, 3 rounds
    python bench/compare.py --fauxto target/release/fauxto --models resnet_se --rounds 1 --steps 3

Needs the packages of bench/peers/requirements.txt. For every model and case the sides take turns, `--rounds` times, each
in a process of its own, so that a machine that slows down slows all of them. A side's number is the median of its
rounds' medians. The table shows peer / Fauxto in f32: above 1, Fauxto is faster; Fauxto's time in bf16 stands beside it.
Peak memory is the largest resident set of a side's process (interpreter and libraries included). The floor of a case is
the longer of two times: its multiply-adds at the rate of a large product, and its bytes at the rate of reading an array
of their size (`fauxto bench machine`, bench/peers/work.py). Of single images, 100 times the steps are timed. With
`--profile`, `perf record` (Linux) tells which kernels the time goes to. Writes results/bench.json.
"""

import argparse
import datetime
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "bench" / "peers"))

from machine import machine
from profile_kernels import profile

# A step of one image is a hundredth of one of 128: as few of them would be over in the time for which a busy machine keeps
# one processor from a program.
STEPS_OF_ONE = 100
MODELS = ["convnext_tiny", "efficientnet_b0", "resnet_se", "resnet_se_small"]
# what, batch, peers as (name, precision)
CASES = [
    ("train", 128, [("pytorch", "f32"), ("pytorch", "bf16")]),
    ("infer", 128, [("onnxruntime", "f32"), ("pytorch", "f32"), ("pytorch", "bf16")]),
    ("infer", 1, [("onnxruntime", "f32"), ("pytorch", "f32")]),
]
FIELDS = ("median_seconds", "minimum_seconds", "maximum_seconds", "threads", "device", "peak_memory_bytes")


def run(command: list[str], environment: dict[str, str], fields: tuple[str, ...] = FIELDS) -> dict:
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=environment)
    if done.returncode:
        sys.exit(f"{' '.join(command)}\nended with status {done.returncode}:\n{done.stderr.strip()}")
    try:
        result = json.loads(done.stdout)
    except json.JSONDecodeError:
        sys.exit(f"{' '.join(command)}\nprinted no single JSON object:\n{done.stdout.strip()[:2000]}")
    if missing := [field for field in fields if field not in result]:
        sys.exit(f"{' '.join(command)}\nleft out {', '.join(missing)}: {result}")
    return result


def summary(results: list[dict]) -> dict:
    return results[0] | {
        "median_seconds": statistics.median(result["median_seconds"] for result in results),
        "minimum_seconds": min(result["minimum_seconds"] for result in results),
        "maximum_seconds": max(result["maximum_seconds"] for result in results),
        "peak_memory_bytes": max((result["peak_memory_bytes"] or 0 for result in results)) or None,
        "rounds": len(results),
    }


def floor(work: dict, rates: dict, seconds: float) -> dict:
    """The least time for `work`, and how many times that `seconds` are."""
    sizes = sorted(rates["reads"], key=lambda read: read["bytes"])
    read = next((read for read in sizes if read["bytes"] >= work["bytes"]), sizes[-1])
    products = work["multiply_adds"] / rates["multiply_adds_per_second"]
    memory = work["bytes"] / read["bytes_per_second"]
    return work | {"product_seconds": products, "memory_seconds": memory, "gap": seconds / max(products, memory)}


def commit() -> str | None:
    done = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, cwd=ROOT)
    return done.stdout.strip() or None


def binary(given: Path | None) -> Path:
    if given is None:
        subprocess.run(["cargo", "build", "--release", "--bin", "fauxto"], cwd=ROOT, check=True)
        given = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release" / "fauxto"
    if not given.is_file():
        sys.exit(f"{given}: no such binary; build it with `cargo build --release` or leave out --fauxto")
    return given.resolve()


def seconds(value: float) -> str:
    return f"{value:.2f} s" if value >= 1 else f"{value * 1e3:.3g} ms"


def row(entry: dict) -> str:
    line = f"{entry['model']:16} {entry['what']:5} {entry['batch']:>4}  fauxto {seconds(entry['fauxto']['median_seconds']):>8}"
    if half := entry.get("fauxto_half"):
        line += f"   in bf16 {seconds(half['median_seconds'])}"
    for peer in entry["peers"]:
        name = f"{peer['peer']} {peer['precision']}"
        line += f"   {name} {seconds(peer['median_seconds']):>8} x{peer['ratio']:.2f}"
    return line + f"   x{entry['floor']['gap']:.1f} of the floor"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fauxto", type=Path, help="the binary; without it, the release profile is built")
    parser.add_argument("--models", nargs="+", choices=MODELS, default=MODELS)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--no-bf16", action="store_true", help="leave PyTorch's bf16 out: without AMX or AVX512-BF16 it is emulated")
    parser.add_argument("--profile", action="store_true", help="say which kernels Fauxto's time goes to (needs perf)")
    parser.add_argument("--out", type=Path, default=ROOT / "results" / "bench.json")
    arguments = parser.parse_args()

    fauxto = binary(arguments.fauxto)
    threads = str(arguments.threads)
    environment = os.environ | {"RAYON_NUM_THREADS": threads, "OMP_NUM_THREADS": threads}
    entries = []
    rates = run([str(fauxto), "bench", "machine", "--json"], environment, ("multiply_adds_per_second", "reads"))
    for model in arguments.models:
        for what, batch, peers in CASES:
            peers = [peer for peer in peers if not (arguments.no_bf16 and peer[1] == "bf16")]
            counting = [sys.executable, "bench/peers/work.py", "--model", model, "--batch", str(batch)]
            work = run(counting, environment, ("inference", "training"))
            steps = arguments.steps * (STEPS_OF_ONE if batch == 1 else 1)
            case = ["--model", model, "--batch", str(batch), "--steps", str(steps)]
            single = [str(fauxto), "bench", what, *case, "--json"]
            commands = [single, [*single, "--precision", "half"]]
            for name, precision in peers:
                side = ["--what", what, "--peer", name, "--precision", precision, "--threads", threads]
                commands.append([sys.executable, "bench/peers/time_peers.py", *case, *side])
            rounds = [[run(command, environment) for command in commands] for _ in range(arguments.rounds)]
            ours, halved, *theirs = (summary(list(results)) for results in zip(*rounds))
            for peer in theirs:
                peer["ratio"] = peer["median_seconds"] / ours["median_seconds"]
            least = work["training" if what == "train" else "inference"]
            entry = {"model": model, "what": what, "batch": batch, "fauxto": ours, "peers": theirs}
            if halved["precision"] == "half":
                entry["fauxto_half"] = halved
            entry["floor"] = floor(least, rates, ours["median_seconds"])
            if arguments.profile:
                entry["profile"] = profile(commands[0], environment)
            entries.append(entry)
            print(row(entries[-1]), flush=True)
    result = {
        "what": "median seconds per batch of 32x32 images; ratio = peer / fauxto, above 1 fauxto is faster",
        "date": datetime.date.today().isoformat(),
        "commit": commit(),
        "machine": machine(),
        "rates": rates,
        "threads": arguments.threads,
        "steps": arguments.steps,
        "rounds": arguments.rounds,
        "cases": entries,
    }
    temporary = arguments.out.with_suffix(".json.part")
    temporary.write_text(json.dumps(result, indent=1) + "\n")
    temporary.replace(arguments.out)


if __name__ == "__main__":
    main()

"""What of the machine matters to a time: how many cores, and how wide their vectors."""

import os
from pathlib import Path

VECTORS = (("avx512f", "AVX-512"), ("avx2", "AVX2"), ("asimd", "NEON"))


def machine() -> str:
    try:
        flags = Path("/proc/cpuinfo").read_text()
    except OSError:
        return f"{os.cpu_count()} cores"
    return ", ".join([f"{os.cpu_count()} cores", *[name for flag, name in VECTORS if flag in flags][:1]])

"""machine - what a run ran on, so that its figures can be judged elsewhere. Never a host, a user or a path."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from pathlib import Path
from statistics import median
from typing import Any

from .processes import Trouble

QUIET = 1.03  # p90/p10 of the gauge on a machine that nobody else uses
GAUGE_WAIT_S = 20.0


def describe_machine() -> dict[str, Any]:
    return {"processor": _field(Path("/proc/cpuinfo"), "model name", ":"), "cores": len(os.sched_getaffinity(0)),
            "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
            "system": _field(Path("/etc/os-release"), "PRETTY_NAME", "=").strip('"'),
            "kernel": platform.release().split("-")[0]}


def openssl_version() -> str:
    """Of Debian's library, which the peers are built on."""
    words = subprocess.run(["openssl", "version"], capture_output=True, text=True, check=False).stdout.split()
    return words[1] if len(words) > 1 else ""


class Noise:
    """Collects the gauge's figures: one before each case, since a machine can be quiet for a moment."""

    def __init__(self) -> None:
        self._ratios: list[float] = []
        self._signature_us: list[float] = []

    def add(self, told: dict[str, float]) -> None:
        self._ratios.append(told["p90_over_p10"])
        self._signature_us.append(told["p10_us"])

    def summary(self) -> dict[str, float]:
        return {"p90_over_p10": round(median(self._ratios), 3), "worst": max(self._ratios),
                "gauges": len(self._ratios), "signature_us": min(self._signature_us)}


def gauge_noise(gauge: Path, cpu: int) -> dict[str, float]:
    """400 signatures timed one by one, on the servers' core."""
    try:
        done = subprocess.run(["taskset", "-c", str(cpu), str(gauge), "--json"], capture_output=True, text=True,
                              check=True, timeout=GAUGE_WAIT_S)
        return json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        raise Trouble(f"the noise could not be gauged: {error}") from error


def _field(path: Path, name: str, separator: str) -> str:
    try:
        lines = path.read_text().splitlines()
    except OSError:
        return "unknown"
    for line in lines:
        key, _, value = line.partition(separator)
        if key.strip() == name:
            return value.strip()
    return "unknown"

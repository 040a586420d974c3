"""load - one run of chainmend-bench against a port, and what it tells."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .credentials import NAME
from .processes import Child, Trouble

GROUPS = "X25519:P-256"  # a share of the first; without the second, TLS 1.2 has no use for a P-256 certificate
MAX_THREADS = 4  # as many as bulk has connections
HOLD = "1s"
HOLD_WAIT_S = 45.0
END_WAIT_S = 20.0  # beyond the time that it was asked to take


@dataclass(frozen=True)
class Outcome:
    """Holds the report of a run, by the names of its JSON."""

    document: dict[str, Any]

    @property
    def transactions(self) -> int:
        return int(self.document["transactions"])

    @property
    def failures(self) -> int:
        """All causes together."""
        return int(self.document["failures_total"])

    def number(self, member: str) -> float | None:
        """None where the tool has no figure, or not with these options."""
        value = self.document.get(member)
        return None if value is None else float(value)

    @property
    def transactions_per_second(self) -> float:
        return self.transactions / float(self.document["seconds"])

    def handshake_us(self, percentile: str) -> float:
        return float(self.document["latency_us"]["handshake"][percentile])


def read_outcome(text: str) -> Outcome:
    """Raises Trouble where it is no JSON, or lacks what every run tells."""
    try:
        document = json.loads(text)
    except ValueError as error:
        raise Trouble(f"chainmend-bench told no JSON: {text[:200]!r}") from error
    missing = {"transactions", "failures_total", "seconds", "latency_us"} - set(document)
    if missing:
        raise Trouble(f"chainmend-bench told nothing of {', '.join(sorted(missing))}")
    return Outcome(document)


def duration(seconds: float) -> tuple[str, str]:
    return "--duration", f"{max(1, round(seconds * 1000))}ms"


class LoadTool:
    """chainmend-bench, pinned to the cores that are not the server's."""

    def __init__(self, program: Path, cpus: list[int]) -> None:
        self._program = program
        self._cpus = cpus
        self._threads = min(len(cpus), MAX_THREADS)

    def start(self, port: int, *flags: str) -> Child:
        command = [str(self._program), f"127.0.0.1:{port}", "--json", "--quiet", "--sni", NAME,
                   "--groups", GROUPS, "--threads", str(self._threads), *flags]
        return Child(command, self._cpus, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def run(self, port: int, seconds: float, *flags: str) -> Outcome:
        """Raises Trouble where it could not do its work; failed transactions are counted in the outcome."""
        return self.outcome_of(self.start(port, *duration(seconds), *flags), seconds)

    def hold(self, port: int, connections: int, *flags: str) -> Outcome:
        """Opens so many, each with one transaction, and holds them until the server's memory has been read."""
        return self.outcome_of(self.start(port, "--idle", str(connections), "--hold", HOLD, *flags), HOLD_WAIT_S)

    def outcome_of(self, child: Child, seconds: float) -> Outcome:
        stdout, stderr = child.read(seconds + END_WAIT_S)
        if not stdout.strip():
            raise Trouble(f"chainmend-bench ended with status {child.status}: {stderr.strip()[-300:]}")
        return read_outcome(stdout)

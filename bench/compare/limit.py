"""limit - what no terminator can do without: the handshake in memory, by the same BoringSSL, and a relay of plain TCP."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from .processes import Child, Trouble

HANDSHAKES = {"ecdsa": 400, "rsa": 150}  # a slice: some 0.2 s, client's side and all
RELAY_S = 0.2
WAIT_S = 30.0


class LimitTool:
    """bench/limit: the server's side on the servers' core."""

    def __init__(self, program: Path, cpu: int) -> None:
        self._program = program
        self._cpu = cpu

    def handshake_us(self, key: str, tls: str, resumed: bool) -> float:
        flags = ["--key", key, "--tls", tls, "--count", str(HANDSHAKES[key]), "--runs", "1"]
        return self._run(*flags, *(["--resume"] if resumed else []))

    def relay_us(self) -> float:
        return self._run("--relay")

    def relay_bulk_s_per_gib(self, request: str) -> float:
        return self._run("--relay", "--request", request)

    def _run(self, *flags: str) -> float:
        child = Child([str(self._program), *flags], [self._cpu], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        stdout, stderr = child.read(WAIT_S)
        told = re.search(r"^median of \d+ runs?: ([\d.]+) ", stdout, re.MULTILINE)
        if told is None:
            raise Trouble(f"the limit could not be measured: {stderr.strip()[:200]}")
        return float(told[1])

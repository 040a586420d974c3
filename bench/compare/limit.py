"""limit - what no terminator can do without: the handshake in memory, by the same BoringSSL, and a relay of plain TCP."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

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
        return self._run(*flags, *(["--resume"] if resumed else []))["median_us"]

    def _run(self, *flags: str) -> dict[str, Any]:
        child = Child([str(self._program), "--json", *flags], [self._cpu], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        stdout, stderr = child.read(WAIT_S)
        try:
            return json.loads(stdout)
        except ValueError as error:
            raise Trouble(f"the limit could not be measured: {stderr.strip()[-200:]}") from error

"""limit - what no terminator can do without: the same BoringSSL's handshake in memory, and a relay of plain TCP."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from .cases import Case
from .credentials import Credential
from .load import GROUPS
from .processes import Child, Trouble
from .ratios import low
from .results import LIMIT

HANDSHAKES = {"ecdsa": 400, "rsa": 150}  # a slice: some 0.15 s, client's side and all
RELAY_SLICE = "200ms"
BULK_MEMBERS = {"bulk-down": "bulk_down_cpu_s_per_gib", "bulk-up": "bulk_up_cpu_s_per_gib"}
WAIT_S = 30.0


class Limit:
    """bench/limit as a contender: the server's side on the servers' core, client and backend beside it on another."""

    def __init__(self, program: Path, case: Case, credential: Credential, server_cpu: int, client_cpu: int) -> None:
        self.name = LIMIT
        self.why = ""
        self._parts: dict[str, list[float]] = {}
        self._cpus = [server_cpu, client_cpu]
        self._bulk = case.kind == "bulk"
        self._request, _, size = case.request.partition(":")
        self._command = [str(program), "--json", "--runs", "1", "--cpus", f"{server_cpu},{client_cpu}",
                         "--tls", case.tls, "--groups", GROUPS,
                         "--certificate", str(credential.certificate), "--private-key", str(credential.key)]
        if self._bulk:
            self._command += ["--bulk", size, "--count", "1", "--slice", "1ms"]
        else:
            self._command += ["--count", str(HANDSHAKES[case.key]), "--slice", RELAY_SLICE]
        if case.resumed:
            self._command.append("--resumed")

    def measure(self) -> float | None:
        try:
            told = self._run()
            if self._bulk:
                return float(told[BULK_MEMBERS[self._request]]["median"])
            for part in ("handshake_us", "relay_us"):
                self._parts.setdefault(part, []).append(float(told[part]["median"]))
            return float(told["limit_us"])
        except Trouble as trouble:
            self.why = str(trouble)
            return None

    def more(self) -> dict[str, float]:
        """Tells the cost of each part."""
        return {part: low(values) for part, values in self._parts.items()}

    def _run(self) -> dict[str, Any]:
        child = Child(self._command, self._cpus, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        stdout, stderr = child.read(WAIT_S)
        try:
            return json.loads(stdout)
        except ValueError as error:
            raise Trouble(f"the limit could not be measured: {stderr.strip()[:200]}") from error

"""system_calls - those of one thread, by name, counted by strace, which slows them down and changes nothing else."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from pathlib import Path
from typing import Iterable

from compare.call_counter import is_traced
from compare.processes import Child, Trouble

ATTACH_WAIT_S = 10.0
ATTACH_STEP_S = 0.005
STOP_WAIT_S = 10.0
ROW = re.compile(r"^ *[\d.]+ +[\d.]+ +\d+ +(\d+) +(?:\d+ +)?(\w+)$", re.MULTILINE)
TOTAL = "total"


def read_calls(text: str) -> dict[str, int]:
    """Of `strace -c`, with their sum as `total`. Raises Trouble where they do not add up to it."""
    calls = {name: int(count) for count, name in ROW.findall(text)}
    if TOTAL not in calls or sum(calls.values()) != 2 * calls[TOTAL]:
        raise Trouble(f"strace's summary cannot be read: {text.strip()[-120:]!r}")
    return calls


class Strace:
    """Counts the calls of one thread between its making and stop()."""

    def __init__(self, thread: int, output: Path, cpus: Iterable[int]) -> None:
        if shutil.which("strace") is None:
            raise Trouble("strace is missing: scripts/install-deps.sh --cost installs it")
        self._output = output
        self._child = Child(["strace", "-c", "-o", str(output), "-p", str(thread)], cpus, stderr=subprocess.PIPE)
        end = time.monotonic() + ATTACH_WAIT_S
        while not is_traced(thread):
            if self._child.status is not None or time.monotonic() > end:
                self._child.interrupt()
                _, said = self._child.read(STOP_WAIT_S)
                raise Trouble(f"strace may not watch a process here (it needs ptrace): {said.strip()[-200:]}")
            time.sleep(ATTACH_STEP_S)

    def stop(self) -> dict[str, int]:
        self._child.interrupt()
        self._child.read(STOP_WAIT_S)
        return read_calls(self._output.read_text())

    def give_up(self) -> None:
        self._child.stop()

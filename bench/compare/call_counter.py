"""call_counter - the system calls of some processes: by perf, which hardly slows them, or by strace where perf may not."""

from __future__ import annotations

import re
import shutil
import time
from pathlib import Path

from .processes import Child, Trouble

ATTACH_S = 0.4
STOP_WAIT_S = 5.0
PERF_EVENT = "raw_syscalls:sys_enter"


class CallCounter:
    """System calls of all threads of some processes, between its making and its stop()."""

    def __init__(self, pids: list[int], output: Path) -> None:
        self._output = output
        self._child = self._start(pids)
        time.sleep(ATTACH_S)
        if self._child.status is not None:
            self._child.stop()
            self._child = self._start(pids, may_use_perf=False)
            time.sleep(ATTACH_S)
        if self._child.status is not None:
            raise Trouble("neither perf nor strace may count system calls here")

    def _start(self, pids: list[int], may_use_perf: bool = True) -> Child:
        listed = [str(pid) for pid in pids]
        if may_use_perf and shutil.which("perf"):
            command = ["perf", "stat", "-x", ",", "-e", PERF_EVENT, "-o", str(self._output), "-p", ",".join(listed)]
        else:
            command = ["strace", "-c", "-f", "-o", str(self._output)] + [word for pid in listed for word in ("-p", pid)]
        return Child(command, [1])

    def stop(self) -> None:
        """By SIGINT, upon which both write what they counted."""
        if self._child.status is None:
            self._child.interrupt()
            self._child.read(STOP_WAIT_S)
        self._child.stop()

    def count(self) -> int:
        return read_count(self._output.read_text())


def read_count(text: str) -> int:
    """Of `perf stat -x ,` or of `strace -c`. Raises Trouble where there is no count."""
    counted = re.search(rf"^(\d+),[^,]*,{PERF_EVENT}", text, re.MULTILINE) or re.search(
        r"^100\.00\s+[\d.]+\s+\d+\s+(\d+)\s+(?:\d+\s+)?total$", text, re.MULTILINE)
    if counted is None:
        raise Trouble(f"the count of system calls cannot be read: {text.strip()[-120:]!r}")
    return int(counted[1])

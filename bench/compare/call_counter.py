"""call_counter - the system calls of some processes: by perf, which hardly slows them, else by strace."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import time
from pathlib import Path

from .processes import Child, Trouble, family

ATTACH_WAIT_S = 5.0
ATTACH_STEP_S = 0.02
SWITCH_ON_S = 0.1  # from the opening of perf's counters to their counting
STOP_WAIT_S = 10.0
PERF_EVENT = "raw_syscalls:sys_enter"


class CallCounter:
    """System calls of all threads of some processes, between its making and its stop()."""

    def __init__(self, pids: list[int], output: Path) -> None:
        self._output = output
        watched = ",".join(map(str, pids))
        perf = ["perf", "stat", "-x", ",", "-e", PERF_EVENT, "-o", str(output), "-p", watched]
        strace = ["strace", "-c", "-f", "-o", str(output), "-p", watched]
        for command in (perf, strace):
            if shutil.which(command[0]) is None:
                continue
            self._child = Child(command, os.sched_getaffinity(0))
            if self._attaches(pids):
                return
            self._child.stop()
        raise Trouble("neither perf nor strace may count system calls here")

    def _attaches(self, pids: list[int]) -> bool:
        """Waits until it counts; False when it ends, or takes too long."""
        end = time.monotonic() + ATTACH_WAIT_S
        while self._child.status is None and time.monotonic() < end:
            if self._has_counters() or all(map(is_traced, pids)):
                time.sleep(SWITCH_ON_S)
                return self._child.status is None
            time.sleep(ATTACH_STEP_S)
        return False

    def _has_counters(self) -> bool:
        for pid in family(self._child.pid):
            with contextlib.suppress(OSError):
                if any("perf_event" in os.readlink(link) for link in Path(f"/proc/{pid}/fd").iterdir()):
                    return True
        return False

    def stop(self) -> None:
        """By SIGINT, upon which both write what they counted."""
        if self._child.status is None:
            self._child.interrupt()
            self._child.read(STOP_WAIT_S)
        self._child.stop()

    def count(self) -> int:
        return read_count(self._output.read_text())


def is_traced(pid: int) -> bool:
    """By strace or its like."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False
    return re.search(r"^TracerPid:\s+0$", status, re.MULTILINE) is None


def read_count(text: str) -> int:
    """Of `perf stat -x ,` or of `strace -c`. Raises Trouble where there is no count."""
    counted = re.search(rf"^(\d+),[^,]*,{PERF_EVENT}", text, re.MULTILINE) or re.search(
        r"^100\.00\s+[\d.]+\s+\d+\s+(\d+)\s+(?:\d+\s+)?total$", text, re.MULTILINE)
    if counted is None:
        raise Trouble(f"the count of system calls cannot be read: {text.strip()[-120:]!r}")
    return int(counted[1])

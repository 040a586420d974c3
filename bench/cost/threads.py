"""threads - the threads of a process: whether all of them sleep, and which one did the work."""

from __future__ import annotations

import os
import time
from pathlib import Path

from compare.processes import Trouble

STILL_WAIT_S = 30.0
STEP_S = 0.00005
LOOKS = 2  # one thread may wake another one between two readings


def state_of(stat: str) -> str:
    """Of the text of /proc/PID/task/TID/stat: the name before the state may hold anything."""
    return stat.rpartition(")")[2].split()[0]


class Threads:
    def __init__(self, pid: int) -> None:
        self._tasks = Path(f"/proc/{pid}/task")

    def _all_sleep(self) -> bool:
        for tid in os.listdir(self._tasks):
            with open(self._tasks / tid / "stat", encoding="ascii", errors="replace") as stat:
                if state_of(stat.read()) != "S":
                    return False
        return True

    def wait_until_still(self) -> None:
        """Until none of them has anything to do: on loopback send(2) wakes the reader before it returns."""
        end = time.monotonic() + STILL_WAIT_S
        looks = 0
        try:
            while looks < LOOKS:
                looks = looks + 1 if self._all_sleep() else 0
                if looks == 0:
                    if time.monotonic() > end:
                        raise Trouble(f"chainmend does not come to rest within {STILL_WAIT_S:.0f} s")
                    time.sleep(STEP_S)
        except OSError as error:
            raise Trouble(f"chainmend has ended: {error}") from error

    def run_ns(self) -> dict[int, int]:
        """The time that each has run."""
        return {int(tid): int((self._tasks / tid / "schedstat").read_text().split()[0])
                for tid in os.listdir(self._tasks)}


def busiest(before: dict[int, int], after: dict[int, int]) -> int:
    """The thread that has run longest between two readings of run_ns()."""
    return max(after, key=lambda tid: after[tid] - before.get(tid, 0))

"""calm - whether the servers' core runs at its own speed just now.

On a shared machine somebody else's load on the same silicon can double what everything costs, for seconds, and not the
same for arithmetic and for the kernel. A slice from such a moment says nothing about a server: it is taken again. The
pulse is the cost of the gauge's signatures; the quickest one seen is the core's own speed.
"""

from __future__ import annotations

import time
from typing import Callable

from .budget import Deadline

TOLERANCE = 1.1  # times the quickest pulse
TRIES = 20  # of waiting for a calm moment
PAUSE_S = 0.05
SLICES = 4  # of one turn, until one was calm from start to end


class Calm:
    """`pulse` gives microseconds. The tries are bounded: where it is never calm, what there is is taken."""

    def __init__(self, pulse: Callable[[], float], sleep: Callable[[float], None] = time.sleep) -> None:
        self._pulse = pulse
        self._sleep = sleep
        self._quickest = float("inf")
        self.restless = 0  # slices that were taken again

    def holds(self) -> bool:
        pulse = self._pulse()
        self._quickest = min(self._quickest, pulse)
        return pulse <= self._quickest * TOLERANCE

    def wait(self, deadline: Deadline) -> None:
        for _ in range(TRIES):
            if self.holds() or deadline.left() == 0:
                return
            self._sleep(PAUSE_S)

    def measure(self, slice_of: Callable[[], float | None], deadline: Deadline) -> float | None:
        """A slice between two calm moments, or the last one that was tried; None is passed on at once."""
        value = None
        for _ in range(SLICES):
            self.wait(deadline)
            value = slice_of()
            if value is None or self.holds() or deadline.left() == 0:
                break
            self.restless += 1
        return value


class Always:
    """For where the machine's mood does not matter."""

    restless = 0

    def measure(self, slice_of: Callable[[], float | None], deadline: Deadline) -> float | None:
        return slice_of()

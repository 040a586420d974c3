"""budget - the time that a whole run may take, dealt out to its cases by weight."""

from __future__ import annotations

import time
from typing import Callable


class Budget:
    """`seconds` from now. What a case leaves is shared by those that follow."""

    def __init__(self, seconds: float, weights: dict[str, float], now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._end = now() + seconds
        self._weights = dict(weights)

    def left(self) -> float:
        return max(0.0, self._end - self._now())

    def begin(self, case: str) -> Deadline:
        """The share of `case`, which is no longer among those that wait."""
        waiting = sum(self._weights.values())
        share = self.left() * self._weights.pop(case) / waiting
        return Deadline(share, self._now)


class Deadline:
    """A share of the budget, running from when it was made."""

    def __init__(self, seconds: float, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._start = now()
        self.seconds = seconds

    def used(self) -> float:
        return self._now() - self._start

    def left(self) -> float:
        return max(0.0, self.seconds - self.used())

    def part(self, share: float) -> Deadline:
        """A share of what is left, running from now."""
        return Deadline(self.left() * share, self._now)

"""slices - short turns at being measured, in random order, each between two of the reference's."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Protocol, Sequence

from .budget import Deadline
from .calm import Always, Calm
from .ratios import Series

MIN_ROUNDS = 2
MAX_ROUNDS = 60
MAX_FAILURES = 5  # of one contender, after which it is left alone


class Contender(Protocol):
    """Whatever has a cost: `measure` takes one slice, and returns None when that went wrong."""

    name: str

    def measure(self) -> float | None: ...


@dataclass
class Slices:
    """All slices of one case: every one of the reference's, and a series for each other contender."""

    reference: list[float] = field(default_factory=list)
    of: dict[str, Series] = field(default_factory=dict)
    failed: dict[str, int] = field(default_factory=dict)
    rounds: int = 0
    calm: Calm | Always = field(default_factory=Always)

    def take(self, reference: Contender, contenders: Sequence[Contender], deadline: Deadline, dice: random.Random,
             min_rounds: int = MIN_ROUNDS) -> None:
        """Whole rounds, each contender once in each, while there is time, and `min_rounds` in any case."""
        for taken in range(MAX_ROUNDS):
            if taken >= min_rounds and deadline.left() == 0:
                return
            in_turn = [one for one in contenders if self.failed.get(one.name, 0) < MAX_FAILURES]
            if self.failed.get(reference.name, 0) >= MAX_FAILURES:
                return
            dice.shuffle(in_turn)
            self._take_round(reference, in_turn, deadline)
            self.rounds += 1

    def _take_round(self, reference: Contender, contenders: Sequence[Contender], deadline: Deadline) -> None:
        before = self._measure_reference(reference, deadline)
        for contender in contenders:
            value = self._measure(contender, deadline)
            after = self._measure_reference(reference, deadline)
            if value is not None and before is not None and after is not None:
                self.of.setdefault(contender.name, Series()).add(value, (before + after) / 2)
            before = after

    def _measure_reference(self, reference: Contender, deadline: Deadline) -> float | None:
        """Good for the 10th percentile whatever becomes of its neighbours."""
        value = self._measure(reference, deadline)
        if value is not None:
            self.reference.append(value)
        return value

    def _measure(self, contender: Contender, deadline: Deadline) -> float | None:
        value = self.calm.measure(contender.measure, deadline)
        if value is None:
            self.failed[contender.name] = self.failed.get(contender.name, 0) + 1
        return value

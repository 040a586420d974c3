"""ratios - from noisy slices to a figure: the 10th percentile over the 10th percentile, and the median of the pairs.

Noise only ever adds CPU time, so that the low end of many short slices is the figure of a quiet machine. A slice is
paired with those of the reference just before and after it, so that a slow minute slows both. The two err in
different ways: where they agree, the ratio is good.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import median
from typing import Sequence

LOW_PERCENTILE = 10
AGREEMENT = 0.05  # the two ratios may differ by this much


def percentile(values: Sequence[float], percent: float) -> float:
    """Between the two nearest ranks, linearly. Raises ValueError without values."""
    if not values:
        raise ValueError("a percentile of nothing")
    ordered = sorted(values)
    rank = (len(ordered) - 1) * percent / 100
    below = int(rank)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (rank - below)


def low(values: Sequence[float]) -> float:
    return percentile(values, LOW_PERCENTILE)


@dataclass
class Series:
    """Slices of one peer, each with the mean of the reference's two slices around it."""

    values: list[float] = field(default_factory=list)
    around: list[float] = field(default_factory=list)

    def add(self, value: float, around: float) -> None:
        self.values.append(value)
        self.around.append(around)

    def pairs(self) -> list[float]:
        return [value / around for value, around in zip(self.values, self.around)]


@dataclass(frozen=True)
class Ratio:
    """How many times the reference's cost, told twice."""

    of_low: float
    of_pairs: float

    @property
    def agrees(self) -> bool:
        return abs(self.of_low / self.of_pairs - 1) <= AGREEMENT

    def over(self, other: Ratio) -> Ratio:
        return Ratio(self.of_low / other.of_low, self.of_pairs / other.of_pairs)


ONE = Ratio(1.0, 1.0)


def ratio_of(series: Series, reference: Sequence[float]) -> Ratio:
    """`reference`: all slices of the reference in the same case. Raises ValueError without slices."""
    if not series.values:
        raise ValueError("a ratio of nothing")
    return Ratio(low(series.values) / low(reference), median(series.pairs()))

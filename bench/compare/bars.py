"""bars - what chainmend has set itself, held against a run."""

from __future__ import annotations

from dataclasses import dataclass

from .results import LIMIT, Run


@dataclass(frozen=True)
class Bar:
    """`at_most`, of the reference: its ratio to the limit ("limit") or to a peer (its name), or its figure ("")."""

    case: str
    against: str
    at_most: float

    def text(self) -> str:
        if self.against == "":
            return f"{self.case}: at most {self.at_most:g}"
        return f"{self.case}: at most {self.at_most:g} times {self.against}"


BARS = (
    Bar("ecdsa-1.3-full", "limit", 1.18),
    Bar("ecdsa-1.3-resumed", "limit", 1.18),
    Bar("ecdsa-1.2-full", "limit", 1.25),
    Bar("rsa-1.3-full", "limit", 1.06),
    *(Bar("ecdsa-1.3-full", peer, 0.50) for peer in ("nginx", "haproxy", "hitch")),
    Bar("calls", "", 20),
    Bar("idle", "", 6),
    Bar("bulk-down", "", 0.70),
    *(Bar("bulk-up", peer, 1.0) for peer in ("nginx", "haproxy", "hitch", "stunnel")),
    Bar("mended", "complete", 1.02),
    Bar("tail-ecdsa", "nginx", 1.0),
    Bar("tail-rsa", "nginx", 1.0),
)


@dataclass(frozen=True)
class Verdict:
    bar: Bar
    measured: float

    @property
    def met(self) -> bool:
        """By the figures that are printed: two places behind the point."""
        return round(self.measured, 2) <= self.bar.at_most

    def text(self) -> str:
        return f"{'met   ' if self.met else 'MISSED'} {self.bar.text()}: {self.measured:.2f}"


def judge(run: Run) -> list[Verdict]:
    """The bars that this run has figures for."""
    verdicts = []
    for bar in BARS:
        measured = _measured(run, bar)
        if measured is not None:
            verdicts.append(Verdict(bar, measured))
    return verdicts


def _measured(run: Run, bar: Bar) -> float | None:
    result = run.result(bar.case)
    if result is None:
        return None
    if bar.against == "":
        return result.reference.figure
    row = result.row(bar.against)
    if row is None:
        return None
    ratio = result.over_limit(result.reference) if bar.against == LIMIT else result.reference_over(row)
    return None if ratio is None else ratio.of_low

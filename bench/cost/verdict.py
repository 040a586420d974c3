"""verdict - a run against the record: what grew, what fell, what cannot be compared, and in which functions."""

from __future__ import annotations

from dataclasses import dataclass, field

from .figures import INSTRUCTIONS, KINDS, TOTAL, Counted, Name, can_be_compared
from .parts import PARTS
from .record import LEAST

MOST_FUNCTIONS = 8


@dataclass(frozen=True)
class Change:
    case: str
    name: Name
    before: float
    after: float

    @property
    def share(self) -> float:
        """Of what it was: infinite for what is new."""
        return (self.after - self.before) / self.before if self.before else float("inf")

    @property
    def grew(self) -> bool:
        return self.after > self.before

    def text(self) -> str:
        kind, part = self.name
        digits = KINDS[kind].digits
        percent = "new" if not self.before else f"{self.share:+.2%}"
        figures = "".join(f"{figure:>13,.{digits}f}" for figure in (self.before, self.after))
        return f"{self.case:<22} {kind:<16} {part:<12}{figures} {percent:>9}"


@dataclass
class Verdict:
    """`unknown`: cases that the record has nothing of."""

    grown: list[Change] = field(default_factory=list)
    fallen: list[Change] = field(default_factory=list)
    compared: int = 0
    left_out: set[Name] = field(default_factory=set)
    unknown: list[str] = field(default_factory=list)

    def add(self, case: str, before: Counted | None, after: Counted, different: list[str], tolerance: float) -> None:
        if before is None:
            self.unknown.append(case)
            return
        for name in sorted({*before.figures, *after.figures}, key=_order):
            if not can_be_compared(name, different):
                self.left_out.add(name)
                continue
            self.compared += 1
            change = Change(case, name, before.figures.get(name, 0), after.figures.get(name, 0))
            if is_change(change, tolerance):
                (self.grown if change.grew else self.fallen).append(change)


def _order(name: Name) -> tuple[int, bool, str]:
    return list(KINDS).index(name[0]), name[1] != TOTAL, name[1]


def is_change(change: Change, tolerance: float) -> bool:
    """Above the tolerance and above the grain, both."""
    difference = abs(change.after - change.before)
    return difference > KINDS[change.name[0]].grain and difference > tolerance * change.before


def grown_functions(change: Change, before: Counted, after: Counted) -> list[str]:
    """Those that explain a rise of instructions, the steepest first; of a total, those of all parts."""
    kind, part = change.name
    if kind != INSTRUCTIONS:
        return []
    parts = PARTS if part == TOTAL else (part,)
    rises = sorted(((after.functions.get(name, 0) - before.functions.get(name, 0), name)
                    for name in {*before.functions, *after.functions} if name[0] in parts), reverse=True)
    return [f"    {rise:>+10,.0f} {whose:<10} {function} ({before.functions.get((whose, function), 0):,.0f} before)"
            for rise, (whose, function) in rises[:MOST_FUNCTIONS] if rise >= LEAST[whose]]


def left_out_text(verdict: Verdict, different: list[str], recorded: dict[str, str],
                  present: dict[str, str]) -> list[str]:
    if not different:
        return []
    lines = [f"{name} is {present[name]}, and was {recorded[name]} when the record was made" for name in different]
    names = ", ".join(f"{kind} {part}" for kind, part in sorted(verdict.left_out, key=_order))
    return lines + [f"so these are NOT compared: {names or 'none'}"]


def table(counted: dict[str, Counted]) -> str:
    """Every case in a line: the parts of its instructions, and totals of the rest."""
    heads = [*(f"{part}" for part in (TOTAL, *PARTS)), "allocations", "bytes", "calls", "idle bytes"]
    names: list[Name] = [*((INSTRUCTIONS, part) for part in (TOTAL, *PARTS)),
                         *((kind, TOTAL) for kind in KINDS if kind != INSTRUCTIONS)]
    rows = [f"{'instructions:':<22}" + "".join(f"{head:>12}" for head in heads)]
    for case, one in counted.items():
        cells = [f"{one.figures.get(name, 0):>12,.{KINDS[name[0]].digits}f}" for name in names]
        rows.append(f"{case:<22}" + "".join(cells))
    return "\n".join(rows)

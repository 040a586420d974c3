"""results - what a run found: rows of cases, whole runs, and their JSON."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, field
from typing import Any

from .ratios import ONE, Ratio

LIMIT = "limit"
FORMAT = 1


@dataclass
class Row:
    """One peer in one case. `figure` is in the case's unit, None with the reason in `why` where there is none."""

    peer: str
    figure: float | None = None
    over_reference: Ratio | None = None
    slices: int = 0
    failed_slices: int = 0
    why: str = ""
    more: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.why = without_paths(self.why)


@dataclass
class Result:
    """One case: the reference's row first. `agrees` says that both ways of taking each ratio came out alike."""

    case: str
    title: str
    unit: str
    rows: list[Row]
    agrees: bool = True
    note: str = ""

    @property
    def reference(self) -> Row:
        return self.rows[0]

    def row(self, peer: str) -> Row | None:
        return next((row for row in self.rows if row.peer == peer), None)

    def over_limit(self, row: Row) -> Ratio | None:
        """How many times the limit of the same run."""
        limit = self.row(LIMIT)
        if limit is None or limit.over_reference is None or row.over_reference is None or row is limit:
            return None
        return row.over_reference.over(limit.over_reference)

    def reference_over(self, row: Row) -> Ratio | None:
        """Returns the reference's cost as a share of this peer's."""
        return None if row.over_reference is None or row is self.reference else ONE.over(row.over_reference)

    @property
    def is_paired(self) -> bool:
        """In slices: there are two ways of taking its ratios."""
        return self.reference.slices > 1 and any(row.over_reference not in (None, ONE) for row in self.rows)


@dataclass
class Run:
    """All of it. `machine` and `versions` name no host, no user and no path."""

    date: str
    seconds: float
    complete: bool
    machine: dict[str, Any]
    versions: dict[str, str]
    noise: dict[str, float] = field(default_factory=dict)
    results: list[Result] = field(default_factory=list)

    def result(self, case: str) -> Result | None:
        return next((result for result in self.results if result.case == case), None)


def without_paths(text: str) -> str:
    """A reason for publication: its first line, and of a path the last word alone."""
    return re.sub(r"(?<![\w.])(?:/[\w.+-]+)+/([\w.+-]+)", r"\1", text.strip().split("\n", 1)[0])


def to_json(run: Run) -> str:
    document = {"format": FORMAT, **asdict(run)}
    for result, told in zip(run.results, document["results"]):
        for row, member in zip(result.rows, told["rows"]):
            member["over_limit"] = _members(result.over_limit(row))
            member["reference_over_this"] = _members(result.reference_over(row))
    return json.dumps(document, indent=1, allow_nan=False) + "\n"


def _members(ratio: Ratio | None) -> dict[str, float] | None:
    return None if ratio is None else asdict(ratio)

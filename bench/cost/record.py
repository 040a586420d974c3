"""record - the figures that are held against a run: cost.expected, and beside it cost.functions, which tells what grew.

cost.expected has a line a figure: case, kind, part, value. cost.functions has a line a function and a column a case.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from compare.processes import Trouble

from .cases import CASES
from .figures import CONDITIONS, KINDS, Counted
from .parts import BORINGSSL, CHAINMEND, LIBC, OTHER

EXPECTED, FUNCTIONS = "cost.expected", "cost.functions"
MADE_WITH = "made-with"
FIGURE = re.compile(r"\d{1,15}(\.\d{1,3})?")
COLUMNS = "columns"
# Instructions: what has fewer in every case is left out. A hundredth of each part's sum is more than that.
LEAST = {CHAINMEND: 20, OTHER: 20, LIBC: 100, BORINGSSL: 1000}
HEAD = """# Counts of what a transaction costs a worker, and the conditions of the count. bench/README.md explains them;
# `bench/cost.sh --update` writes it.
# case, kind, part or system call, figure for one transaction (idle-bytes: for one connection)
"""
FUNCTIONS_HEAD = "# Instructions of each function for one transaction, without what it calls. See cost.expected.\n"


@dataclass
class Record:
    conditions: dict[str, str] = field(default_factory=dict)
    cases: dict[str, Counted] = field(default_factory=dict)


def read_record(folder: Path) -> Record:
    """Raises Trouble with file and line where something is wrong, or where there is none."""
    record = Record()
    for number, words in _lines(folder / EXPECTED, 3):
        try:
            _take(record, words)
        except ValueError as error:
            raise Trouble(f"{EXPECTED}:{number}: {error}") from error
    missing = [name for name in CONDITIONS if name not in record.conditions]
    if missing:
        raise Trouble(f"{EXPECTED}: nothing is said of {', '.join(missing)}")
    _read_functions(folder / FUNCTIONS, record)
    return record


def _lines(path: Path, splits: int) -> list[tuple[int, list[str]]]:
    try:
        lines = path.read_text().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise Trouble(f"{path.name} cannot be read: {error}; bench/cost.sh --update writes it") from error
    return [(number, line.split(maxsplit=splits)) for number, line in enumerate(lines, 1)
            if line.strip() and not line.startswith("#")]


def _take(record: Record, words: list[str]) -> None:
    if words[0] == MADE_WITH:
        if len(words) < 3 or words[1] not in CONDITIONS:
            raise ValueError(f"{MADE_WITH} is followed by one of {', '.join(CONDITIONS)} and what it was")
        record.conditions[words[1]] = " ".join(words[2:])
        return
    if len(words) != 4:
        raise ValueError("a line has a case, a kind, a part and a figure")
    case, kind, part, value = words
    if case not in [known.name for known in CASES]:
        raise ValueError(f"{case} is no case")
    if kind not in KINDS:
        raise ValueError(f"{kind} is no kind of figure: {', '.join(KINDS)}")
    figures = record.cases.setdefault(case, Counted()).figures
    if (kind, part) in figures:
        raise ValueError(f"{case} {kind} {part} stands there twice")
    if not FIGURE.fullmatch(value):
        raise ValueError(f"{value} is no figure")
    figures[kind, part] = float(value)


def _read_functions(path: Path, record: Record) -> None:
    """Reads the functions' counts. Without the file the figures are compared all the same."""
    if not path.is_file():
        return
    columns: list[str] = []
    for number, words in _lines(path, -1):
        if words[0] == COLUMNS:
            columns = words[1:]
            continue
        costs, named = words[:len(columns)], words[len(columns):]
        if len(named) < 2 or not all(cost.isdigit() for cost in costs):
            raise Trouble(f"{path.name}:{number}: a line has {len(columns)} figures, a part and a function")
        for case, cost in zip(columns, costs):
            if case in record.cases and int(cost):
                record.cases[case].functions[named[0], " ".join(named[1:])] = float(cost)


def write_record(record: Record, folder: Path) -> None:
    names = [case.name for case in CASES if case.name in record.cases]
    lines = [f"{MADE_WITH} {name} {record.conditions[name]}" for name in CONDITIONS]
    for name in names:
        lines.append("")
        figures = record.cases[name].figures
        for kind in KINDS:
            rows = sorted((part, value) for (of_kind, part), value in figures.items() if of_kind == kind)
            lines += [f"{name:<22} {kind:<16} {part:<12} {value:>10.{KINDS[kind].digits}f}" for part, value in rows]
    (folder / EXPECTED).write_text(HEAD + "\n".join(lines) + "\n")
    (folder / FUNCTIONS).write_text(FUNCTIONS_HEAD + _function_table(record, names))


def _function_table(record: Record, names: list[str]) -> str:
    every = sorted({name for case in names for name, cost in record.cases[case].functions.items()
                    if cost >= LEAST.get(name[0], 0)})
    rows = [" ".join([COLUMNS, *names])]
    for part, function in every:
        costs = [record.cases[case].functions.get((part, function), 0) for case in names]
        rows.append(" ".join(f"{cost:>6.0f}" for cost in costs) + f" {part} {function}")
    return "\n".join(rows) + "\n"


def merge(old: Record, new: Record) -> Record:
    """`new` over what `old` has of other cases. Raises Trouble where these were made with something else."""
    others = {name: counted for name, counted in old.cases.items() if name not in new.cases}
    if others and old.conditions != new.conditions:
        raise Trouble(f"{EXPECTED} was made with something else than what is here: update all cases, not some")
    return Record(new.conditions, {**others, **new.cases})

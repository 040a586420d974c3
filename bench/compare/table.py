"""table - a run as one table: for a terminal, and for the README."""

from __future__ import annotations

from typing import Callable

from .ratios import Ratio
from .results import LIMIT, Result, Row, Run

EXPLANATION = (
    "Figures are the 10th percentile of the slices. Beside the reference's: how many times the limit it is. In",
    "brackets beside the others': what the reference costs as a share of theirs (below 1: the reference is cheaper).",
    "~ stands where the two ways of taking a ratio differ by more than 5%; - where nothing was measured.",
)
BY_PAIRS = "The same ratios as medians of the pairs, each slice over its two neighbours of the reference:"


def figure(value: float | None) -> str:
    """Three significant digits, without an exponent."""
    if value is None:
        return "-"
    if value >= 100:
        return f"{value:.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def ratio_of(result: Result, row: Row) -> tuple[str, Ratio | None]:
    """The reference's to the limit, or the reference's to this one, with the form in which it is written."""
    if row is result.reference:
        return "x{:.2f}", result.over_limit(row)
    return "({:.2f})", None if row.peer == LIMIT else result.reference_over(row)


def figure_and_ratio(result: Result, row: Row) -> str:
    form, ratio = ratio_of(result, row)
    return figure(row.figure) if ratio is None else f"{figure(row.figure)} {form.format(ratio.of_low)}"


def ratio_by_pairs(result: Result, row: Row) -> str:
    form, ratio = ratio_of(result, row)
    return "" if ratio is None else form.format(ratio.of_pairs)


def columns(run: Run) -> list[str]:
    """The limit, and every peer in the order of the table; `complete` and its like stand in notes."""
    names = [LIMIT, *run.versions]
    return [name for name in names if any(result.row(name) for result in run.results)]


def cells(run: Run, results: list[Result], cell: Callable[[Result, Row], str]) -> list[list[str]]:
    names = columns(run)
    lines = [["case", "unit", *names]]
    for result in results:
        rows = [result.row(name) for name in names]
        words = ["-" if row is None or row.figure is None else cell(result, row) for row in rows]
        lines.append([result.title + ("" if result.agrees else " ~"), result.unit, *words])
    return lines


def both(run: Run) -> list[list[list[str]]]:
    """The table, and the ratios of it that were taken in pairs too, where there are some."""
    head, *lines = cells(run, [result for result in run.results if result.is_paired], ratio_by_pairs)
    told = [line for line in lines if set(line[2:]) - {"", "-"}]
    return [cells(run, run.results, figure_and_ratio), *([[head, *told]] if told else [])]


def text(run: Run) -> str:
    tables = [aligned(rows) for rows in both(run)]
    return "\n".join([f"\n{BY_PAIRS}\n\n".join(tables), *notes(run), *EXPLANATION]) + "\n"


def aligned(rows: list[list[str]]) -> str:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = []
    for row in rows:
        left = [row[0].ljust(widths[0]), row[1].ljust(widths[1])]
        lines.append("  ".join(left + [word.rjust(width) for word, width in zip(row[2:], widths[2:])]).rstrip())
    lines.insert(1, "-" * max(map(len, lines)))
    return "\n".join(lines) + "\n"


def markdown(run: Run) -> str:
    return f"\n{BY_PAIRS}\n\n".join(map(pipes, both(run)))


def pipes(rows: list[list[str]]) -> str:
    head, *body = rows
    lines = [head, ["---"] * 2 + ["---:"] * (len(head) - 2), *body]
    return "\n".join(["| " + " | ".join(line) + " |" for line in lines]) + "\n"


def notes(run: Run) -> list[str]:
    """Returns each case's own remark, and why something was not measured."""
    lines = [f"{result.title}: {result.note}" for result in run.results if result.note]
    lines += [f"{result.title}: {row.peer}: {row.why}" for result in run.results for row in result.rows if row.why]
    return lines

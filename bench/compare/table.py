"""table - a run as one table: for a terminal, and for the README."""

from __future__ import annotations

from .results import LIMIT, Result, Row, Run

EXPLANATION = (
    "Figures are the 10th percentile of the slices. Beside the reference's: how many times the limit it is. In",
    "brackets beside the others': what the reference costs as a share of theirs (below 1: the reference is cheaper).",
    "~ stands where the two ways of taking a ratio differ by more than 5%; - where nothing was measured.",
)


def figure(value: float | None) -> str:
    """Three significant digits, without an exponent."""
    if value is None:
        return "-"
    if value >= 100:
        return f"{value:.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def cell(result: Result, row: Row | None) -> str:
    if row is None or row.figure is None:
        return "-"
    text = figure(row.figure)
    if row is result.reference:
        times = result.over_limit(row)
        return text if times is None else f"{text} x{times:.2f}"
    if row.peer == LIMIT:
        return text
    share = result.reference_over(row)
    return text if share is None else f"{text} ({share:.2f})"


def columns(run: Run) -> list[str]:
    """The limit, and every peer in the order of the table; `complete` and its like stand in notes."""
    names = [LIMIT, *run.versions]
    return [name for name in names if any(result.row(name) for result in run.results)]


def cells(run: Run) -> list[list[str]]:
    names = columns(run)
    rows = [["case", "unit", *names]]
    for result in run.results:
        mark = "" if result.agrees else " ~"
        rows.append([result.title + mark, result.unit, *(cell(result, result.row(name)) for name in names)])
    return rows


def text(run: Run) -> str:
    rows = cells(run)
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = []
    for row in rows:
        left = [row[0].ljust(widths[0]), row[1].ljust(widths[1])]
        lines.append("  ".join(left + [word.rjust(width) for word, width in zip(row[2:], widths[2:])]).rstrip())
    lines.insert(1, "-" * max(map(len, lines)))
    return "\n".join([*lines, "", *notes(run), *EXPLANATION]) + "\n"


def markdown(run: Run) -> str:
    head, *body = cells(run)
    lines = [head, ["---"] * 2 + ["---:"] * (len(head) - 2), *body]
    return "\n".join(["| " + " | ".join(line) + " |" for line in lines]) + "\n"


def notes(run: Run) -> list[str]:
    """What the cells cannot say: a case's own remark, and why something was not measured."""
    lines = [f"{result.title}: {result.note}" for result in run.results if result.note]
    lines += [f"{result.title}: {row.peer}: {row.why}" for result in run.results for row in result.rows if row.why]
    return lines

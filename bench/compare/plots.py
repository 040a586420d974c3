"""plots - a run as pictures: gnuplot draws, SVG comes."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from .processes import Trouble
from .results import LIMIT, Run

GNUPLOT_WAIT_S = 30.0
COLOURS = ("#9e9e9e", "#00695c", "#1e88e5", "#8e24aa", "#fb8c00", "#6d4c41", "#c0ca33", "#e53935")


@dataclass(frozen=True)
class Plot:
    """Bars: a cluster for each case that begins so, a bar for each peer."""

    file: str
    title: str
    axis: str
    cases: tuple[str, ...]


PLOTS = (
    Plot("ecdsa.svg", "A transaction with ECDSA P-256", "CPU, microseconds", ("ecdsa-",)),
    Plot("rsa.svg", "A transaction with RSA-2048", "CPU, microseconds", ("rsa-",)),
    Plot("bulk.svg", "Bulk transfers", "CPU, seconds a GiB", ("bulk-",)),
    Plot("idle.svg", "Idle relayed connections", "memory for each, KB", ("idle",)),
    Plot("calls.svg", "System calls", "for each transaction", ("calls",)),
    Plot("tail.svg", "p99 of a handshake at half of capacity", "microseconds", ("tail-",)),
)


def draw(run: Run, folder: Path) -> list[str]:
    """Writes those that the run has figures for; their names."""
    drawn = []
    for plot in PLOTS:
        script = script_of(run, plot)
        if script:
            _run_gnuplot(script, folder / plot.file)
            drawn.append(plot.file)
    return drawn


def script_of(run: Run, plot: Plot) -> str:
    """Returns gnuplot's input; "" without figures."""
    results = [result for result in run.results if result.case.startswith(plot.cases)]
    peers = [name for name in (LIMIT, *run.versions)
             if any(row.peer == name and row.figure is not None for result in results for row in result.rows)]
    if not peers:
        return ""
    lines = [" ".join(_quoted(word) for word in ("case", *peers))]
    for result in results:
        rows = [result.row(peer) for peer in peers]
        figures = ["?" if row is None or row.figure is None else f"{row.figure:.6g}" for row in rows]
        lines.append(" ".join([_quoted(result.title.split(", ", 1)[-1]), *figures]))
    styles = [f"set linetype {number} linecolor rgb {_quoted(colour)}" for number, colour in enumerate(COLOURS, 1)]
    first = 1 if peers[0] == LIMIT else 2
    bars = [f"$figures using {column}:xtic(1) linetype {(first + column - 3) % len(COLOURS) + 1} "
            f"title columnheader({column})" for column in range(2, len(peers) + 2)]
    return "\n".join([
        "set terminal svg size 900,420 noenhanced font 'sans-serif,12' background 'white'",
        "set datafile missing '?'",
        "set style data histograms", "set style histogram clustered gap 1", "set style fill solid 0.9 noborder",
        "set boxwidth 0.9", "set yrange [0:*]", "set grid ytics", "set border 3", "set tics nomirror",
        "set xtics scale 0",
        "set key outside right top", f"set title {_quoted(plot.title)}", f"set ylabel {_quoted(plot.axis)}",
        *styles, "$figures << END", *lines, "END", "plot " + ", ".join(bars), ""])


def _quoted(text: str) -> str:
    return '"' + text.replace('"', "'") + '"'


def _run_gnuplot(script: str, file: Path) -> None:
    try:
        done = subprocess.run(["gnuplot"], input=script, capture_output=True, text=True, check=True,
                              timeout=GNUPLOT_WAIT_S)
    except subprocess.CalledProcessError as error:
        raise Trouble(f"gnuplot could not draw {file.name}: {error.stderr.strip()[-300:]}") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Trouble(f"gnuplot could not draw {file.name}: {error}") from error
    file.write_text(done.stdout)

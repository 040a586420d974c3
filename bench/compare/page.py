"""page - the part of a README that shows the latest run, between two marks."""

from __future__ import annotations

from pathlib import Path

from .bars import judge
from .machine import QUIET
from .processes import Trouble
from .results import Run
from .table import EXPLANATION, markdown, notes

BEGIN = "<!-- the latest run: written by bench/compare.sh -->"
END = "<!-- the end of the latest run -->"


def update(readme: Path, run: Run, pictures: list[str], folder: str) -> None:
    """`folder` is where the pictures are, seen from the README. Raises Trouble where the marks are not there."""
    text = readme.read_text()
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise Trouble(f"{readme.name} has no place for the results: the marks are gone")
    readme.write_text(f"{before}{BEGIN}\n\n{section(run, pictures, folder)}\n{END}{after}")


def section(run: Run, pictures: list[str], folder: str) -> str:
    machine = run.machine
    ratio, worst = run.noise["p90_over_p10"], run.noise["worst"]
    versions = ", ".join(f"{name} {version}".strip() for name, version in run.versions.items())
    about = (f"{run.date}: {machine['processor']}, {machine['cores']} cores, {machine['memory_gib']} GiB, "
             f"{machine['system']}, Linux {machine['kernel']}; {versions}; OpenSSL {machine['openssl']} where it is "
             f"Debian's. The gauge of the noise, p90/p10, was {ratio:.3f} in the median, {worst:.3f} at its worst: "
             f"{'quiet' if ratio < QUIET else 'not quiet'}.")
    lists = [f"- {verdict.text()}" for verdict in judge(run)]
    images = [f"![{picture.removesuffix('.svg')}]({folder}/{picture})" for picture in pictures]
    parts = [about, markdown(run), " ".join(EXPLANATION), "\n".join(f"- {note}" for note in notes(run)),
             "The bars:", "\n".join(lists), "\n".join(images)]
    return "\n\n".join(part.rstrip() for part in parts if part) + "\n"

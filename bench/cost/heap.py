"""heap - what heap_count.c has counted: allocations of one thread, by who asked for them."""

from __future__ import annotations

import struct
import subprocess
from dataclasses import dataclass
from pathlib import Path

from compare.processes import Trouble

from .parts import OTHER, Parts

LOST = struct.Struct("=Q")
ROW = struct.Struct("=6Q")  # struct heap_row
NAMES_WAIT_S = 60.0


@dataclass(frozen=True)
class Allocations:
    calls: int = 0
    bytes: int = 0
    live_bytes: int = 0

    def __add__(self, other: Allocations) -> Allocations:
        return Allocations(self.calls + other.calls, self.bytes + other.bytes, self.live_bytes + other.live_bytes)

    def __sub__(self, other: Allocations) -> Allocations:
        return Allocations(self.calls - other.calls, self.bytes - other.bytes, self.live_bytes - other.live_bytes)


def read_counts(data: bytes) -> dict[int, dict[int, Allocations]]:
    """By thread and by the address that malloc returns to. Raises Trouble where the table was full."""
    if len(data) < LOST.size or (len(data) - LOST.size) % ROW.size != 0:
        raise Trouble("the counts of allocations cannot be read: heap_count was not preloaded")
    (lost,) = LOST.unpack_from(data)
    if lost:
        raise Trouble(f"{lost} allocations found no room in the table of heap_count.c")
    counts: dict[int, dict[int, Allocations]] = {}
    for thread, caller, calls, total, _, live in ROW.iter_unpack(data[LOST.size:]):
        if thread:
            counts.setdefault(thread, {})[caller] = Allocations(calls, total, live)
    return counts


@dataclass(frozen=True)
class Mapping:
    """A part of a file in a process's memory."""

    begin: int
    end: int
    offset: int
    path: str


def read_maps(text: str) -> list[Mapping]:
    """Of /proc/PID/maps; what is no file is left out."""
    mappings = []
    for line in text.splitlines():
        words = line.split(maxsplit=5)
        if len(words) == 6 and words[5].startswith("/"):
            begin, end = (int(word, 16) for word in words[0].split("-"))
            mappings.append(Mapping(begin, end, int(words[2], 16), words[5]))
    return mappings


class Places:
    """Whose code the callers of one process are."""

    def __init__(self, mappings: list[Mapping], parts: Parts) -> None:
        self._mappings = mappings
        self._parts = parts
        self._known: dict[int, str] = {}

    def learn(self, callers: set[int]) -> None:
        inside = {}
        for caller in callers - set(self._known):
            mapping = next((one for one in self._mappings if one.begin <= caller < one.end), None)
            if mapping is not None and mapping.path == self._parts.program:
                inside[caller] = caller - self._base() - 1  # the call, and not what follows it
            else:
                self._known[caller] = OTHER if mapping is None else self._parts.of(mapping.path, "")
        for caller, file in zip(inside, source_files(self._parts.program, list(inside.values()))):
            self._known[caller] = self._parts.of(self._parts.program, file)

    def _base(self) -> int:
        """chainmend is position-independent: its addresses count from where its file begins in memory."""
        return next(one.begin for one in self._mappings if one.path == self._parts.program and one.offset == 0)

    def by_part(self, counts: dict[int, Allocations]) -> dict[str, Allocations]:
        self.learn(set(counts))
        summed: dict[str, Allocations] = {}
        for caller, allocations in counts.items():
            part = self._known[caller]
            summed[part] = summed.get(part, Allocations()) + allocations
        return summed


def source_files(program: str, offsets: list[int]) -> list[str]:
    """The file of each address; "??" where there is no debug information."""
    if not offsets:
        return []
    try:
        told = subprocess.run(["addr2line", "-e", program, *map(hex, offsets)], capture_output=True, text=True,
                              check=True, timeout=NAMES_WAIT_S).stdout.splitlines()
    except (OSError, subprocess.SubprocessError) as error:
        raise Trouble(f"addr2line (Debian's binutils): {error}") from error
    return [line.rpartition(":")[0] for line in told]


def difference(before: dict[int, Allocations], after: dict[int, Allocations]) -> dict[int, Allocations]:
    """Returns the allocations of one thread between two readings, by caller."""
    return {caller: after[caller] - before.get(caller, Allocations()) for caller in after}


def read_thread(path: Path, thread: int) -> dict[int, Allocations]:
    """The rows of one thread, now."""
    try:
        counts = read_counts(path.read_bytes())
    except OSError as error:
        raise Trouble(f"the counts of allocations are not there: {error}") from error
    if thread not in counts:
        raise Trouble("the worker has allocated nothing: heap_count counts another malloc than its own")
    return counts[thread]

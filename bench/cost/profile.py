"""profile - callgrind's output of one thread: the instructions of each function, without those that it calls."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from compare.processes import Trouble

from .parts import Parts

NAME = re.compile(r"(?P<key>ob|fl|fi|fe|fn|cob|cfi|cfl|cfn)=\((?P<number>\d+)\)(?: (?P<name>.*))?$")
COST = re.compile(r"[+*\d-]\S* (\d+)$")
TABLE = {"ob": "ob", "cob": "ob", "fl": "fl", "fi": "fl", "fe": "fl", "cfi": "fl", "cfl": "fl", "fn": "fn", "cfn": "fn"}
RECURSION = re.compile(r"'\d+$")
NO_SYMBOL = re.compile(r"0x[0-9a-f]+$")
NAMELESS = "(no symbol)"


@dataclass(frozen=True)
class Profile:
    """`functions` by part and name."""

    thread: int
    functions: Counter[tuple[str, str]]

    def instructions(self, part: str) -> int:
        return sum(cost for (whose, _), cost in self.functions.items() if whose == part)

    @property
    def total(self) -> int:
        return sum(self.functions.values())


class Reader:
    """Names are given once, with a number that stands for them from then on."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._names: dict[tuple[str, str], str] = {}
        self._binary = self._file = self._function = ""
        self._is_call = False
        self.thread = 0
        self.functions: Counter[tuple[str, str]] = Counter()

    def take(self, line: str) -> None:
        named = NAME.match(line)
        if named:
            self._take_name(named["key"], named["number"], named["name"])
        elif line.startswith("thread: "):
            self.thread = int(line.split()[1])
        elif line.startswith("calls="):
            self._is_call = True  # the next line tells what the called function costs
        else:
            self._take_cost(COST.match(line))

    def _take_name(self, key: str, number: str, name: str | None) -> None:
        place = TABLE[key], number
        if name is not None:
            self._names[place] = name
        if place not in self._names:
            raise Trouble(f"callgrind's output refers to {key}=({number}), which it has not named")
        if key == "ob":
            self._binary = self._names[place]
        elif key == "fl":
            self._file = self._names[place]
        elif key == "fn":
            self._function = self._names[place]

    def _take_cost(self, cost: re.Match[str] | None) -> None:
        if cost is None:
            return
        if self._is_call:
            self._is_call = False
            return
        name = RECURSION.sub("", self._function)
        name = NAMELESS if NO_SYMBOL.match(name) else name
        self.functions[self._parts.of(self._binary, self._file), name] += int(cost[1])


def read_profile(text: str, parts: Parts) -> Profile:
    """Raises Trouble where it is no profile, or does not add up to what it says itself."""
    if not text.startswith("# callgrind format"):
        raise Trouble("this is no output of callgrind")
    reader = Reader(parts)
    for line in text.splitlines():
        reader.take(line)
    totals = re.search(r"^totals: (\d+)", text, re.MULTILINE)
    told, read = int(totals[1]) if totals else 0, sum(reader.functions.values())
    if told != read or not told:
        raise Trouble(f"callgrind's output cannot be read: {told} instructions in all, and {read} in its functions")
    return Profile(reader.thread, reader.functions)


def busiest(profiles: list[Profile]) -> Profile:
    """The worker's, since the control thread has nothing to do meanwhile."""
    if not profiles:
        raise Trouble("callgrind has written nothing")
    return max(profiles, key=lambda profile: profile.total)

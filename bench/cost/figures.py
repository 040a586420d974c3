"""figures - what is counted for one case, and what a figure hangs on besides chainmend's own sources."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Mapping

from .parts import BORINGSSL, CHAINMEND, LIBC, OTHER

TOTAL = "total"
INSTRUCTIONS, ALLOCATIONS, ALLOCATED, CALLS, IDLE = (
    "instructions", "allocations", "allocated-bytes", "calls", "idle-bytes")

Name = tuple[str, str]  # kind, and part or system call


@dataclass(frozen=True)
class Kind:
    """`digits` behind the point are kept, and a difference of up to `grain` is none."""

    title: str
    digits: int
    grain: float


KINDS = {
    INSTRUCTIONS: Kind("instructions in user space", 0, 20),
    ALLOCATIONS: Kind("allocations", 1, 0.15),
    ALLOCATED: Kind("bytes allocated", 0, 8),
    CALLS: Kind("system calls", 1, 0.15),
    IDLE: Kind("bytes live for an idle connection", 0, 8),
}

API, BORINGSSL_COMPILER, COMPILER, LIBC_VERSION, LIBUV, PROCESSOR, VALGRIND = (
    "boringssl-api", "boringssl-compiler", "compiler", "libc", "libuv", "processor", "valgrind")
CONDITIONS = (API, BORINGSSL_COMPILER, COMPILER, LIBC_VERSION, LIBUV, PROCESSOR, VALGRIND)

# Two figures can be compared where these were the same. libc's share is mostly BoringSSL's: memcpy, malloc.
HANGS_ON: dict[Name, tuple[str, ...]] = {
    (INSTRUCTIONS, TOTAL): CONDITIONS,
    (INSTRUCTIONS, CHAINMEND): (COMPILER,),
    (INSTRUCTIONS, BORINGSSL): (API, BORINGSSL_COMPILER, PROCESSOR, VALGRIND),
    (INSTRUCTIONS, LIBC): (API, BORINGSSL_COMPILER, LIBC_VERSION, PROCESSOR, VALGRIND),
    (INSTRUCTIONS, OTHER): (API, BORINGSSL_COMPILER, COMPILER, LIBUV, VALGRIND),
    (ALLOCATIONS, TOTAL): (API,),
    (ALLOCATIONS, BORINGSSL): (API,),
    (ALLOCATED, TOTAL): (API,),
    (ALLOCATED, BORINGSSL): (API,),
    (IDLE, TOTAL): (API,),
    (IDLE, BORINGSSL): (API,),
}


@dataclass
class Counted:
    """For one transaction, or one connection. `functions` has instructions by part and function."""

    figures: dict[Name, float] = field(default_factory=dict)
    functions: dict[Name, float] = field(default_factory=dict)

    def put(self, kind: str, parts: Mapping[str, float], count: int) -> None:
        """Adds `parts`, which are those of `count` transactions, and their sum."""
        whole = {TOTAL: sum(parts.values()), **parts}
        for part, value in whole.items():
            rounded = round(value / count, KINDS[kind].digits)
            if rounded:
                self.figures[kind, part] = rounded

    def put_functions(self, functions: Counter[Name], count: int) -> None:
        self.functions = {name: float(round(cost / count)) for name, cost in functions.items()}


def differing(recorded: Mapping[str, str], present: Mapping[str, str]) -> list[str]:
    return [name for name in CONDITIONS if recorded.get(name) != present.get(name)]


def can_be_compared(name: Name, different: list[str]) -> bool:
    return not set(HANGS_ON.get(name, ())) & set(different)

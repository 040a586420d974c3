"""cases - which transactions are counted: every key, version of TLS, way of handshake and backend with every other; and
requests of HTTP, each on a connection of its own, or all on one."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Iterable


@dataclass(frozen=True)
class Case:
    key: str
    tls: str
    resumed: bool
    backend: str
    http: bool = False
    kept: bool = False  # one connection for all transactions

    @property
    def name(self) -> str:
        if self.kept:
            return f"{self.key}-{self.tls}-kept-http"
        backend = "http" if self.http else self.backend
        return f"{self.key}-{self.tls}-{'resumed' if self.resumed else 'full'}-{backend}"


CASES = (*(Case(key, tls, resumed, backend) for key, tls, resumed, backend in itertools.product(
    ("ecdsa", "rsa"), ("1.3", "1.2"), (False, True), ("tcp", "tls"))),
    Case("ecdsa", "1.3", False, "tcp", http=True), Case("ecdsa", "1.3", False, "tcp", http=True, kept=True))

# Each value of each of the four stands in two of them.
QUICK = tuple(case for case in CASES if case.name in (
    "ecdsa-1.3-full-tcp", "ecdsa-1.2-resumed-tls", "rsa-1.3-resumed-tcp", "rsa-1.2-full-tls"))


def select(names: Iterable[str]) -> list[Case]:
    """Those of exactly these names, in the order of CASES; all for none. Raises ValueError for a name that is none."""
    wanted = list(names)
    unknown = [name for name in wanted if name not in [case.name for case in CASES]]
    if unknown:
        raise ValueError(f"{', '.join(unknown)}: no such case; --list tells them")
    return [case for case in CASES if not wanted or case.name in wanted]

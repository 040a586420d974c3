"""cases - what is measured, in which order, and how much of the time it gets."""

from __future__ import annotations

from dataclasses import dataclass

MICROSECONDS = "us"
BULK_UNIT = "s/GiB"


@dataclass(frozen=True)
class Case:
    """`kind` says how it is measured (measures.py has a function for each); the rest, what the load is."""

    name: str
    title: str
    unit: str
    kind: str
    weight: float = 0  # of the time that is dealt out; 0: it takes what it takes, which is little
    credential: str = "ecdsa"
    tls: str = "1.3"
    resumed: bool = False
    request: str = "echo"
    connections: int = 16
    workers: int = 1

    @property
    def takes_a_share(self) -> bool:
        return self.weight > 0

    @property
    def key(self) -> str:
        return self.credential if self.credential in ("ecdsa", "rsa") else "ecdsa"


def _transaction(key: str, tls: str, resumed: bool) -> Case:
    label = {"ecdsa": "ECDSA P-256", "rsa": "RSA-2048"}[key]
    how = "resumed" if resumed else "full"
    return Case(f"{key}-{tls}-{how}", f"{label}, TLS {tls}, {how}", MICROSECONDS, "transaction", 4, credential=key,
                tls=tls, resumed=resumed)


CASES = (
    *(_transaction(key, tls, resumed)
      for key in ("ecdsa", "rsa") for tls in ("1.3", "1.2") for resumed in (False, True)),
    Case("two-workers", "ECDSA P-256, TLS 1.3, full, two workers", MICROSECONDS, "transaction", 4, workers=2),
    Case("mended", "a mended chain beside a complete one", MICROSECONDS, "mended", 2, credential="complete"),
    Case("bulk-down", "bulk, backend to client", BULK_UNIT, "bulk", 4, request="bulk-down:32m", connections=4),
    Case("bulk-up", "bulk, client to backend", BULK_UNIT, "bulk", 4, request="bulk-up:32m", connections=4),
    Case("calls", "system calls a transaction", "calls", "calls"),
    Case("idle", "memory of an idle relayed connection", "KB", "idle"),
    Case("tail-ecdsa", "p99 of a handshake at half of capacity, ECDSA", MICROSECONDS, "tail", 12),
    Case("tail-rsa", "p99 of a handshake at half of capacity, RSA", MICROSECONDS, "tail", 12, credential="rsa"),
)


def select(words: list[str]) -> list[Case]:
    """The cases that any of `words` names, in whole or by its beginning; all, without words. Raises ValueError."""
    if not words:
        return list(CASES)
    for word in words:
        if not any(case.name.startswith(word) for case in CASES):
            raise ValueError(f"{word} is no case; there are {', '.join(case.name for case in CASES)}")
    return [case for case in CASES if any(case.name.startswith(word) for word in words)]

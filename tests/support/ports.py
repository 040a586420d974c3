"""ports - ports for servers of the tests, which nobody else is given: neither a client's socket nor another run.

Clients' own ports come from the kernel's range (ip_local_port_range, 32768 and above), so those below are left to
servers. They are cut into shares; a process takes one for as long as it lives, by a lock on a file, so that several
processes (pytest-xdist), and several runs on one machine, never meet.
"""

from __future__ import annotations

import errno
import fcntl
import itertools
import os
import socket
import tempfile
from pathlib import Path

FIRST_PORT, SHARE, SHARES = 12000, 400, 50  # up to 31999

_locks: list[int] = []  # held until the process ends


def _take_share() -> range:
    folder = Path(tempfile.gettempdir()) / f"chainmend-test-ports-{os.getuid()}"
    folder.mkdir(exist_ok=True)
    for share in range(SHARES):
        descriptor = os.open(folder / str(share), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            continue
        _locks.append(descriptor)
        first = FIRST_PORT + share * SHARE
        return range(first, first + SHARE)
    raise RuntimeError(f"{SHARES} test processes have all ports from {FIRST_PORT} on")


def _is_free(port: int) -> bool:
    for family, address in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")):
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # what only rests (TIME_WAIT) is free
            if family == socket.AF_INET6:
                probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            try:
                probe.bind((address, port))
            except OSError as error:
                if family == socket.AF_INET6 and error.errno != errno.EADDRINUSE:  # no IPv6 here
                    continue
                return False
    return True


class Ports:
    """Hands out the ports of one share in turn, so that one that was just given up rests a while."""

    def __init__(self, share: range) -> None:
        self._ports = itertools.cycle(share)
        self._count = len(share)

    def next(self) -> int:
        for _ in range(self._count):
            port = next(self._ports)
            if _is_free(port):
                return port
        raise RuntimeError("every port of this process's share is taken: does a test leave servers behind?")


_ports: Ports | None = None


def free_port() -> int:
    global _ports
    if _ports is None:
        _ports = Ports(_take_share())
    return _ports.next()

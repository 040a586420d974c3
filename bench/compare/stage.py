"""stage - what all cases of a run stand on: certificates, a backend, the load tool, cores, and servers on demand."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path
from typing import Container, Iterator

from .backend import Backend
from .calm import Calm
from .cases import Case
from .credentials import make_credentials
from .limit import Limit
from .load import LoadTool
from .machine import gauge_noise
from .peers import Peer, RunningServer, Server, StartedServer
from .processes import Trouble

IDLE_CONNECTIONS = 9000


class Stage:
    """A context: at its end, however that comes, every process that it started is gone, and so are all files."""

    def __init__(self, build: Path, peers: list[Peer], backend_port: int = 0,
                 idle_connections: int = IDLE_CONNECTIONS) -> None:
        self.peers = peers
        self.idle_connections = idle_connections
        self._cpus = sorted(os.sched_getaffinity(0))
        if len(self._cpus) < 2:
            raise Trouble("a comparison needs two cores: one for the servers, one for clients and backend")
        self._build = build
        self._backend_port = backend_port
        self._started = 0
        self._stack = contextlib.ExitStack()
        self.load = LoadTool(build / "chainmend-bench", self._cpus[1:])
        self.calm = Calm(lambda: self.gauge()["p50_us"])

    def __enter__(self) -> Stage:
        with contextlib.ExitStack() as stack:
            self._folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="chainmend-compare-")))
            self._folder.chmod(0o755)  # a peer that gives up root reads its certificate again there
            self.credentials = make_credentials(self._folder / "credentials")
            self.backend = Backend(self._build / "bench" / "echo_backend", self._cpus[1:], self._backend_port)
            stack.callback(self.backend.stop)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def gauge(self) -> dict[str, float]:
        """The noise of the servers' core, now."""
        return gauge_noise(self._build / "bench" / "gauge", self._cpus[0])

    def limit(self, case: Case) -> Limit:
        return Limit(self._build / "bench" / "limit", case, self.credentials[case.credential], *self._cpus[:2])

    @property
    def reference(self) -> Peer:
        return self.peers[0]

    def server_cpus(self, workers: int) -> list[int]:
        """A core a worker. The load has all but the first, so that on two cores two workers share one with it."""
        return self._cpus[:workers]

    def has_free_cores(self, workers: int) -> bool:
        return len(self._cpus) > workers

    @contextlib.contextmanager
    def server(self, peer: Peer, credential: str, workers: int = 1) -> Iterator[Server]:
        """A fresh one, listening. Raises Trouble where it cannot be had."""
        if peer.runs_already:
            if peer.key != credential:
                raise Trouble(f"it runs already, with {peer.key} alone")
            yield RunningServer(peer)
            return
        self._started += 1
        started = StartedServer(peer, self.credentials[credential], self._folder / f"{self._started}-{peer.name}",
                                self.backend.port, workers, self.server_cpus(workers))
        try:
            yield started
        finally:
            started.stop()

    @contextlib.contextmanager
    def servers(self, credential: str, workers: int = 1, names: Container[str] | None = None
                ) -> Iterator[tuple[list[Server], dict[str, str]]]:
        """All peers or those of `names`, the reference first, and why some are missing; without that one, Trouble."""
        missing: dict[str, str] = {}
        with contextlib.ExitStack() as stack:
            servers = []
            for peer in self.peers:
                if names is not None and peer.name not in names:
                    continue
                try:
                    servers.append(stack.enter_context(self.server(peer, credential, workers)))
                except Trouble as trouble:
                    if peer is self.reference:
                        raise
                    missing[peer.name] = str(trouble)
            yield servers, missing

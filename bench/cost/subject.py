"""subject - chainmend with one worker, and the transactions of one case, one after the other."""

from __future__ import annotations

import contextlib
import os
import ssl
import string
from dataclasses import dataclass
from pathlib import Path
from typing import Sequence

from compare.credentials import NAME, Credential
from compare.processes import Trouble, free_port
from compare.proxy import Proxy

from .cases import Case
from .lock_step import Client, ONE_BYTE, ONE_REQUEST, LockStep, client_context
from .threads import Threads, busiest

TEMPLATE = Path(__file__).with_name("chainmend.ini")
BACKEND_KEY = "ecdsa"  # whatever the client's is: the cases differ by what clients do
WARM_UP = 16
TOOL_LIBRARIES = {"clock": "libstill_clock.so", "heap": "libheap_count.so"}
# BoringSSL takes no code path that one processor has and another one lacks: ADX, SHA, AVX-512, VAES, VPCLMULQDQ. And
# malloc finds what it gives again in a list of its own, whatever the sizes of signatures were, which are chance.
ENVIRONMENT = {"OPENSSL_ia32cap": "~0x0:~0x600f02b0000", "GLIBC_TUNABLES": "glibc.malloc.tcache_count=127"}


@dataclass(frozen=True)
class Setting:
    """Holds the setting of all cases. `build` holds chainmend, as built by the preset `cost`."""

    build: Path
    credentials: dict[str, Credential]
    cpus: list[int]

    @property
    def program(self) -> Path:
        return self.build / "chainmend"

    def library(self, which: str) -> Path:
        path = self.build / "bench" / TOOL_LIBRARIES[which]
        if not path.is_file():
            raise Trouble(f"{path} is not there: cmake --preset cost && cmake --build build/cost")
        return path


class Subject:
    """A context, with a new folder of its own. Warm when made: what the first transactions alone have to do is done.
    `worker` is the thread that carries them."""

    def __init__(self, setting: Setting, case: Case, folder: Path, tool: Sequence[str] = (),
                 libraries: Sequence[str] = ("clock",), environment: dict[str, str] | None = None) -> None:
        folder.mkdir()
        self._case = case
        self._credential = setting.credentials[case.key]
        self._context = client_context(self._credential, case.tls)
        self._session: ssl.SSLSession | None = None
        backend = setting.credentials[BACKEND_KEY]
        with contextlib.ExitStack() as stack:
            self._ends = LockStep(backend if case.backend == "tls" else None, ONE_REQUEST if case.http else ONE_BYTE)
            stack.callback(self._ends.close)
            port = free_port()
            config = self._write_config(folder, port, backend)
            preloaded = ":".join(str(setting.library(library)) for library in libraries)
            self._proxy = Proxy(setting.program, config, port, setting.cpus, tool,
                                {**os.environ, **ENVIRONMENT, "LD_PRELOAD": preloaded, **(environment or {})})
            stack.callback(self._proxy.stop)
            self._threads = Threads(self._proxy.pid)
            self._ends.settle = self._threads.wait_until_still
            self.worker = self._warm_up()
            self._kept = self._keep() if case.kept else None
            self._stack = stack.pop_all()

    def _write_config(self, folder: Path, port: int, backend: Credential) -> Path:
        words: dict[str, object] = {
            "run": folder, "name": NAME, "port": port, "backend": self._ends.port, "kind": self._case.backend,
            "certificate": self._credential.certificate, "key": self._credential.key, "roots": self._credential.roots,
            "backend_roots": backend.roots}
        text = string.Template(TEMPLATE.read_text()).substitute(words)
        config = folder / "chainmend.ini"
        text += f"backend_name = {NAME}\n" if self._case.backend == "tls" else ""
        config.write_text(text + ("protocol = http\n" if self._case.http else ""))
        return config

    def _warm_up(self) -> int:
        """The session that is resumed from then on comes from the first of them."""
        self._threads.wait_until_still()
        before = self._threads.run_ns()
        for _ in range(WARM_UP):
            client = self._transact()
            if self._case.resumed and self._session is None:
                self._session = session_of(client)
        return busiest(before, self._threads.run_ns())

    def _keep(self) -> Client:
        client = self._hold()
        for _ in range(WARM_UP):
            self._ask_again(client)
        return client

    def _hold(self) -> Client:
        client = self._ends.open(self.port, self._context, self._session, held=True)
        self._ends.run_until(client.is_answered)
        return client

    def _transact(self) -> Client:
        client = self._ends.open(self.port, self._context, self._session)
        self._ends.run_until(self._ends.all_closed)
        if was_resumed(client) != (self._session is not None):
            raise Trouble(f"{self._case.name}: a session was {'not ' if self._session else ''}resumed")
        return client

    def _ask_again(self, client: Client) -> None:
        client.ask_again()
        self._threads.wait_until_still()
        self._ends.run_until(client.is_answered)

    def transact(self, count: int) -> None:
        for _ in range(count):
            if self._kept is not None:
                self._ask_again(self._kept)
            else:
                self._transact()

    def hold(self, count: int) -> None:
        """Opens so many, each with one exchange, and leaves them idle."""
        for _ in range(count):
            self._hold()
        self._threads.wait_until_still()

    @property
    def port(self) -> int:
        return self._proxy.port

    @property
    def pid(self) -> int:
        return self._proxy.pid

    def __enter__(self) -> Subject:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()


def session_of(client: Client) -> ssl.SSLSession:
    session = client.wire.tls.session if client.wire.tls is not None else None
    if session is None:
        raise Trouble("chainmend gives no session tickets")
    return session


def was_resumed(client: Client) -> bool:
    return client.wire.tls is not None and bool(client.wire.tls.session_reused)

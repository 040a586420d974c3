"""lock_step - clients and backend in one thread, which go on only when chainmend has nothing left to do.

Each step is one piece of bytes, one connect or one close; all of chainmend's threads sleep before the next one. So the
order of events is the same in every run, on a machine of any speed, and so are the counts.
"""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
from dataclasses import dataclass
from typing import Callable

from compare.credentials import NAME, Credential
from compare.processes import Trouble

from .wire import Wire

ANSWER_WAIT_S = 30.0
VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}
BACKLOG = 1024


@dataclass(frozen=True)
class Exchange:
    """What a client sends, and what the backend answers; `asked` ends what reaches the backend."""

    request: bytes
    asked: bytes
    answer: bytes


ONE_BYTE = Exchange(b"x", b"x", b"x")
ONE_REQUEST = Exchange(
    f"GET /index.html?name=value HTTP/1.1\r\nHost: {NAME}\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0)\r\n"
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\nAccept-Language: en-US,en;q=0.5\r\n"
    "Accept-Encoding: gzip, deflate, br, zstd\r\nConnection: keep-alive\r\nCookie: session=0123456789abcdef\r\n\r\n"
    .encode(), b"\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nDate: Thu, 01 Jan 2026 00:00:00 GMT\r\nServer: backend\r\nContent-Type: text/html\r\n"
    b'Content-Length: 12\r\nETag: "1"\r\n\r\nhello, world')


class Client:
    """connect, handshake, one exchange; then close_notify and close, or nothing more where it is `held`, until it asks
    again."""

    def __init__(self, wire: Wire, held: bool, exchange: Exchange) -> None:
        self.wire = wire
        self.answered = self.closed = False
        self._held = held
        self._exchange = exchange
        self._shaken = False
        self._got = b""

    def ask_again(self) -> None:
        self.answered = False
        self.wire.write(self._exchange.request)
        self.wire.flush()

    def is_answered(self) -> bool:
        return self.answered

    def step(self) -> None:
        wire = self.wire
        wire.receive()
        if not self._shaken and not wire.shakes_hands():
            self._shaken = True
            wire.write(self._exchange.request)
        if self.answered:
            wire.read()
        elif self._shaken and self._is_whole(wire.read()):
            self.answered = True
            if not self._held:
                wire.notify_end()
        if wire.ended and not self.answered:
            raise Trouble("chainmend ended a connection before its answer")
        if not wire.flush() and wire.ended:
            wire.close()
            self.closed = True

    def _is_whole(self, more: bytes) -> bool:
        self._got += more
        if self._got != self._exchange.answer:
            return False
        self._got = b""
        return True


class BackendEnd:
    """Answers what comes, and ends when the other end does."""

    def __init__(self, wire: Wire, exchange: Exchange) -> None:
        self.wire = wire
        self.closed = False
        self._exchange = exchange
        self._shaken = self._notified = False

    def step(self) -> None:
        wire = self.wire
        wire.receive()
        if not self._shaken and not wire.ended:
            self._shaken = not wire.shakes_hands()
        got = wire.read() if self._shaken else b""
        if got.endswith(self._exchange.asked):
            wire.write(self._exchange.answer)
        if wire.ended and self._shaken and not self._notified:
            wire.notify_end()
            self._notified = True
        if not wire.flush() and wire.ended:
            wire.close()
            self.closed = True


class LockStep:
    """Listens as the backend when made. `settle` waits until chainmend has nothing left to do."""

    def __init__(self, backend: Credential | None, exchange: Exchange = ONE_BYTE) -> None:
        self._exchange = exchange
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=BACKLOG)
        self._listener.setblocking(False)
        self._context = None if backend is None else server_context(backend)
        self._clients: list[Client] = []
        self._backends: list[BackendEnd] = []
        self.port = self._listener.getsockname()[1]
        self.settle: Callable[[], None] = lambda: None

    def open(self, port: int, context: ssl.SSLContext, session: ssl.SSLSession | None = None,
             held: bool = False) -> Client:
        """A client whose first bytes are under way."""
        own = socket.create_connection(("127.0.0.1", port))
        self.settle()
        client = Client(Wire(own, context, name=NAME, session=session), held, self._exchange)
        self._clients.append(client)
        client.step()
        self.settle()
        return client

    def run_until(self, done: Callable[[], bool]) -> None:
        """One step after the other, the oldest end that has something first."""
        while not done():
            ends = {end.wire.socket: end for end in [*self._clients, *self._backends]}
            ready, _, _ = select.select([*ends, self._listener], [], [], ANSWER_WAIT_S)
            if not ready:
                raise Trouble(f"no answer within {ANSWER_WAIT_S:.0f} s")
            if ready[0] is self._listener:
                self._accept()
            else:
                self._step(ends[ready[0]])

    def _step(self, end: Client | BackendEnd) -> None:
        try:
            end.step()
        except (OSError, ssl.SSLError) as error:
            raise Trouble(f"a transaction broke: {error}") from error
        if end.closed:
            self._clients = [client for client in self._clients if client is not end]
            self._backends = [backend for backend in self._backends if backend is not end]
        self.settle()

    def _accept(self) -> None:
        with contextlib.suppress(BlockingIOError):
            wire = Wire(self._listener.accept()[0], self._context, server_side=True)
            self._backends.append(BackendEnd(wire, self._exchange))

    def all_closed(self) -> bool:
        return not self._clients and not self._backends

    def close(self) -> None:
        for end in [*self._clients, *self._backends]:
            end.wire.close()
        self._clients, self._backends = [], []
        self._listener.close()


def server_context(credential: Credential) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(credential.certificate, credential.key)
    return context


def client_context(credential: Credential, tls: str) -> ssl.SSLContext:
    """Of one version of TLS alone, and of the ciphers that OpenSSL and BoringSSL prefer where the processor has AES."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(credential.roots)
    context.minimum_version = context.maximum_version = VERSIONS[tls]
    context.set_ciphers("ECDHE+AESGCM")
    return context

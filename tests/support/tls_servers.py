"""tls_servers - servers that are broken in one chosen way, and what talks to them byte by byte.

A broken chain is nothing but a PEM file: TlsServer sends exactly what it is given, leaf first, in that order. What the
server does with a connection is a `Talk`: echo, a fixed answer, a banner and half a close, nothing at all.
"""

from __future__ import annotations

import socket
import ssl
import struct
import threading
from pathlib import Path
from typing import Callable

READ_BYTES = 64 * 1024
WAIT_S = 30.0  # the longest that any of these waits for its peer

# Serves one connection, whose bytes are read and written through `Pipe`.
Talk = Callable[["Pipe"], None]


class Pipe:
    """A connection, plain or TLS, whose two directions end one by one."""

    def __init__(self, sock: socket.socket, tls: ssl.SSLObject | None = None, incoming: ssl.MemoryBIO | None = None,
                 outgoing: ssl.MemoryBIO | None = None) -> None:
        sock.settimeout(WAIT_S)
        self.sock = sock
        self.tls = tls
        self._incoming = incoming
        self._outgoing = outgoing
        self._ended = False

    @classmethod
    def tls_client(cls, address: tuple[str, int], context: ssl.SSLContext, name: str | None) -> "Pipe":
        return cls._with_tls(socket.create_connection(address, WAIT_S), context, name, server_side=False)

    @classmethod
    def tls_server(cls, sock: socket.socket, context: ssl.SSLContext) -> "Pipe":
        return cls._with_tls(sock, context, None, server_side=True)

    @classmethod
    def _with_tls(cls, sock: socket.socket, context: ssl.SSLContext, name: str | None, server_side: bool) -> "Pipe":
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = context.wrap_bio(incoming, outgoing, server_side=server_side, server_hostname=name)
        pipe = cls(sock, tls, incoming, outgoing)
        try:
            pipe._step(tls.do_handshake)
        except BaseException:
            sock.close()
            raise
        return pipe

    def _flush(self) -> None:
        if self._outgoing is not None and self._outgoing.pending:
            self.sock.sendall(self._outgoing.read())

    def _step(self, operation: Callable[..., object], *arguments: object) -> object:
        assert self._incoming is not None
        while True:
            try:
                result = operation(*arguments)
                self._flush()
                return result
            except ssl.SSLWantReadError:
                self._flush()
                data = self.sock.recv(READ_BYTES)
                if not data:
                    self._incoming.write_eof()
                else:
                    self._incoming.write(data)
            except ssl.SSLError:
                self._flush()  # the alert, so that the peer learns why
                raise

    def send(self, data: bytes) -> None:
        if self.tls is None:
            self.sock.sendall(data)
            return
        for start in range(0, len(data), READ_BYTES):
            self._step(self.tls.write, data[start:start + READ_BYTES])

    def receive(self, num_bytes: int = READ_BYTES) -> bytes:
        """b"" at the peer's end of its direction; an end without close_notify is ssl.SSLEOFError."""
        if self.tls is None:
            return self.sock.recv(num_bytes)
        if self._ended:
            return b""
        try:
            data = self._step(self.tls.read, num_bytes)
        except ssl.SSLZeroReturnError:
            data = b""
        self._ended = data == b""
        assert isinstance(data, bytes)
        return data

    def receive_exactly(self, num_bytes: int) -> bytes:
        data = b""
        while len(data) < num_bytes:
            more = self.receive(min(READ_BYTES, num_bytes - len(data)))
            if not more:
                break
            data += more
        return data

    def receive_all(self) -> bytes:
        parts = []
        while part := self.receive():
            parts.append(part)
        return b"".join(parts)

    def end(self) -> None:
        """Ends our direction and leaves the other open."""
        if self.tls is None:
            self.sock.shutdown(socket.SHUT_WR)
            return
        try:
            self.tls.unwrap()
        except (ssl.SSLWantReadError, ssl.SSLSyscallError):
            pass  # close_notify stands in the outgoing bytes; the peer's own comes when it has finished
        self._flush()

    def reset(self) -> None:
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def close(self) -> None:
        self.sock.close()

    def __enter__(self) -> "Pipe":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def echo(pipe: Pipe) -> None:
    """Sends back what comes, and ends its direction when the peer has ended its own."""
    while data := pipe.receive():
        pipe.send(data)
    pipe.end()


def http_answer(text: str = "hello from the backend\n") -> Talk:
    content = text.encode()

    def talk(pipe: Pipe) -> None:
        request = b""
        while b"\r\n\r\n" not in request:
            data = pipe.receive()
            if not data:
                return
            request += data
        pipe.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\nContent-Length: "
                  + str(len(content)).encode() + b"\r\n\r\n" + content)
        pipe.end()
        pipe.receive_all()
    return talk


def banner_then_listen(banner: bytes, heard: list[bytes]) -> Talk:
    """Speaks first, ends its direction, and goes on listening: `heard` gets all that came."""
    def talk(pipe: Pipe) -> None:
        pipe.send(banner)
        pipe.end()
        heard.append(pipe.receive_all())
    return talk


def count_bytes(counts: list[int]) -> Talk:
    """Takes everything, and answers how much that was."""
    def talk(pipe: Pipe) -> None:
        total = 0
        while data := pipe.receive():
            total += len(data)
        counts.append(total)
        pipe.send(str(total).encode())
        pipe.end()
    return talk


def hold(release: threading.Event) -> Talk:
    """Reads nothing until it is told to, then echoes."""
    def talk(pipe: Pipe) -> None:
        release.wait(WAIT_S)
        echo(pipe)
    return talk


def reset(pipe: Pipe) -> None:
    pipe.reset()


class Server:
    """A listener on a free loopback port; a thread a connection."""

    def __init__(self, talk: Talk = echo, host: str = "127.0.0.1", port: int = 0) -> None:
        self.talk = talk
        self.num_accepted = 0
        self.failures: list[str] = []
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._listener = socket.socket(family, socket.SOCK_STREAM)
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.bind((host, port))
        self._listener.listen(512)
        self._listener.settimeout(0.1)
        self._stopping = threading.Event()
        self.host = host
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._accept, daemon=True)

    def __enter__(self) -> "Server":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join(5)
        self._listener.close()

    @property
    def address(self) -> tuple[str, int]:
        return self.host, self.port

    def _accept(self) -> None:
        while not self._stopping.is_set():
            try:
                sock, _ = self._listener.accept()
            except TimeoutError:
                continue
            self.num_accepted += 1
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock: socket.socket) -> None:
        try:
            with self._open(sock) as pipe:
                self.talk(pipe)
        except OSError as why:  # ssl.SSLError is one: a peer that refuses us is the test's own business
            self.failures.append(str(why))
            sock.close()

    def _open(self, sock: socket.socket) -> Pipe:
        return Pipe(sock)


class TlsServer(Server):
    """Sends `chain` (a PEM file, leaf first) as it stands."""

    def __init__(self, chain: Path, key: Path, talk: Talk = echo, *, client_ca: Path | None = None,
                 minimum: ssl.TLSVersion = ssl.TLSVersion.TLSv1_2, maximum: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3,
                 host: str = "127.0.0.1", port: int = 0) -> None:
        super().__init__(talk, host, port)
        self.names: list[str | None] = []
        self.unknown_names: set[str | None] = set()  # refused with an alert
        self._for_name: dict[str, ssl.SSLContext] = {}
        self._settings = (client_ca, minimum, maximum)
        self.use(chain, key)

    def use(self, chain: Path, key: Path) -> None:
        """From the next connection on."""
        self._context = self._new_context(chain, key)

    def use_for(self, name: str, chain: Path, key: Path) -> None:
        """For clients that ask for this name."""
        self._for_name[name] = self._new_context(chain, key)

    def _new_context(self, chain: Path, key: Path) -> ssl.SSLContext:
        client_ca, minimum, maximum = self._settings
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version, context.maximum_version = minimum, maximum
        context.load_cert_chain(chain, key)
        if client_ca is not None:
            context.load_verify_locations(client_ca)
            context.verify_mode = ssl.CERT_REQUIRED
        context.sni_callback = self._on_name
        return context

    def _on_name(self, tls: ssl.SSLObject | ssl.SSLSocket, name: str | None, _: ssl.SSLContext) -> int | None:
        self.names.append(name)
        if name in self.unknown_names:
            return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
        if name in self._for_name:
            tls.context = self._for_name[name]
        return None

    def _open(self, sock: socket.socket) -> Pipe:
        sock.settimeout(WAIT_S)
        return Pipe.tls_server(sock, self._context)


def plain_text(pipe: Pipe) -> None:
    """Answers a ClientHello as an HTTP server does."""
    pipe.receive()
    pipe.send(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")


def silent(pipe: Pipe) -> None:
    """Never says a word."""
    while pipe.receive():
        pass

"""http_servers - backends that speak HTTP as a test tells them to, and clients of chainmend that send bytes."""

from __future__ import annotations

import threading
from pathlib import Path
from types import TracebackType
from typing import Any, Callable

from clients import python_pipe
from http_messages import Ended, Message, Reader, Unclear
from program import Program, Running, free_port
from tls_servers import Pipe, Server, TlsServer

NAME = "mail.contoso.test"

# Answers one request: bytes to send, or None to close. It may use the pipe by itself and return b"".
Respond = Callable[["Visit", Message], "bytes | None"]


def answer(body: bytes = b"", status: str = "200 OK", *fields: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *fields]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


class Visit:
    """One connection that the backend got: its raw bytes, and the requests that were read of them."""

    def __init__(self, pipe: Pipe) -> None:
        self.pipe = pipe
        self.raw = b""
        self.requests: list[Message] = []
        self.fault: Exception | None = None
        self.ended = threading.Event()
        self.reader = Reader(self._receive)

    def _receive(self, count: int) -> bytes:
        try:
            data = self.pipe.receive(count)
        except OSError:
            data = b""
        self.raw += data
        return data


class HttpBackend:
    """Reads each request strictly, keeps it, and answers what `respond` says. Visits without a byte are dropped."""

    def __init__(self, respond: Respond, tls: tuple[Path, Path] | None = None) -> None:
        self._respond = respond
        self._visits: list[Visit] = []
        self._lock = threading.Lock()
        self.server: Any = TlsServer(*tls, self._talk) if tls else Server(self._talk)
        self.scheme = "tls" if tls else "tcp"

    def on_head(self, visit: Visit, head: Message) -> None:
        """Called before the body of a request is read: a backend of its own kind may answer here already."""

    def _talk(self, pipe: Pipe) -> None:
        visit = Visit(pipe)
        with self._lock:
            self._visits.append(visit)
        try:
            while (request := visit.reader.request(lambda head: self.on_head(visit, head))) is not None:
                visit.requests.append(request)
                data = self._respond(visit, request)
                if data is None:
                    return
                pipe.send(data)
        except (Unclear, Ended) as fault:
            visit.fault = fault
        except OSError:
            pass
        finally:
            visit.ended.set()

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.server.port}"

    @property
    def visits(self) -> list[Visit]:
        """Those that brought a byte."""
        with self._lock:
            return [visit for visit in self._visits if visit.raw]

    @property
    def requests(self) -> list[Message]:
        return [request for visit in self.visits for request in visit.requests]

    def assert_clean(self) -> None:
        """Nothing but whole and clear requests has come."""
        for visit in self.visits:
            assert visit.fault is None or isinstance(visit.fault, Ended), f"{visit.fault!r} in {visit.raw!r}"

    def __enter__(self) -> "HttpBackend":
        self.server.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.server.__exit__(kind, value, trace)


class HttpClient:
    """A TLS connection through chainmend, on which bytes are sent as they are."""

    def __init__(self, port: int, roots: Path, name: str | None = NAME, host: str = "127.0.0.1") -> None:
        self.pipe = python_pipe(port, name, roots, host)
        self.reader = Reader(self.pipe.receive)

    def send(self, data: bytes | str) -> None:
        self.pipe.send(data.encode("latin-1") if isinstance(data, str) else data)

    def ask(self, data: bytes | str, method: str = "GET") -> Message:
        self.send(data)
        return self.reader.final_answer(method)

    def assert_end(self) -> None:
        """The connection ends cleanly (close_notify), and nothing more comes before."""
        assert self.reader.pending == b""
        assert self.pipe.receive() == b""

    def __enter__(self) -> "HttpClient":
        return self

    def __exit__(self, *_: object) -> None:
        self.pipe.close()


class HttpSite:
    """chainmend with one HTTP site before a backend."""

    def __init__(self, program: Program, world: Any, backend: HttpBackend, settings: dict[str, object] | None = None,
                 **keys: object) -> None:
        self.world = world
        self.backend = backend
        self.port = free_port()
        name = {"backend_name": NAME} if backend.scheme == "tls" else {}
        self.running: Running = program.run(world.settings(**(settings or {})), {"mail": {
            "listen": f"127.0.0.1:{self.port}", "certificate": world.complete, "key": world.key,
            "backend": backend.url, "protocol": "http", **name, **keys}})

    def client(self) -> HttpClient:
        return HttpClient(self.port, self.world.roots)

    def ask(self, data: bytes | str, method: str = "GET") -> Message:
        """One request on a connection of its own."""
        with self.client() as client:
            return client.ask(data, method)

#!/usr/bin/env python3
"""aia_server - an HTTP server of intermediates that behaves as well, or as badly, as it is told; it counts requests.

In a test:

    with AiaServer() as aia:
        aia.route("/issuing.cer", body(issuing.der))
        aia.route("/slow.cer", slow(3, body(issuing.der)))
        leaf = issuing.issue_leaf(["a.test"], aia=[aia.url("/issuing.cer")])
        ... aia.count("/issuing.cer")

By hand, as the demo does (it says its address on stdout, and each request):

    aia_server.py --port 0 /issuing.cer=FILE...

Only the standard library: the demo needs nothing else.
"""

from __future__ import annotations

import argparse
import collections
import http.server
import socket
import socketserver
import sys
import threading
from pathlib import Path
from typing import Callable

CERTIFICATE_TYPE = "application/pkix-cert"
DRIP_PAUSE_S = 0.2
ENDLESS_CHUNK_BYTES = 16 * 1024

# A behaviour answers one request; `stopping` is set when the server goes down, so that none of them outlives a test.
Behaviour = Callable[["_Handler", threading.Event], None]


def body(content: bytes, content_type: str = CERTIFICATE_TYPE, status: int = 200) -> Behaviour:
    def answer(handler: "_Handler", _: threading.Event) -> None:
        handler.send_response(status)
        handler.send_header("Content-Type", content_type)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)
    return answer


def status(code: int) -> Behaviour:
    return body(b"no certificate here\n", "text/plain", code)


def slow(seconds: float, then: Behaviour) -> Behaviour:
    def answer(handler: "_Handler", stopping: threading.Event) -> None:
        if not stopping.wait(seconds):
            then(handler, stopping)
    return answer


def after(event: threading.Event, then: Behaviour) -> Behaviour:
    """Answers when the test says so."""
    def answer(handler: "_Handler", stopping: threading.Event) -> None:
        while not stopping.is_set():
            if event.wait(0.05):
                then(handler, stopping)
                return
    return answer


def redirect(location: str, code: int = 302) -> Behaviour:
    def answer(handler: "_Handler", _: threading.Event) -> None:
        handler.send_response(code)
        handler.send_header("Location", location)
        handler.send_header("Content-Length", "0")
        handler.end_headers()
    return answer


def wrong_length(content: bytes, claimed: int) -> Behaviour:
    def answer(handler: "_Handler", _: threading.Event) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", CERTIFICATE_TYPE)
        handler.send_header("Content-Length", str(claimed))
        handler.end_headers()
        handler.wfile.write(content)
        handler.close_connection = True
    return answer


def huge(num_bytes: int) -> Behaviour:
    """`num_bytes` of zeros, announced in the header."""
    def answer(handler: "_Handler", stopping: threading.Event) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", CERTIFICATE_TYPE)
        handler.send_header("Content-Length", str(num_bytes))
        handler.end_headers()
        left = num_bytes
        while left > 0 and not stopping.is_set():
            left -= handler.wfile.write(b"\0" * min(left, ENDLESS_CHUNK_BYTES))
    return answer


def endless(prefix: bytes = b"") -> Behaviour:
    """A body without a length that never ends."""
    def answer(handler: "_Handler", stopping: threading.Event) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", CERTIFICATE_TYPE)
        handler.end_headers()
        handler.close_connection = True
        handler.wfile.write(prefix)
        while not stopping.is_set():
            handler.wfile.write(b"\0" * ENDLESS_CHUNK_BYTES)
    return answer


def drip(content: bytes) -> Behaviour:
    """One byte at a time, far too slowly."""
    def answer(handler: "_Handler", stopping: threading.Event) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", CERTIFICATE_TYPE)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        for byte in content:
            handler.wfile.write(bytes([byte]))
            handler.wfile.flush()
            if stopping.wait(DRIP_PAUSE_S):
                return
    return answer


def silent() -> Behaviour:
    """Takes the request and never says a word."""
    def answer(handler: "_Handler", stopping: threading.Event) -> None:
        stopping.wait()
        handler.close_connection = True
    return answer


def hang_up() -> Behaviour:
    def answer(handler: "_Handler", _: threading.Event) -> None:
        handler.close_connection = True
        handler.connection.shutdown(socket.SHUT_RDWR)
    return answer


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "_Server"

    def do_GET(self) -> None:  # noqa: N802 (the name is the base class's)
        owner = self.server.owner
        owner.note(self.path, dict(self.headers.items()))
        behaviour = owner.routes.get(self.path, status(404))
        try:
            behaviour(self, owner.stopping)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True  # the client has had enough: that is what the test wants to see

    def log_message(self, format: str, *args: object) -> None:
        if self.server.owner.log:
            print(f"aia_server: {self.client_address[0]} {format % args}", flush=True)


class _Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    block_on_close = False
    owner: "AiaServer"

    def handle_error(self, request: object, client_address: object) -> None:
        pass  # a client that goes away in the midst is no error here


class AiaServer:
    def __init__(self, host: str = "127.0.0.1", port: int = 0, log: bool = False) -> None:
        self.routes: dict[str, Behaviour] = {}
        self.headers: dict[str, dict[str, str]] = {}
        self.stopping = threading.Event()
        self.log = log
        self._counts: collections.Counter[str] = collections.Counter()
        self._lock = threading.Lock()
        self._server = _Server((host, port), _Handler)
        self._server.owner = self
        self.port = self._server.server_address[1]
        self._host = host
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    def __enter__(self) -> "AiaServer":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    def route(self, path: str, behaviour: Behaviour) -> str:
        """Sets what `path` answers from now on, and returns its URL."""
        self.routes[path] = behaviour
        return self.url(path)

    def url(self, path: str, host: str | None = None) -> str:
        return f"http://{host or self._host}:{self.port}{path}"

    def note(self, path: str, headers: dict[str, str]) -> None:
        with self._lock:
            self._counts[path] += 1
            self.headers[path] = headers

    def count(self, path: str | None = None) -> int:
        with self._lock:
            return self._counts.total() if path is None else self._counts[path]


def main() -> int:
    parser = argparse.ArgumentParser(description="Serve issuer certificates over HTTP, as caIssuers URLs name them.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0: a free one, said on stdout")
    parser.add_argument("files", nargs="+", metavar="/PATH=FILE")
    options = parser.parse_args()
    server = AiaServer(options.host, options.port, log=True)
    for item in options.files:
        path, separator, file = item.partition("=")
        if not separator or not path.startswith("/"):
            parser.error(f"{item}: wanted /PATH=FILE")
        server.route(path, body(Path(file).read_bytes()))
    with server:
        print(f"aia_server: listening on {options.host}:{server.port}", flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            pass
    return 0


if __name__ == "__main__":
    sys.exit(main())

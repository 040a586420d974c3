"""Who wants to keep others out of the admin page, and who guesses its token."""

from __future__ import annotations

import base64
import http.client
import socket
import threading
import time

import pytest
from conftest import NAME
from metrics_text import read_metrics
from program import eventually, free_port

TOKEN = "0123456789abcdef-the-token-of-the-tests"
PLACES = 64
HALF = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Slow: "


def ask(port: int, path: str = "/healthz", source: str = "127.0.0.1", token: str | None = None,
        host: str = "127.0.0.1") -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection(host, port, timeout=30, source_address=(source, 0))
    try:
        connection.request("GET", path, headers={"Authorization": f"Bearer {token}"} if token is not None else {})
        answer = connection.getresponse()
        answer.body = answer.read()
        return answer
    finally:
        connection.close()


@pytest.fixture
def start(program, world):
    def starts(**more):
        port = free_port()
        sites = {"mail": {"listen": f"127.0.0.1:{free_port()}", "certificate": world.complete, "key": world.key,
                          "hostnames": NAME, "backend": f"tcp://127.0.0.1:{free_port()}"}}
        more.setdefault("admin", f"127.0.0.1:{port}")
        running = program.run(world.settings(**more), sites, [port] if "127" in str(more["admin"]) else [])
        running.wait_for_words("the page is at")
        return port, running
    return starts


class Crowd:
    """Connections that are held open, each after it has sent `first`."""

    def __init__(self, port: int, count: int, first: bytes) -> None:
        self.sockets = [socket.create_connection(("127.0.0.1", port), timeout=30) for _ in range(count)]
        for one in self.sockets:
            try:
                one.sendall(first)
            except OSError:
                pass  # it has made room already

    def __enter__(self) -> Crowd:
        return self

    def __exit__(self, *unused: object) -> None:
        for one in self.sockets:
            one.close()

    def num_open(self) -> int:
        return sum(is_open(one) for one in self.sockets)


def is_open(sock: socket.socket) -> bool:
    """Whether its end is not to be seen yet, behind all that came before it."""
    sock.setblocking(False)
    try:
        while sock.recv(65536):
            pass
    except BlockingIOError:
        return True
    except OSError:
        pass
    return False


@pytest.mark.parametrize("first", [b"", HALF, b"G", b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n" * 2,
                                   b"GET / HTTP/1.1\r\nX: " + b"a" * 15000],
                         ids=["silent", "half", "byte", "idle", "big"])
def test_a_whole_request_never_waits_for_those_that_are_none(start, first):
    port, _ = start()
    with Crowd(port, 3 * PLACES, first) as crowd:
        for _ in range(20):
            begun = time.monotonic()
            assert ask(port).status == 200
            assert time.monotonic() - begun < 5  # those of the crowd have 10 s
        assert 0 < crowd.num_open() <= PLACES


def test_single_bytes_keep_no_place(start):
    """Each byte comes in time, and the place is lost all the same."""
    port, _ = start()
    ends = threading.Event()
    with Crowd(port, PLACES, HALF) as crowd:
        def drip() -> None:
            while not ends.wait(0.05):
                for one in crowd.sockets:
                    try:
                        one.send(b"a")
                    except OSError:
                        pass
        dripping = threading.Thread(target=drip)
        dripping.start()
        try:
            for _ in range(20):
                begun = time.monotonic()
                assert ask(port).status == 200
                assert time.monotonic() - begun < 5
            eventually("the end of them all", lambda: crowd.num_open() == 0)
        finally:
            ends.set()
            dripping.join()


def test_a_flood_of_connections_leaves_room_for_a_request(start):
    port, _ = start()
    ends = threading.Event()

    def flood() -> None:
        held: list[socket.socket] = []
        while not ends.is_set():
            try:
                held.append(socket.create_connection(("127.0.0.1", port), timeout=5))
                held[-1].sendall(HALF)
            except OSError:
                pass
            if len(held) > 200:
                held.pop(0).close()
        for one in held:
            one.close()
    flooding = threading.Thread(target=flood)
    flooding.start()
    try:
        answered = 0
        for _ in range(10):
            try:
                answered += ask(port).status == 200
            except OSError:
                pass  # may be the oldest of many by then: who asks again is answered
        assert answered >= 5
    finally:
        ends.set()
        flooding.join()


def test_a_unix_socket_has_room_too(start, tmp_path):
    path = tmp_path / "admin.sock"
    start(admin=f"unix:{path}")
    held = []
    for _ in range(2 * PLACES):
        held.append(socket.socket(socket.AF_UNIX))
        held[-1].connect(str(path))  # waits while the queue is full
        held[-1].sendall(HALF)
    with socket.socket(socket.AF_UNIX) as sock:
        sock.connect(str(path))
        sock.settimeout(5)
        sock.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert sock.recv(1000).startswith(b"HTTP/1.1 200")
    for one in held:
        one.close()


@pytest.fixture
def token(tmp_path):
    path = tmp_path / "token"
    path.write_text(TOKEN + "\n")
    path.chmod(0o600)
    return path


def wrong_tokens(port: int) -> float:
    metrics = read_metrics(ask(port, "/metrics", token=TOKEN).body.decode())
    return metrics["chainmend_admin_wrong_tokens_total"].value()


def test_wrong_tokens_are_told_counted_and_take_ever_longer(start, token):
    port, running = start(admin_token_file=token)
    assert wrong_tokens(port) == 0
    assert ask(port).status == 401  # none at all is no wrong one
    took = []
    for number in range(6):
        begun = time.monotonic()
        assert ask(port, token=f"wrong-{number}").status == 401
        took.append(time.monotonic() - begun)
    assert took[-1] >= 1 and took[-1] > took[0]  # at least what was set; never less
    assert wrong_tokens(port) == 6
    lines = [line for line in running.stderr.splitlines() if "wrong token" in line]
    assert len(lines) == 1 and "127.0.0.1" in lines[0], lines
    assert TOKEN not in running.stderr and "wrong-" not in running.stderr


def test_a_right_token_never_waits_for_another_ones_wrong_ones(start, token):
    port, _ = start(admin_token_file=token)
    for number in range(4):
        ask(port, token=f"wrong-{number}")
    waiting = [threading.Thread(target=lambda: ask(port, token="wrong")) for _ in range(30)]
    for one in waiting:
        one.start()
    try:
        for source in ("127.0.0.1", "127.0.0.2"):  # who shares loopback, shares nothing of its guilt
            begun = time.monotonic()
            assert ask(port, source=source, token=TOKEN).status == 200
            assert time.monotonic() - begun < 2  # the wrong ones wait for 3 s by now
    finally:
        for one in waiting:
            one.join()


def test_passwords_count_as_tokens_and_what_waits_ends_with_the_program(start, token):
    port, running = start(admin_token_file=token)
    for _ in range(5):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        password = base64.b64encode(b"admin:no").decode()
        connection.request("GET", "/", headers={"Authorization": f"Basic {password}"})
        assert connection.getresponse().status == 401
        connection.close()
    assert wrong_tokens(port) == 5
    with socket.create_connection(("127.0.0.1", port)) as sock:
        sock.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer x\r\n\r\n")
        eventually("it was counted", lambda: wrong_tokens(port) == 6)
        running.stop()

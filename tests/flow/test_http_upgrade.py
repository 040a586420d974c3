"""Upgrade: a tunnel begins with the backend's 101; until then, and wherever it is declined, bytes are HTTP.

Sources: RFC 9110 7.8 and 15.2.2 (Upgrade, 101, which has to name the protocol; not in HTTP/1.0), RFC 9110 15.5.22
(426), RFC 9931 (what a client sends before the answer to its Upgrade is not to be taken for the other protocol, nor
the other way round), RFC 9113 3.1 (h2c, which is retired: behind a proxy that passes it on, requests go by unread).
"""

import pytest
from http_servers import NAME, HttpBackend, HttpSite, answer

SWITCH = b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"


def request(*fields, line="GET / HTTP/1.1"):
    return "\r\n".join([line, f"Host: {NAME}", *fields]) + "\r\n\r\n"


UPGRADE = ("Connection: Upgrade", "Upgrade: websocket")


class Switcher:
    """Answers `reply` to what asks for an upgrade, and echoes whatever follows a 101."""

    def __init__(self, reply=SWITCH):
        self.reply = reply
        self.tunnelled = b""

    def __call__(self, visit, asked):
        if asked.get("upgrade") is None:
            return answer(f"{asked.method} {asked.target}".encode())
        if not self.reply.startswith(b"HTTP/1.1 101"):
            return self.reply
        visit.pipe.send(self.reply)
        data = visit.reader.pending
        while data:
            self.tunnelled += data
            visit.pipe.send(data)
            data = visit.pipe.receive()
        while data := visit.pipe.receive():
            self.tunnelled += data
            visit.pipe.send(data)
        visit.pipe.end()
        return None


@pytest.mark.parametrize("fields", [
    UPGRADE, ("connection: keep-alive, UPGRADE", "UPGRADE: WebSocket"), (*UPGRADE, "Content-Length: 0"),
    ("Connection: upgrade", "Upgrade: h2c, websocket, HTTP/2.0")])
def test_a_tunnel_begins_behind_101(program, world, fields):
    switcher = Switcher()
    with HttpBackend(switcher) as backend:
        site = HttpSite(program, world, backend)
        with site.client() as client:
            got = client.ask(request(*fields))
            assert (got.status, got.get("upgrade"), got.get("connection")) == (101, "websocket", "upgrade")
            data = b"\x00\r\n\r\nGET / HTTP/9.9\r\n" + bytes(range(256)) * 1000
            client.send(data)
            assert client.reader._exactly(len(data)) == data
            client.pipe.end()
            assert client.pipe.receive() == b""
        asked, = backend.requests
        assert asked.get("upgrade").lower() == "websocket"
        assert asked.get("connection") == "upgrade"
        assert switcher.tunnelled == data


def test_what_came_with_the_101_goes_through(program, world):
    """Either side may send before the other knows: a client behind its request, a backend behind its 101."""
    switcher = Switcher(SWITCH + b"hello")
    with HttpBackend(switcher) as backend:
        with HttpSite(program, world, backend).client() as client:
            got = client.ask(request(*UPGRADE) + "early")
            assert got.status == 101
            assert client.reader._exactly(10) == b"helloearly"


DECLINED = [
    ("426", answer(b"no", "426 Upgrade Required", "Upgrade: websocket", "Connection: upgrade"), "websocket"),
    ("200", answer(b"plain", "200 OK", "Upgrade: websocket"), None),
    ("404", answer(b"none", "404 Not Found"), None),
    ("401", answer(b"who", "401 Unauthorized", "WWW-Authenticate: Basic realm=x"), None),
]


@pytest.mark.parametrize("status,reply,upgrade", DECLINED, ids=[status for status, _, _ in DECLINED])
def test_where_an_upgrade_is_declined_all_stays_http(program, world, status, reply, upgrade):
    switcher = Switcher(reply)
    with HttpBackend(switcher) as backend:
        site = HttpSite(program, world, backend)
        with site.client() as client:
            got = client.ask(request(*UPGRADE))
            assert (str(got.status), got.get("upgrade")) == (status, upgrade)
            assert client.ask(request(line="GET /next HTTP/1.1")).body == b"GET /next"
            client.send(request(*UPGRADE) + request(line="GET /behind HTTP/1.1") + "\x81\x05frame")
            assert str(client.reader.answer().status) == status
            assert client.reader.answer().body == b"GET /behind"
            assert client.reader.answer().status == 400, "what is no HTTP is refused, and goes to nobody"
            client.assert_end()
        backend.assert_clean()
        assert b"frame" not in b"".join(visit.raw for visit in backend.visits)
        assert [asked.target for asked in backend.requests] == ["/", "/next", "/", "/behind"]


NOT_ASKED = [  # what asks for no tunnel, so that nothing of Upgrade goes on
    ("HTTP/1.0", request(*UPGRADE, line="GET / HTTP/1.0")),
    ("Connection does not name it", request("Connection: keep-alive", "Upgrade: websocket")),
    ("no Connection", request("Upgrade: websocket")),
    ("no Upgrade", request("Connection: upgrade")),
    ("an empty one", request("Connection: upgrade", "Upgrade: ,")),
    ("h2c", request("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__")),
    ("H2C, as browsers never do", request("Connection: Upgrade", "Upgrade: H2C")),
    ("a draft of h2c", request("Connection: Upgrade", "Upgrade: h2c-14")),
    ("HTTP/2.0", request("Connection: Upgrade", "Upgrade: HTTP/2.0")),
    ("h2c in two fields", request("Connection: Upgrade", "Upgrade: h2c", "Upgrade: h2")),
]


def test_what_asks_for_no_tunnel_has_no_upgrade_behind_the_proxy(program, world):
    with HttpBackend(Switcher()) as backend:
        site = HttpSite(program, world, backend)
        for what, asked in NOT_ASKED:
            got = site.ask(asked)
            assert (what, got.status, got.body) == (what, 200, b"GET /")
            there = backend.requests[-1]
            assert [there.get(name) for name in ("upgrade", "connection", "http2-settings")] == [None] * 3, what


def test_upgrade_off_makes_no_tunnel(program, world):
    with HttpBackend(Switcher()) as backend:
        site = HttpSite(program, world, backend, upgrade="off")
        got = site.ask(request(*UPGRADE))
        assert (got.status, got.body) == (200, b"GET /")
        assert backend.requests[0].get("upgrade") is None


UNASKED = [
    ("nobody asked", request(), SWITCH),
    ("HTTP/1.0", request(*UPGRADE, line="GET / HTTP/1.0"), SWITCH),
    ("h2c", request("Connection: Upgrade", "Upgrade: h2c"), SWITCH.replace(b"websocket", b"h2c")),
    ("to h2c in place of it", request(*UPGRADE), SWITCH.replace(b"websocket", b"h2c")),
    ("to nothing", request(*UPGRADE), SWITCH.replace(b"Upgrade: websocket\r\n", b"")),
    ("within a body", request("Content-Length: 3", line="POST / HTTP/1.1"), SWITCH),
]


@pytest.mark.parametrize("what,asked,reply", UNASKED, ids=[what for what, _, _ in UNASKED])
def test_a_switch_that_nobody_asked_for_is_no_answer(program, world, what, asked, reply):
    def respond(visit, request):
        visit.pipe.send(reply + b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhidden")
        visit.pipe.receive()
        return None
    with HttpBackend(respond) as backend:
        site = HttpSite(program, world, backend)
        with site.client() as client:
            got = client.ask(asked + ("abc" if what == "within a body" else ""))
            assert got.status == 502
            assert b"hidden" not in got.body
            client.assert_end()
        site.running.wait_for_words("switches to a protocol that the request did not ask for")


@pytest.mark.parametrize("body", [("Content-Length: 3",), ("Transfer-Encoding: chunked",)], ids=["length", "chunks"])
def test_an_upgrade_with_a_body_is_refused(program, world, body):
    with HttpBackend(Switcher()) as backend:
        site = HttpSite(program, world, backend)
        with site.client() as client:
            got = client.ask(request(*UPGRADE, *body, line="POST / HTTP/1.1"))
            assert got.status == 400
            client.assert_end()
        assert backend.requests == []
        site.running.wait_for_words("asks for another protocol and has a body")
        # Where the Upgrade goes nowhere, it does not stand in the body's way.
        off = request("Connection: Upgrade", "Upgrade: h2c", "Content-Length: 3", line="POST / HTTP/1.1") + "abc"
        assert site.ask(off).status == 200
        assert backend.requests[0].body == b"abc"

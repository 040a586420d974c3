"""SIGTERM and SIGHUP: what is under way is finished, what is idle ends, and nothing new is read.

Sources: RFC 9112 9.6 (a server that is about to close says so by `Connection: close` in its last answer), docs/http.md.
"""

import signal
import threading

import pytest
from http_servers import NAME, HttpBackend, HttpClient, HttpSite, answer
from program import eventually, free_port, is_listening

NO_END = {"drain_timeout": "1h"}  # what ends before it has not been cut


def head(target="/", *fields, method="GET"):
    return "\r\n".join([f"{method} {target} HTTP/1.1", f"Host: {NAME}", *fields]) + "\r\n\r\n"


class Held:
    """Answers /held when it is let go, and anything else at once."""

    def __init__(self):
        self.asked = threading.Event()
        self.release = threading.Event()

    def __call__(self, visit, request):
        if request.target == "/held":
            self.asked.set()
            assert self.release.wait(30)
        return answer(request.target.encode())


@pytest.fixture
def held():
    made = Held()
    yield made
    made.release.set()


def drain(site):
    site.running.signal(signal.SIGTERM)
    eventually("no more listening", lambda: not is_listening(site.port))


def test_idle_connections_end_and_the_program_with_them(program, world, held):
    with HttpBackend(held) as backend:
        site = HttpSite(program, world, backend, NO_END, keepalive_timeout="1h", head_timeout="1h")
        with site.client() as used, site.client() as fresh, site.client() as empty:
            assert used.ask(head()).status == 200
            assert empty.ask(head("/", "Content-Length: 0", method="POST")).status == 200
            site.running.signal(signal.SIGTERM)
            for client in (used, fresh, empty):
                client.assert_end()
        assert site.running.wait() == 0


def test_an_exchange_under_way_ends_and_its_answer_says_so(program, world, held):
    with HttpBackend(held) as backend:
        site = HttpSite(program, world, backend, NO_END)
        with site.client() as client:
            client.send(head("/held") + head("/never"))
            assert held.asked.wait(30)
            drain(site)
            client.send(head("/never"))
            held.release.set()
            got = client.reader.answer()
            assert (got.status, got.body, got.get("connection")) == (200, b"/held", "close")
            client.assert_end()
        assert site.running.wait() == 0
        assert [asked.target for asked in backend.requests] == ["/held"]


def test_a_request_that_has_begun_is_served(program, world, held):
    with HttpBackend(held) as backend:
        site = HttpSite(program, world, backend, NO_END)
        with site.client() as early, site.client() as late:
            late.send("GET /head HTTP/1.1\r\n")
            early.send(head("/body", "Content-Length: 4", method="POST") + "ab")
            eventually("the first half of the body", lambda: any(b"ab" in visit.raw for visit in backend.visits))
            drain(site)
            early.send("cd")
            late.send(f"Host: {NAME}\r\n\r\n")
            for client, body in ((early, b"/body"), (late, b"/head")):
                got = client.reader.answer()
                assert (got.status, got.body, got.get("connection")) == (200, body, "close")
                client.assert_end()
        assert site.running.wait() == 0


def test_an_answer_whose_head_is_out_is_finished(program, world):
    release = threading.Event()

    def respond(visit, request):
        visit.pipe.send(b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhalf")
        assert release.wait(30)
        return b"half"
    with HttpBackend(respond) as backend:
        site = HttpSite(program, world, backend, NO_END)
        with site.client() as client:
            client.send(head())
            assert client.reader.head().get("connection") is None
            drain(site)
            release.set()
            assert client.reader._exactly(8) == b"halfhalf"
            client.assert_end()
        assert site.running.wait() == 0


def test_a_connection_lives_through_a_reload(program, world):
    """It keeps what it began with; a new one gets what is new."""
    with HttpBackend(lambda visit, request: answer((request.get("x-turn") or "none").encode())) as backend:
        port = free_port()
        keys = {"listen": f"127.0.0.1:{port}", "certificate": world.complete, "key": world.key, "backend": backend.url,
                "protocol": "http"}
        settings = world.settings()
        path = program.write(settings, {"mail": {**keys, "set_header": "X-Turn: first"}})
        running = program.spawn("-c", path, fix_log=world.fix_log)
        program.wait_listening(running, [port])
        with HttpClient(port, world.roots) as client:
            assert client.ask(head()).body == b"first"
            path.write_text(path.read_text().replace("X-Turn: first", "X-Turn: second"))
            running.signal(signal.SIGHUP)

            def is_new():
                with HttpClient(port, world.roots) as other:
                    return other.ask(head()).body == b"second"
            eventually("the new configuration", is_new)
            assert client.ask(head()).body == b"first"
            assert client.ask(head()).get("connection") is None

"""Requests that come at once wait in their order; a request is sent again only where nobody has begun to answer.

Sources: RFC 9112 9.3.2 (pipelining), RFC 9112 9.3.1 and RFC 9110 9.2.2 (what may be sent again, and what not).
"""

import socket
import threading

import pytest
from http_messages import Ended
from http_servers import NAME, HttpBackend, HttpSite, answer
from program import eventually


def head(line="GET / HTTP/1.1", *fields):
    return "\r\n".join([line, f"Host: {NAME}", *fields]) + "\r\n\r\n"


def test_a_request_waits_for_the_answer_to_the_one_before(program, world):
    release = threading.Event()

    def respond(visit, asked):
        assert asked.target != "/0" or release.wait(30)
        return answer(asked.target.encode())
    with HttpBackend(respond) as backend:
        with HttpSite(program, world, backend).client() as client:
            client.send(head("GET /0 HTTP/1.1"))
            eventually("the first request", lambda: backend.visits)
            client.send(head("POST /1 HTTP/1.1", "Content-Length: 3") + "abc" + head("HEAD /2 HTTP/1.1")
                        + head("POST /3 HTTP/1.1", "Transfer-Encoding: chunked") + "1\r\nx\r\n0\r\n\r\n"
                        + head("GET /4 HTTP/1.1"))
            assert len(backend.visits[0].raw.split(b"HTTP/1.1\r\n")) == 2, "the others are not there yet"
            release.set()
            for number in range(5):
                got = client.reader.answer("HEAD" if number == 2 else "GET")
                assert got.body == (b"" if number == 2 else b"/%d" % number)
    assert [asked.target for asked in backend.requests] == [f"/{number}" for number in range(5)]
    backend.assert_clean()


def test_what_waits_is_bounded(program, world):
    """A client that only asks is stopped by TCP: what it sends is not taken into memory."""
    release = threading.Event()

    def respond(visit, asked):
        assert release.wait(60)
        return answer()
    most = 64 * 1024 * 1024
    with HttpBackend(respond) as backend:
        with HttpSite(program, world, backend).client() as client:
            request = head().encode() * 1000
            client.pipe.sock.settimeout(2)
            sent = 0
            with pytest.raises(socket.timeout):
                while sent < most:
                    client.send(request)
                    sent += len(request)
            release.set()


def test_behind_a_close_nothing_is_read(program, world):
    with HttpBackend(lambda visit, asked: answer()) as backend:
        site = HttpSite(program, world, backend)
        with site.client() as client:
            client.send(head("GET /1 HTTP/1.1", "Connection: close") + head("GET /2 HTTP/1.1"))
            assert client.reader.answer().get("connection") == "close"
            client.assert_end()
        assert [asked.target for asked in backend.requests] == ["/1"]


def test_a_bad_request_behind_good_ones_is_answered_in_its_turn(program, world):
    with HttpBackend(lambda visit, asked: answer()) as backend:
        with HttpSite(program, world, backend).client() as client:
            client.send(head() + head() + "GET / HTTP/1.1\r\n\r\n" + head("GET /never HTTP/1.1"))
            assert [client.reader.answer().status for _ in range(3)] == [200, 200, 400]
            client.assert_end()
        assert len(backend.requests) == 2


def test_a_client_that_has_said_all_gets_its_answers(program, world):
    with HttpBackend(lambda visit, asked: answer(asked.target.encode())) as backend:
        with HttpSite(program, world, backend).client() as client:
            client.send(head("GET /1 HTTP/1.1") + head("POST /2 HTTP/1.1", "Content-Length: 0"))
            client.pipe.end()
            data = b""
            client.pipe.sock.settimeout(30)
            while more := client.pipe.sock.recv(65536):
                data += more
            assert data, "its answers and an end, not a reset"
        eventually("both requests", lambda: [asked.target for asked in backend.requests] == ["/1", "/2"])


class Fickle:
    """Answers the first request of the first connection; `then` becomes of the next one."""

    def __init__(self, then=b""):
        self.then = then
        self.num_connections = 0

    def __call__(self, visit, asked):
        if len(visit.requests) == 1:
            self.num_connections += 1
            return answer(b"connection %d" % self.num_connections)
        if self.then:
            visit.pipe.send(self.then)
        return None


RETRIED = [head(f"{method} /again HTTP/1.1") for method in ("GET", "HEAD", "OPTIONS", "PUT", "DELETE", "PROPFIND")] + [
    head("DELETE /again HTTP/1.1", "Content-Length: 0")]
NOT_RETRIED = [head("POST /again HTTP/1.1"), head("POST /again HTTP/1.1", "Content-Length: 3") + "abc",
               head("PUT /again HTTP/1.1", "Content-Length: 3") + "abc", head("PATCH /again HTTP/1.1"),
               head("PUT /again HTTP/1.1", "Transfer-Encoding: chunked") + "0\r\n\r\n",
               head("get /again HTTP/1.1"), head("LOCK /again HTTP/1.1"), head("ODD /again HTTP/1.1")]


@pytest.mark.parametrize("tls", [False, True], ids=["tcp", "tls"])
def test_a_request_that_nobody_has_begun_to_answer_is_sent_again_once(program, world, tls):
    for requests, status, times in ((RETRIED, 200, 2), (NOT_RETRIED, 502, 1)):
        with HttpBackend(Fickle(), (world.complete, world.key) if tls else None) as backend:
            site = HttpSite(program, world, backend)
            for request in requests:
                before = len(backend.requests)
                with site.client() as client:
                    assert client.ask(head()).status == 200
                    method = request.split()[0]
                    client.send(request)
                    got = client.reader.answer(method)
                    assert (request, got.status) == (request, status)
                again = [asked for asked in backend.requests[before:] if asked.target == "/again"]
                assert (request, len(again)) == (request, times)


@pytest.mark.parametrize("then", [b"H", b"HTTP/1.1 200 OK\r\nContent-Le", b"HTTP/1.1 103 Hints\r\n\r\n"])
def test_where_an_answer_has_begun_no_request_is_sent_again(program, world, then):
    with HttpBackend(Fickle(then)) as backend:
        with HttpSite(program, world, backend).client() as client:
            assert client.ask(head()).status == 200
            assert client.ask(head("GET /again HTTP/1.1")).status == 502
        assert [asked.target for asked in backend.requests] == ["/", "/again"]


def test_half_an_answer_is_never_completed_by_another(program, world):
    with HttpBackend(Fickle(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")) as backend:
        with HttpSite(program, world, backend).client() as client:
            assert client.ask(head()).status == 200
            client.send(head("GET /again HTTP/1.1"))
            with pytest.raises((OSError, Ended)):
                client.reader.answer()
        assert [asked.target for asked in backend.requests] == ["/", "/again"]


def test_a_fresh_connection_that_ends_is_no_reason_to_try_again(program, world):
    with HttpBackend(lambda visit, asked: None) as backend:
        assert HttpSite(program, world, backend).ask(head()).status == 502
        assert len(backend.requests) == 1

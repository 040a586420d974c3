"""Each stage of an exchange has its limit, and its status where there still is somebody to tell.

Sources: RFC 6585 5 (431), RFC 9110 15.5.9, 15.5.14, 15.5.15 and 15.6.5 (408, 413, 414, 504), CVE-2007-6750 (slow
heads). No test looks at a clock: the limits are short, or so long that only another one can have ended the exchange.
"""

import threading
import time

import pytest
from http_messages import Ended
from http_servers import NAME, HttpBackend, HttpSite, answer

LONG = {name: "1h" for name in ("head_timeout", "body_timeout", "response_timeout", "keepalive_timeout",
                                "idle_timeout")}


def head(*fields, line="GET / HTTP/1.1"):
    return "\r\n".join([line, f"Host: {NAME}", *fields]) + "\r\n\r\n"


@pytest.fixture
def backend():
    with HttpBackend(lambda visit, request: answer(str(len(request.body)).encode())) as made:
        yield made


def limited(program, world, backend, **short):
    """A site whose other limits are not what ends anything."""
    return HttpSite(program, world, backend, **{**LONG, **short})


POST = "POST / HTTP/1.1"


def test_a_head_that_does_not_end_gets_408(program, world, backend):
    site = limited(program, world, backend, head_timeout="300ms")
    for begun in ("G", "GET / HTTP/1.1\r\n", head()[:-2]):
        with site.client() as client:
            got = client.ask(begun)
            assert (begun, got.status, got.get("connection")) == (begun, 408, "close")
            client.assert_end()
    assert backend.requests == []


def test_bytes_do_not_lengthen_the_time_of_a_head(program, world, backend):
    site = limited(program, world, backend, head_timeout="500ms")
    with site.client() as client:
        assert client.ask(head()).status == 200, "a head of a later request has a limit, too"
        stop = threading.Event()

        def drip():
            client.send("GET / HTTP/1.1\r\nX: ")
            while not stop.wait(0.05):
                try:
                    client.send("x")
                except OSError:
                    return
        dripping = threading.Thread(target=drip)
        dripping.start()
        try:
            assert client.reader.answer().status == 408
        finally:
            stop.set()
            dripping.join()
    assert len(backend.requests) == 1


def test_a_client_that_says_nothing_is_closed_without_a_word(program, world, backend):
    with limited(program, world, backend, head_timeout="300ms").client() as client:
        client.assert_end()


def test_an_idle_connection_is_closed_without_a_word(program, world, backend):
    with limited(program, world, backend, keepalive_timeout="300ms").client() as client:
        for body in ((), ("Content-Length: 0",)):
            assert client.ask(head(*body)).get("connection") is None
        client.assert_end()


def test_a_body_that_stands_still_gets_408(program, world, backend):
    site = limited(program, world, backend, body_timeout="300ms")
    for fields, begun in ((["Content-Length: 5"], "ab"), (["Transfer-Encoding: chunked"], "5\r\nab"),
                          (["Transfer-Encoding: chunked"], "2\r\nab\r\n"), (["Content-Length: 5"], "")):
        with site.client() as client:
            got = client.ask(head(*fields, line=POST) + begun)
            assert (fields, got.status, got.get("connection")) == (fields, 408, "close")
            client.assert_end()
    assert all(visit.ended.wait(30) and not visit.requests for visit in backend.visits), "no part is the whole"


def test_each_byte_of_a_body_lengthens_its_time(program, world, backend):
    site = limited(program, world, backend, body_timeout="3s")
    with site.client() as client:
        client.send(head("Content-Length: 5", line=POST))
        for _ in range(5):
            time.sleep(0.8)
            client.send("x")
        assert client.reader.answer().body == b"5"


@pytest.mark.parametrize("method", ["RPC_IN_DATA", "RDG_IN_DATA"])
def test_a_stream_may_stand_still_for_longer(program, world, backend, method):
    site = limited(program, world, backend, body_timeout="200ms")
    with site.client() as client:
        client.send(head("Content-Length: 2", line=f"{method} / HTTP/1.1") + "a")
        time.sleep(1)
        client.send("b")
        assert client.reader.answer().body == b"2"


def test_a_backend_that_does_not_answer_gets_504(program, world):
    def respond(visit, request):
        if request.target == "/half":
            visit.pipe.send(b"HTTP/1.1 200 OK\r\nContent-Le")
        visit.pipe.receive()  # the proxy is to end it
        return None
    with HttpBackend(respond) as backend:
        site = limited(program, world, backend, response_timeout="300ms")
        for request in (head(), head("Content-Length: 2", line=POST) + "ab", head("Content-Length: 0", line=POST),
                        head(line="GET /half HTTP/1.1")):
            with site.client() as client:
                got = client.ask(request)
                assert (request, got.status, got.get("connection")) == (request, 504, "close")
                client.assert_end()
        site.running.wait_for_words("no answer within response_timeout")
        assert all(visit.ended.wait(30) for visit in backend.visits)


def test_an_answer_that_stands_still_breaks_off(program, world):
    def respond(visit, request):
        visit.pipe.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
        visit.pipe.receive()
        return None
    with HttpBackend(respond) as backend:
        with limited(program, world, backend, idle_timeout="1s").client() as client:
            client.send(head())
            with pytest.raises((OSError, Ended)):
                client.reader.answer()


def test_heads_have_a_largest_size(program, world, backend):
    site = limited(program, world, backend, max_head_bytes="2k")
    exact = head("X: ")
    exact = exact[:-4] + "x" * (2048 - len(exact)) + "\r\n\r\n"
    assert site.ask(exact).status == 200
    large = {431: [exact[:-4] + "x\r\n\r\n", head(*["X: y"] * 100), "GET / HTTP/1.1\r\nX: " + "y" * 4096],
             414: [head(line="GET /" + "x" * 4096 + " HTTP/1.1"), "GET /" + "x" * 4096]}
    for status, requests in large.items():
        for request in requests:
            with site.client() as client:
                assert client.ask(request).status == status
                client.assert_end()
    assert len(backend.requests) == 1
    assert site.ask(head(*["X: y"] * 99)).status == 200, "100 fields may be"


def test_bodies_have_a_largest_size(program, world, backend):
    site = limited(program, world, backend, max_body_bytes="1k")
    chunk = "200\r\n" + "x" * 512 + "\r\n"
    chunked = head("Transfer-Encoding: chunked", line=POST)
    assert site.ask(head("Content-Length: 1024", line=POST) + "x" * 1024).body == b"1024"
    assert site.ask(chunked + 2 * chunk + "0\r\n\r\n").body == b"1024"
    for request in (head("Content-Length: 1025", line=POST), head("Content-Length: 1025", "Expect: 100-continue",
                                                                  line=POST),
                    chunked + 2 * chunk + "1\r\nx\r\n0\r\n\r\n", chunked + "fffffff\r\n" + "x" * 2000):
        with site.client() as client:
            got = client.ask(request)
            assert (request[:90], got.status, got.get("connection")) == (request[:90], 413, "close")
            client.assert_end()
    assert all(visit.ended.wait(30) for visit in backend.visits)
    assert len(backend.requests) == 2, "a body that is too large never looks whole"
    site.running.wait_for_words("has a body that is too large")

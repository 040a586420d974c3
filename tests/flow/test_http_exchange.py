"""Requests and answers go through: in their order, one by one and at once, on connections that live on."""

import pytest
from http_servers import NAME, HttpBackend, HttpSite, answer

GET = f"GET /a?b=c HTTP/1.1\r\nHost: {NAME}\r\nUser-Agent: test\r\n\r\n"


def tell(visit, request):
    return answer(f"{request.method} {request.target} {len(request.body)}".encode())


@pytest.fixture(params=["tcp", "tls"])
def backend(request, world):
    with HttpBackend(tell, (world.complete, world.key) if request.param == "tls" else None) as made:
        yield made
        made.assert_clean()


def test_one_request_gets_its_answer(program, world, backend):
    site = HttpSite(program, world, backend)
    got = site.ask(GET)
    assert (got.status, got.body) == (200, b"GET /a?b=c 0")
    asked, = backend.requests
    assert asked.get("host") == NAME
    assert asked.get("user-agent") == "test"


def test_a_connection_serves_many_requests(program, world, backend):
    site = HttpSite(program, world, backend)
    with site.client() as client:
        for number in range(20):
            got = client.ask(f"POST /{number} HTTP/1.1\r\nHost: {NAME}\r\nContent-Length: {number}\r\n\r\n"
                             + "x" * number)
            assert got.body == f"POST /{number} {number}".encode()
    assert len(backend.visits) == 1, "one connection to the backend, too"


def test_requests_that_come_at_once_are_answered_in_order(program, world, backend):
    site = HttpSite(program, world, backend)
    with site.client() as client:
        client.send("".join(f"GET /{number} HTTP/1.1\r\nHost: {NAME}\r\n\r\n" for number in range(50)))
        for number in range(50):
            assert client.reader.answer().body == f"GET /{number} 0".encode()


def test_a_chunked_request_is_framed_anew(program, world, backend):
    site = HttpSite(program, world, backend)
    got = site.ask(f"POST / HTTP/1.1\r\nHost: {NAME}\r\nTransfer-Encoding: chunked\r\n\r\n"
                   "4;name=value\r\nabcd\r\n1\r\ne\r\n0\r\nX-Sum: 5\r\n\r\n")
    assert got.body == b"POST / 5"
    asked, = backend.requests
    assert (asked.body, asked.trailers) == (b"abcde", [("X-Sum", "5")])


def test_a_refused_request_reaches_nobody(program, world, backend):
    site = HttpSite(program, world, backend)
    with site.client() as client:
        got = client.ask(f"POST / HTTP/1.1\r\nHost: {NAME}\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
                         "0\r\n\r\n")
        assert got.status == 400
        assert got.get("connection") == "close"
        client.assert_end()
    assert backend.requests == []
    site.running.wait_for_words("Content-Length and Transfer-Encoding")

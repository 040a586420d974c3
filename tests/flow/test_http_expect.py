"""Expect: 100-continue is between the client and the backend; any other expectation is refused.

Sources: RFC 9110 10.1.1 (Expect, 417), RFC 9110 15.2 (interim answers; none for HTTP/1.0).
"""

import threading

import pytest
from http_messages import Ended
from http_servers import NAME, HttpBackend, HttpSite, Visit, answer

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


def post(*fields, version="1.1"):
    return "\r\n".join([f"POST /upload HTTP/{version}", f"Host: {NAME}", *fields]) + "\r\n\r\n"


class Chooser(HttpBackend):
    """Reads the head alone, answers it by `first`, and where that is 100 only then the body."""

    def __init__(self, first):
        super().__init__(lambda visit, request: None)
        self.first = first
        self.heads = []
        self.bodies = []
        self.server.talk = self._choose

    def _choose(self, pipe):
        reader = Visit(pipe).reader
        try:
            while reader.pending or reader._more():
                self.heads.append(reader.head())
                pipe.send(self.first)
                if self.first != CONTINUE:
                    return
                reader._body(self.heads[-1], until_close=False)
                self.bodies.append(self.heads[-1].body)
                pipe.send(answer(b"stored"))
        except Ended:
            pass


@pytest.mark.parametrize("value", ["100-continue", "100-Continue"])
def test_the_backend_s_100_comes_before_the_body(program, world, value):
    with Chooser(CONTINUE) as chooser, HttpSite(program, world, chooser).client() as client:
        for number in range(3):
            client.send(post(f"Expect: {value}", "Content-Length: 5"))
            interim = client.reader.answer()
            assert interim.status == 100, "nothing of the body is there yet"
            client.send(f"bytes{number}"[-5:])
            got = client.reader.answer()
            assert (got.status, got.body) == (200, b"stored")
    assert [head.get("expect") for head in chooser.heads] == [value] * 3
    assert chooser.bodies == [b"ytes0", b"ytes1", b"ytes2"]


def test_a_client_that_does_not_wait_gets_its_answer_too(program, world):
    with Chooser(CONTINUE) as chooser, HttpSite(program, world, chooser).client() as client:
        got = client.ask(post("Expect: 100-continue", "Transfer-Encoding: chunked") + "3\r\nabc\r\n0\r\n\r\n", "POST")
        assert (got.status, got.body) == (200, b"stored")
    assert chooser.bodies == [b"abc"]


def test_a_refusal_spares_the_body(program, world):
    """The final answer that comes in place of 100 reaches the client, whose body was never sent."""
    refusal = answer(b"too large", "413 Content Too Large", "Connection: close")
    with Chooser(refusal) as chooser, HttpSite(program, world, chooser).client() as client:
        got = client.ask(post("Expect: 100-continue", "Content-Length: 1000000"), "POST")
        assert (got.status, got.body) == (413, b"too large")
        assert got.get("connection") == "close", "for the body could still come"
        client.assert_end()


def test_100_is_not_for_http_1_0(program, world):
    with Chooser(CONTINUE) as chooser:
        got = HttpSite(program, world, chooser).ask(post("Expect: 100-continue", "Content-Length: 3",
                                                         version="1.0") + "abc")
    assert (got.status, got.body) == (200, b"stored")
    assert chooser.heads[0].get("expect") is None


def test_interim_answers_go_on_in_their_order(program, world):
    interim = (b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n"
               b"HTTP/1.1 199 Whatever\r\nContent-Length: 7\r\n\r\n")
    with HttpBackend(lambda visit, request: interim + answer(b"done")) as backend:
        site = HttpSite(program, world, backend)
        with site.client() as client:
            for _ in range(2):
                client.send(f"GET / HTTP/1.1\r\nHost: {NAME}\r\n\r\n")
                first, second, third, last = (client.reader.answer() for _ in range(4))
                assert (first.status, first.get("link")) == (103, "</a.css>; rel=preload")
                assert (second.status, third.status) == (102, 199)
                assert third.get("content-length") is None, "an interim answer has no body (RFC 9110 8.6)"
                assert (last.status, last.body) == (200, b"done")
        assert site.ask(f"GET / HTTP/1.0\r\nHost: {NAME}\r\n\r\n").body == b"done"
        with site.client() as client:
            client.send(f"GET / HTTP/1.0\r\nHost: {NAME}\r\n\r\n")
            assert client.reader.answer().status == 200, "HTTP/1.0 knows no interim answers"


def test_an_interim_answer_does_not_wait_for_the_final_one(program, world):
    seen = threading.Event()

    def respond(visit, request):
        visit.pipe.send(b"HTTP/1.1 103 Early Hints\r\n\r\n")
        assert seen.wait(30)
        return answer(b"done")
    with HttpBackend(respond) as backend, HttpSite(program, world, backend).client() as client:
        client.send(f"GET / HTTP/1.1\r\nHost: {NAME}\r\n\r\n")
        assert client.reader.answer().status == 103
        seen.set()
        assert client.reader.answer().body == b"done"


@pytest.mark.parametrize("value", ["200-ok", "100-continue, more", "100-continue;q=1", "100", "continue",
                                   '"100-continue"'])
def test_any_other_expectation_fails(program, world, value):
    with HttpBackend(lambda visit, request: answer()) as backend:
        site = HttpSite(program, world, backend)
        with site.client() as client:
            assert client.ask(post(f"Expect: {value}", "Content-Length: 3") + "abc").status == 417
            client.assert_end()
        assert backend.requests == []
        site.running.wait_for_words("expects something other than 100-continue")

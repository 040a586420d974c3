"""Answers: what has no body gets none, whatever it declares, and a backend that is not understood is not listened to.

Sources: RFC 9112 6.3 (HEAD, 1xx, 204 and 304 end with their heads; one that declares its length in two ways), RFC
9112 6.1 and 7.1 (Transfer-Encoding, chunks), RFC 9112 4 (status line), RFC 9110 8.6 (no Content-Length in 1xx and
204), RFC 9110 9.3.2 (HEAD), RFC 9112 9.2 (bytes that no request has asked for are no answer).
"""

import json

import pytest
from http_messages import Ended
from http_servers import NAME, HttpBackend, HttpSite, answer
from program import eventually


def request(method="GET", target="/", *fields, version="1.1"):
    return "\r\n".join([f"{method} {target} HTTP/{version}", f"Host: {NAME}", *fields]) + "\r\n\r\n"


BODILESS = [  # the method, the backend's answer, and the fields of framing that go on
    ("HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n", {"content-length": "10"}),
    ("HEAD", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", {}),
    ("HEAD", b"HTTP/1.1 200 OK\r\n\r\n", {}),
    ("HEAD", b"HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\n\r\n", {"content-length": "3"}),
    ("GET", b"HTTP/1.1 204 No Content\r\n\r\n", {}),
    ("GET", b"HTTP/1.1 204 No Content\r\nContent-Length: 10\r\n\r\n", {}),
    ("GET", b"HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n", {}),
    ("GET", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 10\r\nETag: \"a\"\r\n\r\n", {"content-length": "10"}),
    ("GET", b"HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n", {}),
    ("DELETE", b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n", {}),
]


def test_what_has_no_body_ends_with_its_head(program, world):
    replies = {str(number): reply for number, (_, reply, _) in enumerate(BODILESS)}
    with HttpBackend(lambda visit, asked: replies.get(asked.target[1:], answer(b"next"))) as backend:
        site = HttpSite(program, world, backend)
        with site.client() as client:
            for number, (method, reply, framing) in enumerate(BODILESS):
                client.send(request(method, f"/{number}"))
                got = client.reader.answer("HEAD")
                told = {name: got.get(name) for name in ("content-length", "transfer-encoding") if got.get(name)}
                assert (reply, told, got.get("connection")) == (reply, framing, None)
                assert client.ask(request()).body == b"next", f"behind {reply!r}"
    assert len(backend.visits) == 1


@pytest.mark.parametrize("method,reply", [
    ("HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhidden"),
    ("GET", b"HTTP/1.1 204 No Content\r\nContent-Length: 6\r\n\r\nhidden"),
    ("GET", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 6\r\n\r\nhidden"),
    ("GET", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok" + answer(b"hidden")),
    ("HEAD", b"HTTP/1.1 200 OK\r\n\r\n" + answer(b"hidden", "200 OK", "Set-Cookie: stolen=1")),
    ("GET", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n" + answer(b"hidden"))],
    ids=["HEAD", "204", "304", "length", "HEAD, a whole answer", "chunks"])
def test_bytes_behind_an_answer_are_nobody_s(program, world, method, reply):
    """They are for no request, above all not for the next one; what they came over is not used again."""
    def respond(visit, asked):
        return reply if asked.target == "/first" else answer(b"mine")
    with HttpBackend(respond) as backend:
        site = HttpSite(program, world, backend)
        with site.client() as client:
            client.send(request(method, "/first"))
            first = client.reader.answer(method)
            assert first.status in (200, 204, 304) and b"hidden" not in first.body
            site.running.wait_for_words("comes without a request")
            assert client.ask(request(target="/second")).body == b"mine"
        assert [len(visit.requests) for visit in backend.visits] == [1, 1]


def test_bytes_before_a_request_are_no_answer(program, world):
    """A backend that speaks between two requests has its connection closed, and the next request another one."""
    def respond(visit, asked):
        if asked.target == "/first":
            visit.pipe.send(answer(b"first"))
            visit.pipe.send(answer(b"poison"))
            return b""
        return answer(b"mine")
    with HttpBackend(respond) as backend:
        site = HttpSite(program, world, backend)
        with site.client() as client:
            assert client.ask(request(target="/first")).body == b"first"
            site.running.wait_for_words("comes without a request")
            assert client.ask(request(target="/second")).body == b"mine"
        eventually("the end of the first connection", backend.visits[0].ended.is_set)


BROKEN = [  # heads that break a rule: nothing of them goes on
    ("both framings", b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    ("two lengths", b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\nContent-Length: 6\r\n\r\nhidden"),
    ("a list of lengths", b"HTTP/1.1 200 OK\r\nContent-Length: 6, 6\r\n\r\nhidden"),
    ("a signed length", b"HTTP/1.1 200 OK\r\nContent-Length: +6\r\n\r\nhidden"),
    ("a length of 20 digits", b"HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551617\r\n\r\nhidden"),
    ("another coding", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nhidden"),
    ("two codings", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
    ("chunks in HTTP/1.0", b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    ("a bare LF", b"HTTP/1.1 200 OK\nContent-Length: 6\r\n\r\nhidden"),
    ("a bare CR", b"HTTP/1.1 200 OK\r\nX: a\rSet-Cookie: hidden\r\nContent-Length: 0\r\n\r\n"),
    ("a NUL", b"HTTP/1.1 200 OK\r\nX: a\0hidden\r\nContent-Length: 0\r\n\r\n"),
    ("a folded line", b"HTTP/1.1 200 OK\r\nX: a\r\n hidden\r\nContent-Length: 0\r\n\r\n"),
    ("a blank before the colon", b"HTTP/1.1 200 OK\r\nX : hidden\r\nContent-Length: 0\r\n\r\n"),
    ("a field without a colon", b"HTTP/1.1 200 OK\r\nhidden\r\nContent-Length: 0\r\n\r\n"),
    ("HTTP/2", b"HTTP/2.0 200 OK\r\nContent-Length: 6\r\n\r\nhidden"),
    ("HTTP/0.9", b"hidden\n"),
    ("another protocol", b"SSH-2.0-hidden\r\n"),
    ("a status of two digits", b"HTTP/1.1 99 hidden\r\nContent-Length: 0\r\n\r\n"),
    ("a status of four digits", b"HTTP/1.1 2000 hidden\r\nContent-Length: 0\r\n\r\n"),
    ("a status of 600", b"HTTP/1.1 600 hidden\r\nContent-Length: 0\r\n\r\n"),
    ("a head without an end", b"HTTP/1.1 200 OK\r\nX: hidden"),
    ("a head too large", b"HTTP/1.1 200 OK\r\n" + b"X: hidden\r\n" * 8000 + b"\r\n"),
    ("fields too many", b"HTTP/1.1 200 OK\r\n" + b"X: hidden\r\n" * 101 + b"\r\n"),
    ("an interim answer that is broken", b"HTTP/1.1 103 Hints\r\nX : hidden\r\n\r\n" + answer(b"hidden")),
    ("nothing", b""),
]


def test_a_head_that_cannot_be_read_is_a_502(program, world):
    replies = {str(number): reply for number, (_, reply) in enumerate(BROKEN)}

    def respond(visit, asked):
        if asked.target == "/good":
            return answer(b"good")
        visit.pipe.send(replies[asked.target[1:]])
        if BROKEN[int(asked.target[1:])][0] in ("nothing", "a head without an end"):
            return None
        visit.pipe.receive()  # the proxy is to end it
        return None
    with HttpBackend(respond) as backend:
        site = HttpSite(program, world, backend)
        with site.client() as other:
            assert other.ask(request(target="/good")).body == b"good"
            for number, (what, _) in enumerate(BROKEN):
                with site.client() as client:
                    client.send(request(target=f"/{number}"))
                    got = client.reader.answer()
                    assert (what, got.status, got.get("connection")) == (what, 502, "close")
                    assert b"hidden" not in b"".join([got.start, got.body, str(got.fields).encode()]), what
                    client.assert_end()
                assert other.ask(request(target="/good")).body == b"good", "other connections do not notice"
        assert all(visit.ended.wait(30) for visit in backend.visits)
    for words in ("has both Content-Length and Transfer-Encoding", "ends a line with LF alone", "has a NUL",
                  "does not begin with a version, a status of three digits and a reason"):
        site.running.wait_for_words(words)


CHUNKS = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
CUT = [  # answers that begin well: the client must not take what came for the whole
    ("short of its length", b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", False),
    ("short of its last chunk", CHUNKS + b"4\r\nhalf\r\n", False),
    ("within a chunk", CHUNKS + b"9\r\nhalf", False),
    ("within its trailers", CHUNKS + b"4\r\nhalf\r\n0\r\nX: y\r\n", False),
    ("no chunk size", CHUNKS + b"4\r\nhalf\r\nxyz\r\n", True),
    ("a chunk size too large", CHUNKS + b"4\r\nhalf\r\nfffffffffffffffff\r\n", True),
    ("a signed chunk size", CHUNKS + b"4\r\nhalf\r\n+4\r\nmore\r\n0\r\n\r\n", True),
    ("a bare LF in a chunk line", CHUNKS + b"4\r\nhalf\r\n4\nmore\r\n0\r\n\r\n", True),
    ("a chunk longer than its size", CHUNKS + b"4\r\nhalfmore\r\n0\r\n\r\n", True),
]


@pytest.mark.parametrize("tls", [False, True], ids=["tcp", "tls"])
def test_an_answer_that_breaks_off_is_no_whole_one(program, world, tls):
    def respond(visit, asked):
        _, reply, is_fault = CUT[int(asked.target[1:])]
        visit.pipe.send(reply)
        if is_fault:
            visit.pipe.receive()  # the proxy is to end it
        else:
            visit.pipe.end()
        return None
    with HttpBackend(respond, (world.complete, world.key) if tls else None) as backend:
        site = HttpSite(program, world, backend)
        for number, (what, _, _) in enumerate(CUT):
            with site.client() as client:
                client.send(request(target=f"/{number}"))
                with pytest.raises((OSError, Ended)) as ending:  # no close_notify, no last chunk
                    client.reader.answer()
                assert not isinstance(ending.value, Ended) or b"0\r\n\r\n" not in ending.value.got, what
                assert b"more" not in client.reader.pending, what
        assert all(visit.ended.wait(30) for visit in backend.visits)


def test_an_answer_that_ends_with_its_connection(program, world):
    """To HTTP/1.1 it goes in chunks, and the client's connection lives on; to HTTP/1.0 as it came."""
    def respond(visit, asked):
        visit.pipe.send(b"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nuntil ")
        visit.pipe.send(b"the end")
        visit.pipe.end()
        return None
    with HttpBackend(respond) as backend:
        site = HttpSite(program, world, backend)
        with site.client() as client:
            for _ in range(2):
                got = client.ask(request())
                assert (got.get("transfer-encoding"), got.body, got.version) == ("chunked", b"until the end", "1.1")
        with site.client() as client:
            got = client.ask(request(version="1.0"))
            assert (got.get("transfer-encoding"), got.body, got.get("connection")) == (None, b"until the end", "close")


def test_chunks_are_not_for_http_1_0(program, world):
    chunks = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n3\r\ndef\r\n0\r\nX-Sum: 6\r\n\r\n"
    with HttpBackend(lambda visit, asked: chunks) as backend:
        site = HttpSite(program, world, backend)
        got = site.ask(request("GET", "/", "Connection: keep-alive", version="1.0"))
        assert (got.get("transfer-encoding"), got.body, got.get("connection")) == (None, b"abcdef", "close")
        got = site.ask(request())
        assert (got.get("transfer-encoding"), got.body, got.trailers) == ("chunked", b"abcdef", [("X-Sum", "6")])


def test_http_1_0_may_keep_its_connection(program, world):
    with HttpBackend(lambda visit, asked: answer(b"kept")) as backend:
        site = HttpSite(program, world, backend)
        with site.client() as client:
            for _ in range(2):
                got = client.ask(request("GET", "/", "Connection: Keep-Alive", version="1.0"))
                assert got.get("connection") == "keep-alive"
            assert client.ask(request(version="1.0")).get("connection") == "close"
            client.assert_end()
        with site.client() as client:
            assert client.ask(request("GET", "/", "Connection: close, keep-alive")).get("connection") == "close"
            client.assert_end()


PAGES = [
    ("*/*", "text/plain; charset=utf-8"), ("text/html,application/xhtml+xml,*/*;q=0.8", "text/plain; charset=utf-8"),
    ("application/json", "application/json"), ("application/json;q=0", "text/plain; charset=utf-8"),
    ("text/html;q=0.5, application/problem+json", "application/json"),
    ("text/html, application/json", "text/plain; charset=utf-8"),
]


def test_a_page_has_the_form_that_accept_asks_for(program, world):
    with HttpBackend(lambda visit, asked: b"nonsense\r\n\r\n") as backend:
        site = HttpSite(program, world, backend)
        for accept, kind in PAGES:
            for asked, status, rule in (
                    (request("GET", "/", f"Accept: {accept}"), 502, None),
                    (request("GET", "/", f"Accept: {accept}", "Expect: more"), 417, "expectation"),
                    (request("GET", "/", f"Accept: {accept}", f"Host: {NAME}"), 400, "host-twice"),
                    (request("GET", "/", f"Accept: {accept}", "Content-Length: 1", "Transfer-Encoding: chunked"), 400,
                     "length-and-coding")):
                got = site.ask(asked)
                assert (accept, got.status, got.get("content-type")) == (accept, status, kind)
                assert got.get("cache-control") == "no-store"
                if kind == "application/json":
                    page = json.loads(got.body)
                    assert (page["status"], page["reason"], page.get("rule")) == (status, got.reason, rule)
                else:
                    assert got.body.startswith(f"{status} {got.reason}\n".encode())
        assert site.ask(request("HEAD"), "HEAD").status == 502
        with site.client() as client:
            client.send(request("HEAD"))
            page = client.reader.answer("HEAD")
            assert int(page.get("content-length")) > 0
            client.assert_end()


def test_without_a_backend_there_is_a_503(program, world):
    with HttpBackend(lambda visit, asked: answer()) as backend:
        pass
    site = HttpSite(program, world, backend)
    with site.client() as client:
        got = client.ask(request("POST", "/", "Content-Length: 3") + "abc")
        assert (got.status, got.get("connection")) == (503, "close")
        client.assert_end()

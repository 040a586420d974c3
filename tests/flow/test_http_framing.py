"""Where a body ends is said once and clearly, or the message is refused: Content-Length and Transfer-Encoding.

A request gets 400, an answer becomes a 502; http_faults has all that is looked at besides.
"""

import pytest
from http_faults import GOOD, MARK, Faults, answering, request, tell
from http_servers import NAME, HttpBackend, answer
from program import eventually

# A request that hides in the body of the one before it, for whom takes the other length.
HIDDEN = f"0\r\n\r\nGET /{MARK} HTTP/1.1\r\nHost: {NAME}\r\n\r\n"
HELLO = "5\r\nhello\r\n0\r\n\r\n"


@pytest.fixture
def faults(program, world):
    with HttpBackend(tell) as backend:
        yield Faults(program, world, backend)


@pytest.fixture
def answering_site(program, world):
    """A site whose backend answers with these faults; over TLS, whose records keep the cuts that are meant."""
    opened = []

    def start(faults):
        opened.append(HttpBackend(answering(faults), (world.complete, world.key)).__enter__())
        return Faults(program, world, opened[-1])
    yield start
    for backend in opened:
        backend.__exit__(None, None, None)


def answered(*fields, status="200 OK", version="1.1", body=MARK):
    return "\r\n".join([f"HTTP/{version} {status}", f"X-First: {MARK}", *fields]) + "\r\n\r\n" + body


# Kind 1: both. RFC 9112 6.1 lets a server refuse them, 6.3 wants them handled as an error.

BOTH = [
    ("Content-Length: 6", "Transfer-Encoding: chunked"),
    ("Transfer-Encoding: chunked", "Content-Length: 6"),
    ("transfer-encoding:chunked", "X-Between: 1", "CONTENT-LENGTH:0"),
    ("Content-Length: 6", "Transfer-Encoding: identity"),
    ("Content-Length: 6", "Content-Length: 6", "Transfer-Encoding:\tchunked"),
    ("Content-Length: x", "Transfer-Encoding: x"),
    ("Content-Length:", "Transfer-Encoding:"),
]
BOTH_WORDS = "has both Content-Length and Transfer-Encoding (RFC 9112 6.1)"


def test_a_request_with_both_lengths_is_refused(faults):
    """RFC 9112 6.1 and 6.3."""
    faults.assert_refused_requests(400, BOTH_WORDS, [request(*both, body=HIDDEN) for both in BOTH] + [
        request(*BOTH[0], version="1.0", body=HIDDEN),
        request(*BOTH[0], method="GET", body=HIDDEN),
    ])


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_an_answer_with_both_lengths_is_refused(answering_site, method):
    """RFC 9112 6.3: whatever its status and its request say of a body."""
    bad = [answered(*both) for both in BOTH] + [answered(*BOTH[0], status=status)
                                                for status in ("404 x", "204 x", "304 x", "103 x", "100 Continue")]
    answering_site(bad).assert_refused_answers(BOTH_WORDS, bad, method)


# Kind 2: one length of digits. RFC 9112 6.3; RFC 9110 8.6 for what is too large.

TWICE = [
    ("Content-Length: 5", "Content-Length: 5"),
    ("Content-Length: 5", "content-length: 6"),
    ("Content-Length: 0", "X-Between: 1", "Content-Length: 5"),
    ("Content-Length: 5, 5",),
    ("Content-Length: 5,6",),
    ("Content-Length: 5,",),
    ("Content-Length: ,5",),
    ("Content-Length: ,",),
]
NO_DIGITS = ["", "+5", "-5", "-0", "0x5", "0X5", "5 5", "5\t0", "5;", "5.0", "5e0", "5_0", "0b1", "five", '"5"', "'5'",
             "\xb2", "5\xa0", "\xa05", "#5", "Infinity"]
TOO_LARGE = ["9223372036854775808", "18446744073709551615", "18446744073709551616", "18446744073709551621",
             "340282366920938463463374607431768211461", "9" * 300, "0" * 30 + "9223372036854775808"]
LENGTH_RULES = {
    "has Content-Length twice, or a list in it (RFC 9112 6.3)": TWICE,
    "has a Content-Length that is not digits alone (RFC 9112 6.3)": [(f"Content-Length: {it}",) for it in NO_DIGITS],
    "has a Content-Length that is too large to be a length (RFC 9110 8.6)": [(f"Content-Length: {it}",)
                                                                             for it in TOO_LARGE],
}


@pytest.mark.parametrize("words", LENGTH_RULES)
def test_a_request_with_an_odd_length_is_refused(faults, words):
    """RFC 9112 6.3, RFC 9110 8.6."""
    faults.assert_refused_requests(400, words, [request(*fields, body="hello" + GOOD)
                                                for fields in LENGTH_RULES[words]])


@pytest.mark.parametrize("words", LENGTH_RULES)
def test_an_answer_with_an_odd_length_is_refused(answering_site, words):
    """RFC 9112 6.3: the proxy closes the connection, discards the answer, and sends 502."""
    bad = [answered(*fields) for fields in LENGTH_RULES[words]]
    bad += [answered(*LENGTH_RULES[words][0], status="304 x")]
    answering_site(bad).assert_refused_answers(words, bad)


def test_a_length_of_digits_goes_on_as_a_number(faults):
    for line in ["Content-Length: 5", "content-length:5", "CONTENT-LENGTH:\t 5 \t", "Content-Length: 05",
                 f"Content-Length: {'0' * 40}5"]:
        got = faults.assert_passed(request(line, target="/", body="hello"))
        assert (got.get("content-length"), got.body) == ("5", b"hello")


def test_a_large_length_is_not_cut(faults):
    """More than 32 bits hold, of which a part comes."""
    with faults.site.client() as client:
        client.send(request("Content-Length: 4294967301", target="/large", body="hello"))
        visit, = eventually("the request at the backend", lambda: faults.backend.visits)
        eventually("its body there", lambda: visit.raw.endswith(b"hello"))
        client.pipe.end()
        client.assert_end()
    assert visit.ended.wait(30)
    assert b"\r\nContent-Length: 4294967301\r\n" in visit.raw
    assert visit.raw.endswith(b"\r\n\r\nhello")


def test_a_client_that_goes_on_sending_gets_its_refusal(faults):
    """RFC 9112 9.6: an end in the middle of what the client sends would be a reset, which takes the answer with it."""
    with faults.site.client() as client:
        client.send(request("Content-Length: +5", body="x" * 4_000_000))
        got = client.reader.final_answer()
        assert (got.status, got.get("connection")) == (400, "close")
        client.assert_end()


# Kind 3: the coding is chunked, once and alone. RFC 9112 6.1, 7.

CODINGS = [("Transfer-Encoding: " + coding,) for coding in [
    "", "gzip", "identity", "gzip, chunked", "chunked, gzip", "chunked, chunked", "identity, chunked",
    "chunked, identity", "chunked;q=1", "chunked ; a=b", "chunked,", ",chunked", ", chunked", "chunked chunked",
    "xchunked", "chunkedx", "chunk", '"chunked"', "'chunked'", "c hunked", "chunked\xa0", "\xa0chunked", "chunke\xe4",
    "chun\xadked", "cow"]] + [
    ("Transfer-Encoding: chunked", "Transfer-Encoding: chunked"),
    ("Transfer-Encoding: gzip", "Transfer-Encoding: chunked"),
    ("Transfer-Encoding: chunked", "transfer-encoding: identity"),
    ("Transfer-Encoding:", "Transfer-Encoding: chunked"),
]
CODING_WORDS = "has a Transfer-Encoding that is not exactly chunked (RFC 9112 6.1)"


def test_a_request_with_another_coding_is_refused(faults):
    """RFC 9112 6.1; 6.3 for one that does not end with chunked."""
    faults.assert_refused_requests(400, CODING_WORDS, [request(*fields, body=HIDDEN) for fields in CODINGS])


def test_an_answer_with_another_coding_is_refused(answering_site):
    """RFC 9112 6.1: a coding that the client has not asked for, and whose end is the connection's (6.3)."""
    bad = [answered(*fields) for fields in CODINGS] + [answered(*CODINGS[1], status="304 x")]
    answering_site(bad).assert_refused_answers(CODING_WORDS, bad)


def test_a_chunked_request_goes_on_chunked(faults):
    for line in ["Transfer-Encoding: chunked", "transfer-encoding:Chunked", "TRANSFER-ENCODING: CHUNKED",
                 "Transfer-Encoding:\t chunked \t"]:
        got = faults.assert_passed(request(line, target="/", body=HELLO))
        assert (got.all("transfer-encoding"), got.body) == (["chunked"], b"hello")


# Kind 4: HTTP/1.0 has no codings. RFC 9112 6.1: the framing is faulty.

IN_1_0_WORDS = "has a Transfer-Encoding, which HTTP/1.0 does not know (RFC 9112 6.1)"


def test_a_request_of_http_1_0_with_a_coding_is_refused(faults):
    """RFC 9112 6.1."""
    faults.assert_refused_requests(400, IN_1_0_WORDS, [
        request(f"Transfer-Encoding: {coding}", "Connection: keep-alive", version="1.0", body=HIDDEN)
        for coding in ("chunked", "gzip", "identity", "")])


def test_an_answer_of_http_1_0_with_a_coding_is_refused(answering_site):
    """RFC 9112 6.1."""
    bad = [answered("Transfer-Encoding: chunked", version="1.0", body=HELLO.replace("hello", MARK)),
           answered("Transfer-Encoding: gzip", version="1.0"),
           answered("Transfer-Encoding: chunked", version="1.0", status="304 x", body="")]
    answering_site(bad).assert_refused_answers(IN_1_0_WORDS, bad)


def test_a_length_in_http_1_0_goes_on(faults):
    got = faults.assert_passed(request("Content-Length: 5", "Connection: keep-alive", target="/", version="1.0",
                                       body="hello"))
    assert (got.version, got.body, got.get("content-length")) == ("1.1", b"hello", "5")


# Kind 5: the method says nothing of the framing. RFC 9112 6.3, RFC 9110 9.3.5.

METHODS = ["DELETE", "OPTIONS", "GET", "HEAD", "POST", "PUT", "PATCH", "TRACE", "PROPFIND", "BPROPPATCH", "LOCK", "X-y"]


def test_every_method_keeps_the_framing_of_its_body(program, world):
    """RFC 9110 9.3.5: the framing is independent of the method; a backend that reads it otherwise takes the body for a
    request."""
    hidden = f"GET /{MARK} HTTP/1.1\r\nHost: {NAME}\r\n\r\n"
    size = len(hidden)
    framings = [
        ([f"Content-Length: {size}"], hidden),
        (["Transfer-Encoding: chunked"], f"{size:x}\r\n{hidden}\r\n0\r\n\r\n"),
        (["Content-Length: 0"], ""),
        (["Transfer-Encoding: chunked"], "0\r\n\r\n"),
        ([], ""),
    ]
    with HttpBackend(lambda visit, asked: answer()) as backend:
        faults = Faults(program, world, backend)
        for method in METHODS:
            with faults.site.client() as client:
                for number, (fields, body) in enumerate(framings):
                    asking = request(*fields, method=method, target=f"/{number}", body=body)
                    assert client.ask(asking, method).status == 200
        visits = backend.visits
        backend.assert_clean()
    assert len(visits) == len(METHODS)
    for method, visit in zip(METHODS, visits):
        asked = visit.requests
        assert [(one.method, one.target) for one in asked] == [(method, f"/{number}") for number in range(5)]
        assert [one.body.decode() for one in asked] == [hidden, hidden, "", "", ""]
        assert [one.get("content-length") for one in asked] == [str(size), None, "0", None, None]
        assert [one.get("transfer-encoding") for one in asked] == [None, "chunked", None, "chunked", None]

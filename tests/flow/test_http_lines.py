"""The lines of a head are read as strictly as RFC 9112 2 and 5 write them: what ends them, what begins them, what
is in them.

A request gets 400, an answer becomes a 502; http_faults has all that is looked at besides.
"""

import pytest
from http_faults import GOOD, MARK, Faults, answering, request, tell
from http_messages import Message
from http_servers import NAME, HttpBackend

HOST = f"Host: {NAME}"
SECOND = f"GET /{MARK} HTTP/1.1\r\n{HOST}\r\n\r\n"

LF_WORDS = "ends a line with LF alone, without CR (RFC 9112 2.2)"
CR_WORDS = "has a CR that no LF follows (RFC 9112 2.2)"
NUL_WORDS = "has a NUL in its head (RFC 9110 5.5)"
COLON_WORDS = "has blanks between a field's name and its colon (RFC 9112 5.1)"
BLANK_FIRST_WORDS = "has blanks before its first field (RFC 9112 2.2)"
FOLDED_WORDS = "has a field that goes on in a second line (RFC 9112 5.2)"
NO_COLON_WORDS = "has a field without a colon (RFC 9112 5)"
NAME_WORDS = "has a field whose name is empty or has a character that names do not have (RFC 9110 5.1)"
VALUE_WORDS = "has a control character in a field (RFC 9110 5.5)"

# Lines of a head, whole, behind its first line and what every head has.
FIELDS = {
    # Kind 11: a blank before the colon makes another name for some, and none for others. RFC 9112 5.1.
    COLON_WORDS: ["Content-Length : 5\r\n", "Content-Length\t: 5\r\n", "Transfer-Encoding : chunked\r\n", "X : 1\r\n",
                  "Transfer-Encoding \t :chunked\r\n", "X-Last :\r\n",
                  "Transfer-Encoding\t:chunked\r\nContent-Length: 5\r\n"],
    NAME_WORDS: [": 5\r\n", "X Y: 5\r\n", "Content Length: 5\r\n", "X(: 5\r\n", "X\xe4: 5\r\n", "\xffX: 5\r\n",
                 "X\x0b: 5\r\n", "X\x01: 5\r\n", "X\x7f: 5\r\n", "\x0cX: 5\r\n", "X/Y: 5\r\n",
                 '"X": 5\r\n', "X;Y: 5\r\n", "X@: 5\r\n", "[X]: 5\r\n", "Transfer-Encoding\x0b: chunked\r\n",
                 "\x1cX: 5\r\n", "X\xa0: 5\r\n", "X\t Y: 5\r\n"],
    NO_COLON_WORDS: ["X-Alone\r\n", "chunked\r\n", "GET / HTTP/1.1\r\n", "X-Alone \r\n", "\x0b\r\n"],
    # Kind 12: RFC 9112 5.2. What goes on in a second line is a line of its own for some.
    FOLDED_WORDS: ["X: 1\r\n 2\r\n", "X: 1\r\n\t2\r\n", "X: 1\r\n \r\n", "X: 1\r\n  Content-Length: 5\r\n",
                   "X:\r\n 1\r\n", "Transfer-Encoding:\r\n chunked\r\n", "Content-Length: 5\r\n 0\r\n",
                   "Transfer-Encoding: x\r\n\tchunked\r\n", "X: 1\r\n\t\r\n\r\n", "X: 1\r\n Y : 2\r\n"],
    # Kind 13: RFC 9112 2.2 (LF, CR), RFC 9110 5.5 (NUL and the other controls).
    LF_WORDS: ["X: 1\nTransfer-Encoding: chunked\r\n", "X: 1\n", "X: 1\n\r\n", "\nX: 1\r\n", "X\n: 1\r\n", "X: \n1\r\n",
               "X: 1\n 2\r\n", "\n"],
    CR_WORDS: ["X: 1\rY: 2\r\n", "X: 1\r\r\n", "X\r: 1\r\n", "\rX: 1\r\n", "X: \r1\r\n", "X:\r1\r\n", "X: 1\r 2\r\n",
               "Transfer-Encoding: \rchunked\r\n", "Content-Length: 5\r\r\n"],
    NUL_WORDS: ["X: \x00\r\n", "X: 1\x002\r\n", "X\x00: 1\r\n", "\x00X: 1\r\n", "Content-Length: 5\x00\r\n", "\x00\r\n",
                "Transfer-Encoding: chunked\x00\r\n"],
    VALUE_WORDS: [f"X: a{chr(code)}b\r\n" for code in [*range(0x01, 0x09), 0x0b, 0x0c, *range(0x0e, 0x20), 0x7f]] + [
        "X: \x0b\r\n", "X:\x0c1\r\n", "X: 1\x1f\r\n", "Transfer-Encoding: \x0bchunked\r\n", "Content-Length: 5\x0c\r\n",
        "Content-Length: \x1f5\r\n", "Host: a\x01b\r\n"],
}


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


@pytest.mark.parametrize("words", FIELDS)
def test_a_request_with_an_odd_line_is_refused(faults, words):
    """RFC 9112 2.2, 5, 5.1, 5.2; RFC 9110 5.1, 5.5: as the last line, as one in the middle."""
    faults.assert_refused_requests(400, words, [
        f"POST /{MARK} HTTP/1.1\r\n{HOST}\r\nX-Mark: {MARK}\r\n{line}{more}\r\n{SECOND}"
        for line in FIELDS[words] for more in ("", "X-More: 1\r\n")])


@pytest.mark.parametrize("words", FIELDS)
def test_an_answer_with_an_odd_line_is_refused(answering_site, words):
    """RFC 9112 5.2 wants 502 for a folded line. It (5.1) would have blanks before a colon taken out of an answer,
    which is refused here as everything is that two readers read in two ways."""
    bad = [f"HTTP/1.1 200 OK\r\nX-Mark: {MARK}\r\n{line}Connection: close\r\n\r\n{MARK}" for line in FIELDS[words]]
    answering_site(bad).assert_refused_answers(words, bad)


BLANK_FIRST = [" X: 1\r\n", "\tX: 1\r\n", " \r\n", "  \t\r\n", " Content-Length: 5\r\n",
               "\tTransfer-Encoding: chunked\r\n"]


def test_a_request_with_a_blank_before_its_first_field_is_refused(faults):
    """RFC 9112 2.2."""
    faults.assert_refused_requests(400, BLANK_FIRST_WORDS, [
        f"POST /{MARK} HTTP/1.1\r\n{line}{HOST}\r\n\r\n{SECOND}" for line in BLANK_FIRST])


def test_an_answer_with_a_blank_before_its_first_field_is_refused(answering_site):
    """RFC 9112 2.2, for response splitting."""
    bad = [f"HTTP/1.1 200 OK\r\n{line}Connection: close\r\n\r\n{MARK}" for line in BLANK_FIRST]
    answering_site(bad).assert_refused_answers(BLANK_FIRST_WORDS, bad)


# Kind 13 in the first line, and before it.
FIRST_LINES = {
    LF_WORDS: [f"GET /{MARK} HTTP/1.1\n{HOST}\r\n\r\n", f"GET /{MARK} HTTP/1.1\n{HOST}\n\n",
               f"\nGET /{MARK} HTTP/1.1\r\n", f"GET /{MARK}\nX HTTP/1.1\r\n{HOST}\r\n\r\n",
               f"\r\n\nGET /{MARK} HTTP/1.1\r\n", f"GET /{MARK}\n", f"GET /{MARK} HTTP/1.1\r\n{HOST}\r\n\n{SECOND}",
               f"GET /{MARK} HTTP/1.1\r\n{HOST}\n\r\n{SECOND}"],
    CR_WORDS: [f"GET /{MARK} HTTP/1.1\r{HOST}\r\n\r\n", f"GET /{MARK} HTTP/1.1\r\r\n{HOST}\r\n\r\n",
               f"GET\r/{MARK} HTTP/1.1\r\n{HOST}\r\n\r\n", f"\rGET /{MARK} HTTP/1.1\r\n{HOST}\r\n\r\n",
               f"GET /{MARK} HTTP/1.1\r\n{HOST}\r\n\r\r\n{SECOND}", f"GET /{MARK}\rX HTTP/1.1\r\n{HOST}\r\n\r\n"],
    NUL_WORDS: [f"GET /{MARK}\x00 HTTP/1.1\r\n{HOST}\r\n\r\n", f"\x00GET /{MARK} HTTP/1.1\r\n{HOST}\r\n\r\n",
                f"GET\x00/{MARK} HTTP/1.1\r\n{HOST}\r\n\r\n", f"GET /{MARK} HTTP/1.1\x00\r\n{HOST}\r\n\r\n"],
}


@pytest.mark.parametrize("words", FIRST_LINES)
def test_a_request_line_with_an_odd_end_is_refused(faults, words):
    """RFC 9112 2.2 and 3."""
    faults.assert_refused_requests(400, words, FIRST_LINES[words])


STATUS_LINES = {
    LF_WORDS: ["HTTP/1.1 200 OK\n", "HTTP/1.1 200\n", "HTTP/1.1 200 OK\nX: 1\r\n"],
    CR_WORDS: ["HTTP/1.1 200 OK\r\r\n", "HTTP/1.1 200 O\rK\r\n", "HTTP/1.1 200\rOK\r\n", "HTTP\r/1.1 200 OK\r\n"],
    NUL_WORDS: ["HTTP/1.1 200 O\x00K\r\n", "HTTP/1.1 200\x00OK\r\n"],
    "does not begin with a version, a status of three digits and a reason (RFC 9112 4)":
        ["HTTP/1.1 200 \x01\r\n", "HTTP/1.1 200 \x7f\r\n", "HTTP/1.1 2000 OK\r\n", "HTTP/1.1  200 OK\r\n",
         "HTTP/1.1 20 OK\r\n", "HTTP/1.1\t200 OK\r\n", " HTTP/1.1 200 OK\r\n", "HTTP/1.1 2x0 OK\r\n",
         "HTTP/1.1 +20 OK\r\n", "ICY 200 OK\r\n", "\r\nHTTP/1.1 200 OK\r\n"],
}


@pytest.mark.parametrize("words", STATUS_LINES)
def test_a_status_line_that_is_odd_is_refused(answering_site, words):
    """RFC 9112 2.2 and 4; RFC 9110 5.5."""
    bad = [f"{line}X-Mark: {MARK}\r\nContent-Length: {len(MARK)}\r\n\r\n{MARK}" for line in STATUS_LINES[words]]
    answering_site(bad).assert_refused_answers(words, bad)


# What is fine.

GOOD_FIELDS = [("X-Empty", ""),
               ("x-obs", "caf\xe9 \x80\xff"), ("X-Tabs", "a\tb \t c"), ("X-Empty", ""), ("X_Under", "1"),
               ("X-Quoted", '"a\\"b", c'), ("!#$%&'*+-.^_`|~9", "token"), ("X-Colons", ":a: b:"), ("X-Cr", "\\r\\n"),
               ("Cookie", "; ".join(f"c{number}={'v' * 100}" for number in range(150)))]


def told(got: Message, names) -> list[tuple[str, str]]:
    return [field for field in got.fields if field[0] in names]


def test_fields_that_are_fine_go_on_as_they_came(faults):
    """RFC 9110 5.5: obs-text is opaque; RFC 9112 5: blanks around a value are none of it. A cookie of 16 KB is a
    login's."""
    lines = [f"{name}:{before}{value}{behind}" for (name, value), (before, behind)
             in zip(GOOD_FIELDS, [(" ", ""), ("", ""), ("\t", "\t"), ("   ", " \t "), (" \t", "")] * 2)]
    got = faults.assert_passed(request(*lines, method="GET", target="/"))
    assert told(got, dict(GOOD_FIELDS)) == GOOD_FIELDS


def test_a_hundred_fields_go_on_and_no_more(faults):
    """RFC 6585 5."""
    fields = [f"X-{number}: {number}" for number in range(99)]
    got = faults.assert_passed(request(*fields, method="GET", target="/"))
    assert [f"{name}: {value}" for name, value in got.fields if name[2:].isdigit()] == fields
    faults.assert_refused_requests(431, "has more than 100 fields (RFC 6585 5)", [
        request(*fields, "X-99: 99", method="GET")])


def test_empty_lines_before_a_request_are_left_out(faults):
    """RFC 9112 2.2: of old clients, behind a POST."""
    for number in range(1, 5):
        faults.assert_passed("\r\n" * number + request(method="GET", target="/"))
    with faults.site.client() as client:
        for _ in range(3):
            assert client.ask(request("Content-Length: 5", target="/", body="hello\r\n")).body == b"POST / hello"
        assert client.ask(GOOD).status == 200


def test_a_request_line_of_8000_octets_goes_on(faults):
    """RFC 9112 3 recommends that much, at least."""
    target = "/" + "a" * 7000 + "?" + "b=%20&" * 200
    assert faults.assert_passed(request(method="GET", target=target)).target == target


def test_heads_of_answers_that_are_fine_go_on(program, world):
    """RFC 9112 4: a reason may be empty, and have obs-text; many servers leave out the blank before one that is
    empty."""
    fields = "".join(f"{name}:\t{value} \r\n" for name, value in GOOD_FIELDS if name != "Cookie")
    starts = {"HTTP/1.1 200 OK": "OK", "HTTP/1.1 200 ": "", "HTTP/1.1 200": "",
              "HTTP/1.1 299 Caf\xe9\tx ": "Caf\xe9\tx ", "HTTP/1.0 404 Not Found": "Not Found", "HTTP/1.1 599 x": "x"}
    good = [
        f"{start}\r\n{fields}Set-Cookie: {'s' * 8000}\r\nSet-Cookie: b\r\nContent-Length: 5\r\n\r\nhello"
        for start in starts]
    with HttpBackend(answering(good), (world.complete, world.key)) as backend:
        faults = Faults(program, world, backend)
        for number, (start, reason) in enumerate(starts.items()):
            for cut in range(2):
                got = faults.site.ask(request(method="GET", target=f"/{number}/{cut}"))
                assert (got.status, got.reason, got.body) == (int(start.split()[1]), reason, b"hello")
                assert told(got, dict(GOOD_FIELDS)) == GOOD_FIELDS[:-1]
                assert got.all("set-cookie") == ["s" * 8000, "b"]

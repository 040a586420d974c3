"""Chunked bodies are read as strictly as RFC 9112 7.1 writes them, and written anew; trailers go on where they may.

What breaks a rule behind the first chunk has had its head passed on: a request gets its status and its backend's
connection ends without the last chunk, an answer breaks off. http_faults has all that is looked at besides.
"""

import pytest
from http_faults import MARK, Faults, answering, chunked, request, tell
from http_servers import NAME, HttpBackend

LAST = "0\r\n\r\n"
FIRST = "5\r\nfirst\r\n"
HIDDEN = f"GET /{MARK} HTTP/1.1\r\nHost: {NAME}\r\n\r\n"
HEAD = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

LF_WORDS = "ends a line with LF alone, without CR (RFC 9112 2.2)"
CR_WORDS = "has a CR that no LF follows (RFC 9112 2.2)"
SIZE_WORDS = "has a chunk whose size is not hexadecimal digits alone (RFC 9112 7.1)"
TOO_LARGE_WORDS = "has a chunk whose size is too large, or longer than 16 digits (RFC 9112 7.1)"
LINE_WORDS = "has a chunk whose line is too long (RFC 9112 7.1.1)"
EXTENSION_WORDS = "has a chunk extension that cannot be read (RFC 9112 7.1.1)"
EXTENSIONS_WORDS = "has far more chunk lines and extensions than content (RFC 9112 7.1.1)"
DATA_WORDS = "has a chunk that is longer than its size (RFC 9112 7.1)"

# Each behind a first chunk; MARK may not reach the other side.

# Kind 6: a line of a chunk ends with CR LF and nothing less. RFC 9112 7.1; 2.2 has its exception for heads alone.
# CVE-2025-22871: one reader ends the chunk's line at an LF, another takes it for a part of the extension.
BARE_LF = [
    f"8\n{MARK}\r\n{LAST}",
    f"8;a\n{MARK}\r\n{LAST}",
    f"8;a=b\n{MARK}\r\n{LAST}",
    f"8;\n{MARK}\r\n{LAST}",
    f'8;a="b\n"\r\n{MARK}\r\n{LAST}',
    f'8;a="b"\n{MARK}\r\n{LAST}',
    f"\n8\r\n{MARK}\r\n{LAST}",
    f"0\n\r\n{HIDDEN}",
    f"0;a\n\r\n{HIDDEN}",
    f"0\r\n\n{HIDDEN}",
    f"0\r\nX-Sum: 1\n\r\n{HIDDEN}",
    f"0\r\nX-Sum: 1\r\n\n{HIDDEN}",
    f"0\r\nX-Sum: {MARK}\nX-More: 2\r\n\r\n",
]
BARE_CR = [
    f"8\r{MARK}\r\n{LAST}",
    f"8\r\r\n{MARK}\r\n{LAST}",
    f"8;a\r{MARK}\r\n{LAST}",
    f"8;a\rb\r\n{MARK}\r\n{LAST}",
    f"0\r0\r\n\r\n{HIDDEN}",
    f"0\r\nX-Sum: 1\r2\r\n\r\n{HIDDEN}",
    f"0\r\nX-Sum: 1\r\r\n\r\n{HIDDEN}",
]

# Kind 7: no control in an extension, quoted or not. CVE-2025-55315: line ends in an extension, which two readers end
# in two places. RFC 9112 7.1.1: a name is a token, a value a token or a quoted string (RFC 9110 5.6.4).
CONTROLS = [chr(code) for code in [*range(0x00, 0x20), 0x7f] if chr(code) not in "\t\r\n"]
ODD_EXTENSIONS = [f"8;{inner}\r\n{MARK}\r\n{LAST}" for inner in [
    *(f"a{control}b" for control in CONTROLS),
    *(f'a="b{control}"' for control in CONTROLS),
    *(f'a="b\\{control}"' for control in CONTROLS[::8]),
    'a="b\r"', 'a="b\r\n"', 'a="b\\\r\n"', "\r", 'a="', "a=", "=b", "", ";", "a;", "a;;b", "a b", "a\t", " a", "a =b",
    "a= b", 'a="b"c', 'a="b""c"', "a=b=c", "a,b", "(a)", "\xe4", "a=\xe4"]]

# Kind 8: a size is 1*HEXDIG that fits (RFC 9112 7.1), and the lines stay in proportion (7.1.1; CVE-2023-39326).
ODD_SIZES = [f"{size}\r\n{MARK}\r\n{LAST}" for size in [
    "", " 8", "\t8", "+8", "-8", "0x8", "0X8", "8 ", "8\t", "8_", "_8", "8h", "8.0", "8,8", "8 8", "8\x0b", "8\x00",
    "8\xa0", "g", ";a=b", ":", "\"8\"", "8:", "8 ;a", "8e+1"]] + [f"\r\n8\r\n{MARK}\r\n{LAST}"]
TOO_LARGE = [f"{size}\r\n{MARK}\r\n{LAST}" for size in [
    "8000000000000000", "FFFFFFFFFFFFFFFF", "10000000000000000", "10000000000000008", "100000000000000008", "f" * 40,
    "00000000000000008", "0" * 300 + "8"]]
LONG_LINES = [f"8;{'a' * 4200}\r\n{MARK}\r\n{LAST}", f'8;a="{"b" * 4200}"\r\n{MARK}\r\n{LAST}',
              f"8{';a=b' * 1100}\r\n{MARK}\r\n{LAST}"]

# Kind 9: the CR LF behind the data stands where the size says. RFC 9112 7.1.
LONGER = [f"5\r\n{tail}{LAST}{HIDDEN}" for tail in [
    f"hello{MARK}\r\n", f"hello!\r\n{MARK}", f"hello \r\n{MARK}", "hello\r\r\n", "hello\rx", "hello0\r\n\r\n",
    "helloxx"]]

REQUEST_RULES = {LF_WORDS: BARE_LF, CR_WORDS: BARE_CR, EXTENSION_WORDS: ODD_EXTENSIONS, SIZE_WORDS: ODD_SIZES,
                 TOO_LARGE_WORDS: TOO_LARGE, LINE_WORDS: LONG_LINES, DATA_WORDS: LONGER}


@pytest.fixture
def faults(program, world):
    with HttpBackend(tell) as backend:
        yield Faults(program, world, backend)


@pytest.mark.parametrize("words", REQUEST_RULES)
def test_a_chunked_request_that_breaks_a_rule_is_refused(faults, words):
    """RFC 9112 7.1 and 7.1.1; CVE-2025-22871, CVE-2025-55315, CVE-2023-39326."""
    faults.assert_refused_requests(400, words, [chunked(FIRST + fault) for fault in REQUEST_RULES[words]]
                                   + [chunked(fault) for fault in REQUEST_RULES[words][:3]])
    for visit in faults.backend.visits:
        assert b"\r\n0\r\n" not in visit.raw, "no end that looks whole"


# What is fine: leading zeros, hex digits of both cases, extensions of all forms, many small chunks.

GOOD_BODIES = {
    "zeros and cases": ("0000000000000005\r\nhello\r\nA\r\n0123456789\r\n0a\r\n0123456789\r\n000;a\r\n\r\n",
                        b"hello01234567890123456789"),
    "extensions": (
        '5;a\r\nhello\r\n1;a=b\r\nx\r\n1;a="b;c\tc\xe4"\r\ny\r\n1;a="\\"\\\\";b;c=d\r\nz\r\n0;end=1;x\r\n\r\n',
        b"helloxyz"),
    "signatures": ("".join(f"400;chunk-signature={'0123456789abcdef' * 4}\r\n{'s' * 1024}\r\n" for _ in range(30))
                   + f"0;chunk-signature={'0123456789abcdef' * 4}\r\n\r\n", b"s" * 30720),
    "small chunks": ("1\r\nx\r\n" * 5000 + LAST, b"x" * 5000),
    "small chunks with extensions": ("1;a=b\r\nx\r\n" * 1000 + LAST, b"x" * 1000),
    "a line of 4 KB": (f"5;a={'b' * 4000}\r\nhello\r\n{LAST}", b"hello"),
    "line ends as data": ("4\r\n\r\n\r\n\r\n2\r\n\n\r\r\n1\r\n\0\r\n" + LAST, b"\r\n\r\n\n\r\0"),
    "nothing": ("0\r\n\r\n", b""),
}


def test_chunks_that_are_fine_go_on_without_their_extensions(faults):
    """RFC 9112 7.1.1: unknown extensions are ignored, and go no further than one connection."""
    for name, (body, content) in GOOD_BODIES.items():
        assert faults.assert_passed(chunked(body, target="/")).body == content, name


def test_extensions_in_place_of_content_are_refused(faults):
    """CVE-2023-39326: bytes of extensions make work and are no content; RFC 9112 7.1.1 wants their total limited."""
    line = f"1;{'a' * 1000}\r\nx\r\n"
    faults.assert_refused_requests(400, EXTENSIONS_WORDS, [
        chunked(line * 20 + f"8\r\n{MARK}\r\n" + LAST),
        chunked(f"1;{'a' * 80}\r\nx\r\n" * 400 + f"8\r\n{MARK}\r\n" + LAST),
    ])


# Kind 10: trailers. RFC 9110 6.5.1 keeps framing, routing, login, modifiers, controls and format out of them; RFC
# 9112 7.1.2 lets who writes the chunks anew keep or drop them.

KEPT_BACK = ["Content-Length", "Transfer-Encoding", "transfer_encoding", "Content_Length", "Host", "Connection",
             "Keep-Alive", "TE", "Trailer", "Upgrade", "Proxy", "Proxy-Connection", "Max-Forwards", "Forwarded", "Via",
             "X-Forwarded-For", "X_Forwarded_For", "x-forwarded-host", "X-Forwarded-Anything", "X-Real-IP",
             "X-Original-URL", "X-Rewrite-URL", "Authorization", "AUTHORIZATION", "Proxy-Authorization",
             "WWW-Authenticate", "Proxy-Authenticate", "Authentication-Info", "Cookie", "Set-Cookie", "Client-Cert",
             "Client_Cert", "Client-Cert-Chain", "X-SSL-Client-Verify", "x_ssl_client_s_dn", "Expect", "Range",
             "If-Match", "Cache-Control", "Location", "Date", "Content-Type", "Content-Encoding", "Content-Range"]
GOING_ON = [("X-Sum", "5"), ("Content-Digest", "sha-256=:abc=:"), ("Server-Timing", ""), ("grpc-status", "0"),
            ("X-Sum", "6"), ("Etag", '"\xe4"')]
TRAILERS = "\r\n".join([*(f"{name}: {MARK}" for name in KEPT_BACK[:20]),
                        *(f"{name}:\t{value} " for name, value in GOING_ON),
                        *(f"{name}:{MARK}" for name in KEPT_BACK[20:])]) + "\r\n\r\n"


def test_trailers_of_a_request_go_on_but_those_that_may_not(faults):
    """RFC 9110 6.5.1."""
    for body in ("5\r\nhello\r\n", ""):
        got = faults.assert_passed(chunked(body + "0\r\n" + TRAILERS, "Trailer: X-Sum", target="/"))
        assert got.trailers == GOING_ON
    for visit in faults.backend.visits:
        assert MARK.encode() not in visit.raw


def test_trailers_of_an_answer_go_on_but_those_that_may_not(program, world):
    """RFC 9110 6.5.1; a client of HTTP/1.0 gets neither chunks nor trailers (RFC 9112 6.1)."""
    whole = [HEAD + "5\r\nhello\r\n0\r\n" + TRAILERS]
    with HttpBackend(answering(whole), (world.complete, world.key)) as backend:
        faults = Faults(program, world, backend)
        for cut in range(2):
            got = faults.site.ask(request(method="GET", target=f"/0/{cut}"))
            assert (got.body, got.trailers) == (b"hello", GOING_ON)
            with faults.site.client() as client:
                client.send(request(method="GET", target=f"/0/{cut}", version="1.0"))
                got = client.reader.answer()
                assert (got.body, got.trailers) == (b"hello", [])
                client.assert_end()


def test_what_a_site_sets_or_removes_comes_by_no_trailer(program, world):
    """RFC 9110 6.5.1: a backend that takes trailers for fields would take the client's for the site's own."""
    with HttpBackend(tell) as backend:
        faults = Faults(program, world, backend, set_header="X-From: proxy", remove_header=["X-Admin", "X-Role"])
        got = faults.assert_passed(chunked(
            f"0\r\nX-From: {MARK}\r\nX_Admin: {MARK}\r\nx-role: {MARK}\r\nX-Sum: 5\r\n\r\n"))
        assert (got.get("x-from"), got.trailers) == ("proxy", [("X-Sum", "5")])


FIELD_RULES = {
    "has blanks between a field's name and its colon (RFC 9112 5.1)": ["X-Sum : 5", "X-Sum\t: 5", "Content-Length : 5"],
    "has blanks before its first field (RFC 9112 2.2)": [" X-Sum: 5", "\tX-Sum: 5", " "],
    "has a field that goes on in a second line (RFC 9112 5.2)": ["X-Sum: 5\r\n 6", "X-Sum: 5\r\n\t6", "X-Sum:\r\n "],
    "has a field without a colon (RFC 9112 5)": ["X-Sum", "GET / HTTP/1.1"],
    "has a field whose name is empty or has a character that names do not have (RFC 9110 5.1)":
        [": 5", "X Sum: 5", "X\xe4: 5", "X(: 5", "X\x0b: 5"],
    "has a control character in a field (RFC 9110 5.5)": ["X-Sum: 5\x01", "X-Sum: \x7f", "X-Sum: a\x0bb",
                                                          "X-Sum: \x1b[m"],
    "has a NUL in its head (RFC 9110 5.5)": ["X-Sum: \x00", "X\x00: 5", "\x00"],
}


@pytest.mark.parametrize("words", FIELD_RULES)
def test_trailers_that_break_a_rule_of_fields_are_refused(faults, words):
    """RFC 9112 7.1.2: a trailer is a field line, and no looser than one in a head."""
    faults.assert_refused_requests(400, words, [chunked(f"{FIRST}0\r\n{line}\r\nX-Mark: {MARK}\r\n\r\n{HIDDEN}")
                                                for line in FIELD_RULES[words]])
    for visit in faults.backend.visits:
        assert b"\r\n0\r\n" not in visit.raw


def test_trailers_that_are_too_many_or_too_large_are_refused(faults):
    """RFC 6585 5."""
    faults.assert_refused_requests(431, "has trailers that are too large (RFC 6585 5)", [
        chunked(f"{FIRST}0\r\nX-Long: {'a' * 9000}\r\nX-Mark: {MARK}\r\n\r\n"),
        chunked(f"{FIRST}0\r\n" + f"X-Long: {'a' * 900}\r\n" * 10 + f"X-Mark: {MARK}\r\n\r\n")])
    faults.assert_refused_requests(431, "has more than 100 fields (RFC 6585 5)", [
        chunked(f"{FIRST}0\r\n" + "a: b\r\n" * 101 + f"X-Mark: {MARK}\r\n\r\n")])
    got = faults.assert_passed(chunked(f"{FIRST}0\r\n" + "a: b\r\n" * 100 + "\r\n", target="/"))
    assert got.trailers == [("a", "b")] * 100


# The same of a backend: what was whole before goes on, and then the answer breaks off.

ANSWER_RULES = {**REQUEST_RULES, EXTENSIONS_WORDS: [f"1;{'a' * 1000}\r\nx\r\n" * 20 + f"8\r\n{MARK}\r\n" + LAST],
                **{words: [f"0\r\n{line}\r\nX-Mark: {MARK}\r\n\r\n" for line in lines]
                   for words, lines in FIELD_RULES.items()}}
# Content that is good stands before these.
BEFORE = {words: b"firsthello" if words == DATA_WORDS else b"first" + b"x" * (16 if words == EXTENSIONS_WORDS else 0)
          for words in ANSWER_RULES}


@pytest.mark.parametrize("words", ANSWER_RULES)
def test_a_chunked_answer_that_breaks_a_rule_breaks_off(program, world, words):
    """RFC 9112 7.1; section 8 for what the client makes of it: an answer without the last chunk is incomplete."""
    bad = [HEAD + FIRST + fault for fault in ANSWER_RULES[words]]
    with HttpBackend(answering(bad), (world.complete, world.key)) as backend:
        Faults(program, world, backend).assert_broken_answers(words, bad, BEFORE[words])


def test_chunks_of_an_answer_that_are_fine_go_on(program, world):
    good = [HEAD + body for body, _ in GOOD_BODIES.values()]
    with HttpBackend(answering(good), (world.complete, world.key)) as backend:
        faults = Faults(program, world, backend)
        for number, (name, (_, content)) in enumerate(GOOD_BODIES.items()):
            for cut in range(2):
                assert faults.site.ask(request(method="GET", target=f"/{number}/{cut}")).body == content, name

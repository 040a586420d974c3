"""Chunked bodies are read as strictly as RFC 9112 7.1 writes them, and written anew; trailers go on where they may.

What breaks a rule behind the first chunk has had its head passed on: a request gets its status and its backend's connection
ends without the last chunk, an answer breaks off. http_faults has all that is looked at besides.
"""

import pytest
from http_faults import MARK, Faults, answering, chunked, request, tell
from http_servers import NAME, HttpBackend, answer

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

# Kind 7: no control in an extension, quoted or not. CVE-2025-55315: line ends in an extension, which two readers end in two
# places. RFC 9112 7.1.1: a name is a token, a value a token or a quoted string (RFC 9110 5.6.4).
CONTROLS = [chr(code) for code in [*range(0x00, 0x20), 0x7f] if chr(code) not in "\t\r\n"]
ODD_EXTENSIONS = [f"8;{inner}\r\n{MARK}\r\n{LAST}" for inner in [
    *(f"a{control}b" for control in CONTROLS),
    *(f'a="b{control}"' for control in CONTROLS),
    *(f'a="b\\{control}"' for control in CONTROLS),
    'a="b\r"', 'a="b\r\n"', 'a="b\\\r\n"', "\r", 'a="', "a=", "=b", "", ";", "a;", "a;;b", "a b", "a\t", " a", "a =b", "a= b",
    'a="b"c', 'a="b""c"', "a=b=c", "a,b", "(a)", "\xe4", "a=\xe4"]]

# Kind 8: a size is 1*HEXDIG that fits (RFC 9112 7.1), and the lines stay in proportion (7.1.1; CVE-2023-39326).
ODD_SIZES = [f"{size}\r\n{MARK}\r\n{LAST}" for size in [
    "", " 8", "\t8", "+8", "-8", "0x8", "0X8", "8 ", "8\t", "8_", "_8", "8h", "8.0", "8,8", "8 8", "8\x0b", "8\x00", "8\xa0", "g",
    ";a=b", ":", "\"8\"", "8:", "8 ;a", "8e+1"]] + [f"\r\n8\r\n{MARK}\r\n{LAST}"]
TOO_LARGE = [f"{size}\r\n{MARK}\r\n{LAST}" for size in [
    "8000000000000000", "FFFFFFFFFFFFFFFF", "10000000000000000", "10000000000000008", "100000000000000008", "f" * 40,
    "00000000000000008", "0" * 300 + "8"]]
LONG_LINES = [f"8;{'a' * 4200}\r\n{MARK}\r\n{LAST}", f'8;a="{"b" * 4200}"\r\n{MARK}\r\n{LAST}',
              f"8{';a=b' * 1100}\r\n{MARK}\r\n{LAST}"]

# Kind 9: the CR LF behind the data stands where the size says. RFC 9112 7.1.
LONGER = [f"5\r\n{tail}{LAST}{HIDDEN}" for tail in [
    f"hello{MARK}\r\n", f"hello!\r\n{MARK}", f"hello \r\n{MARK}", "hello\r\r\n", "hello\rx", "hello0\r\n\r\n", "helloxx"]]

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
    "extensions": ('5;a\r\nhello\r\n1;a=b\r\nx\r\n1;a="b;c\tc\xe4"\r\ny\r\n1;a="\\"\\\\";b;c=d\r\nz\r\n0;end=1;x\r\n\r\n',
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

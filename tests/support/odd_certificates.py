"""odd_certificates - certificates with every form of each field that RFC 5280 and its neighbours name, right and wrong.

    for name, der in certificates().items(): ...

They are signed as odd_keys.py says. A name says what is odd: "san-ip-3-octets", "basic-constraints-twice".
"""

from __future__ import annotations

from typing import Iterable

import odd_keys
from der import (
    FALSE, NULL, TRUE, bits, context, generalized_time, implicit, integer, octets, oid, seq, set_of, tlv, utc_time,
    utf8,
)

COMMON_NAME = "2.5.4.3"
KEY_USAGE, ALT_NAME, ISSUER_ALT_NAME = "2.5.29.15", "2.5.29.17", "2.5.29.18"
BASIC_CONSTRAINTS, NAME_CONSTRAINTS = "2.5.29.19", "2.5.29.30"
CRL_POINTS, POLICIES, AUTHORITY_KEY = "2.5.29.31", "2.5.29.32", "2.5.29.35"
PURPOSES = "2.5.29.37"
AIA, SIA = "1.3.6.1.5.5.7.1.1", "1.3.6.1.5.5.7.1.11"
SERVER_AUTH, ANY_PURPOSE = "1.3.6.1.5.5.7.3.1", "2.5.29.37.0"
CA_ISSUERS, OCSP = "1.3.6.1.5.5.7.48.2", "1.3.6.1.5.5.7.48.1"
SHA1_OF_KEY_ONE = bytes.fromhex("00112233445566778899aabbccddeeff00112233")


def attribute(identifier: str, value: bytes) -> bytes:
    return seq(oid(identifier), value)


def name(*values: bytes | str, identifier: str = COMMON_NAME) -> bytes:
    """One relative distinguished name a value."""
    return seq(*[set_of(attribute(identifier, utf8(value) if isinstance(value, str) else value)) for value in values])


def extension(identifier: str, content: bytes, critical: bool | bytes = False) -> bytes:
    flag = critical if isinstance(critical, bytes) else TRUE if critical else b""
    return seq(oid(identifier), flag, octets(content))


def validity(first: bytes = utc_time("200101000000Z"), last: bytes = utc_time("400101000000Z")) -> bytes:
    return seq(first, last)


def dns(text: str) -> bytes:
    return implicit(2, text.encode())


def url(text: str) -> bytes:
    return implicit(6, text.encode())


CA = extension(BASIC_CONSTRAINTS, seq(TRUE), True)
CA_USAGE = extension(KEY_USAGE, bits(b"\x06", 1), True)
LEAF_NAMES = extension(ALT_NAME, seq(dns("a.example"), dns("*.a.example")))


def certificate(
    *extensions: bytes,
    subject: bytes = name("a.example"),
    issuer: bytes = name("Issuer"),
    key: bytes = odd_keys.KEY_ONE,
    serial: bytes = integer(1),
    version: bytes = context(0, integer(2)),
    times: bytes = validity(),
    algorithm: bytes = odd_keys.ECDSA_SHA256,
    inner: bytes | None = None,
    unique: bytes = b"",
    signature: bytes | None = None,
    tail: bytes = b"",
) -> bytes:
    tbs = seq(
        version,
        serial,
        algorithm if inner is None else inner,
        issuer,
        times,
        subject,
        key,
        unique,
        context(3, seq(*extensions)) if extensions else b"",
        tail,
    )
    return seq(tbs, algorithm, bits(odd_keys.sign_one(tbs)) if signature is None else signature)


def authority(subject: str = "Issuer", issuer: str = "Issuer", key: bytes = odd_keys.KEY_ONE, *more: bytes) -> bytes:
    return certificate(CA, CA_USAGE, *more, subject=name(subject), issuer=name(issuer), key=key)


# Each choice of GeneralName (RFC 5280 4.2.1.6), right and wrong.
GENERAL_NAMES = {
    "other": context(0, oid("1.3.6.1.4.1.311.20.2.3"), context(0, utf8("user@a.example"))),
    "other-empty": context(0),
    "other-no-value": context(0, oid("2.999")),
    "other-smtp": context(0, oid("1.3.6.1.5.5.7.8.9"), context(0, utf8("ü@a.example"))),
    "other-srv": context(0, oid("1.3.6.1.5.5.7.8.7"), context(0, tlv(0x16, b"_imaps.a.example"))),
    "mail": implicit(1, b"user@a.example"),
    "mail-empty": implicit(1),
    "mail-nul": implicit(1, b"u\0@a.example"),
    "mail-no-at": implicit(1, b"a.example"),
    "dns": dns("a.example"),
    "dns-empty": dns(""),
    "dns-nul": dns("a.example\0.b.example"),
    "dns-dot": dns("."),
    "dns-dots": dns("a..example"),
    "dns-final-dot": dns("a.example."),
    "dns-star": dns("*"),
    "dns-stars": dns("*.*.a.example"),
    "dns-part-star": dns("f*.a.example"),
    "dns-inner-star": dns("a.*.example"),
    "dns-utf8": dns("ä.example"),
    "dns-idn": dns("xn--4ca.example"),
    "dns-idn-wrong": dns("xn--.example"),
    "dns-latin1": implicit(2, b"\xe4.example"),
    "dns-underscore": dns("_a.example"),
    "dns-ip": dns("127.0.0.1"),
    "dns-long-label": dns("a" * 64 + ".example"),
    "dns-long": dns("a." * 130 + "example"),
    "dns-space": dns(" a.example"),
    "dns-upper": dns("A.EXAMPLE"),
    "dns-newline": dns("a.example\n"),
    "dns-huge": dns("a" * 5000),
    "x400": context(3),
    "x400-full": context(3, seq(tlv(0x61, tlv(0x13, b"US")))),
    "x400-wrong": context(3, NULL),
    "directory": context(4, name("Directory")),
    "directory-empty": context(4, seq()),
    "directory-none": context(4),
    "directory-implicit": context(4, set_of(attribute(COMMON_NAME, utf8("x")))),
    "edi": context(5, context(1, utf8("party"))),
    "edi-both": context(5, context(0, utf8("a")), context(1, utf8("b"))),
    "edi-empty": context(5),
    "url": url("http://a.example/"),
    "url-empty": url(""),
    "url-ip6": url("http://[::1]:80/x"),
    "url-nul": url("http://a\0b"),
    "url-no-host": url("http:///"),
    "url-urn": url("urn:x:y"),
    "url-user": url("http://u:p@a.example/"),
    "ip4": implicit(7, bytes([127, 0, 0, 1])),
    "ip6": implicit(7, bytes(15) + b"\1"),
    "ip-0-octets": implicit(7),
    "ip-3-octets": implicit(7, bytes(3)),
    "ip-5-octets": implicit(7, bytes(5)),
    "ip-17-octets": implicit(7, bytes(17)),
    "ip4-mapped": implicit(7, bytes(10) + b"\xff\xff\x7f\0\0\1"),
    "ip-text": implicit(7, b"127.0.0.1"),
    "rid": implicit(8, oid("2.999.1")[2:]),
    "rid-empty": implicit(8),
    "rid-cut": implicit(8, b"\x2a\x86"),
    "9": implicit(9, b"x"),
    "universal": utf8("a.example"),
    "constructed-dns": context(2, tlv(0x16, b"a.example")),
}

# Values that only nameConstraints has: a subtree with its limits, an address with its mask.
SUBTREES = {
    "dns": seq(dns("a.example")),
    "dns-dot": seq(dns(".a.example")),
    "dns-all": seq(dns("")),
    "dns-star": seq(dns("*.a.example")),
    "dns-nul": seq(dns("a\0.example")),
    "minimum": seq(dns("a.example"), implicit(0, b"\1")),
    "minimum-0": seq(dns("a.example"), implicit(0, b"\0")),
    "maximum": seq(dns("a.example"), implicit(1, b"\5")),
    "both": seq(dns("a.example"), implicit(0, b"\1"), implicit(1, b"\0")),
    "minimum-negative": seq(dns("a.example"), implicit(0, b"\xff")),
    "minimum-empty": seq(dns("a.example"), implicit(0)),
    "ip4": seq(implicit(7, bytes([127, 0, 0, 0, 255, 0, 0, 0]))),
    "ip4-all": seq(implicit(7, bytes(8))),
    "ip4-holes": seq(implicit(7, bytes([127, 0, 0, 0, 255, 0, 255, 0]))),
    "ip6": seq(implicit(7, bytes(32))),
    "ip-7": seq(implicit(7, bytes(7))),
    "ip-4": seq(implicit(7, bytes(4))),
    "mail": seq(implicit(1, b"a.example")),
    "mail-host": seq(implicit(1, b".a.example")),
    "mail-box": seq(implicit(1, b"u@a.example")),
    "url": seq(url("a.example")),
    "url-dot": seq(url(".a.example")),
    "directory": seq(context(4, name("Directory"))),
    "directory-empty": seq(context(4, seq())),
    "other": seq(GENERAL_NAMES["other"]),
    "rid": seq(implicit(8, b"\x2a\x03")),
    "x400": seq(context(3)),
    "edi": seq(context(5)),
    "empty": seq(),
    "null": NULL,
}


def point(*fields: bytes) -> bytes:
    return seq(*fields)


def full_name(*names: bytes) -> bytes:
    return context(0, context(0, *names))


def timestamps(*lists: bytes) -> bytes:
    body = b"".join(len(item).to_bytes(2, "big") + item for item in lists)
    return octets(len(body).to_bytes(2, "big") + body)


SCT = b"\0" + bytes(32) + bytes(8) + b"\0\0" + b"\4\3" + b"\0\x46" + bytes(70)
CRL_URL = url("http://a.example/ca.crl")
AIA_URL = seq(oid(CA_ISSUERS), url("http://a.example/ca.der"))


def notice(*texts: bytes) -> bytes:
    return seq(oid("1.3.6.1.5.5.7.2.2"), seq(seq(tlv(0x1A, b"CA"), seq(integer(1), integer(-1))), *texts))


# The contents of each extension by its object identifier; the first one is right.
CONTENTS: dict[str, dict[str, bytes]] = {
    BASIC_CONSTRAINTS: {
        "ca": seq(TRUE),
        "leaf": seq(),
        "length-0": seq(TRUE, integer(0)),
        "length-1": seq(TRUE, integer(1)),
        "length-negative": seq(TRUE, integer(-1)),
        "length-int-max": seq(TRUE, integer(2**31 - 1)),
        "length-uint-max": seq(TRUE, integer(2**32 - 1)),
        "length-2-63": seq(TRUE, integer(2**63)),
        "length-huge": seq(TRUE, integer(2**400)),
        "length-of-leaf": seq(integer(3)),
        "false-written": seq(FALSE),
        "true-1": seq(tlv(0x01, b"\1")),
        "length-empty": seq(TRUE, tlv(0x02)),
        "length-padded": seq(TRUE, tlv(0x02, b"\0\1")),
        "rest": seq(TRUE, integer(0), NULL),
    },
    KEY_USAGE: {
        "sign": bits(b"\x80", 7),
        "ca": bits(b"\x06", 1),
        "all": bits(b"\xff\x80", 7),
        "none": bits(b"", 0),
        "zeros": bits(b"\0", 0),
        "unused-8": bits(b"\x06", 8),
        "unused-of-nothing": bits(b"", 7),
        "unused-set": bits(b"\x07", 1),
        "trailing-zeros": bits(b"\x06\0", 0),
        "decipher-only": bits(b"\0\x80", 7),
        "long": bits(b"\xff" * 100, 0),
        "nothing": tlv(0x03),
        "integer": integer(6),
    },
    "2.5.29.14": {
        "good": octets(SHA1_OF_KEY_ONE),
        "empty-id": octets(),
        "long": octets(bytes(500)),
        "bits": bits(b"x"),
    },
    AUTHORITY_KEY: {
        "good": seq(implicit(0, SHA1_OF_KEY_ONE)),
        "nothing": seq(),
        "empty-id": seq(implicit(0)),
        "issuer": seq(context(1, context(4, name("Issuer"))), implicit(2, b"\1")),
        "all": seq(implicit(0, SHA1_OF_KEY_ONE), context(1, context(4, name("Issuer"))), implicit(2, b"\1")),
        "serial-alone": seq(implicit(2, b"\1")),
        "issuer-alone": seq(context(1, context(4, name("Issuer")))),
        "serial-negative": seq(implicit(2, b"\xff")),
        "no-names": seq(context(1), implicit(2, b"\1")),
        "long": seq(implicit(0, bytes(500))),
    },
    ALT_NAME: {"dns": seq(dns("a.example")), "none": seq(), "many": seq(*[dns(f"n{i}.example") for i in range(300)])}
    | {key: seq(value) for key, value in GENERAL_NAMES.items()}
    | {"all": seq(*GENERAL_NAMES.values())},
    ISSUER_ALT_NAME: {"dns": seq(dns("a.example")), "none": seq(), "all": seq(*GENERAL_NAMES.values())},
    NAME_CONSTRAINTS: {
        "both": seq(context(0, SUBTREES["dns"]), context(1, seq(dns("b.example")))),
        "none": seq(),
        "empty-lists": seq(context(0), context(1)),
        "many": seq(context(0, *[seq(dns(f"n{i}.example")) for i in range(300)])),
        "swapped": seq(context(1, SUBTREES["dns"]), context(0, SUBTREES["dns"])),
    }
    | {f"permitted-{key}": seq(context(0, value)) for key, value in SUBTREES.items()}
    | {f"excluded-{key}": seq(context(1, value)) for key, value in SUBTREES.items()},
    PURPOSES: {
        "server": seq(oid(SERVER_AUTH)),
        "any": seq(oid(ANY_PURPOSE)),
        "none": seq(),
        "client": seq(oid("1.3.6.1.5.5.7.3.2")),
        "twice": seq(oid(SERVER_AUTH), oid(SERVER_AUTH)),
        "ocsp": seq(oid("1.3.6.1.5.5.7.3.9")),
        "gated": seq(oid("2.16.840.1.113730.4.1")),
        "many": seq(*[oid(f"2.999.{i}") for i in range(200)]),
        "empty-oid": seq(b"\x06\0"),
        "not-oid": seq(integer(1)),
    },
    POLICIES: {
        "dv": seq(seq(oid("2.23.140.1.2.1"))),
        "any": seq(seq(oid("2.5.29.32.0"))),
        "none": seq(),
        "empty": seq(seq()),
        "cps": seq(seq(oid("2.999"), seq(seq(oid("1.3.6.1.5.5.7.2.1"), tlv(0x16, b"http://a.example/cps"))))),
        "notice": seq(seq(oid("2.999"), seq(notice(utf8("text"))))),
        "notice-bmp": seq(seq(oid("2.999"), seq(notice(tlv(0x1E, b"\0x"))))),
        "qualifiers-empty": seq(seq(oid("2.999"), seq())),
        "twice": seq(seq(oid("2.999")), seq(oid("2.999"))),
        "unknown-qualifier": seq(seq(oid("2.999"), seq(seq(oid("2.999.1"), NULL)))),
        "many": seq(*[seq(oid(f"2.999.{i}")) for i in range(200)]),
    },
    "2.5.29.33": {
        "map": seq(seq(oid("2.999.1"), oid("2.999.2"))),
        "any": seq(seq(oid("2.5.29.32.0"), oid("2.999"))),
        "none": seq(),
        "half": seq(seq(oid("2.999"))),
    },
    "2.5.29.36": {
        "explicit": seq(implicit(0, b"\0")),
        "both": seq(implicit(0, b"\0"), implicit(1, b"\1")),
        "none": seq(),
        "negative": seq(implicit(0, b"\xff")),
        "huge": seq(implicit(1, b"\x7f" * 20)),
        "empty": seq(implicit(0)),
    },
    "2.5.29.54": {"0": integer(0), "negative": integer(-1), "huge": integer(2**200), "empty": tlv(0x02)},
    CRL_POINTS: {
        "url": seq(point(full_name(CRL_URL))),
        "none": seq(),
        "empty": seq(point()),
        "reasons": seq(point(full_name(CRL_URL), implicit(1, b"\1\x06"))),
        "reasons-alone": seq(point(implicit(1, b"\1\x06"))),
        "reasons-unused": seq(point(full_name(CRL_URL), implicit(1, b"\x09\x06"))),
        "relative": seq(
            point(context(0, tlv(0xA1, attribute(COMMON_NAME, utf8("part")))), context(2, context(4, name("CA"))))
        ),
        "relative-alone": seq(point(context(0, tlv(0xA1, attribute(COMMON_NAME, utf8("part")))))),
        "relative-empty": seq(point(context(0, tlv(0xA1)))),
        "issuer": seq(point(context(2, context(4, name("CRL issuer"))))),
        "issuer-dns": seq(point(full_name(CRL_URL), context(2, dns("a.example")))),
        "no-names": seq(point(full_name())),
        "directory": seq(point(full_name(context(4, name("CA"))))),
        "many": seq(*[point(full_name(CRL_URL))] * 100),
        "ldap": seq(point(full_name(url("ldap://a.example/cn=x?certificateRevocationList")))),
    },
    "2.5.29.46": {"url": seq(point(full_name(CRL_URL))), "none": seq()},
    AIA: {
        "issuers": seq(AIA_URL),
        "none": seq(),
        "ocsp": seq(seq(oid(OCSP), url("http://a.example/"))),
        "both": seq(seq(oid(OCSP), url("http://a.example/")), AIA_URL),
        "empty": seq(seq()),
        "no-place": seq(seq(oid(CA_ISSUERS))),
        "dns": seq(seq(oid(CA_ISSUERS), dns("a.example"))),
        "directory": seq(seq(oid(CA_ISSUERS), context(4, name("CA")))),
        "ldap": seq(seq(oid(CA_ISSUERS), url("ldap://a.example/"))),
        "https": seq(seq(oid(CA_ISSUERS), url("https://a.example/"))),
        "nul": seq(seq(oid(CA_ISSUERS), url("http://a.example/\0x"))),
        "space": seq(seq(oid(CA_ISSUERS), url("http://a.example/ x"))),
        "long": seq(seq(oid(CA_ISSUERS), url("http://a.example/" + "x" * 5000))),
        "utf8": seq(seq(oid(CA_ISSUERS), url("http://ä/"))),
        "many": seq(*[AIA_URL] * 60),
        "user": seq(seq(oid(CA_ISSUERS), url("http://u@a.example/"))),
        "port-0": seq(seq(oid(CA_ISSUERS), url("http://a.example:0/"))),
        "ip6": seq(seq(oid(CA_ISSUERS), url("http://[::1]/"))),
        "port-big": seq(seq(oid(CA_ISSUERS), url("http://a.example:65536/"))),
        "rest": seq(seq(oid(CA_ISSUERS), CRL_URL, NULL)),
        "numbers": seq(seq(oid(CA_ISSUERS), url("http://2130706433/"))),
        "file": seq(seq(oid(CA_ISSUERS), url("file:///etc/passwd"))),
    },
    SIA: {"repository": seq(seq(oid("1.3.6.1.5.5.7.48.5"), url("http://a.example/"))), "none": seq()},
    "1.3.6.1.5.5.7.1.24": {
        "staple": seq(integer(5)),
        "none": seq(),
        "both": seq(integer(5), integer(17)),
        "negative": seq(integer(-5)),
        "huge": seq(integer(2**64 + 5)),
        "padded": seq(tlv(0x02, b"\0\5")),
        "empty": seq(tlv(0x02)),
        "many": seq(*[integer(i) for i in range(300)]),
        "number": integer(5),
    },
    "1.3.6.1.4.1.11129.2.4.2": {
        "one": timestamps(SCT),
        "none": timestamps(),
        "empty": timestamps(b""),
        "cut": octets(b"\0"),
        "long": octets(b"\xff\xff"),
        "many": timestamps(*[SCT] * 100),
        "raw": b"\0\0",
    },
    "1.3.6.1.4.1.11129.2.4.3": {"poison": NULL, "full": seq()},
    "1.3.6.1.5.5.7.48.1.5": {"nocheck": NULL, "full": seq()},
    "2.5.29.9": {
        "attributes": seq(seq(oid("1.3.6.1.5.5.7.9.1"), set_of(generalized_time("19700101000000Z")))),
        "none": seq(),
    },
    "2.5.29.16": {"period": seq(implicit(0, b"20200101000000Z"), implicit(1, b"20300101000000Z")), "none": seq()},
    "1.3.6.1.5.5.7.1.3": {"statements": seq(seq(oid("0.4.0.1862.1.1"))), "none": seq()},
    "1.3.6.1.5.5.7.1.7": {"addresses": seq(seq(octets(b"\0\1"), seq(bits(b"\x0a"))))},
    "1.3.6.1.4.1.311.20.2": {"template": tlv(0x1E, b"\0W\0S")},
    "1.3.6.1.4.1.311.21.1": {"ca-version": integer(0)},
    "2.16.840.1.113730.1.1": {"ssl-server": bits(b"\x40", 6), "none": bits(b"")},
    "2.16.840.1.113730.1.13": {"comment": tlv(0x16, b"comment")},
    "2.999.1": {"unknown": seq(), "nothing": b""},
}

SHORT_NAMES = {
    BASIC_CONSTRAINTS: "basic-constraints",
    KEY_USAGE: "key-usage",
    "2.5.29.14": "ski",
    AUTHORITY_KEY: "aki",
    ALT_NAME: "san",
    ISSUER_ALT_NAME: "ian",
    NAME_CONSTRAINTS: "name-constraints",
    PURPOSES: "eku",
    POLICIES: "policies",
    "2.5.29.33": "mappings",
    "2.5.29.36": "policy-constraints",
    "2.5.29.54": "inhibit-any",
    CRL_POINTS: "crl-points",
    "2.5.29.46": "freshest",
    AIA: "aia",
    SIA: "sia",
    "1.3.6.1.5.5.7.1.24": "tls-feature",
    "1.3.6.1.4.1.11129.2.4.2": "sct",
}


def extension_rows() -> Iterable[tuple[str, list[bytes]]]:
    """Yields the name of each oddity, and the extensions that have it."""
    for identifier, contents in CONTENTS.items():
        short = SHORT_NAMES.get(identifier, identifier)
        first = next(iter(contents.values()))
        for key, content in contents.items():
            yield f"{short}-{key}", [extension(identifier, content)]
        yield f"{short}-critical", [extension(identifier, first, True)]
        yield f"{short}-false-written", [extension(identifier, first, FALSE)]
        yield f"{short}-critical-2", [extension(identifier, first, tlv(0x01, b"\2"))]
        yield f"{short}-twice", [extension(identifier, first)] * 2
        yield f"{short}-no-content", [extension(identifier, b"")]
        yield f"{short}-wrong-tag", [extension(identifier, tlv(first[0] ^ 1, first[2:]) if first else NULL)]
        yield f"{short}-rest", [extension(identifier, first + NULL)]
        yield f"{short}-no-octets", [seq(oid(identifier), first)]
        yield f"{short}-oversize", [extension(identifier, octets(bytes(20000)))]
        yield f"{short}-bare-oid", [seq(oid(identifier))]


STRINGS = {
    "printable": tlv(0x13, b"Name"),
    "printable-wrong": tlv(0x13, b"N\xe4me@*"),
    "printable-nul": tlv(0x13, b"a\0b"),
    "teletex": tlv(0x14, b"N\xe4me"),
    "teletex-escape": tlv(0x14, b"\x1b\x24\x42\xc8"),
    "ia5": tlv(0x16, b"name@a.example"),
    "ia5-high": tlv(0x16, b"\xff"),
    "universal": tlv(0x1C, "Näme".encode("utf-32-be")),
    "universal-odd": tlv(0x1C, b"\0\0\0"),
    "universal-high": tlv(0x1C, b"\0\x11\0\0"),
    "bmp": tlv(0x1E, "Näme".encode("utf-16-be")),
    "bmp-odd": tlv(0x1E, b"\0a\0"),
    "bmp-surrogate": tlv(0x1E, b"\xd8\0\xdc\0"),
    "bmp-nul": tlv(0x1E, b"\0\0"),
    "utf8": tlv(0x0C, "Näme".encode()),
    "utf8-wrong": tlv(0x0C, b"\xc3\x28"),
    "utf8-overlong": tlv(0x0C, b"\xc0\x80"),
    "utf8-surrogate": tlv(0x0C, b"\xed\xa0\x80"),
    "utf8-high": tlv(0x0C, b"\xf4\x90\x80\x80"),
    "utf8-bidi": tlv(0x0C, "\u202eexe.a".encode()),
    "utf8-empty": tlv(0x0C),
    "utf8-control": tlv(0x0C, b"a\r\n\x1b[2J\0b"),
    "utf8-long": tlv(0x0C, b"x" * 5000),
    "utf8-quotes": tlv(0x0C, b' #"+,;<=>\\ '),
    "numeric": tlv(0x12, b"1 2"),
    "visible": tlv(0x1A, b"Name"),
    "general": tlv(0x1B, b"Name"),
    "graphic": tlv(0x19, b"x"),
    "videotex": tlv(0x15, b"x"),
    "bits": bits(b"x"),
    "integer": integer(5),
    "null": NULL,
    "sequence": seq(utf8("x")),
    "set": set_of(utf8("x")),
    "constructed": tlv(0x2C, utf8("x")),
    "boolean": TRUE,
    "octets": octets(b"x"),
    "oid": oid("2.999"),
}

NAMES = {f"string-{key}": name(value) for key, value in STRINGS.items()} | {
    "empty": seq(),
    "empty-rdn": seq(tlv(0x31)),
    "no-value": seq(set_of(seq(oid(COMMON_NAME)))),
    "two-in-one": seq(set_of(attribute(COMMON_NAME, utf8("a")), attribute("2.5.4.10", utf8("b")))),
    "unsorted": seq(tlv(0x31, attribute("2.5.4.10", utf8("b")), attribute(COMMON_NAME, utf8("a")))),
    "twice-in-one": seq(tlv(0x31, attribute(COMMON_NAME, utf8("a")), attribute(COMMON_NAME, utf8("a")))),
    "many": name(*[f"n{i}" for i in range(100)]),
    "unknown": name("x", identifier="2.999.5"),
    "unique-id": name(bits(b"x"), identifier="2.5.4.45"),
    "country-3": name(tlv(0x13, b"USA"), identifier="2.5.4.6"),
    "mail": name(tlv(0x16, b"a@a.example"), identifier="1.2.840.113549.1.9.1"),
    "component": name(tlv(0x16, b"example"), identifier="0.9.2342.19200300.100.1.25"),
    "oid-empty": seq(set_of(seq(b"\x06\0", utf8("x")))),
    "sequence-of-sequence": seq(seq(attribute(COMMON_NAME, utf8("x")))),
    "not-a-sequence": set_of(attribute(COMMON_NAME, utf8("x"))),
    "spaces": name("  a   b "),
    "case": name("ISSUER"),
    "three": name("x", "y", "z"),
    "rest-in-attribute": seq(set_of(seq(oid(COMMON_NAME), utf8("x"), NULL))),
}

TIMES = {
    "utc-1950": utc_time("500101000000Z"),
    "utc-2049": utc_time("491231235959Z"),
    "utc-no-seconds": utc_time("2501010000Z"),
    "utc-offset": utc_time("250101000000+0100"),
    "utc-no-zone": utc_time("250101000000"),
    "utc-fraction": utc_time("250101000000.5Z"),
    "utc-month-13": utc_time("251301000000Z"),
    "utc-second-60": utc_time("251231235960Z"),
    "utc-feb-30": utc_time("250230000000Z"),
    "utc-empty": utc_time(""),
    "utc-letters": utc_time("25010100000xZ"),
    "utc-spaces": utc_time(" 50101000000Z"),
    "general": generalized_time("20250101000000Z"),
    "general-0000": generalized_time("00000101000000Z"),
    "general-0001": generalized_time("00010101000000Z"),
    "general-1969": generalized_time("19691231235959Z"),
    "general-9999": generalized_time("99991231235959Z"),
    "general-2038": generalized_time("20380119031408Z"),
    "general-fraction": generalized_time("20250101000000.123Z"),
    "general-offset": generalized_time("20250101000000-1200"),
    "general-no-zone": generalized_time("20250101000000"),
    "general-feb-29": generalized_time("20250229000000Z"),
    "general-leap": generalized_time("20240229000000Z"),
    "general-1900": generalized_time("19000229000000Z"),
    "general-hour-24": generalized_time("20250101240000Z"),
    "general-day-0": generalized_time("20250100000000Z"),
    "general-minus": generalized_time("-0250101000000Z"),
    "general-short": generalized_time("2025Z"),
    "general-long": generalized_time("2" * 500 + "Z"),
    "integer": integer(1),
    "null": NULL,
    "printable": tlv(0x13, b"250101000000Z"),
}

SERIALS = {
    "0": integer(0),
    "negative": integer(-1),
    "20-octets": integer(2**158),
    "21-octets": integer(2**161),
    "200-octets": integer(2**1599),
    "empty": tlv(0x02),
    "padded": tlv(0x02, b"\0\1"),
    "minus-padded": tlv(0x02, b"\xff\xff"),
    "big-negative": integer(-(2**159)),
    "octets": octets(b"\1"),
    "enumerated": tlv(0x0A, b"\1"),
    "high-bit": integer(0x80),
    "7f": integer(0x7F),
}

ALGORITHMS = {
    "sha1": seq(oid("1.2.840.10045.4.1")),
    "sha384": seq(oid("1.2.840.10045.4.3.3")),
    "null": seq(oid("1.2.840.10045.4.3.2"), NULL),
    "rsa-md2": seq(oid("1.2.840.113549.1.1.2"), NULL),
    "rsa-md5": seq(oid("1.2.840.113549.1.1.4"), NULL),
    "rsa-sha1": seq(oid("1.2.840.113549.1.1.5"), NULL),
    "rsa-sha1-oiw": seq(oid("1.3.14.3.2.29"), NULL),
    "rsa-sha256": seq(oid("1.2.840.113549.1.1.11"), NULL),
    "rsa-sha256-no-null": seq(oid("1.2.840.113549.1.1.11")),
    "rsa-sha3": seq(oid("2.16.840.1.101.3.4.3.14")),
    "dsa-sha1": seq(oid("1.2.840.10040.4.3")),
    "dsa-sha256": seq(oid("2.16.840.1.101.3.4.3.2")),
    "pss": seq(oid("1.2.840.113549.1.1.10"), odd_keys.pss_parameters("sha256", 32)),
    "pss-none": seq(oid("1.2.840.113549.1.1.10")),
    "pss-default": seq(oid("1.2.840.113549.1.1.10"), seq()),
    "pss-salt": seq(oid("1.2.840.113549.1.1.10"), odd_keys.pss_parameters("sha256", 2**33)),
    "pss-mixed": seq(oid("1.2.840.113549.1.1.10"), odd_keys.pss_parameters("sha256", 32, "sha1")),
    "ed25519": seq(oid("1.3.101.112")),
    "ed25519-null": seq(oid("1.3.101.112"), NULL),
    "ed448": seq(oid("1.3.101.113")),
    "ml-dsa-44": seq(oid("2.16.840.1.101.3.4.3.17")),
    "sm2": seq(oid("1.2.156.10197.1.501")),
    "gost": seq(oid("1.2.643.7.1.1.3.2")),
    "none": seq(oid("1.3.6.1.5.5.7.6.2")),
    "unknown": seq(oid("2.999.7"), seq()),
    "empty": seq(),
    "oid-alone": oid("1.2.840.10045.4.3.2"),
    "key": seq(oid(odd_keys.EC), oid(odd_keys.P256)),
}


def field_rows() -> Iterable[tuple[str, bytes]]:
    for key, value in NAMES.items():
        yield f"subject-{key}", certificate(LEAF_NAMES, subject=value)
        yield f"issuer-{key}", certificate(LEAF_NAMES, issuer=value)
    yield "self-issued", certificate(CA, subject=name("Issuer"))
    for key, value in TIMES.items():
        yield f"not-before-{key}", certificate(LEAF_NAMES, times=validity(value))
        yield f"not-after-{key}", certificate(LEAF_NAMES, times=validity(utc_time("200101000000Z"), value))
    yield "times-turned", certificate(LEAF_NAMES, times=validity(utc_time("400101000000Z"), utc_time("200101000000Z")))
    yield "times-none", certificate(LEAF_NAMES, times=seq())
    for key, value in SERIALS.items():
        yield f"serial-{key}", certificate(LEAF_NAMES, serial=value)
    for key, value in ALGORITHMS.items():
        yield f"algorithm-{key}", certificate(LEAF_NAMES, algorithm=value)
        yield f"algorithm-inner-{key}", certificate(LEAF_NAMES, inner=value)
    for number in (-1, 0, 1, 3, 2**31, 2**64):
        yield f"version-{number}", certificate(LEAF_NAMES, version=context(0, integer(number)))
    yield "version-absent", certificate(LEAF_NAMES, version=b"")
    yield "version-1", certificate(version=b"")
    yield "version-1-ids", certificate(version=b"", unique=implicit(1, b"\0x"))
    yield "version-2-ids", certificate(version=context(0, integer(1)), unique=implicit(1, b"\0x") + implicit(2, b"\0y"))
    yield "ids", certificate(LEAF_NAMES, unique=implicit(1, b"\0x") + implicit(2, b"\0y"))
    yield "ids-empty", certificate(LEAF_NAMES, unique=implicit(1) + implicit(2, b"\x09"))
    yield "ids-turned", certificate(LEAF_NAMES, unique=implicit(2, b"\0x") + implicit(1, b"\0y"))
    yield "extensions-empty", certificate(tail=context(3, seq()))
    yield "extensions-null", certificate(tail=context(3, NULL))
    yield "extensions-twice", certificate(LEAF_NAMES, tail=context(3, seq(CA)))
    yield "tbs-rest", certificate(LEAF_NAMES, tail=NULL)
    yield "extensions-500", certificate(*[extension(f"2.999.{i}", NULL) for i in range(500)])
    yield "extensions-critical-unknown", certificate(LEAF_NAMES, extension("2.999.1", NULL, True))
    for key, value in (
        ("empty", bits(b"")),
        ("nothing", tlv(0x03)),
        ("unused", bits(b"x", 3)),
        ("octets", octets(b"x")),
        ("zeros", bits(seq(integer(0), integer(0)))),
        ("long", bits(bytes(9000))),
        ("absent", b""),
    ):
        yield f"signature-{key}", certificate(LEAF_NAMES, signature=value)
    good = certificate(LEAF_NAMES)
    yield "rest", good + NULL
    yield "cut", good[:-1]
    yield "in-octets", octets(good)
    yield "trusted", good + seq(seq(oid(SERVER_AUTH)), utf8("alias"))


def authorities() -> dict[str, bytes]:
    """Those of "Issuer", each with something odd, under the authority "Root"."""
    made = {f"key-{key}": authority("Issuer", "Root", value) for key, value in odd_keys.keys().items()}
    for key, extensions in extension_rows():
        usual = [extension for extension in (CA, CA_USAGE) if extension[4:9] not in {odd[4:9] for odd in extensions}]
        made[key] = certificate(*usual, *extensions, subject=name("Issuer"), issuer=name("Root"))
    for key, value in TIMES.items():
        made[f"not-after-{key}"] = certificate(
            CA, CA_USAGE, subject=name("Issuer"), issuer=name("Root"), times=validity(utc_time("200101000000Z"), value)
        )
    for key, value in ALGORITHMS.items():
        made[f"algorithm-{key}"] = certificate(
            CA, CA_USAGE, subject=name("Issuer"), issuer=name("Root"), algorithm=value
        )
    return made


def certificates() -> dict[str, bytes]:
    made = {"good": certificate(LEAF_NAMES, extension(AIA, seq(AIA_URL))), "authority": authority()}
    for key, value in odd_keys.keys().items():
        made[f"key-{key}"] = certificate(LEAF_NAMES, key=value)
        made[f"ca-{key}"] = authority(key=value)
    for key, extensions in extension_rows():
        made[key] = certificate(*extensions)
    made |= dict(field_rows())
    return made

"""odd_revocation - CRLs (RFC 5280 5) and OCSP responses (RFC 6960) of every form, right and wrong.

They are about certificates of the authority "Issuer", and signed as odd_keys.py says.
"""

from __future__ import annotations

import hashlib
from typing import Iterable

import odd_keys
from der import (
    FALSE, NULL, TRUE, bits, context, generalized_time, implicit, integer, octets, oid, seq, tlv, utc_time, utf8,
)
from odd_certificates import (
    AUTHORITY_KEY, CONTENTS, CRL_URL, GENERAL_NAMES, LEAF_NAMES, NAMES, PURPOSES, SERIALS, SHA1_OF_KEY_ONE, TIMES,
    attribute, authority, certificate, extension, full_name, name,
)

NOW, LATER = "251231000000Z", "270101000000Z"
CRL_NUMBER, REASON, INVALIDITY, DELTA = "2.5.29.20", "2.5.29.21", "2.5.29.24", "2.5.29.27"
PART, CERTIFICATE_ISSUER, HOLD = "2.5.29.28", "2.5.29.29", "2.5.29.23"
OCSP_SIGNING = extension(PURPOSES, seq(oid("1.3.6.1.5.5.7.3.9")))
REASONS = {
    "unspecified": 0,
    "key": 1,
    "ca": 2,
    "affiliation": 3,
    "superseded": 4,
    "cessation": 5,
    "hold": 6,
    "7": 7,
    "remove": 8,
    "privilege": 9,
    "aa": 10,
    "11": 11,
    "negative": -1,
    "huge": 2**40,
}


def reason(value: int) -> bytes:
    return extension(REASON, integer(value, 0x0A))


def entry(*extensions: bytes, serial: bytes = integer(1), when: bytes = utc_time("250601000000Z")) -> bytes:
    return seq(serial, when, *([seq(*extensions)] if extensions else []))


def crl(
    *entries: bytes,
    extensions: tuple[bytes, ...] = (extension(CRL_NUMBER, integer(1)),),
    version: bytes = integer(1),
    issuer: bytes = name("Issuer"),
    this: bytes = utc_time(NOW),
    following: bytes = utc_time(LATER),
    algorithm: bytes = odd_keys.ECDSA_SHA256,
    revoked: bytes | None = None,
    signature: bytes | None = None,
) -> bytes:
    if revoked is None:
        revoked = seq(*entries) if entries else b""
    tbs = seq(version, algorithm, issuer, this, following, revoked, context(0, seq(*extensions)) if extensions else b"")
    return seq(tbs, algorithm, bits(odd_keys.sign_one(tbs)) if signature is None else signature)


PARTS = {
    "none": seq(),
    "url": seq(full_name(CRL_URL)),
    "users": seq(implicit(1, b"\xff")),
    "authorities": seq(implicit(2, b"\xff")),
    "reasons": seq(implicit(3, b"\1\x06")),
    "reasons-none": seq(implicit(3, b"\0")),
    "indirect": seq(implicit(4, b"\xff")),
    "attributes": seq(implicit(5, b"\xff")),
    "both": seq(implicit(1, b"\xff"), implicit(2, b"\xff")),
    "false-written": seq(implicit(1, b"\0")),
    "true-1": seq(implicit(1, b"\1")),
    "empty-flag": seq(implicit(4)),
    "relative": seq(context(0, tlv(0xA1, attribute("2.5.4.3", utf8("x"))))),
    "all-names": seq(full_name(*GENERAL_NAMES.values())),
    "no-names": seq(full_name()),
    "unknown": seq(implicit(6, b"\xff")),
    "turned": seq(implicit(2, b"\xff"), full_name(CRL_URL)),
    "not-a-sequence": TRUE,
}


def crl_rows() -> Iterable[tuple[str, bytes]]:
    yield "empty", crl()
    yield "revoked", crl(entry())
    yield "revoked-other", crl(entry(serial=integer(2)))
    yield "list-empty", crl(revoked=seq())
    yield "no-extensions", crl(entry(), extensions=())
    yield "version-1", crl(entry(), extensions=(), version=b"")
    yield "version-1-entry-extensions", crl(entry(reason(1)), extensions=(), version=b"")
    for number in (-1, 0, 2, 2**40):
        yield f"version-{number + 1}", crl(entry(), version=integer(number))
    for key, value in REASONS.items():
        yield f"reason-{key}", crl(entry(reason(value)))
    yield "reason-integer", crl(entry(extension(REASON, integer(1))))
    yield "reason-empty", crl(entry(extension(REASON, tlv(0x0A))))
    yield "reason-twice", crl(entry(reason(1), reason(4)))
    yield "entry-extensions-empty", crl(seq(integer(1), utc_time("250601000000Z"), seq()))
    yield "entry-rest", crl(seq(integer(1), utc_time("250601000000Z"), seq(reason(1)), NULL))
    yield "entry-no-time", crl(seq(integer(1)))
    yield "entry-empty", crl(seq())
    yield "invalidity", crl(entry(extension(INVALIDITY, generalized_time("20250101000000Z"))))
    yield "hold-instruction", crl(entry(extension(HOLD, oid("1.2.840.10040.2.2"))))
    yield "entry-unknown-critical", crl(entry(extension("2.999.1", NULL, True)))
    yield "entry-issuer", crl(entry(extension(CERTIFICATE_ISSUER, seq(context(4, name("Other"))), True)))
    yield "entry-issuer-empty", crl(entry(extension(CERTIFICATE_ISSUER, seq(), True)))
    for key, value in SERIALS.items():
        yield f"serial-{key}", crl(entry(serial=value))
    for key, value in TIMES.items():
        yield f"this-{key}", crl(entry(), this=value)
        yield f"next-{key}", crl(entry(), following=value)
        yield f"entry-time-{key}", crl(entry(when=value))
    yield "next-absent", crl(entry(), following=b"")
    for key, value in NAMES.items():
        yield f"issuer-{key}", crl(entry(), issuer=value)
    for key, value in PARTS.items():
        yield f"part-{key}", crl(entry(), extensions=(extension(PART, value, True),))
    yield "part-not-critical", crl(entry(), extensions=(extension(PART, PARTS["url"]),))
    yield "part-twice", crl(entry(), extensions=(extension(PART, PARTS["url"], True),) * 2)
    indirect = (extension(PART, PARTS["indirect"], True),)
    yield "indirect-entries", crl(
        entry(extension(CERTIFICATE_ISSUER, seq(context(4, name("Other"))), True)),
        entry(serial=integer(2)),
        extensions=indirect,
    )
    for key, value in (
        ("good", integer(1)),
        ("negative", integer(-1)),
        ("huge", integer(2**200)),
        ("null", NULL),
        ("none", b""),
    ):
        yield f"delta-{key}", crl(
            entry(reason(8)), extensions=(extension(CRL_NUMBER, integer(2)), extension(DELTA, value, True))
        )
        yield f"number-{key}", crl(entry(), extensions=(extension(CRL_NUMBER, value),))
    for identifier in (AUTHORITY_KEY, "2.5.29.18", "2.5.29.46", "1.3.6.1.5.5.7.1.1"):
        for key, content in CONTENTS[identifier].items():
            yield f"{identifier}-{key}", crl(entry(), extensions=(extension(identifier, content),))
    yield "unknown-critical", crl(entry(), extensions=(extension("2.999.1", NULL, True),))
    yield "critical-number", crl(entry(), extensions=(extension(CRL_NUMBER, integer(1), True),))
    yield "false-written", crl(entry(), extensions=(extension(CRL_NUMBER, integer(1), FALSE),))
    yield "entries-3000", crl(*[entry(serial=integer(i * 7919)) for i in range(3000, 0, -1)])
    yield "entries-same", crl(*[entry()] * 200)
    yield "signature-empty", crl(entry(), signature=bits(b""))
    yield "signature-nothing", crl(entry(), signature=tlv(0x03))
    yield "algorithm-rsa", crl(entry(), algorithm=seq(oid("1.2.840.113549.1.1.11"), NULL))
    yield "algorithm-pss", crl(entry(), algorithm=seq(oid("1.2.840.113549.1.1.10")))
    yield "algorithm-empty", crl(entry(), algorithm=seq())
    yield "rest", crl(entry()) + NULL


def crls() -> dict[str, bytes]:
    return dict(crl_rows())


def certificate_id(
    issuer: bytes, serial: bytes = integer(1), algorithm: str = "1.3.14.3.2.26", key: bytes | None = None
) -> bytes:
    digest = hashlib.sha256 if algorithm.startswith("2.16") else hashlib.sha1
    key_bits = odd_keys.KEY_ONE[-65:] if key is None else key
    return seq(seq(oid(algorithm), NULL), octets(digest(issuer).digest()), octets(digest(key_bits).digest()), serial)


ISSUER_NAME = name("Issuer")
GOOD = implicit(0)
REVOKED = context(1, generalized_time("20250601000000Z"))
UNKNOWN = implicit(2)
THIS, NEXT = generalized_time("20251231000000Z"), context(0, generalized_time("20270101000000Z"))


def single(
    status: bytes = GOOD,
    identifier: bytes = certificate_id(ISSUER_NAME),
    this: bytes = THIS,
    following: bytes = NEXT,
    *extensions: bytes,
) -> bytes:
    return seq(identifier, status, this, following, context(1, seq(*extensions)) if extensions else b"")


BY_NAME = context(1, ISSUER_NAME)
BY_KEY = context(2, octets(hashlib.sha1(odd_keys.KEY_ONE[-65:]).digest()))


def basic(
    *singles: bytes,
    responder: bytes = BY_KEY,
    produced: bytes = THIS,
    version: bytes = b"",
    certificates: tuple[bytes, ...] | None = None,
    extensions: tuple[bytes, ...] = (),
    algorithm: bytes = odd_keys.ECDSA_SHA256,
    signature: bytes | None = None,
    tail: bytes = b"",
) -> bytes:
    data = seq(version, responder, produced, seq(*singles), context(1, seq(*extensions)) if extensions else b"")
    signed = bits(odd_keys.sign_one(data)) if signature is None else signature
    return seq(data, algorithm, signed, context(0, seq(*certificates)) if certificates is not None else b"", tail)


def response(content: bytes, status: int = 0, kind: str = "1.3.6.1.5.5.7.48.1.1") -> bytes:
    return seq(integer(status, 0x0A), context(0, seq(oid(kind), octets(content))))


def response_rows() -> Iterable[tuple[str, bytes]]:
    good = basic(single())
    yield "good", response(good)
    yield "good-by-name", response(basic(single(), responder=BY_NAME))
    yield "revoked", response(basic(single(REVOKED)))
    yield "unknown", response(basic(single(UNKNOWN)))
    for status in range(-1, 9):
        yield f"error-{status}", seq(integer(status, 0x0A))
        yield f"status-{status}", response(good, status)
    yield "status-empty", seq(tlv(0x0A))
    yield "no-bytes", seq(integer(0, 0x0A))
    yield "not-basic", response(good, kind="1.3.6.1.5.5.7.48.1.2")
    yield "basic-empty", response(b"")
    yield "rest", response(good) + NULL
    yield "rest-inside", response(good + NULL)
    for key, value in REASONS.items():
        status = context(1, generalized_time("20250601000000Z"), context(0, integer(value, 0x0A)))
        yield f"reason-{key}", response(basic(single(status)))
    for key, value in {
        "revoked-empty": context(1),
        "revoked-utc": context(1, utc_time("250601000000Z")),
        "good-null": implicit(0, b"x"),
        "good-constructed": context(0),
        "unknown-constructed": context(2),
        "status-3": implicit(3),
        "status-null": NULL,
        "reason-empty": context(1, generalized_time("20250601000000Z"), context(0)),
    }.items():
        yield key, response(basic(single(value)))
    for key, value in {
        "sha256": certificate_id(ISSUER_NAME, algorithm="2.16.840.1.101.3.4.2.1"),
        "md5": certificate_id(ISSUER_NAME, algorithm="1.2.840.113549.2.5"),
        "other-name": certificate_id(name("Other")),
        "other-key": certificate_id(ISSUER_NAME, key=b"x"),
        "empty": seq(),
        "short": seq(seq(oid("1.3.14.3.2.26")), octets(b"x"), octets(), integer(1)),
    }.items():
        yield f"id-{key}", response(basic(single(GOOD, value)))
    for key, value in SERIALS.items():
        yield f"serial-{key}", response(basic(single(GOOD, certificate_id(ISSUER_NAME, value))))
    for key, value in TIMES.items():
        yield f"this-{key}", response(basic(single(GOOD, certificate_id(ISSUER_NAME), value)))
        yield f"next-{key}", response(basic(single(GOOD, certificate_id(ISSUER_NAME), THIS, context(0, value))))
        yield f"produced-{key}", response(basic(single(), produced=value))
        yield f"revoked-{key}", response(basic(single(context(1, value))))
    yield "next-absent", response(basic(single(GOOD, certificate_id(ISSUER_NAME), THIS, b"")))
    yield "next-empty", response(basic(single(GOOD, certificate_id(ISSUER_NAME), THIS, context(0))))
    yield "stale", response(
        basic(
            single(
                GOOD,
                certificate_id(ISSUER_NAME),
                generalized_time("20200101000000Z"),
                context(0, generalized_time("20200108000000Z")),
            )
        )
    )
    yield "none", response(basic())
    yield "several", response(basic(*[single(GOOD, certificate_id(ISSUER_NAME, integer(i))) for i in range(5, 0, -1)]))
    yield "contradiction", response(basic(single(), single(REVOKED)))
    yield "many", response(basic(*[single(UNKNOWN, certificate_id(ISSUER_NAME, integer(i))) for i in range(200)]))
    for key, value in {
        "nonce": octets(bytes(16)),
        "nonce-empty": octets(),
        "nonce-raw": b"raw",
        "nonce-huge": octets(bytes(5000)),
    }.items():
        yield key, response(basic(single(), extensions=(extension("1.3.6.1.5.5.7.48.1.2", value),)))
    yield "critical-unknown", response(basic(single(), extensions=(extension("2.999.1", NULL, True),)))
    yield "single-critical-unknown", response(
        basic(single(GOOD, certificate_id(ISSUER_NAME), THIS, NEXT, extension("2.999.1", NULL, True)))
    )
    yield "single-scts", response(
        basic(
            single(GOOD, certificate_id(ISSUER_NAME), THIS, NEXT, extension("1.3.6.1.4.1.11129.2.4.5", octets(b"\0\0")))
        )
    )
    for key, value in {
        "by-name-other": context(1, name("Other")),
        "by-key-other": context(2, octets(bytes(20))),
        "by-key-short": context(2, octets(b"x")),
        "by-nothing": b"",
        "by-3": context(3, octets(b"x")),
        "by-name-empty": context(1, seq()),
    }.items():
        yield f"responder-{key}", response(basic(single(), responder=value))
    for number in (-1, 0, 1):
        yield f"version-{number}", response(basic(single(), version=context(0, integer(number))))
    delegate = certificate(OCSP_SIGNING, subject=name("Responder"))
    yield "delegate", response(basic(single(), responder=context(1, name("Responder")), certificates=(delegate,)))
    yield "delegate-no-purpose", response(
        basic(single(), responder=context(1, name("Responder")), certificates=(certificate(subject=name("Responder")),))
    )
    yield "delegate-other-issuer", response(
        basic(
            single(),
            responder=context(1, name("Responder")),
            certificates=(certificate(OCSP_SIGNING, subject=name("Responder"), issuer=name("Other")),),
        )
    )
    yield "delegate-expired", response(
        basic(
            single(),
            responder=context(1, name("Responder")),
            certificates=(
                certificate(
                    OCSP_SIGNING,
                    subject=name("Responder"),
                    times=seq(utc_time("200101000000Z"), utc_time("210101000000Z")),
                ),
            ),
        )
    )
    for key, value in odd_keys.keys().items():
        odd = certificate(OCSP_SIGNING, subject=name("Responder"), key=value)
        yield f"delegate-{key}", response(basic(single(), responder=context(1, name("Responder")), certificates=(odd,)))
    yield "certificates-none", response(basic(single(), certificates=()))
    yield "certificates-many", response(basic(single(), responder=BY_NAME, certificates=(delegate,) * 20))
    yield "certificates-wrong", response(basic(single(), certificates=(NULL,)))
    yield "issuer-inside", response(basic(single(), certificates=(authority(),)))
    for key, value in {
        "rsa": seq(oid("1.2.840.113549.1.1.11"), NULL),
        "pss": seq(oid("1.2.840.113549.1.1.10")),
        "sha1": seq(oid("1.2.840.10045.4.1")),
        "empty": seq(),
        "unknown": seq(oid("2.999")),
    }.items():
        yield f"algorithm-{key}", response(basic(single(), algorithm=value))
    yield "signature-empty", response(basic(single(), signature=bits(b"")))
    yield "signature-unused", response(basic(single(), signature=bits(b"x", 3)))
    yield "basic-rest", response(basic(single(), tail=NULL))


def responses() -> dict[str, bytes]:
    return dict(response_rows())


def leaf() -> bytes:
    """The certificate that all of them are about."""
    return certificate(
        LEAF_NAMES,
        extension(AUTHORITY_KEY, seq(implicit(0, SHA1_OF_KEY_ONE))),
        extension("2.5.29.31", CONTENTS["2.5.29.31"]["url"]),
        extension("1.3.6.1.5.5.7.1.24", CONTENTS["1.3.6.1.5.5.7.1.24"]["staple"]),
    )

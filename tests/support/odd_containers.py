"""odd_containers - PKCS#7 (RFC 2315, RFC 5652), PKCS#12 (RFC 7292) and encrypted PKCS#8 of every form, right and wrong.

The password is "secret". What is encrypted is so by RC4; of 3DES and AES, which take a library, the names alone stand
there, and no cipher text.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Iterable

import odd_keys
from der import (
    NULL, bits, context, implicit, indefinite, integer, octets, oid, seq, set_of, tlv, utc_time, utf8,
)
from odd_certificates import authority, certificate, name
from odd_revocation import crl, entry

PASSWORD = "secret"
DATA, SIGNED, ENCRYPTED = "1.2.840.113549.1.7.1", "1.2.840.113549.1.7.2", "1.2.840.113549.1.7.6"
BAG = "1.2.840.113549.1.12.10.1."
SHA1, SHA256 = "1.3.14.3.2.26", "2.16.840.1.101.3.4.2.1"
SALT = b"saltsalt"


def signed_data(
    certificates: bytes | None,
    *,
    crls: bytes = b"",
    version: int = 1,
    digests: bytes = set_of(),
    inner: bytes = seq(oid(DATA)),
    signers: bytes = set_of(),
    kind: str = SIGNED,
) -> bytes:
    body = seq(integer(version), digests, inner, certificates or b"", crls, signers)
    return seq(oid(kind), context(0, body))


def signer(*attributes: bytes) -> bytes:
    signed = context(0, *attributes) if attributes else b""
    return seq(
        integer(1),
        seq(name("Issuer"), integer(1)),
        seq(oid(SHA256)),
        signed,
        odd_keys.ECDSA_SHA256,
        octets(odd_keys.sign_one(b"content")),
    )


def pkcs7_rows() -> Iterable[tuple[str, bytes]]:
    leaf, issuer = certificate(), authority()
    both = context(0, leaf, issuer)
    yield "certificates", signed_data(both)
    yield "none", signed_data(None)
    yield "empty", signed_data(context(0))
    yield "crls", signed_data(both, crls=context(1, crl(entry())))
    yield "crls-alone", signed_data(None, crls=context(1, crl(entry())))
    for version in (-1, 0, 3, 5, 2**40):
        yield f"version-{version}", signed_data(both, version=version)
    yield "signed", signed_data(
        both,
        digests=set_of(seq(oid(SHA256))),
        inner=seq(oid(DATA), context(0, octets(b"content"))),
        signers=set_of(signer()),
    )
    time = seq(oid("1.2.840.113549.1.9.5"), set_of(utc_time("250101000000Z")))
    kind = seq(oid("1.2.840.113549.1.9.3"), set_of(oid(DATA)))
    digest = seq(oid("1.2.840.113549.1.9.4"), set_of(octets(hashlib.sha256(b"content").digest())))
    yield "signed-attributes", signed_data(
        both,
        digests=set_of(seq(oid(SHA256), NULL)),
        inner=seq(oid(DATA), context(0, octets(b"content"))),
        signers=set_of(signer(kind, digest, time)),
    )
    yield "other-content", signed_data(both, inner=seq(oid("2.999"), context(0, seq())))
    yield "attribute-certificate", signed_data(context(0, leaf, context(1, seq())))
    yield "extended-certificate", signed_data(context(0, context(0, seq()), leaf))
    yield "other-format", signed_data(context(0, context(3, oid("2.999"), NULL), leaf))
    yield "not-a-certificate", signed_data(context(0, NULL, leaf))
    yield "certificates-primitive", signed_data(implicit(0, leaf))
    yield "certificates-universal", signed_data(set_of(leaf, issuer))
    yield "many", signed_data(context(0, *[certificate(serial=integer(i)) for i in range(60)]))
    for identifier in (DATA, ENCRYPTED, "1.2.840.113549.1.7.3", "1.2.840.113549.1.7.5", "2.999"):
        yield f"kind-{identifier}", signed_data(both, kind=identifier)
    yield "no-content", seq(oid(SIGNED))
    yield "rest", signed_data(both) + NULL
    body = [integer(1), indefinite(0x31), indefinite(0x30, oid(DATA)), indefinite(0xA0, leaf, issuer), indefinite(0x31)]
    yield "indefinite", indefinite(0x30, oid(SIGNED), indefinite(0xA0, indefinite(0x30, *body)))
    yield "indefinite-open", indefinite(0x30, oid(SIGNED), indefinite(0xA0, indefinite(0x30, *body)))[:-4]
    yield "indefinite-content", indefinite(
        0x30,
        oid(SIGNED),
        indefinite(
            0xA0,
            indefinite(
                0x30,
                integer(1),
                set_of(),
                indefinite(0x30, oid(DATA), indefinite(0xA0, indefinite(0x24, octets(b"con"), octets(b"tent")))),
                both,
                set_of(),
            ),
        ),
    )
    deep = both
    for _ in range(60):
        deep = context(0, deep)
    yield "deep", signed_data(deep)
    for key in (
        "dsa",
        "rsa-e-0",
        "ec-p256-explicit",
        "ec-infinity",
        "ed448",
        "ml-dsa-44",
        "empty-oid",
        "gost-2012",
        "dsa-inherited",
    ):
        yield f"key-{key}", signed_data(
            context(0, certificate(key=odd_keys.keys()[key]), authority(key=odd_keys.keys()[key]))
        )


def password_hash(algorithm: str, turns: int, password: str | None, purpose: int = 3) -> bytes:
    """RFC 7292 appendix B.2: one round gives enough for a MAC (3) and for RC4's key (1); a block has 64 octets."""
    text = (password + "\0").encode("utf-16-be") if password is not None else b""

    def fill(value: bytes) -> bytes:
        return (value * (64 // len(value) + 1))[:64] if value else b""

    digest = bytes([purpose]) * 64 + fill(SALT) + fill(text)
    for _ in range(turns):
        digest = hashlib.new(algorithm, digest).digest()
    return digest


def rc4(key: bytes, content: bytes) -> bytes:
    state, j, out = list(range(256)), 0, bytearray()
    for i in range(256):
        j = (j + state[i] + key[i % len(key)]) % 256
        state[i], state[j] = state[j], state[i]
    i = j = 0
    for byte in content:
        i = (i + 1) % 256
        j = (j + state[i]) % 256
        state[i], state[j] = state[j], state[i]
        out.append(byte ^ state[(state[i] + state[j]) % 256])
    return bytes(out)


def mac(
    content: bytes,
    algorithm: str = "sha1",
    turns: int = 1,
    password: str | None = PASSWORD,
    written: bytes | None = None,
) -> bytes:
    identifier = {"sha1": SHA1, "sha256": SHA256}[algorithm]
    value = hmac.new(password_hash(algorithm, turns, password), content, algorithm).digest()
    count = written if written is not None else integer(turns) if turns != 1 else b""
    return seq(seq(seq(oid(identifier), NULL), octets(value)), octets(SALT), count)


def content_info(content: bytes) -> bytes:
    return seq(oid(DATA), context(0, octets(content)))


def pfx(*safes: bytes, version: int = 3, seal: bytes | None = None, **options: object) -> bytes:
    whole = seq(*safes)
    if seal is None:
        seal = mac(whole, **options)  # type: ignore[arg-type]
    return seq(integer(version), content_info(whole), seal)


def bag(kind: str, content: bytes, *attributes: bytes) -> bytes:
    return seq(oid(BAG + kind), context(0, content), set_of(*attributes) if attributes else b"")


def certificate_bag(der: bytes, *attributes: bytes, kind: str = "1.2.840.113549.1.9.22.1") -> bytes:
    return bag("3", seq(oid(kind), context(0, octets(der))), *attributes)


def pbes2(
    function: str, parameters: bytes, cipher: str = "2.16.840.1.101.3.4.1.42", vector: bytes = octets(bytes(16))
) -> bytes:
    return seq(oid("1.2.840.113549.1.5.13"), seq(seq(oid(function), parameters), seq(oid(cipher), vector)))


PBKDF2, SCRYPT = "1.2.840.113549.1.5.12", "1.3.6.1.4.1.11591.4.11"
HMAC_SHA256 = seq(oid("1.2.840.113549.2.9"), NULL)
ENCRYPTIONS = {
    "pbe-rc4-128": seq(oid("1.2.840.113549.1.12.1.1"), seq(octets(SALT), integer(1))),
    "pbe-rc4-40": seq(oid("1.2.840.113549.1.12.1.2"), seq(octets(SALT), integer(1))),
    "pbe-3des": seq(oid("1.2.840.113549.1.12.1.3"), seq(octets(SALT), integer(1))),
    "pbe-2des": seq(oid("1.2.840.113549.1.12.1.4"), seq(octets(SALT), integer(1))),
    "pbe-rc2-128": seq(oid("1.2.840.113549.1.12.1.5"), seq(octets(SALT), integer(1))),
    "pbe-rc2-40": seq(oid("1.2.840.113549.1.12.1.6"), seq(octets(SALT), integer(1))),
    "pbe-md5-des": seq(oid("1.2.840.113549.1.5.3"), seq(octets(SALT), integer(1))),
    "pbe-turns-0": seq(oid("1.2.840.113549.1.12.1.3"), seq(octets(SALT), integer(0))),
    "pbe-turns-negative": seq(oid("1.2.840.113549.1.12.1.3"), seq(octets(SALT), integer(-1))),
    "pbe-turns-huge": seq(oid("1.2.840.113549.1.12.1.3"), seq(octets(SALT), integer(2**31 - 1))),
    "pbe-no-salt": seq(oid("1.2.840.113549.1.12.1.3"), seq(octets(), integer(1))),
    "pbe-no-parameters": seq(oid("1.2.840.113549.1.12.1.3")),
    "pbes2": pbes2(PBKDF2, seq(octets(SALT), integer(1), HMAC_SHA256)),
    "pbes2-default": pbes2(PBKDF2, seq(octets(SALT), integer(1))),
    "pbes2-length": pbes2(PBKDF2, seq(octets(SALT), integer(1), integer(32), HMAC_SHA256)),
    "pbes2-length-wrong": pbes2(PBKDF2, seq(octets(SALT), integer(1), integer(31), HMAC_SHA256)),
    "pbes2-salt-named": pbes2(PBKDF2, seq(seq(oid("2.999")), integer(1))),
    "pbes2-turns-0": pbes2(PBKDF2, seq(octets(SALT), integer(0))),
    "pbes2-turns-huge": pbes2(PBKDF2, seq(octets(SALT), integer(2**32 - 1))),
    "pbes2-turns-2-64": pbes2(PBKDF2, seq(octets(SALT), integer(2**64))),
    "pbes2-aes-128": pbes2(PBKDF2, seq(octets(SALT), integer(1)), "2.16.840.1.101.3.4.1.2"),
    "pbes2-vector-short": pbes2(PBKDF2, seq(octets(SALT), integer(1)), vector=octets(b"x")),
    "pbes2-3des": pbes2(PBKDF2, seq(octets(SALT), integer(1)), "1.2.840.113549.3.7", octets(bytes(8))),
    "pbes2-des": pbes2(PBKDF2, seq(octets(SALT), integer(1)), "1.3.14.3.2.7", octets(bytes(8))),
    "pbes2-rc2": pbes2(PBKDF2, seq(octets(SALT), integer(1)), "1.2.840.113549.3.2", seq(integer(58), octets(bytes(8)))),
    "pbes2-gcm": pbes2(PBKDF2, seq(octets(SALT), integer(1)), "2.16.840.1.101.3.4.1.46", seq(octets(bytes(12)))),
    "pbes2-unknown": pbes2("2.999", seq()),
    "pbes2-empty": seq(oid("1.2.840.113549.1.5.13"), seq()),
    "scrypt": pbes2(SCRYPT, seq(octets(SALT), integer(2), integer(1), integer(1))),
    "scrypt-huge": pbes2(SCRYPT, seq(octets(SALT), integer(2**30), integer(8), integer(1))),
    "pbmac1": seq(oid("1.2.840.113549.1.5.14"), seq()),
    "empty": seq(),
    "unknown": seq(oid("2.999")),
}


def encrypted(algorithm: bytes, content: bytes = bytes(64), tag: int = 0x80) -> bytes:
    return seq(oid(ENCRYPTED), context(0, seq(integer(0), seq(oid(DATA), algorithm, tlv(tag, content)))))


def rc4_algorithm(turns: int) -> bytes:
    return seq(oid("1.2.840.113549.1.12.1.1"), seq(octets(SALT), integer(turns)))


def rc4_text(content: bytes, turns: int = 1) -> bytes:
    """Encrypts with a key of that many turns. A file may claim more, which nobody should make."""
    return rc4(password_hash("sha1", turns, PASSWORD, purpose=1)[:16], content)


def opened(content: bytes, turns: int = 1, made: int = 1) -> bytes:
    """A part that the password opens."""
    return encrypted(rc4_algorithm(turns), rc4_text(content, made))


def encrypted_key(key: bytes, turns: int = 1, made: int = 1) -> bytes:
    return seq(rc4_algorithm(turns), octets(rc4_text(key, made)))


def shrouded(key: bytes, turns: int = 1, made: int = 1) -> bytes:
    return bag("2", encrypted_key(key, turns, made))


def hidden_rows(key: bytes, certificates: bytes) -> Iterable[tuple[str, bytes]]:
    """Keys that are seen once a part is decrypted, and how often each asks to hash the password."""
    yield "inside", pfx(opened(seq(shrouded(key), certificates)))
    yield "inside-plain", pfx(opened(seq(bag("1", key), certificates)))
    yield "inside-turns-huge", pfx(opened(seq(shrouded(key, 100_000_000), certificates)))
    yield "inside-together", pfx(opened(seq(shrouded(key, 9_999_998), certificates), 3, 3))
    yield "inside-40", pfx(*[opened(seq(shrouded(key, 3000, 3000)))] * 40)
    yield "parts-40", pfx(*[opened(seq(certificates), 300_000)] * 40)
    yield "inside-part", pfx(opened(opened(seq(shrouded(key, 9_000_000)), 9_000_000)))
    yield "inside-bag", pfx(opened(seq(bag("6", seq(shrouded(key, 100_000_000))), certificates)))
    yield "inside-indefinite", pfx(
        opened(indefinite(0x30, indefinite(0x30, oid(BAG + "2"), indefinite(0xA0, encrypted_key(key))), certificates))
    )
    yield "inside-deep", pfx(opened(b"\x30\x80" * 3000))


def encrypted_keys() -> dict[str, bytes]:
    return {key: seq(value, octets(bytes(64))) for key, value in ENCRYPTIONS.items()}


def pkcs12_rows() -> Iterable[tuple[str, bytes]]:
    leaf, issuer = certificate_bag(certificate()), certificate_bag(authority())
    key = bag("1", odd_keys.private_keys()["ec-pkcs8"])
    safe = content_info(seq(key, leaf, issuer))
    yield "good", pfx(safe)
    yield "turns-2048", pfx(safe, turns=2048)
    yield "sha256", pfx(safe, algorithm="sha256", turns=2)
    yield "no-mac", seq(integer(3), content_info(seq(safe)))
    yield "empty-password", pfx(safe, password="")
    yield "no-password", pfx(safe, password=None)
    yield "other-password", pfx(safe, password="other")
    for number in (-1, 0, 1, 2, 4, 2**40):
        yield f"version-{number}", pfx(safe, version=number)
    for what, value in {
        "0": integer(0),
        "negative": integer(-5),
        "huge": integer(2**31),
        "2-64": integer(2**64),
        "empty": tlv(0x02),
        "default": integer(1),
    }.items():
        yield f"turns-{what}", pfx(safe, seal=mac(seq(safe), written=value))
    yield "mac-empty", pfx(safe, seal=seq())
    yield "mac-no-salt", pfx(safe, seal=seq(seq(seq(oid(SHA1)), octets(bytes(20))), octets()))
    yield "mac-unknown", pfx(safe, seal=seq(seq(seq(oid("2.999")), octets(bytes(20))), octets(SALT)))
    yield "mac-pbmac1", pfx(
        safe,
        seal=seq(
            seq(
                seq(
                    oid("1.2.840.113549.1.5.14"),
                    seq(seq(oid(PBKDF2), seq(octets(SALT), integer(1), integer(32))), HMAC_SHA256),
                ),
                octets(bytes(32)),
            ),
            octets(SALT),
        ),
    )
    yield "signed", seq(integer(3), seq(oid(SIGNED), context(0, seq())))
    yield "no-safes", pfx()
    yield "safe-empty", pfx(content_info(seq()))
    yield "two-safes", pfx(content_info(seq(key)), content_info(seq(leaf, issuer)))
    yield "certificates-alone", pfx(content_info(seq(leaf, issuer)))
    yield "key-alone", pfx(content_info(seq(key)))
    yield "two-keys", pfx(content_info(seq(key, key, leaf)))
    named = seq(oid("1.2.840.113549.1.9.20"), set_of(tlv(0x1E, b"\0n\0a\0m\0e")))
    identified = seq(oid("1.2.840.113549.1.9.21"), set_of(octets(b"\1")))
    yield "attributes", pfx(
        content_info(
            seq(
                bag("1", odd_keys.private_keys()["ec-pkcs8"], identified),
                certificate_bag(certificate(), named, identified),
            )
        )
    )
    for what, value in {
        "bmp-odd": tlv(0x1E, b"\0n\0"),
        "bmp-surrogate": tlv(0x1E, b"\xd8\0"),
        "utf8": utf8("name"),
        "empty": tlv(0x1E),
        "long": tlv(0x1E, b"\0n" * 3000),
    }.items():
        yield f"name-{what}", pfx(
            content_info(seq(certificate_bag(certificate(), seq(oid("1.2.840.113549.1.9.20"), set_of(value)))))
        )
    yield "name-twice", pfx(
        content_info(seq(certificate_bag(certificate(), named, seq(oid("1.2.840.113549.1.9.20"), set_of()))))
    )
    yield "attributes-wrong", pfx(content_info(seq(certificate_bag(certificate(), NULL))))
    yield "sdsi", pfx(content_info(seq(certificate_bag(certificate(), kind="1.2.840.113549.1.9.22.2"))))
    yield "crl", pfx(
        content_info(seq(leaf, bag("4", seq(oid("1.2.840.113549.1.9.23.1"), context(0, octets(crl(entry())))))))
    )
    yield "secret", pfx(content_info(seq(leaf, bag("5", seq(oid("2.999"), context(0, octets(b"secret")))))))
    yield "nested", pfx(content_info(seq(bag("6", seq(key, leaf)))))
    yield "nested-6", pfx(content_info(seq(bag("6", seq(bag("6", seq(bag("6", seq(bag("6", seq(leaf)))))))))))
    yield "unknown-bag", pfx(content_info(seq(bag("9", NULL), leaf)))
    yield "bag-rest", pfx(content_info(seq(seq(oid(BAG + "3"), context(0, seq()), set_of(), NULL))))
    yield "not-a-certificate", pfx(content_info(seq(certificate_bag(b"x"))))
    for what, value in ENCRYPTIONS.items():
        yield f"encrypted-{what}", pfx(encrypted(value), content_info(seq(leaf)))
        yield f"shrouded-{what}", pfx(content_info(seq(bag("2", seq(value, octets(bytes(64)))), leaf)))
    yield "encrypted-odd", pfx(encrypted(ENCRYPTIONS["pbes2"], bytes(63)))
    yield "encrypted-empty", pfx(encrypted(ENCRYPTIONS["pbes2"], b""))
    yield "encrypted-pieces", pfx(encrypted(ENCRYPTIONS["pbes2"], octets(bytes(32)) * 2, 0xA0))
    yield from hidden_rows(odd_keys.private_keys()["ec-pkcs8"], leaf + issuer)
    for what, value in odd_keys.private_keys().items():
        yield f"key-{what}", pfx(content_info(seq(bag("1", value), leaf)))
    for what, value in odd_keys.keys().items():
        yield f"certificate-{what}", pfx(content_info(seq(certificate_bag(certificate(key=value)))))
    whole = seq(safe)
    pieces = indefinite(0x24, octets(whole[:50]), octets(whole[50:]))
    yield "indefinite", indefinite(0x30, integer(3), indefinite(0x30, oid(DATA), indefinite(0xA0, pieces)), mac(whole))
    yield "pieces-empty", indefinite(
        0x30, integer(3), indefinite(0x30, oid(DATA), indefinite(0xA0, indefinite(0x24))), mac(b"")
    )
    yield "rest", pfx(safe) + NULL
    yield "bits", pfx(bits(b"x"))


def pkcs7s() -> dict[str, bytes]:
    return dict(pkcs7_rows())


def pkcs12s() -> dict[str, bytes]:
    return dict(pkcs12_rows())

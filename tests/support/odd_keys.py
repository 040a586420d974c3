"""odd_keys - public and private keys of every kind that certificates carry, or that somebody may put there.

What is signed is signed with one key: ECDSA on P-256, the private key 1 and the nonce 1, so that no library is needed
and each run gives the same. tests/support/der_signature.c signs with it too. Nothing else here is a key that signs.
"""

from __future__ import annotations

import functools
import hashlib
import random

from der import NULL, bits, context, integer, octets, oid, seq, tlv

P256 = "1.2.840.10045.3.1.7"
EC = "1.2.840.10045.2.1"
RSA = "1.2.840.113549.1.1.1"
DSA = "1.2.840.10040.4.1"
ECDSA_SHA256 = seq(oid("1.2.840.10045.4.3.2"))

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
G_X = 0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296
G_Y = 0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5


class Curve:
    """A curve over a prime field by its object identifier; p, a, b, and the generator, all in hexadecimal."""

    def __init__(self, identifier: str, p: str, a: str, b: str, x: str, y: str, order: str) -> None:
        self.identifier = identifier
        self.p, self.a, self.b, self.order = (int(number, 16) for number in (p, a, b, order))
        self.size = (self.p.bit_length() + 7) // 8
        self.x, self.y = bytes.fromhex(x), bytes.fromhex(y)

    def parameters(self, cofactor: bool = True, prime: int | None = None) -> bytes:
        """ECParameters that name no curve (RFC 3279 2.3.5)."""
        field = seq(oid("1.2.840.10045.1.1"), integer(prime or self.p))
        curve = seq(octets(self.a.to_bytes(self.size, "big")), octets(self.b.to_bytes(self.size, "big")))
        parts = [integer(1), field, curve, octets(b"\x04" + self.x + self.y), integer(self.order)]
        return seq(*parts, *([integer(1)] if cofactor else []))


CURVES = {
    "p192": Curve(
        "1.2.840.10045.3.1.1",
        "f" * 31 + "e" + "f" * 16,
        "f" * 31 + "e" + "f" * 15 + "c",
        "64210519e59c80e70fa7e9ab72243049feb8deecc146b9b1",
        "188da80eb03090f67cbf20eb43a18800f4ff0afd82ff1012",
        "07192b95ffc8da78631011ed6b24cdd573f977a11e794811",
        "ffffffffffffffffffffffff99def836146bc9b1b4d22831",
    ),
    "p224": Curve(
        "1.3.132.0.33",
        "f" * 32 + "0" * 23 + "1",
        "f" * 31 + "e" + "f" * 23 + "e",
        "b4050a850c04b3abf54132565044b0b7d7bfd8ba270b39432355ffb4",
        "b70e0cbd6bb4bf7f321390b94a03c1d356c21122343280d6115c1d21",
        "bd376388b5f723fb4c22dfe6cd4375a05a07476444d5819985007e34",
        "ffffffffffffffffffffffffffff16a2e0b8f03e13dd29455c5c2a3d",
    ),
    "p256": Curve(
        P256,
        "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff",
        "ffffffff00000001000000000000000000000000fffffffffffffffffffffffc",
        "5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b",
        f"{G_X:064x}",
        f"{G_Y:064x}",
        f"{ORDER:064x}",
    ),
    "p384": Curve(
        "1.3.132.0.34",
        "f" * 63 + "effffffff0000000000000000ffffffff",
        "f" * 63 + "effffffff0000000000000000fffffffc",
        "b3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aef",
        "aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e3872760ab7",
        "3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5f",
        "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973",
    ),
    "p521": Curve(
        "1.3.132.0.35",
        "1" + "f" * 130,
        "1" + "f" * 129 + "c",
        "51953eb9618e1c9a1f929a21a0b68540eea2da725b99b315f3b8b489918ef109e156193951ec7e937b1652c0bd3bb1bf0735"
        "73df883d2c34f1ef451fd46b503f00",
        "00c6858e06b70404e9cd9e3ecb662395b4429c648139053fb521f828af606b4d3dbaa14b5e77efe75928fe1dc127a2ffa8de"
        "3348b3c1856a429bf97e7e31c2e5bd66",
        "011839296a789a3bc0045c8a5fb42c7d1bd998f54449579b446817afbd17273e662c97ee72995ef42640c550b9013fad0761"
        "353c7086a272c24088be94769fd16650",
        "1fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03"
        "bb5c9b8899c47aebb6fb71e91386409",
    ),
    "secp256k1": Curve(
        "1.3.132.0.10",
        "f" * 55 + "efffffc2f",
        "0",
        "7",
        "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798",
        "483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8",
        "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141",
    ),
    "brainpool": Curve(
        "1.3.36.3.3.2.8.1.1.7",
        "a9fb57dba1eea9bc3e660a909d838d726e3bf623d52620282013481d1f6e5377",
        "7d5a0975fc2c3057eef67530417affe7fb8055c126dc5c6ce94a4b44f330b5d9",
        "26dc5c6ce94a4b44f330b5d9bbd77cbf958416295cf7e1ce6bccdc18ff8c07b6",
        "8bd2aeb9cb7e57cb2c4b482ffc81b7afb9de27e1e3bd23c23a4453bd9ace3262",
        "547ef835c3dac4fd97f8461a14611dc9c27745132ded8e545c1d54c72f046997",
        "a9fb57dba1eea9bc3e660a909d838d718c397aa3b561a6f7901e0e82974856a7",
    ),
    "sm2": Curve(
        "1.2.156.10197.1.301",
        "fffffffeffffffffffffffffffffffffffffffff00000000ffffffffffffffff",
        "fffffffeffffffffffffffffffffffffffffffff00000000fffffffffffffffc",
        "28e9fa9e9d9f5e344d5a9e4bcf6509a7f39789f515ab8f92ddbcbd414d940e93",
        "32c4ae2c1f1981195f9904466a39c9948fe30bbff2660be1715a4589334c74c7",
        "bc3736a2f4f6779c59bdcee36b692153d0a9877cc62a474002df32e52139f0a0",
        "fffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54123",
    ),
}


def spki(algorithm: bytes, key: bytes, unused: int = 0) -> bytes:
    return seq(algorithm, bits(key, unused))


def ec_spki(parameters: bytes, point: bytes) -> bytes:
    return spki(seq(oid(EC), parameters), point)


KEY_ONE = ec_spki(oid(P256), CURVES["p256"].x.rjust(33, b"\x04") + CURVES["p256"].y)


def sign_one(message: bytes) -> bytes:
    """The DER of an ECDSA signature by the private key 1 with the nonce 1."""
    digest = int.from_bytes(hashlib.sha256(message).digest(), "big")
    return seq(integer(G_X), integer((digest + G_X) % ORDER))


def is_prime(number: int, chance: random.Random) -> bool:
    """Miller and Rabin's test, a dozen rounds."""
    odd, twos = number - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    for _ in range(12):
        power = pow(chance.randrange(2, number - 1), odd, number)
        if power in (1, number - 1):
            continue
        for _ in range(twos - 1):
            power = power * power % number
            if power == number - 1:
                break
        else:
            return False
    return True


def new_prime(size: int, chance: random.Random) -> int:
    small = [3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71]
    while True:
        number = chance.getrandbits(size) | 3 << size - 2 | 1
        if all(number % prime for prime in small) and (number - 1) % 65537 and is_prime(number, chance):
            return number


@functools.cache
def rsa_numbers(size: int) -> tuple[int, int, int, int, int]:
    """n, e, d, p, q."""
    chance = random.Random(f"RSA {size}")
    p, q = new_prime(size // 2, chance), new_prime(size // 2, chance)
    return p * q, 65537, pow(65537, -1, (p - 1) * (q - 1)), p, q


def rsa_private(size: int) -> bytes:
    """RSAPrivateKey (RFC 8017 A.1.2)."""
    n, e, d, p, q = rsa_numbers(size)
    return seq(integer(0), *map(integer, (n, e, d, p, q, d % (p - 1), d % (q - 1), pow(q, -1, p))))


def rsa_public(modulus: int, exponent: int = 65537) -> bytes:
    return seq(integer(modulus), integer(exponent))


def odd_number(size: int) -> int:
    return random.Random(f"odd {size}").getrandbits(size) | 1 << size - 1 | 1


def pss_parameters(digest: str, salt: int, mask_digest: str | None = None, trailer: int | None = None) -> bytes:
    digests = {"sha1": "1.3.14.3.2.26", "sha256": "2.16.840.1.101.3.4.2.1", "sha512": "2.16.840.1.101.3.4.2.3"}
    named = seq(oid(digests[digest]), NULL)
    mask = seq(oid("1.2.840.113549.1.1.8"), seq(oid(digests[mask_digest or digest]), NULL))
    parts = [context(0, named), context(1, mask), context(2, integer(salt))]
    return seq(*parts, *([context(3, integer(trailer))] if trailer is not None else []))


def rsa_keys() -> dict[str, bytes]:
    algorithm = seq(oid(RSA), NULL)
    good = rsa_public(rsa_numbers(1024)[0])
    keys = {
        f"rsa-{size}": spki(algorithm, rsa_public(odd_number(size)))
        for size in (8, 384, 512, 768, 1023, 1024, 2047, 2048, 3072, 4096, 8192, 16384, 16385)
    }
    for name, exponent in (
        ("e-0", 0),
        ("e-1", 1),
        ("e-2", 2),
        ("e-3", 3),
        ("e-negative", -3),
        ("e-33-bits", 2**33 + 1),
        ("e-huge", 2**1100 + 1),
    ):
        keys[f"rsa-{name}"] = spki(algorithm, rsa_public(odd_number(2048), exponent))
    keys |= {
        "rsa-even": spki(algorithm, rsa_public(odd_number(2048) - 1)),
        "rsa-n-0": spki(algorithm, rsa_public(0)),
        "rsa-n-negative": spki(algorithm, rsa_public(-odd_number(2048))),
        "rsa-no-parameters": spki(seq(oid(RSA)), good),
        "rsa-odd-parameters": spki(seq(oid(RSA), seq()), good),
        "rsa-oaep": spki(seq(oid("1.2.840.113549.1.1.7"), seq()), good),
        "rsa-unused-bits": spki(algorithm, good, 7),
        "rsa-rest": spki(algorithm, good + NULL),
        "rsa-no-exponent": spki(algorithm, seq(integer(odd_number(2048)))),
        "rsa-empty": spki(algorithm, b""),
    }
    pss = oid("1.2.840.113549.1.1.10")
    for name, parameters in (
        ("absent", b""),
        ("null", NULL),
        ("default", seq()),
        ("sha1", pss_parameters("sha1", 20)),
        ("sha256", pss_parameters("sha256", 32)),
        ("sha512", pss_parameters("sha512", 64)),
        ("mixed", pss_parameters("sha256", 32, "sha512")),
        ("salt-0", pss_parameters("sha256", 0)),
        ("salt-negative", pss_parameters("sha256", -1)),
        ("salt-huge", pss_parameters("sha256", 2**70)),
        ("trailer", pss_parameters("sha256", 32, None, 1)),
        ("trailer-2", pss_parameters("sha256", 32, None, 2)),
    ):
        keys[f"pss-{name}"] = spki(seq(pss, parameters), rsa_public(odd_number(2048)))
    return keys


def dsa_keys() -> dict[str, bytes]:
    p, q = odd_number(1024), odd_number(160)
    parameters = seq(integer(p), integer(q), integer(4))
    key = integer(odd_number(1023))
    return {
        "dsa": spki(seq(oid(DSA), parameters), key),
        "dsa-inherited": spki(seq(oid(DSA)), key),  # RFC 3279 2.3.2: its issuer has the parameters
        "dsa-inherited-null": spki(seq(oid(DSA), NULL), key),
        "dsa-2048": spki(seq(oid(DSA), seq(integer(odd_number(2048)), integer(odd_number(256)), integer(4))), key),
        "dsa-p-512": spki(seq(oid(DSA), seq(integer(odd_number(512)), integer(q), integer(4))), key),
        "dsa-20000": spki(seq(oid(DSA), seq(integer(odd_number(20000)), integer(q), integer(4))), key),
        "dsa-q-long": spki(seq(oid(DSA), seq(integer(p), integer(p), integer(4))), key),
        "dsa-g-0": spki(seq(oid(DSA), seq(integer(p), integer(q), integer(0))), key),
        "dsa-negative": spki(seq(oid(DSA), seq(integer(-p), integer(q), integer(4))), key),
        "dsa-two": spki(seq(oid(DSA), seq(integer(p), integer(q))), key),
        "dsa-y-0": spki(seq(oid(DSA), parameters), integer(0)),
        "dsa-y-octets": spki(seq(oid(DSA), parameters), octets(b"y")),
        "dsa-sha1": spki(seq(oid("1.2.840.10040.4.3"), parameters), key),
        "dh": spki(seq(oid("1.2.840.10046.2.1"), seq(integer(p), integer(4), integer(q))), key),
        "dh-pkcs3": spki(seq(oid("1.2.840.113549.1.3.1"), seq(integer(p), integer(2))), key),
    }


def ec_keys() -> dict[str, bytes]:
    keys = {}
    for name, curve in CURVES.items():
        named, point = oid(curve.identifier), b"\x04" + curve.x + curve.y
        compressed = bytes([2 + curve.y[-1] % 2]) + curve.x
        keys |= {
            f"ec-{name}": ec_spki(named, point),
            f"ec-{name}-compressed": ec_spki(named, compressed),
            f"ec-{name}-explicit": ec_spki(curve.parameters(), point),
            f"ec-{name}-explicit-compressed": ec_spki(curve.parameters(), compressed),
            f"ec-{name}-off-curve": ec_spki(named, point[:-1] + bytes([point[-1] ^ 1])),
        }
    p256 = CURVES["p256"]
    point = b"\x04" + p256.x + p256.y
    named = oid(P256)
    return keys | {
        "ec-infinity": ec_spki(named, b"\0"),
        "ec-no-point": ec_spki(named, b""),
        "ec-hybrid": ec_spki(named, bytes([6 + p256.y[-1] % 2]) + point[1:]),
        "ec-x-is-p": ec_spki(named, b"\x04" + p256.p.to_bytes(32, "big") + p256.y),
        "ec-zero": ec_spki(named, b"\x04" + bytes(64)),
        "ec-short": ec_spki(named, point[:-1]),
        "ec-long": ec_spki(named, point + b"\0"),
        "ec-no-curve": ec_spki(b"", point),
        "ec-implicit": ec_spki(NULL, point),
        "ec-unknown-curve": ec_spki(oid("1.3.6.1.4.1.99999.1"), point),
        "ec-explicit-no-cofactor": ec_spki(p256.parameters(False), point),
        "ec-explicit-other-prime": ec_spki(p256.parameters(True, p256.p - 2), point),
        "ec-explicit-prime-0": ec_spki(p256.parameters(True, -1), point),
        "ec-two-field": ec_spki(seq(integer(1), seq(oid("1.2.840.10045.1.2"), seq(integer(163), NULL)), seq()), point),
        "ecdh": spki(seq(oid("1.3.132.1.12"), named), point),
        "ec-unused-bits": spki(seq(oid(EC), named), point, 3),
        "ec-wrapped": ec_spki(named, octets(point)),
    }


def other_keys() -> dict[str, bytes]:
    def plain(identifier: str, size: int, *parameters: bytes) -> bytes:
        return spki(seq(oid(identifier), *parameters), random.Random(identifier).randbytes(size))

    keys = {
        "ed25519": plain("1.3.101.112", 32),
        "ed25519-null": plain("1.3.101.112", 32, NULL),
        "ed25519-short": plain("1.3.101.112", 31),
        "ed448": plain("1.3.101.113", 57),
        "x25519": plain("1.3.101.110", 32),
        "x448": plain("1.3.101.111", 56),
        "ml-dsa-44": plain("2.16.840.1.101.3.4.3.17", 1312),
        "ml-dsa-65": plain("2.16.840.1.101.3.4.3.18", 1952),
        "ml-dsa-87": plain("2.16.840.1.101.3.4.3.19", 2592),
        "ml-dsa-44-null": plain("2.16.840.1.101.3.4.3.17", 1312, NULL),
        "ml-dsa-44-short": plain("2.16.840.1.101.3.4.3.17", 1311),
        "ml-kem-512": plain("2.16.840.1.101.3.4.4.1", 800),
        "ml-kem-768": plain("2.16.840.1.101.3.4.4.2", 1184),
        "slh-dsa": plain("2.16.840.1.101.3.4.3.20", 32),
        "unknown": plain("1.3.6.1.4.1.99999.1", 10),
        "unknown-null": plain("1.3.6.1.4.1.99999.1", 10, NULL),
        "empty-oid": spki(seq(b"\x06\x00"), b"key"),
        "no-algorithm": spki(seq(), b"key"),
        "oid-of-curve": plain(P256, 65),
        "nothing": seq(),
        "no-bits": seq(seq(oid(RSA), NULL)),
        "bits-empty": seq(seq(oid(RSA), NULL), tlv(0x03)),
        "octets": seq(seq(oid(RSA), NULL), octets(b"key")),
    }
    gost = seq(oid("1.2.643.2.2.35.1"), oid("1.2.643.2.2.30.1"))
    keys["gost-2001"] = spki(seq(oid("1.2.643.2.2.19"), gost), octets(bytes(range(64))))
    keys["gost-2012"] = spki(seq(oid("1.2.643.7.1.1.1.1"), seq(oid("1.2.643.7.1.2.1.1.1"))), octets(bytes(range(64))))
    keys["gost-2012-512"] = spki(
        seq(oid("1.2.643.7.1.1.1.2"), seq(oid("1.2.643.7.1.2.1.2.1"))), octets(bytes(range(128)))
    )
    return keys


@functools.cache
def keys() -> dict[str, bytes]:
    """SubjectPublicKeyInfo of every kind by its name."""
    return rsa_keys() | dsa_keys() | ec_keys() | other_keys()


@functools.cache
def private_keys() -> dict[str, bytes]:
    """The forms in which files hold private keys, and odd ones, in DER."""

    def pkcs8(algorithm: bytes, key: bytes, *rest: bytes, version: int = 0) -> bytes:
        return seq(integer(version), algorithm, octets(key), *rest)

    one = (1).to_bytes(32, "big")
    p256 = CURVES["p256"]
    point = bits(b"\x04" + p256.x + p256.y)
    named = seq(oid(EC), oid(P256))
    sec1 = seq(integer(1), octets(one), context(0, oid(P256)), context(1, point))
    bare = seq(integer(1), octets(one))
    rsa = rsa_private(1024)
    p, q = odd_number(1024), odd_number(160)
    return {
        "ec-sec1": sec1,
        "ec-sec1-bare": bare,
        "ec-sec1-explicit": seq(integer(1), octets(one), context(0, p256.parameters())),
        "ec-sec1-zero": seq(integer(1), octets(bytes(32)), context(0, oid(P256))),
        "ec-sec1-order": seq(integer(1), octets(ORDER.to_bytes(32, "big")), context(0, oid(P256))),
        "ec-sec1-wrong-point": seq(integer(1), octets(one[:-1] + b"\2"), context(0, oid(P256)), context(1, point)),
        "ec-pkcs8": pkcs8(named, sec1),
        "ec-pkcs8-bare": pkcs8(named, bare),
        "ec-pkcs8-mismatch": pkcs8(seq(oid(EC), oid(CURVES["p384"].identifier)), sec1),
        "ec-pkcs8-explicit": pkcs8(seq(oid(EC), p256.parameters()), bare),
        "ec-pkcs8-no-curve": pkcs8(seq(oid(EC)), sec1),
        "ec-pkcs8-attributes": pkcs8(named, sec1, context(0, seq(oid("2.5.4.3"), set_of_one()))),
        "rsa-pkcs1": rsa,
        "rsa-pkcs8": pkcs8(seq(oid(RSA), NULL), rsa),
        "rsa-pkcs8-no-null": pkcs8(seq(oid(RSA)), rsa),
        "rsa-pss-pkcs8": pkcs8(seq(oid("1.2.840.113549.1.1.10"), pss_parameters("sha256", 32)), rsa),
        "rsa-multi-prime": seq(integer(1), *[integer(number) for number in (15, 3, 3, 3, 5, 1, 3, 2)], seq()),
        "rsa-zeros": seq(*[integer(0)] * 9),
        "rsa-inconsistent": seq(
            integer(0), *[integer(odd_number(size)) for size in (1024, 17, 1023)] * 2, integer(3), integer(5)
        ),
        "dsa-pkcs8": pkcs8(seq(oid(DSA), seq(integer(p), integer(q), integer(4))), integer(7)),
        "dsa-traditional": seq(integer(0), integer(p), integer(q), integer(4), integer(16), integer(2)),
        "dsa-pkcs8-no-parameters": pkcs8(seq(oid(DSA)), integer(7)),
        "ed25519": pkcs8(seq(oid("1.3.101.112")), octets(bytes(range(32)))),
        "ed25519-version-2": pkcs8(
            seq(oid("1.3.101.112")), octets(bytes(range(32))), tlv(0x81, b"\0", bytes(32)), version=1
        ),
        "ed25519-bare": pkcs8(seq(oid("1.3.101.112")), bytes(range(32))),
        "ed448": pkcs8(seq(oid("1.3.101.113")), octets(bytes(range(57)))),
        "x25519": pkcs8(seq(oid("1.3.101.110")), octets(bytes(range(32)))),
        "ml-dsa-44": pkcs8(seq(oid("2.16.840.1.101.3.4.3.17")), tlv(0x80, bytes(range(32)))),
        "dh": pkcs8(seq(oid("1.2.840.113549.1.3.1"), seq(integer(p), integer(2))), integer(7)),
        "unknown": pkcs8(seq(oid("1.3.6.1.4.1.99999.1")), b"key"),
        "version-5": pkcs8(named, sec1, version=5),
        "empty": pkcs8(named, b""),
        "nothing": seq(integer(0)),
    }


def set_of_one() -> bytes:
    return tlv(0x31, tlv(0x0C, b"x"))

"""ntlm - the three messages of NTLM (MS-NLMP 2.2.1) with NTLMv2 responses (3.3.2), as an HTTP login needs them."""

from __future__ import annotations

import hashlib
import hmac
import os
import struct
from dataclasses import dataclass

SIGNATURE = b"NTLMSSP\0"
UNICODE, REQUEST_TARGET, NTLM, ALWAYS_SIGN, EXTENDED, TARGET_INFO = 0x1, 0x4, 0x200, 0x8000, 0x80000, 0x800000
DOMAIN = "CONTOSO"


def _rotate(value: int, count: int) -> int:
    value &= 0xFFFFFFFF
    return (value << count | value >> (32 - count)) & 0xFFFFFFFF


def md4(data: bytes) -> bytes:
    """RFC 1320; OpenSSL 3 has it in its legacy provider alone."""
    state = [0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476]
    padded = data + b"\x80" + b"\0" * (-(len(data) + 9) % 64) + struct.pack("<Q", len(data) * 8)
    rounds = (
        (lambda x, y, z: (x & y) | (~x & z), 0, (3, 7, 11, 19), list(range(16))),
        (lambda x, y, z: (x & y) | (x & z) | (y & z), 0x5A827999, (3, 5, 9, 13),
         [0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15]),
        (lambda x, y, z: x ^ y ^ z, 0x6ED9EBA1, (3, 9, 11, 15),
         [0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15]),
    )
    for at in range(0, len(padded), 64):
        words = struct.unpack("<16I", padded[at:at + 64])
        a, b, c, d = state
        for function, constant, shifts, order in rounds:
            for step, index in enumerate(order):
                a = _rotate(a + function(b, c, d) + words[index] + constant, shifts[step % 4])
                a, b, c, d = d, a, b, c
        state = [(old + new) & 0xFFFFFFFF for old, new in zip(state, (a, b, c, d))]
    return struct.pack("<4I", *state)


def _hmac(key: bytes, data: bytes) -> bytes:
    return hmac.new(key, data, hashlib.md5).digest()


def _key(user: str, password: str, domain: str) -> bytes:
    """NTOWFv2."""
    return _hmac(md4(password.encode("utf-16-le")), (user.upper() + domain).encode("utf-16-le"))


def _field(data: bytes, at: int) -> bytes:
    """What a pair of length and offset at `at` stands for."""
    length, _, offset = struct.unpack("<HHI", data[at:at + 8])
    return data[offset:offset + length]


def message_type(data: bytes) -> int:
    return struct.unpack("<I", data[8:12])[0] if data[:8] == SIGNATURE and len(data) >= 12 else 0


def negotiate() -> bytes:
    return SIGNATURE + struct.pack("<II", 1, UNICODE | REQUEST_TARGET | NTLM | ALWAYS_SIGN | EXTENDED) + b"\0" * 16


def challenge(nonce: bytes) -> bytes:
    target = DOMAIN.encode("utf-16-le")
    info = struct.pack("<HH", 2, len(target)) + target + struct.pack("<HH", 0, 0)  # MsvAvNbDomainName, MsvAvEOL
    flags = UNICODE | REQUEST_TARGET | NTLM | ALWAYS_SIGN | EXTENDED | TARGET_INFO | 0x10000  # it is a domain's
    return (SIGNATURE + struct.pack("<IHHII", 2, len(target), len(target), 56, flags) + nonce + b"\0" * 8
            + struct.pack("<HHI", len(info), len(info), 56 + len(target)) + b"\0" * 8 + target + info)


def authenticate(asked: bytes, user: str, password: str) -> bytes:
    """Answers the challenge message `asked`."""
    nonce, info = asked[24:32], _field(asked, 40)
    blob = b"\1\1" + b"\0" * 6 + b"\0" * 8 + os.urandom(8) + b"\0" * 4 + info + b"\0" * 4
    response = _hmac(_key(user, password, DOMAIN), nonce + blob) + blob
    payloads = [b"\0" * 24, response, DOMAIN.encode("utf-16-le"), user.encode("utf-16-le"), b"", b""]
    fields, at = b"", 64
    for payload in payloads:
        fields += struct.pack("<HHI", len(payload), len(payload), at)
        at += len(payload)
    return SIGNATURE + struct.pack("<I", 3) + fields + struct.pack("<I", UNICODE | NTLM | EXTENDED) + b"".join(payloads)


@dataclass
class Claim:
    user: str
    domain: str
    response: bytes

    def proves(self, nonce: bytes, password: str) -> bool:
        """Whether it answers the challenge with `nonce`, and no other."""
        proof, blob = self.response[:16], self.response[16:]
        return hmac.compare_digest(proof, _hmac(_key(self.user, password, self.domain), nonce + blob))


def read_claim(data: bytes) -> Claim:
    return Claim(_field(data, 36).decode("utf-16-le"), _field(data, 28).decode("utf-16-le"), _field(data, 20))

"""der - writes DER (X.690), and what looks like it: right and wrong structures are built from the same few functions.

    seq(oid("2.5.29.19"), TRUE, octets(seq(TRUE)))
"""

from __future__ import annotations

TRUE = b"\x01\x01\xff"
FALSE = b"\x01\x01\x00"
NULL = b"\x05\x00"


def length(count: int) -> bytes:
    if count < 0x80:
        return bytes([count])
    octets_of = count.to_bytes((count.bit_length() + 7) // 8, "big")
    return bytes([0x80 | len(octets_of)]) + octets_of


def tlv(tag: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    return bytes([tag]) + length(len(content)) + content


def indefinite(tag: int, *parts: bytes) -> bytes:
    """The same in BER, its length indefinite."""
    return bytes([tag, 0x80]) + b"".join(parts) + b"\0\0"


def seq(*parts: bytes) -> bytes:
    return tlv(0x30, *parts)


def set_of(*parts: bytes) -> bytes:
    return tlv(0x31, *sorted(parts))


def integer(value: int, tag: int = 0x02) -> bytes:
    size = (value if value >= 0 else ~value).bit_length() // 8 + 1
    return tlv(tag, value.to_bytes(size, "big", signed=True))


def bits(content: bytes, unused: int = 0) -> bytes:
    return tlv(0x03, bytes([unused]), content)


def octets(*parts: bytes) -> bytes:
    return tlv(0x04, *parts)


def context(number: int, *parts: bytes) -> bytes:
    """[number], constructed: EXPLICIT, or IMPLICIT of what is constructed."""
    return tlv(0xA0 | number, *parts)


def implicit(number: int, content: bytes = b"") -> bytes:
    """[number] IMPLICIT of what is primitive."""
    return tlv(0x80 | number, content)


def oid(dotted: str) -> bytes:
    arcs = [int(arc) for arc in dotted.split(".")]
    content = b""
    for arc in [arcs[0] * 40 + arcs[1], *arcs[2:]]:
        groups = [arc & 0x7F]
        while arc := arc >> 7:
            groups.append(arc & 0x7F | 0x80)
        content += bytes(reversed(groups))
    return tlv(0x06, content)


def utf8(text: str) -> bytes:
    return tlv(0x0C, text.encode())


def utc_time(text: str) -> bytes:
    return tlv(0x17, text.encode())


def generalized_time(text: str) -> bytes:
    return tlv(0x18, text.encode())

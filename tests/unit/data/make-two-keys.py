#!/usr/bin/python3
"""Prints a PKCS#12 file (RFC 7292) with two private keys, which no usual program writes. The password is "secret".

    make-two-keys.py FIRST.der SECOND.der >two-keys.p12     (keys in PKCS#8)
"""
import hashlib
import hmac
import sys

DATA = bytes.fromhex("06092a864886f70d010701")
KEY_BAG = bytes.fromhex("060b2a864886f70d010c0a0101")
SHA1 = bytes.fromhex("300906052b0e03021a0500")
SALT = b"saltsalt"
TURNS = 2048


def tlv(tag, *parts):
    content = b"".join(parts)
    if len(content) < 128:
        return bytes([tag, len(content)]) + content
    length = len(content).to_bytes((len(content).bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content


def content_info(content):
    return tlv(0x30, DATA, tlv(0xA0, tlv(0x04, content)))


def mac_key(password):
    """RFC 7292 appendix B.2 for SHA-1 and ID 3: 20 bytes come out of one round."""
    text = password.encode("utf-16-be") + b"\0\0"

    def fill(value):
        return (value * (64 // len(value) + 1))[:64]

    digest = hashlib.sha1(bytes([3]) * 64 + fill(SALT) + fill(text)).digest()
    for _ in range(TURNS - 1):
        digest = hashlib.sha1(digest).digest()
    return digest


def main():
    bags = []
    for path in sys.argv[1:]:
        with open(path, "rb") as file:
            bags.append(tlv(0x30, KEY_BAG, tlv(0xA0, file.read())))
    safe = tlv(0x30, content_info(tlv(0x30, *bags)))
    digest = hmac.new(mac_key("secret"), safe, hashlib.sha1).digest()
    mac = tlv(0x30, tlv(0x30, SHA1, tlv(0x04, digest)), tlv(0x04, SALT), tlv(0x02, TURNS.to_bytes(2, "big")))
    sys.stdout.buffer.write(tlv(0x30, tlv(0x02, b"\x03"), content_info(safe), mac))


main()

"""keyless_server - a TLS 1.3 server that shows any certificates at all, without a key of theirs.

The handshake is a true one (RFC 8446) up to CertificateVerify, whose signature is nonsense: a client has seen the chain
by then, and ends there.

    with Server(show([leaf.der, issuing.der])) as server:
        ...
"""

from __future__ import annotations

import hashlib
import hmac
import os
import struct

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tls_servers import Pipe, Talk

AES_128_GCM_SHA256 = 0x1301
X25519 = 0x001d
KEY_SHARE = 51
HANDSHAKE, APPLICATION_DATA = 22, 23
SERVER_HELLO, ENCRYPTED_EXTENSIONS, CERTIFICATE, CERTIFICATE_VERIFY = 2, 8, 11, 15
RECORD_BYTES = 16 * 1024


def _vector(length_bytes: int, content: bytes) -> bytes:
    return len(content).to_bytes(length_bytes, "big") + content


def _message(kind: int, content: bytes) -> bytes:
    return bytes([kind]) + _vector(3, content)


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data = data

    def take(self, num_bytes: int) -> bytes:
        taken, self.data = self.data[:num_bytes], self.data[num_bytes:]
        assert len(taken) == num_bytes, "cut short"
        return taken

    def vector(self, length_bytes: int) -> bytes:
        return self.take(int.from_bytes(self.take(length_bytes), "big"))


def _read_client_hello(hello: bytes) -> tuple[bytes, bytes]:
    """The session id, and the X25519 share."""
    reader = _Reader(hello)
    reader.take(4 + 2 + 32)
    session_id = reader.vector(1)
    reader.vector(2)
    reader.vector(1)
    extensions = _Reader(reader.vector(2))
    while extensions.data:
        kind, content = int.from_bytes(extensions.take(2), "big"), extensions.vector(2)
        shares = _Reader(_Reader(content).vector(2) if kind == KEY_SHARE else b"")
        while shares.data:
            group, share = int.from_bytes(shares.take(2), "big"), shares.vector(2)
            if group == X25519:
                return session_id, share
    raise AssertionError("the client offers no X25519 share")


def _expand_label(secret: bytes, label: str, context: bytes, num_bytes: int) -> bytes:
    info = struct.pack(">H", num_bytes) + _vector(1, b"tls13 " + label.encode()) + _vector(1, context)
    return HKDFExpand(hashes.SHA256(), num_bytes, info).derive(secret)


def _handshake_secret(shared: bytes, transcript: bytes) -> bytes:
    """The server's handshake traffic secret (RFC 8446 7.1)."""
    early = hmac.digest(bytes(32), bytes(32), "sha256")
    derived = _expand_label(early, "derived", hashlib.sha256(b"").digest(), 32)
    secret = hmac.digest(derived, shared, "sha256")
    return _expand_label(secret, "s hs traffic", hashlib.sha256(transcript).digest(), 32)


def _seal(secret: bytes, messages: bytes) -> bytes:
    """All records of these handshake messages (RFC 8446 5.2)."""
    key, iv = AESGCM(_expand_label(secret, "key", b"", 16)), _expand_label(secret, "iv", b"", 12)
    records = b""
    for number, start in enumerate(range(0, len(messages), RECORD_BYTES - 1)):
        plain = messages[start:start + RECORD_BYTES - 1] + bytes([HANDSHAKE])
        header = struct.pack(">BHH", APPLICATION_DATA, 0x0303, len(plain) + 16)
        nonce = bytes(a ^ b for a, b in zip(iv, number.to_bytes(12, "big")))
        records += header + key.encrypt(nonce, plain, header)
    return records


def _share_of(key: X25519PrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def show(chain: list[bytes]) -> Talk:
    """Shows these certificates (DER, leaf first) to every client, and reads until it goes."""
    entries = b"".join(_vector(3, der) + _vector(2, b"") for der in chain)
    nonsense = struct.pack(">H", 0x0403) + _vector(2, bytes.fromhex("3006020101020101"))  # ECDSA, r = s = 1
    messages = (_message(ENCRYPTED_EXTENSIONS, _vector(2, b"")) + _message(CERTIFICATE, b"\0" + _vector(3, entries))
                + _message(CERTIFICATE_VERIFY, nonsense))

    def talk(pipe: Pipe) -> None:
        head = pipe.receive_exactly(5)
        if len(head) < 5 or head[0] != HANDSHAKE:
            return
        hello = pipe.receive_exactly(int.from_bytes(head[3:], "big"))
        session_id, share = _read_client_hello(hello)
        own = X25519PrivateKey.generate()
        extensions = (struct.pack(">HHH", 43, 2, 0x0304)
                      + struct.pack(">HHHH", KEY_SHARE, 36, X25519, 32) + _share_of(own))
        answer = _message(SERVER_HELLO, b"\x03\x03" + os.urandom(32) + _vector(1, session_id)
                          + struct.pack(">HB", AES_128_GCM_SHA256, 0) + _vector(2, extensions))
        shared = own.exchange(X25519PublicKey.from_public_bytes(share))
        pipe.send(struct.pack(">BHH", HANDSHAKE, 0x0303, len(answer)) + answer)
        pipe.send(_seal(_handshake_secret(shared, hello + answer), messages))
        pipe.receive_all()
    return talk

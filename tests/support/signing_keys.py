"""signing_keys - keys that sign, of every kind that the cryptography library has, and a stand-in for ML-DSA.

    key = Keys().take("p256")
    algorithm, signature = key.sign(b"message", "sha384")
"""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass
from typing import Any

import odd_keys
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, padding, rsa
from der import NULL, oid, seq

ML_DSA_44 = "2.16.840.1.101.3.4.3.17"

CURVES = {
    "p224": ec.SECP224R1,
    "p256": ec.SECP256R1,
    "p384": ec.SECP384R1,
    "p521": ec.SECP521R1,
    "brainpool": ec.BrainpoolP256R1,
    "secp256k1": ec.SECP256K1,
}
HASHES = {
    "md5": hashes.MD5,
    "sha1": hashes.SHA1,
    "sha256": hashes.SHA256,
    "sha384": hashes.SHA384,
    "sha512": hashes.SHA512,
    "sha3": hashes.SHA3_256,
}
RSA_SIGNATURES = {
    "md5": "1.2.840.113549.1.1.4",
    "sha1": "1.2.840.113549.1.1.5",
    "sha256": "1.2.840.113549.1.1.11",
    "sha384": "1.2.840.113549.1.1.12",
    "sha512": "1.2.840.113549.1.1.13",
    "sha3": "2.16.840.1.101.3.4.3.14",
}
ECDSA_SIGNATURES = {
    "sha1": "1.2.840.10045.4.1",
    "sha256": "1.2.840.10045.4.3.2",
    "sha384": "1.2.840.10045.4.3.3",
    "sha512": "1.2.840.10045.4.3.4",
    "sha3": "2.16.840.1.101.3.4.3.10",
}
DSA_SHA256 = "2.16.840.1.101.3.4.3.2"
RSASSA_PSS = "1.2.840.113549.1.1.10"
PSS_SALTS = {"pss": 32, "pss-odd": 20}  # that BoringSSL takes, and that it does not
KINDS = (*CURVES, "rsa", "rsa1024", "rsa-pss", "ed25519", "ed448", "dsa", "ml-dsa")


def _public_der(key: Any) -> bytes:
    der: bytes = key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return der


@dataclass
class Key:
    kind: str
    private: Any  # None: ML-DSA's, which nobody here can use

    @property
    def spki(self) -> bytes:
        if self.kind == "ml-dsa":
            return odd_keys.keys()["ml-dsa-44"]
        if self.kind == "rsa-pss":
            numbers = self.private.public_key().public_numbers()
            return odd_keys.spki(seq(oid(RSASSA_PSS)), odd_keys.rsa_public(numbers.n, numbers.e))
        return _public_der(self.private)

    @property
    def pem(self) -> str:
        text: bytes = self.private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        return text.decode()

    def sign(self, message: bytes, how: str = "sha256") -> tuple[bytes, bytes]:
        """AlgorithmIdentifier and signature. `how`: a hash, pss or pss-odd; what the key cannot do becomes SHA-256."""
        if self.kind in ("rsa", "rsa1024", "rsa-pss"):
            return self._sign_rsa(message, how)
        if self.kind in CURVES:
            how = how if how in ECDSA_SIGNATURES else "sha256"
            return seq(oid(ECDSA_SIGNATURES[how])), self.private.sign(message, ec.ECDSA(HASHES[how]()))
        if self.kind == "dsa":
            return seq(oid(DSA_SHA256)), self.private.sign(message, hashes.SHA256())
        if self.kind == "ml-dsa":
            return seq(oid(ML_DSA_44)), os.urandom(2420)
        return seq(oid({"ed25519": "1.3.101.112", "ed448": "1.3.101.113"}[self.kind])), self.private.sign(message)

    def _sign_rsa(self, message: bytes, how: str) -> tuple[bytes, bytes]:
        if how not in PSS_SALTS and self.kind != "rsa-pss":
            return (seq(oid(RSA_SIGNATURES[how]), NULL),
                    self.private.sign(message, padding.PKCS1v15(), HASHES[how]()))
        salt = PSS_SALTS.get(how, 32)
        pad = padding.PSS(padding.MGF1(hashes.SHA256()), salt)
        algorithm = seq(oid(RSASSA_PSS), odd_keys.pss_parameters("sha256", salt))
        return algorithm, self.private.sign(message, pad, hashes.SHA256())


def _new_private(kind: str) -> Any:
    if kind in CURVES:
        return ec.generate_private_key(CURVES[kind]())
    if kind in ("rsa", "rsa-pss", "rsa1024"):
        return rsa.generate_private_key(65537, 1024 if kind == "rsa1024" else 2048)
    if kind == "dsa":
        return dsa.generate_private_key(1024)
    if kind == "ml-dsa":
        return None
    return {"ed25519": ed25519.Ed25519PrivateKey, "ed448": ed448.Ed448PrivateKey}[kind].generate()


class Keys:
    """Made once and used by one input after the other: take() gives no input the same key twice."""

    def __init__(self) -> None:
        self._made: dict[str, list[Key]] = {kind: [] for kind in KINDS}
        self._num_taken: Counter[str] = Counter()

    def begin_input(self) -> None:
        self._num_taken.clear()

    def take(self, kind: str) -> Key:
        index = self._num_taken[kind]
        self._num_taken[kind] += 1
        if index == len(self._made[kind]):
            self._made[kind].append(Key(kind, _new_private(kind)))
        return self._made[kind][index]

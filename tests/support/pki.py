"""pki - certificate hierarchies for the tests: authorities, cross-signs, leaves, good and broken.

Keys are P-256 unless asked for otherwise, made afresh each time: nothing of them is worth keeping.

    root = Authority.root("Contoso Root CA")
    issuing = root.issue_authority("Contoso Issuing CA")
    leaf = issuing.issue_leaf(["mail.contoso.test"], aia=["http://127.0.0.1:8080/issuing.cer"])
    path.write_text(chain_pem(leaf, issuing))
"""

from __future__ import annotations

import dataclasses
import datetime
import hashlib
import ipaddress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Sequence

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs7
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

DAY = datetime.timedelta(days=1)
NOW = datetime.datetime.utcnow().replace(microsecond=0)


_PURPOSES = {"server": ExtendedKeyUsageOID.SERVER_AUTH, "client": ExtendedKeyUsageOID.CLIENT_AUTH,
             "email": ExtendedKeyUsageOID.EMAIL_PROTECTION}


def new_key(kind: str = "ec") -> Any:
    """`kind`: ec (P-256), p384, rsa (2048 bits) or rsa1024 (too short on purpose)."""
    if kind == "ec":
        return ec.generate_private_key(ec.SECP256R1())
    if kind == "p384":
        return ec.generate_private_key(ec.SECP384R1())
    return rsa.generate_private_key(65537, {"rsa": 2048, "rsa1024": 1024}[kind])


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "chainmend tests"),
                      x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


@dataclass
class Entity:
    """A certificate with its key."""

    certificate: x509.Certificate
    key: Any
    common_name: str

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.DER)

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.der).hexdigest()

    @property
    def key_pem(self) -> str:
        return self.key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                      serialization.NoEncryption()).decode()

    def encrypted_key_pem(self, password: str) -> str:
        return self.key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                      serialization.BestAvailableEncryption(password.encode())).decode()

    def write(self, folder: Path, stem: str) -> tuple[Path, Path]:
        """Writes stem.pem and stem.key."""
        certificate, key = folder / f"{stem}.pem", folder / f"{stem}.key"
        certificate.write_text(self.pem)
        key.write_text(self.key_pem)
        return certificate, key


class Authority(Entity):
    """An entity that issues."""

    @classmethod
    def root(cls, common_name: str, *, key: Any = None, not_before: datetime.datetime = NOW - 30 * DAY,
             not_after: datetime.datetime = NOW + 3650 * DAY) -> "Authority":
        key = key or new_key()
        builder = _builder(_name(common_name), _name(common_name), key.public_key(), not_before, not_after)
        builder = _as_authority(builder, key.public_key(), key.public_key(), None)
        return cls(builder.sign(key, hashes.SHA256()), key, common_name)

    def issue_authority(self, common_name: str, *, key: Any = None, aia: Sequence[str] = (),
                        not_before: datetime.datetime = NOW - 20 * DAY,
                        not_after: datetime.datetime = NOW + 1825 * DAY,
                        path_length: int | None = None) -> "Authority":
        """With the key of another authority and its name: a cross-sign."""
        key = key or new_key()
        builder = _builder(_name(common_name), self.certificate.subject, key.public_key(), not_before, not_after)
        builder = _as_authority(builder, key.public_key(), self.key.public_key(), path_length)
        builder = _with_aia(builder, aia)
        return Authority(builder.sign(self.key, hashes.SHA256()), key, common_name)

    def issue_leaf(self, names: Sequence[str], *, key: Any = None, common_name: str | None = None,
                   aia: Sequence[str] = (), not_before: datetime.datetime = NOW - 5 * DAY,
                   not_after: datetime.datetime = NOW + 200 * DAY, purpose: str = "server") -> Entity:
        """`purpose`: server, client or email."""
        key = key or new_key()
        common_name = common_name or (names[0] if names else "a leaf without a name")
        builder = _builder(_name(common_name[:64]), self.certificate.subject, key.public_key(), not_before, not_after)
        if names:
            builder = builder.add_extension(
                x509.SubjectAlternativeName([_general_name(name) for name in names]), critical=False)
        builder = builder.add_extension(x509.ExtendedKeyUsage([_PURPOSES[purpose]]), critical=False)
        builder = builder.add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False)
        builder = _with_aia(builder, aia)
        return Entity(builder.sign(self.key, hashes.SHA256()), key, common_name)


def self_signed_leaf(names: Sequence[str]) -> Entity:
    key = new_key()
    builder = _builder(_name(names[0]), _name(names[0]), key.public_key(), NOW - DAY, NOW + 300 * DAY)
    builder = builder.add_extension(x509.SubjectAlternativeName([_general_name(name) for name in names]), False)
    return Entity(builder.sign(key, hashes.SHA256()), key, names[0])


# SubjectPublicKeyInfo of a DSA key that leaves its parameters to its issuer (RFC 3279 2.3.2).
INHERITED_DSA = bytes.fromhex("3013 3009 0607 2a8648ce380401 0306 00 0203 123456")


def _der(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content


def _der_content(der: bytes) -> bytes:
    num_length_bytes = der[1] & 0x7f if der[1] & 0x80 else 0
    return der[2 + num_length_bytes:]


def showing_key(entity: Entity, public_key: bytes, issuer_key: Any) -> Any:
    """The same certificate with this SubjectPublicKeyInfo, signed again by an EC key; the entity keeps its own key."""
    own = entity.certificate.public_key().public_bytes(serialization.Encoding.DER,
                                                       serialization.PublicFormat.SubjectPublicKeyInfo)
    content = _der_content(entity.certificate.tbs_certificate_bytes)
    assert content.count(own) == 1
    tbs = _der(0x30, content.replace(own, public_key))
    algorithm = bytes.fromhex("300a06082a8648ce3d040302")  # ecdsa-with-SHA256
    signature = issuer_key.sign(tbs, ec.ECDSA(hashes.SHA256()))
    certificate = x509.load_der_x509_certificate(_der(0x30, tbs + algorithm + _der(0x03, b"\0" + signature)))
    return dataclasses.replace(entity, certificate=certificate)


def _builder(subject: x509.Name, issuer: x509.Name, public_key: Any, not_before: datetime.datetime,
             not_after: datetime.datetime) -> x509.CertificateBuilder:
    return (x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(public_key)
            .serial_number(x509.random_serial_number()).not_valid_before(not_before).not_valid_after(not_after))


def _as_authority(builder: x509.CertificateBuilder, public_key: Any, issuer_key: Any,
                  path_length: int | None) -> x509.CertificateBuilder:
    usage = x509.KeyUsage(digital_signature=False, content_commitment=False, key_encipherment=False,
                          data_encipherment=False, key_agreement=False, key_cert_sign=True, crl_sign=True,
                          encipher_only=False, decipher_only=False)
    return (builder.add_extension(x509.BasicConstraints(True, path_length), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key), critical=False))


def _with_aia(builder: x509.CertificateBuilder, urls: Sequence[str]) -> x509.CertificateBuilder:
    if not urls:
        return builder
    return builder.add_extension(x509.AuthorityInformationAccess([
        x509.AccessDescription(AuthorityInformationAccessOID.CA_ISSUERS, x509.UniformResourceIdentifier(url))
        for url in urls]), critical=False)


def chain_pem(*entities: Entity) -> str:
    return "".join(entity.pem for entity in entities)


def chain_pkcs7(*entities: Entity) -> bytes:
    """DER, certificates only."""
    return pkcs7.serialize_certificates([entity.certificate for entity in entities], serialization.Encoding.DER)


def sha256_of_pem_chain(text: str) -> list[str]:
    """The SHA-256 of each certificate of a PEM text, in order."""
    found = []
    for block in text.split("-----BEGIN CERTIFICATE-----")[1:]:
        block = block.split("-----END CERTIFICATE-----")[0]
        certificate = x509.load_pem_x509_certificate(
            f"-----BEGIN CERTIFICATE-----{block}-----END CERTIFICATE-----\n".encode())
        found.append(certificate.fingerprint(hashes.SHA256()).hex())
    return found

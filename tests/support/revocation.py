"""revocation - CRLs and OCSP responses for the tests, right ones and wrong ones."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any, Sequence

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509 import ocsp
from pki import DAY, NOW, Authority, Entity, _builder, _name, new_key


def make_crl(issuer: Authority, revoked: Sequence[Entity | int] = (), *, this_update: datetime.datetime = NOW - DAY,
             next_update: datetime.datetime = NOW + 7 * DAY, key: Any = None,
             reason: x509.ReasonFlags | None = x509.ReasonFlags.key_compromise,
             since: datetime.datetime = NOW - 2 * DAY,
             extensions: Sequence[tuple[x509.ExtensionType, bool]] = ()) -> x509.CertificateRevocationList:
    """`key` signs in place of the issuer's own."""
    builder = (x509.CertificateRevocationListBuilder().issuer_name(issuer.certificate.subject)
               .last_update(this_update).next_update(next_update).add_extension(x509.CRLNumber(7), critical=False))
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    for what in revoked:
        serial = what if isinstance(what, int) else what.certificate.serial_number
        entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(since)
        if reason is not None:
            entry = entry.add_extension(x509.CRLReason(reason), critical=False)
        builder = builder.add_revoked_certificate(entry.build())
    return builder.sign(key or issuer.key, hashes.SHA256())


def crl_pem(*crls: x509.CertificateRevocationList) -> str:
    return "".join(crl.public_bytes(serialization.Encoding.PEM).decode() for crl in crls)


def crl_der(crl: x509.CertificateRevocationList) -> bytes:
    return crl.public_bytes(serialization.Encoding.DER)


def make_responder(issuer: Authority, *, for_ocsp: bool = True) -> Entity:
    """Makes a certificate that may sign the OCSP responses of an authority."""
    key = new_key()
    builder = _builder(_name("OCSP Responder"), issuer.certificate.subject, key.public_key(), NOW - DAY, NOW + 30 * DAY)
    purpose = x509.ExtendedKeyUsageOID.OCSP_SIGNING if for_ocsp else x509.ExtendedKeyUsageOID.SERVER_AUTH
    builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
    return Entity(builder.sign(issuer.key, hashes.SHA256()), key, "OCSP Responder")


def make_ocsp(leaf: Entity, issuer: Authority, status: str = "good", *, this_update: datetime.datetime = NOW - DAY,
              next_update: datetime.datetime | None = NOW + 3 * DAY, signer: Entity | None = None,
              algorithm: hashes.HashAlgorithm = hashes.SHA1(), by_name: bool = False) -> bytes:
    """`status`: good, revoked or unknown. `signer` in place of the issuer, its certificate in the response."""
    statuses = {"good": ocsp.OCSPCertStatus.GOOD, "revoked": ocsp.OCSPCertStatus.REVOKED,
                "unknown": ocsp.OCSPCertStatus.UNKNOWN}
    revoked = status == "revoked"
    encoding = ocsp.OCSPResponderEncoding.NAME if by_name else ocsp.OCSPResponderEncoding.HASH
    builder = ocsp.OCSPResponseBuilder().add_response(
        cert=leaf.certificate, issuer=issuer.certificate, algorithm=algorithm, cert_status=statuses[status],
        this_update=this_update, next_update=next_update, revocation_time=NOW - 2 * DAY if revoked else None,
        revocation_reason=x509.ReasonFlags.superseded if revoked else None)
    builder = builder.responder_id(encoding, (signer or issuer).certificate)
    if signer is not None:
        builder = builder.certificates([signer.certificate])
    return builder.sign((signer or issuer).key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def ocsp_error(status: ocsp.OCSPResponseStatus = ocsp.OCSPResponseStatus.TRY_LATER) -> bytes:
    return ocsp.OCSPResponseBuilder.build_unsuccessful(status).public_bytes(serialization.Encoding.DER)


def leaf_that_must_staple(issuer: Authority, names: Sequence[str]) -> Entity:
    key = new_key()
    builder = _builder(_name(names[0]), issuer.certificate.subject, key.public_key(), NOW - 5 * DAY, NOW + 200 * DAY)
    builder = (builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), False)
               .add_extension(x509.ExtendedKeyUsage([x509.ExtendedKeyUsageOID.SERVER_AUTH]), False)
               .add_extension(x509.TLSFeature([x509.TLSFeatureType.status_request]), False))
    return Entity(builder.sign(issuer.key, hashes.SHA256()), key, names[0])


def write_crl(path: Path, *crls: x509.CertificateRevocationList) -> Path:
    path.write_text(crl_pem(*crls))
    return path

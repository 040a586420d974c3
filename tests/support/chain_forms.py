"""chain_forms - the files in which people have certificates, and the forms in which trust stores come.

    CHAIN_FORMS["pkcs7"].write([leaf, issuer])      -> bytes
    STORE_FORMS["jks"].write([root])                -> bytes

What is written is DER: a list of certificates, the leaf first.
"""

from __future__ import annotations

import base64
import csv
import io
import struct
from dataclasses import dataclass
from typing import Callable, Sequence

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12
from der import context
from odd_containers import signed_data

Writer = Callable[[Sequence[bytes]], bytes]


@dataclass(frozen=True)
class Form:
    """`reads`: all (as they were given), first (the first one alone), set (their order is lost), none (an error)."""

    suffix: str
    write: Writer
    reads: str = "all"


def block(label: str, der: bytes, line_end: str = "\n") -> str:
    text = base64.encodebytes(der).decode().replace("\n", line_end)
    return f"-----BEGIN {label}-----{line_end}{text}-----END {label}-----{line_end}"


def _pem(certificates: Sequence[bytes], label: str = "CERTIFICATE", line_end: str = "\n") -> str:
    return "".join(block(label, der, line_end) for der in certificates)


def _pkcs7(certificates: Sequence[bytes]) -> bytes:
    return signed_data(context(0, *certificates))


def _damaged(find: str, put: str) -> Writer:
    return lambda certificates: _pem(certificates).replace(find, put, 1).encode()


def _with_text(certificates: Sequence[bytes]) -> bytes:
    return "".join(f" 0 s:CN = somebody\n   i:CN = somebody else\n{_pem([der])}" for der in certificates).encode()


CHAIN_FORMS = {
    "pem": Form("pem", lambda certificates: _pem(certificates).encode()),
    "pem with CR LF": Form("crt", lambda certificates: _pem(certificates, line_end="\r\n").encode()),
    "pem with a byte order mark": Form("pem", lambda certificates: _pem(certificates).encode("utf-8-sig")),
    "pem in UTF-16": Form("pem", lambda certificates: _pem(certificates).encode("utf-16")),
    "pem without the last newline": Form("pem", lambda certificates: _pem(certificates).rstrip().encode()),
    "pem with text between": Form("txt", _with_text),
    "label X509 CERTIFICATE": Form("pem", lambda certificates: _pem(certificates, "X509 CERTIFICATE").encode()),
    "der": Form("cer", lambda certificates: certificates[0], "first"),
    "der and a newline": Form("cer", lambda certificates: certificates[0] + b"\r\n", "first"),
    "base64 alone": Form("cer", lambda certificates: base64.encodebytes(certificates[0]), "first"),
    "pkcs7": Form("p7b", _pkcs7, "set"),
    "pkcs7 backwards": Form("p7b", lambda certificates: _pkcs7(certificates[::-1]), "set"),
    "pkcs7 in pem": Form("p7b", lambda certificates: block("PKCS7", _pkcs7(certificates)).encode(), "set"),
    "pkcs7 under CERTIFICATE": Form("p7b", lambda certificates: block("CERTIFICATE", _pkcs7(certificates)).encode(),
                                    "set"),
    "base64 of pkcs7": Form("p7b", lambda certificates: base64.encodebytes(_pkcs7(certificates)), "set"),
    "four dashes": Form("pem", _damaged("-----BEGIN", "----BEGIN"), "none"),
    "six dashes": Form("pem", _damaged("-----BEGIN", "------BEGIN"), "none"),
    "lower case": Form("pem", _damaged("BEGIN CERTIFICATE", "Begin Certificate"), "none"),
    "BEGIN with a blank": Form("pem", _damaged("-----BEGIN", "----- BEGIN"), "none"),
    "no END": Form("pem", _damaged("-----END CERTIFICATE-----\n", ""), "none"),
    "der and more": Form("cer", lambda certificates: certificates[0] + b"\nabc", "none"),
    "not base64": Form("pem", _damaged("MII", "MI*"), "none"),
    "cut": Form("pem", lambda certificates: _pem(certificates[:1])[:-60].encode(), "none"),
}


def _java_keystore(certificates: Sequence[bytes]) -> bytes:
    entries = b"".join(struct.pack(">IH", 2, 1) + b"a" + bytes(8) + struct.pack(">H", 5) + b"X.509" +
                       struct.pack(">I", len(der)) + der for der in certificates)
    return struct.pack(">III", 0xFEEDFEED, 2, len(certificates)) + entries + bytes(20)


def _windows_store(certificates: Sequence[bytes]) -> bytes:
    return bytes(4) + b"CERT" + b"".join(struct.pack("<III", 32, 1, len(der)) + der for der in certificates) + bytes(12)


def _pkcs12(certificates: Sequence[bytes]) -> bytes:
    made: bytes = pkcs12.serialize_key_and_certificates(
        None, None, None, [x509.load_der_x509_certificate(der) for der in certificates],
        serialization.NoEncryption())
    return made


def _csv(certificates: Sequence[bytes]) -> bytes:
    out = io.StringIO()
    rows = csv.writer(out, quoting=csv.QUOTE_ALL)
    rows.writerow(["CA Owner", "Certificate Name", "PEM Info"])
    rows.writerows(["Owner, Inc.", "Root", f"'{_pem([der]).strip()}'"] for der in certificates)
    return out.getvalue().encode()


STORE_FORMS = {
    "pem": Form("pem", lambda certificates: _pem(certificates).encode()),
    "pem with text": Form("crt", _with_text),
    "der": Form("cer", lambda certificates: certificates[0], "first"),
    "pkcs7": Form("p7b", _pkcs7),
    "jks": Form("jks", _java_keystore),
    "pkcs12": Form("p12", _pkcs12),
    "sst": Form("sst", _windows_store),
}

# What `cache import` takes besides.
CSV = Form("csv", _csv)

#!/usr/bin/env python3
"""Writes what the fuzzers begin with: make_seeds.py FOLDER makes FOLDER/<target>/<what is odd> for each target below.

What is odd about certificates, CRLs, OCSP responses and containers stands in tests/support/odd_*.py; here is how each
fuzzer takes it. The same bytes come out each time.
"""

from __future__ import annotations

import base64
import pathlib
import shutil
import struct
import sys
from typing import Callable

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))

import odd_certificates as odd  # noqa: E402
import odd_containers  # noqa: E402
import odd_keys  # noqa: E402
import odd_revocation  # noqa: E402

Seeds = dict[str, bytes]

# fuzz_mend.c: the first byte of a record.
SERVED, EXTRA, CACHED, TRUSTED, ELSEWHERE, ANSWER = range(6)
# fuzz_certificate_container.c, fuzz_certificate_file.c: the options in the first byte.
IS_PKCS12, KNOWS_PASSWORD, HAS_PASSWORD = 1, 2, 1


def counted(der: bytes, size: int = 2) -> bytes:
    return len(der).to_bytes(size, "big") + der


def fits(seeds: Seeds) -> Seeds:
    """Those whose certificate has a length of two bytes."""
    return {name: der for name, der in seeds.items() if len(der) < 0x10000}


def pem(label: str, der: bytes, *headers: str) -> bytes:
    text = base64.b64encode(der).decode()
    lines = [*headers, *([""] if headers else []), *[text[at:][:64] for at in range(0, len(text), 64)]]
    return "\n".join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""]).encode()


def aia() -> Seeds:
    return odd.certificates()


def cache_entry() -> Seeds:
    head = b"source: http://aia.example/ca.crt\nfetched: 2026-01-01T00:00:00Z\n"
    return {name: head + pem("CERTIFICATE", der) for name, der in odd.certificates().items()}


def key_label(name: str) -> str:
    return {"ec-sec1": "EC PRIVATE KEY", "rsa-pkcs1": "RSA PRIVATE KEY", "dsa-traditional": "DSA PRIVATE KEY"}.get(
        name.removesuffix("-bare"), "PRIVATE KEY"
    )


def certificate_file() -> Seeds:
    seeds = {f"certificate-{name}": b"\0" + der for name, der in odd.certificates().items()}
    seeds |= {f"pkcs7-{name}": b"\0" + der for name, der in odd_containers.pkcs7s().items()}
    seeds |= {f"pkcs12-{name}": bytes([HAS_PASSWORD]) + der for name, der in odd_containers.pkcs12s().items()}
    leaf = pem("CERTIFICATE", odd.certificates()["good"])
    for name, der in odd_keys.private_keys().items():
        seeds[f"key-{name}"] = b"\0" + der
        seeds[f"key-{name}-pem"] = b"\0" + leaf + pem(key_label(name), der)
    for name, der in odd_containers.encrypted_keys().items():
        seeds[f"encrypted-{name}"] = bytes([HAS_PASSWORD]) + der
        seeds[f"encrypted-{name}-pem"] = bytes([HAS_PASSWORD]) + leaf + pem("ENCRYPTED PRIVATE KEY", der)
    for cipher in ("AES-256-CBC", "AES-128-CBC", "DES-EDE3-CBC", "DES-CBC", "AES-256-GCM", "NONE", ""):
        headers = ("Proc-Type: 4,ENCRYPTED", f"DEK-Info: {cipher},{'00' * 16}")
        seeds[f"legacy-{cipher}"] = bytes([HAS_PASSWORD]) + pem("RSA PRIVATE KEY", bytes(64), *headers)
    for label in (
        "X509 CERTIFICATE",
        "TRUSTED CERTIFICATE",
        "PKCS7",
        "CMS",
        "X509 CRL",
        "PUBLIC KEY",
        "EC PARAMETERS",
        "CERTIFICATE REQUEST",
        "DH PARAMETERS",
        "ATTRIBUTE CERTIFICATE",
    ):
        seeds[f"label-{label}"] = b"\0" + pem(label, odd.certificates()["trusted"])
    every = b"".join(pem("CERTIFICATE", der) for der in list(odd.certificates().values())[:60])
    return seeds | {"many": b"\4" + every} | file_forms()


def java_keystore(*certificates: bytes, magic: int = 0xFEEDFEED, version: int = 2) -> bytes:
    """A key with a chain of one, then the trusted certificates."""
    kind = struct.pack(">H", 5) + b"X.509" if version == 2 else b""
    head = struct.pack(">H", 1) + b"a" + bytes(8)
    blocks = [kind + counted(der, 4) for der in certificates]
    key = struct.pack(">I", 1) + head + counted(b"key", 4) + struct.pack(">I", 1) + blocks[0]
    trusted = b"".join(struct.pack(">I", 2) + head + block for block in blocks)
    return struct.pack(">III", magic, version, 1 + len(blocks)) + key + trusted + bytes(20)


def windows_store(*certificates: bytes) -> bytes:
    """A digest, then the certificate, of each."""
    properties = b"".join(
        struct.pack("<III", number, 1, len(value)) + value
        for der in certificates
        for number, value in ((3, bytes(20)), (32, der))
    )
    return bytes(4) + b"CERT" + properties + bytes(12)


def file_forms() -> Seeds:
    """The forms that other programs give a certificate, in a file and in a bundle."""
    good, pkcs7 = odd.certificates()["good"], odd_containers.pkcs7s()["certificates"]
    text = pem("CERTIFICATE", good)
    forms = {
        "java": java_keystore(good, good),
        "java-1": java_keystore(good, version=1),
        "jceks": java_keystore(good, magic=0xCECECECE),
        "windows": windows_store(good, good),
        "base64": base64.b64encode(good),
        "base64-lines": base64.encodebytes(pkcs7).replace(b"\n", b"\r\n"),
        "base64-of-pem": base64.b64encode(text),
        "base64-utf16": base64.b64encode(good).decode().encode("utf-16"),
        "utf16-big": text.decode().encode("utf-16-be"),
        "padded": good + b"\r\n\0",
        "followed": good + b"abc",
        "pkcs7-as-certificate": pem("CERTIFICATE", pkcs7),
        "four-dashes": text[1:] + text,
        "end-of-four": text.replace(b"-----END", b"----END") + text,
        "stray-end": text + b"-----END CERTIFICATE-----\n",
        "html": b"<!DOCTYPE html><html></html>",
        "putty": b"PuTTY-User-Key-File-3: ssh-rsa\n",
    }
    plain = {f"form-{name}": b"\0" + content for name, content in forms.items()}
    plain |= {f"store-{name}": b"\4" + content for name, content in forms.items()}
    return plain | {f"store-pkcs12-{name}": b"\4" + der for name, der in odd_containers.pkcs12s().items()}


def certificate_json() -> Seeds:
    return odd.certificates()


def pem_reader() -> Seeds:
    return {
        name.removeprefix("1-"): content[1:] for name, content in certificate_file().items() if b"-----BEGIN" in content
    }


def private_key() -> Seeds:
    seeds = odd_keys.private_keys() | {
        f"encrypted-{name}": der for name, der in odd_containers.encrypted_keys().items()
    }
    plain = {name: counted(b"") + der for name, der in seeds.items()}
    for cipher in ("AES-256-CBC", "DES-EDE3-CBC", "DES-CBC", "AES-128-CBC"):
        headers = f"Proc-Type: 4,ENCRYPTED\nDEK-Info: {cipher},{'00' * 16}\n".encode()
        plain[f"legacy-{cipher}"] = counted(headers) + bytes(64)
    return plain


def ber_work() -> Seeds:
    containers = odd_containers.pkcs7s() | odd_containers.pkcs12s()
    return containers | odd_containers.encrypted_keys() | odd_keys.private_keys() | odd_revocation.crls()


def certificate_container() -> Seeds:
    seeds = {f"pkcs7-{name}": b"\0" + der for name, der in odd_containers.pkcs7s().items()}
    password = bytes([IS_PKCS12 | KNOWS_PASSWORD])
    seeds |= {f"pkcs12-{name}": password + der for name, der in odd_containers.pkcs12s().items()}
    for name in ("empty-password", "no-password", "good"):
        seeds[f"pkcs12-unknown-{name}"] = bytes([IS_PKCS12]) + odd_containers.pkcs12s()[name]
    return seeds


def crl_store() -> Seeds:
    issuer = counted(odd.authority())
    seeds = {name: issuer + der for name, der in odd_revocation.crls().items()}
    list_of_one = odd_revocation.crls()["revoked"]
    for name, key in odd_keys.keys().items():
        seeds[f"issuer-key-{name}"] = counted(odd.authority(key=key)) + list_of_one
    for name, content in odd.CONTENTS[odd.CRL_POINTS].items():
        points = odd.authority("Issuer", "Issuer", odd_keys.KEY_ONE, odd.extension(odd.CRL_POINTS, content))
        for part in ("url", "reasons", "indirect", "relative", "authorities"):
            seeds[f"points-{name}-{part}"] = counted(points) + odd_revocation.crls()[f"part-{part}"]
    both = pem("X509 CRL", odd_revocation.crls()["revoked"]) + pem("X509 CRL", odd_revocation.crls()["delta-good"])
    return seeds | {"pem": issuer + both}


def ocsp_response() -> Seeds:
    leaf, issuer = counted(odd_revocation.leaf()), counted(odd.authority())
    responses = odd_revocation.responses()
    seeds = {name: leaf + issuer + der for name, der in responses.items()}
    for name, der in fits(odd.certificates()).items():
        seeds[f"leaf-{name}"] = counted(der) + issuer + responses["good"]
    for name, key in odd_keys.keys().items():
        seeds[f"issuer-{name}"] = leaf + counted(odd.authority(key=key)) + responses["good"]
    return seeds


def record(role: int, der: bytes) -> bytes:
    return bytes([role]) + counted(der)


def mend() -> Seeds:
    issuer, root = odd.authority("Issuer", "Root"), odd.authority("Root", "Root")
    leaf = odd.certificates()["good"]
    seeds = {}
    for name, der in fits(odd.certificates()).items():
        seeds[f"leaf-{name}"] = record(SERVED, der) + record(CACHED, issuer) + record(TRUSTED, root)
    for name, der in fits(odd.authorities()).items():
        seeds[f"issuer-{name}"] = record(SERVED, leaf) + record(ANSWER, der) + record(TRUSTED, root)
    for name, key in odd_keys.keys().items():
        anchor = odd.authority("Root", "Root", key)
        seeds[f"root-{name}"] = (
            record(SERVED, leaf) + record(EXTRA, issuer) + record(TRUSTED, anchor) + record(ELSEWHERE, root)
        )
    return seeds


def name_constraints() -> Seeds:
    names = odd.CONTENTS[odd.ALT_NAME]
    seeds = {}
    for name, content in odd.CONTENTS[odd.NAME_CONSTRAINTS].items():
        seeds[f"{name}-all"] = counted(content) + names["all"]
        kind = name.split("-")[1] if "-" in name else "dns"
        for alternative, value in names.items():
            if alternative.startswith(kind[:3]):
                seeds[f"{name}-{alternative}"] = counted(content) + value
    return seeds


def handshake(kind: int, body: bytes) -> bytes:
    message = bytes([kind]) + counted(body, 3)
    return b"".join(b"\x16\x03\x03" + counted(message[at:][:0x4000]) for at in range(0, len(message), 0x4000))


def server_flight(cipher: int, chain: list[bytes], staple: bytes | None = None) -> bytes:
    """A server's answer in TLS 1.2, up to where nothing is signed for this client yet (RFC 5246 7.4)."""
    extensions = b"\xff\x01\0\1\0" + (b"\0\5\0\0" if staple is not None else b"")
    hello = handshake(2, b"\3\3" + bytes(range(32)) + b"\0" + cipher.to_bytes(2, "big") + b"\0" + counted(extensions))
    certificates = handshake(11, counted(b"".join(counted(der, 3) for der in chain), 3))
    status = handshake(22, b"\1" + counted(staple, 3)) if staple is not None else b""
    return hello + certificates + status + handshake(14, b"")


def chain_capture() -> Seeds:
    leaf = odd.certificates()["good"]
    seeds = {}
    for name, der in odd.certificates().items():
        cipher = 0x002F if name.startswith(("key-rsa", "key-pss")) else 0xC02B
        seeds[f"leaf-{name}"] = b"\xff" + server_flight(cipher, [der, odd.authority()])
    for name, der in odd.authorities().items():
        seeds[f"issuer-{name}"] = b"\xff" + server_flight(0xC02B, [leaf, der])
    for name, der in odd_revocation.responses().items():
        seeds[f"staple-{name}"] = b"\xff" + server_flight(0xC02B, [leaf], der)
    return seeds


TARGETS: list[Callable[[], Seeds]] = [
    aia,
    ber_work,
    certificate_json,
    pem_reader,
    private_key,
    cache_entry,
    certificate_file,
    certificate_container,
    crl_store,
    ocsp_response,
    mend,
    name_constraints,
    chain_capture,
]


def main() -> None:
    folder = pathlib.Path(sys.argv[1])
    for target in TARGETS:
        place = folder / target.__name__
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        for name, content in target().items():
            (place / name.replace("/", "_")).write_bytes(content)


if __name__ == "__main__":
    main()

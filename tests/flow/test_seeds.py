"""Makes the same seeds each time; other programs accept those that are meant to be right."""

import os
import subprocess
import sys

import odd_certificates
import odd_containers
import odd_keys
import odd_revocation
import pytest
from conftest import ROOT
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs7, pkcs12
from cryptography.x509 import ocsp

ISSUER = x509.load_der_x509_certificate(odd_certificates.authority())


def make(folder, seed):
    environment = {**os.environ, "PYTHONHASHSEED": seed}
    subprocess.run([sys.executable, "-B", ROOT / "tests/fuzz/make_seeds.py", folder], check=True, env=environment)
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_same_seeds_come_out_each_time(tmp_path):
    first, second = make(tmp_path / "first", "1"), make(tmp_path / "second", "2")
    assert first == second
    assert len(first) > 5000


def verify(signature, signed, algorithm=hashes.SHA256):
    ISSUER.public_key().verify(signature, signed, ec.ECDSA(algorithm()))


@pytest.mark.parametrize("name", ["good", "authority", "san-all", "key-dsa", "key-rsa-2048", "crl-points-reasons"])
def test_certificates_are_signed(name):
    certificate = x509.load_der_x509_certificate(odd_certificates.certificates()[name])
    verify(certificate.signature, certificate.tbs_certificate_bytes)


@pytest.mark.parametrize("name", ["rsa-2048", "dsa", "ec-p256", "ec-p384", "ec-p521", "ec-secp256k1", "ec-brainpool",
                                  "ec-p256-compressed", "ed25519", "ed448", "x25519"])
def test_right_keys_are_taken(name):
    serialization.load_der_public_key(odd_keys.keys()[name])


@pytest.mark.parametrize("name", ["ec-sec1", "ec-pkcs8", "rsa-pkcs1", "rsa-pkcs8", "ed25519"])
def test_right_private_keys_are_taken(name):
    serialization.load_der_private_key(odd_keys.private_keys()[name], None)


@pytest.mark.parametrize("name", ["revoked", "empty", "delta-good", "part-url", "entries-3000"])
def test_crls_are_signed(name):
    crl = x509.load_der_x509_crl(odd_revocation.crls()[name])
    assert crl.is_signature_valid(ISSUER.public_key())


@pytest.mark.parametrize("name", ["good", "revoked", "several", "delegate"])
def test_ocsp_responses_are_signed(name):
    response = ocsp.load_der_ocsp_response(odd_revocation.responses()[name])
    verify(response.signature, response.tbs_response_bytes)


def test_containers_open():
    assert len(pkcs7.load_der_pkcs7_certificates(odd_containers.pkcs7s()["signed-attributes"])) == 2
    for name in ("good", "turns-2048", "sha256", "two-safes"):
        key, _, _ = pkcs12.load_key_and_certificates(odd_containers.pkcs12s()[name], b"secret")
        assert key.private_numbers().private_value == 1

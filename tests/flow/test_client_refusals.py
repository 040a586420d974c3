"""Chains in which a client finds a fault that others pass over: check says which, by a table."""

import datetime
import json

import pytest
from conftest import NAME
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, ed448, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier
from keyless_server import show
from pki import DAY, NOW, Authority, Entity, chain_pem
from tls_servers import Server

USAGES = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
          "key_cert_sign", "crl_sign", "encipher_only", "decipher_only")


def rsa_key():
    return rsa.generate_private_key(65537, 2048)


class PublicOnly:
    """An RSA key that nobody has: its certificate is all that is looked at."""

    def __init__(self, bits):
        self._bits = bits

    def public_key(self):
        return rsa.RSAPublicNumbers(65537, (1 << self._bits - 1) | 1).public_key()


def leaf_of(issuer, *, usages=None, key=None, is_ca=None, days=200, since=NOW - DAY, policy=None, issuer_name=None):
    key = key or ec.generate_private_key(ec.SECP256R1())
    builder = (x509.CertificateBuilder().subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)]))
               .issuer_name(issuer_name or issuer.certificate.subject).public_key(key.public_key())
               .serial_number(x509.random_serial_number()).not_valid_before(since)
               .not_valid_after(since + datetime.timedelta(days=days))
               .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), False)
               .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False))
    if usages is not None:
        builder = builder.add_extension(x509.KeyUsage(**{usage: usage in usages for usage in USAGES}), True)
    if is_ca is not None:
        builder = builder.add_extension(x509.BasicConstraints(is_ca, None), True)
    if policy is not None:
        builder = builder.add_extension(
            x509.CertificatePolicies([x509.PolicyInformation(ObjectIdentifier(policy), None)]), False)
    return Entity(builder.sign(issuer.key, hashes.SHA256()), key, NAME)


def spelt_otherwise(issuer):
    """The same name by RFC 5280 7.1, in capitals."""
    return x509.Name([x509.NameAttribute(attribute.oid, attribute.value.upper())
                      for attribute in issuer.certificate.subject])


# what is odd: how the leaf is made | findings | a few words of the message | status
CASES = {
    "an EC key that may encipher": (lambda ca: leaf_of(ca, usages=["key_encipherment"]), ["wrong_purpose error"],
                                    "key usage without digitalSignature", 2),
    "an EC key that may agree": (lambda ca: leaf_of(ca, usages=["key_agreement"]), ["wrong_purpose error"],
                                 "its key can do nothing else", 2),
    "an RSA key that may encipher": (lambda ca: leaf_of(ca, usages=["key_encipherment"], key=rsa_key()),
                                     ["wrong_purpose error"], "but for connections of TLS 1.2 with plain RSA", 2),
    "an RSA key that may do both": (
        lambda ca: leaf_of(ca, usages=["key_encipherment", "digital_signature"], key=rsa_key()), [], "", 0),
    "no key usage": (leaf_of, [], "", 0),
    "a CA": (lambda ca: leaf_of(ca, is_ca=True), ["leaf_is_ca warning"], "Firefox", 0),
    "P-384": (lambda ca: leaf_of(ca, key=ec.generate_private_key(ec.SECP384R1())), [], "", 0),
    "P-521": (lambda ca: leaf_of(ca, key=ec.generate_private_key(ec.SECP521R1())), ["key_unsupported warning"],
              "ECDSA on P-521: Chrome", 0),
    "Ed25519": (lambda ca: leaf_of(ca, key=ed25519.Ed25519PrivateKey.generate()), ["key_unsupported warning"],
                "Ed25519: no browser", 0),
    "Ed448": (lambda ca: leaf_of(ca, key=ed448.Ed448PrivateKey.generate()), ["key_unsupported warning"],
              "Ed448 (1.3.101.113): no browser takes it from a server. It cannot be judged here", 0),
    "RSA of 8192 bits": (lambda ca: leaf_of(ca, key=PublicOnly(8192)), [], "", 0),
    "RSA of 8200 bits": (lambda ca: leaf_of(ca, key=PublicOnly(8200)), ["key_unsupported warning"],
                         "RSA of 8200 bits", 0),
    "825 days": (lambda ca: leaf_of(ca, days=825), [], "", 0),
    "826 days": (lambda ca: leaf_of(ca, days=826), ["leaf_lifetime warning"], "826 days: Apple's systems", 0),
    "400 days, with a policy of public authorities": (
        lambda ca: leaf_of(ca, days=400, since=NOW - 365 * DAY, policy="2.23.140.1.2.1"), ["leaf_lifetime info"],
        "the CA/Browser Forum's limit was 398", 0),
    "400 days, with a policy of another": (
        lambda ca: leaf_of(ca, days=400, since=NOW - 365 * DAY, policy="1.3.6.1.4.1.311.21.8"), [], "", 0),
    "the issuer's name in capitals": (lambda ca: leaf_of(ca, issuer_name=spelt_otherwise(ca)),
                                      ["name_encoding warning"], "Go and GnuTLS", 0),
}


@pytest.fixture(scope="module")
def authorities():
    root = Authority.root("Refusals Root CA")
    return root, root.issue_authority("Refusals Issuing CA")


def told(program, root, folder, *arguments):
    (folder / "root.pem").write_text(root.pem)
    result = program.command("check", *arguments, "--roots", f"r={folder / 'root.pem'}", "--offline", "--cache",
                             folder / "none", "--json")
    report = json.loads(result.stdout)
    assert result.returncode == report["exit_status"], result
    soon = "leaf_expires_soon"  # of leafs that were made to be old
    return report, [finding for finding in report["findings"] if finding["code"] != soon]


def says(findings):
    return sorted(f"{finding['code']} {finding['severity']}" for finding in findings)


@pytest.mark.parametrize("what", CASES)
def test_a_file(program, authorities, tmp_path, what):
    root, issuing = authorities
    make, expected, words, status = CASES[what]
    chain = tmp_path / "chain.pem"
    chain.write_text(chain_pem(make(issuing), issuing))
    report, findings = told(program, root, tmp_path, "--chain", chain)
    assert says(findings) == expected and report["exit_status"] == status, report
    messages = "".join(finding["message"] for finding in findings)
    assert words in messages
    assert report["mended_trusted"] == (status == 0 and "cannot be judged" not in messages)


@pytest.mark.parametrize("what", CASES)
def test_a_server_that_sends_it(program, authorities, tmp_path, what):
    """The refusal of the handshake itself hides nothing."""
    root, issuing = authorities
    make, expected, words, status = CASES[what]
    with Server(show([make(issuing).der, issuing.der])) as server:
        report, findings = told(program, root, tmp_path, NAME, "--connect", f"127.0.0.1:{server.port}")
    assert says(findings) == expected and report["exit_status"] == status, report
    assert words in "".join(finding["message"] for finding in findings)

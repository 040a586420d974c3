"""An RSA and an ECDSA certificate side by side: each client gets the one that it can verify, with its mended chain."""

import pytest
from aia_server import body
from clients import python_pipe, served_chain
from conftest import NAME
from cryptography.hazmat.primitives.asymmetric import ec
from pki import Authority, chain_pem, new_key
from program import eventually, free_port
from tls_servers import Server, echo

RSA_ONLY = ["-sigalgs", "rsa_pss_rsae_sha256:RSA+SHA256"]
ECDSA_ONLY = ["-sigalgs", "ecdsa_secp256r1_sha256"]
CLIENTS = {
    "tls13-both": ([], "ec"),
    "tls13-rsa": (RSA_ONLY, "rsa"),
    "tls13-ecdsa": (ECDSA_ONLY, "ec"),
    "tls12-both": (["-tls1_2"], "ec"),
    "tls12-rsa-suites": (["-tls1_2", "-cipher", "ECDHE-RSA-AES128-GCM-SHA256"], "rsa"),
    "tls12-ecdsa-suites": (["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256"], "ec"),
    "tls12-rsa-signatures": (["-tls1_2", *RSA_ONLY], "rsa"),
    # RFC 8422 5.1: an ECDSA leaf on a curve that the client has named alone.
    "tls12-other-curves": (["-tls1_2", "-groups", "X25519:P-384"], "rsa"),
    "tls12-own-curve": (["-tls1_2", "-groups", "X25519:P-256"], "ec"),
    "tls13-other-curves": (["-groups", "X25519:P-384"], "ec"),
}


@pytest.fixture
def pair(world, aia):
    """By kind of key: the leaf, its intermediate (which a URL alone has), and the file with key and leaf."""
    made = {}
    for kind in ("rsa", "ec"):
        issuing = world.root.issue_authority(f"Contoso {kind} CA", key=new_key(kind))
        path = f"/{kind}.cer"
        aia.route(path, body(issuing.der))
        leaf = issuing.issue_leaf([NAME], key=new_key(kind), aia=[aia.url(path)])
        file = world.folder / f"{kind}.pem"
        file.write_text(leaf.key_pem + chain_pem(leaf))
        made[kind] = (leaf, issuing, file)
    return made


@pytest.mark.parametrize("order", [("rsa", "ec"), ("ec", "rsa")], ids="-first ".join)
def test_each_client_gets_what_it_can_verify(program, world, pair, order):
    port = free_port()
    with Server(echo) as backend:
        running = program.run(world.settings(), {"mail": {
            "listen": f"127.0.0.1:{port}", "certificate": [pair[kind][2] for kind in order],
            "backend": f"tcp://127.0.0.1:{backend.port}"}})
        for flags, kind in CLIENTS.values():
            leaf, issuing, _ = pair[kind]
            eventually(f"{flags} is served the mended {kind} chain",
                       lambda: served_chain(port, NAME, *flags) == [leaf.sha256, issuing.sha256], also=running.report)
        with python_pipe(port, NAME, world.roots) as pipe:
            pipe.send(b"well")
            assert pipe.receive_exactly(4) == b"well"


def test_an_issuer_may_stand_in_the_other_file(program, world, pair):
    """Nothing is fetched, and the issuer is reported as one from a file."""
    (rsa, rsa_issuing, rsa_file), (ec, ec_issuing, ec_file) = pair["rsa"], pair["ec"]
    rsa_file.write_text(rsa.key_pem + chain_pem(rsa))
    ec_file.write_text(ec.key_pem + chain_pem(ec, ec_issuing, rsa_issuing))
    port = free_port()
    running = program.run(world.settings(fetch="off"), {"mail": {
        "listen": f"127.0.0.1:{port}", "certificate": [rsa_file, ec_file], "backend": "tcp://127.0.0.1:9"}})
    eventually("the RSA chain is whole", lambda: served_chain(port, NAME, *RSA_ONLY) == [
        rsa.sha256, rsa_issuing.sha256], also=running.report)
    fix = running.wait_for_fix("missing_intermediate", subject_of="certificate")
    assert [one["source"] for one in fix["after"]] == ["file", "file"]


def test_a_client_without_groups_gets_plain_rsa_where_it_is_named(program, world, pair):
    """It could take ECDHE of any group (RFC 8422 4), which BoringSSL does not agree on."""
    port, flags = free_port(), ["-tls1_2", "-cipher", "AES128-GCM-SHA256"]
    with Server(echo) as backend:
        running = program.run(world.settings(), {"mail": {
            "listen": f"127.0.0.1:{port}", "certificate": [pair[kind][2] for kind in ("ec", "rsa")],
            "ciphers": "ECDHE:kRSA", "backend": f"tcp://127.0.0.1:{backend.port}"}})
        leaf, issuing, _ = pair["rsa"]
        eventually("the RSA chain", lambda: served_chain(port, NAME, *flags) == [leaf.sha256, issuing.sha256],
                   also=running.report)


def test_the_curve_of_the_leaf_counts(program, world, pair):
    port = free_port()
    leaf = world.issuing.issue_leaf([NAME], key=ec.generate_private_key(ec.SECP384R1()))
    file = world.folder / "p384.pem"
    file.write_text(leaf.key_pem + chain_pem(leaf, world.issuing))
    with Server(echo) as backend:
        running = program.run(world.settings(), {"mail": {
            "listen": f"127.0.0.1:{port}", "certificate": [file, pair["rsa"][2]],
            "backend": f"tcp://127.0.0.1:{backend.port}"}})
        for groups, served in (("P-256", pair["rsa"][0]), ("P-256:P-384", leaf)):
            eventually(groups, lambda groups=groups, served=served: served_chain(
                port, NAME, "-tls1_2", "-groups", groups)[:1] == [served.sha256], also=running.report)


def test_the_name_counts_more_than_the_kind_of_key(program, world, pair):
    """The certificate that covers the name is served, though an ECDSA leaf for another name is there, too."""
    port = free_port()
    other = Authority.root("Other Root CA").issue_leaf(["other.contoso.test"])
    file = world.folder / "other.pem"
    file.write_text(other.key_pem + chain_pem(other))
    with Server(echo) as backend:
        running = program.run(world.settings(), {"mail": {
            "listen": f"127.0.0.1:{port}", "certificate": [file, pair["rsa"][2]],
            "backend": f"tcp://127.0.0.1:{backend.port}"}})
        leaf, issuing, _ = pair["rsa"]
        eventually("the RSA leaf with its chain",
                   lambda: served_chain(port, NAME) == [leaf.sha256, issuing.sha256], also=running.report)
        assert served_chain(port, "other.contoso.test")[0] == other.sha256

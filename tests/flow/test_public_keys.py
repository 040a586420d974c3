"""Keys that verify nothing here, a DSA key that inherits its parameters above all, wherever a certificate comes in.

Nothing ends by them, and what is said of them is true.
"""

import json

import pytest
from aia_server import body
from clients import curl
from conftest import NAME
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import dsa
from keyless_server import show
from pki import INHERITED_DSA, chain_pem, chain_pkcs7, sha256_of_pem_chain, showing_key
from program import eventually, free_port
from tls_servers import Server, TlsServer, http_answer

UNKNOWN_TO_CLIENTS = "has a key of a kind or on a curve that clients do not know"
CANNOT_BE_FOLLOWED = '"CN=Contoso DSA CA,O=chainmend tests" is known, but its key is of a kind that is not supported'


class Chains:
    """Two chains, leaf first: `leaf` shows the DSA key, or its issuer does."""

    def __init__(self, world):
        self.authority = showing_key(world.root.issue_authority("Contoso DSA CA"), INHERITED_DSA, world.root.key)
        self.below = self.authority.issue_leaf([NAME], aia=[world.url])
        self.leaf = showing_key(world.issuing.issue_leaf([NAME]), INHERITED_DSA, world.issuing.key)
        self.by_place = {"leaf": [self.leaf, world.issuing], "issuer": [self.below, self.authority]}


@pytest.fixture
def chains(world):
    made = Chains(world)
    world.aia.route(world.path, body(made.authority.der))
    return made


def assert_told(report, place):
    messages = {finding["code"]: finding["message"] for finding in report["findings"]}
    assert report["exit_status"] == 2, report
    if place == "leaf":
        assert UNKNOWN_TO_CLIENTS in messages["weak_key"], messages
    else:
        assert CANNOT_BE_FOLLOWED in messages["incomplete_chain"], messages


@pytest.mark.parametrize("place", ["leaf", "issuer"])
@pytest.mark.parametrize("form", ["pem", "pkcs7"])
def test_check_reads_it_from_a_file(program, world, chains, tmp_path, place, form):
    path = tmp_path / "chain"
    write = chain_pkcs7 if form == "pkcs7" else lambda *entities: chain_pem(*entities).encode()
    path.write_bytes(write(*chains.by_place[place]))
    result = program.command("check", "--chain", path, *world.check_flags(), "--json")
    assert result.returncode == 2, result
    assert_told(json.loads(result.stdout), place)


def test_mend_sends_the_leaf_as_it_is_and_says_what_is_wrong(program, world, chains):
    for place, sent in (("leaf", [chains.leaf, world.issuing]), ("issuer", [chains.below])):
        path = world.chain(place, *chains.by_place[place])
        result = program.command("mend", path, *world.check_flags())
        assert result.returncode == 2, result
        assert sha256_of_pem_chain(result.stdout) == [entity.sha256 for entity in sent]
        said = " ".join(result.stderr.split())
        assert (UNKNOWN_TO_CLIENTS if place == "leaf" else CANNOT_BE_FOLLOWED) in said, result


def test_the_cache_keeps_it_and_shows_it(program, world, chains, tmp_path):
    path = tmp_path / "given"
    for content in (chains.authority.der, chain_pkcs7(chains.leaf, chains.authority)):
        path.write_bytes(content)
        result = program.command("cache", "import", path, "--cache", world.cache)
        assert result.returncode == 0, result
    assert [entry.stem for entry in world.cache.glob("*.pem")] == [chains.authority.sha256]
    for command in (["list"], ["show", "Contoso DSA CA"], ["verify"]):
        result = program.command("cache", *command, "--cache", world.cache)
        assert result.returncode == 0, result
    result = program.command("check", "--chain", world.chain("alone", chains.below), *world.check_flags(), "--offline",
                             "--json")
    assert_told(json.loads(result.stdout), "issuer")


@pytest.mark.parametrize("form", ["der", "pkcs7"])
def test_an_issuer_url_may_have_it(program, world, chains, form):
    if form == "pkcs7":
        world.aia.route(world.path, body(chain_pkcs7(chains.authority), "application/pkcs7-mime"))
    result = program.command("check", "--chain", world.chain("alone", chains.below), *world.check_flags(), "--json")
    assert result.returncode == 2, result
    assert world.aia.count(world.path) == 1
    (told,) = [finding for finding in json.loads(result.stdout)["findings"] if finding["code"] == "fetch_wrong_issuer"]
    assert "its key is of a kind that is not supported, so that the signature cannot be checked" in told["message"]


def check_server(program, world, chain):
    with Server(show([entity.der for entity in chain])) as server:
        result = program.command("check", NAME, "--connect", f"127.0.0.1:{server.port}", *world.check_flags(), "--json")
    return json.loads(result.stdout)


@pytest.mark.parametrize("place", ["leaf", "issuer"])
def test_a_server_may_show_it(program, world, chains, place):
    """BoringSSL's newer versions end the handshake by themselves; the chain is seen all the same."""
    assert_told(check_server(program, world, chains.by_place[place]), place)


@pytest.mark.parametrize("public_key", ["3043300506032b6571033a00" + "04" * 57,
                                        "3056301006072a8648ce3d020106052b8104000a03420004" + "04" * 64],
                         ids=["Ed448", "secp256k1"])
def test_a_server_whose_leaf_has_a_key_that_tls_does_not_know(program, world, public_key):
    leaf = showing_key(world.leaf, bytes.fromhex(public_key), world.issuing.key)
    report = check_server(program, world, [leaf, world.issuing])
    assert (report["exit_status"], [found["code"] for found in report["findings"]]) == (
        0, ["key_unsupported"]), report
    assert [sent["sha256"] for sent in report["served"]] == [leaf.sha256, world.issuing.sha256]
    assert not report["mended_trusted"]


def site(world, port, backend, **more):
    return {"mail": {"listen": f"127.0.0.1:{port}", "hostnames": NAME, "certificate": world.complete, "key": world.key,
                     "backend": f"tls://127.0.0.1:{backend.port}", "backend_name": NAME, **more}}


@pytest.mark.parametrize("place", ["leaf", "issuer"])
def test_a_backend_may_show_it(program, world, chains, place):
    port = free_port()
    code = "weak_key" if place == "leaf" else "incomplete_chain"
    with Server(show([entity.der for entity in chains.by_place[place]])) as backend:
        running = program.run(world.settings(), site(world, port, backend))
        running.wait_for_fix(code, subject_of="backend")
        before = backend.num_accepted
        assert not curl(port, NAME, world.roots).ok
        assert backend.num_accepted > before, "the proxy's own handshake saw the chain, not the probe's alone"


def test_a_backend_whose_issuer_url_has_it_is_refused_and_the_proxy_goes_on(program, world, chains):
    port = free_port()
    chain, key = chains.below.write(world.folder, "below")
    good_chain, good_key = world.complete, world.key
    with TlsServer(chain, key, http_answer()) as backend:
        running = program.run(world.settings(), site(world, port, backend))
        running.wait_for_fix("incomplete_chain", subject_of="backend")
        assert not curl(port, NAME, world.roots).ok
        backend.use(good_chain, good_key)
        eventually("a good chain is taken", lambda: curl(port, NAME, world.roots).ok, also=running.report)
    assert world.aia.count(world.path) >= 1


def test_a_certificate_that_shows_it_keeps_run_from_starting(program, world, chains):
    certificate, key = chains.leaf.write(world.folder, "dsa")
    with Server() as backend:
        sites = site(world, free_port(), backend, certificate=certificate, key=key)
        result = program.command("run", "-c", program.write(world.settings(), sites))
    assert result.returncode == 1, result
    assert "dsa.pem" in result.stderr and "no certificate in this file belongs to the private key" in result.stderr


def test_a_dsa_private_key_is_refused_in_clear_words(program, world):
    key = world.folder / "dsa.key"
    key.write_bytes(dsa.generate_private_key(1024).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    result = program.command("mend", world.complete, "--key", key, *world.check_flags())
    assert result.returncode == 3, result
    assert "dsa.key" in result.stderr and "of a kind that is not supported" in result.stderr

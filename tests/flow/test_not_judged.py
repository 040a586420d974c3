"""Keys and signatures of kinds that BoringSSL does not know: what cannot be judged stays in its place, and is told.

The certificates are made by the openssl command, and openssl and certtool say what they think of the chains.
"""

import json
import random
from dataclasses import replace

import pytest
from aia_server import body
from chain_forms import block
from clients import s_client, served_chain
from conftest import NAME
from keyless_server import show
from many_inputs import Part, issue
from odd_certificates import dns
from odd_pki import OddEntity, run
from pki import sha256_of_pem_chain
from program import free_port
from signing_keys import Keys
from tls_servers import Server, TlsServer, http_answer

SHA3 = ["-sha3-256"]
ODD_PSS = ["-sha256", "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:17"]
SM3 = ["-sm3", "-sigopt", "distid:1234567812345678"]


class Chain:
    """Leaf first; `root` is what clients trust, `told` the certificates that cannot be judged."""

    def __init__(self, folder, root, *chain, told, codes=("not_judged",)):
        self.folder, self.root, self.chain, self.told, self.codes = folder, root, chain, told, list(codes)

    @property
    def file(self):
        path = self.folder / "served.pem"
        path.write_text("".join(entity.pem for entity in self.chain))
        return path

    @property
    def sha256(self):
        return [entity.sha256 for entity in self.chain]


def issuer_of_leaf(folder, kind, root_kind="p256", sign=(), **more):
    root = OddEntity.root(folder, "Root", root_kind)
    odd = root.issue("Odd CA", kind, authority=True)
    return Chain(folder, root, odd.issue(NAME, "p256", names=[NAME], sign=sign, **more), odd, told=[odd])


def issuer_in_the_middle(folder, kind):
    root = OddEntity.root(folder, "Root", "p256")
    odd = root.issue("Odd CA", kind, authority=True)
    lower = odd.issue("Lower CA", "p256", authority=True)
    return Chain(folder, root, lower.issue(NAME, "p256", names=[NAME]), lower, odd, told=[odd])


def root_of(folder, kind):
    root = OddEntity.root(folder, "Odd Root", kind)
    lower = root.issue("Lower CA", "p256", authority=True)
    return Chain(folder, root, lower.issue(NAME, "p256", names=[NAME]), lower, told=[root])


def signature_on_leaf(folder, kind, sign):
    root = OddEntity.root(folder, "Root", "p256")
    plain = root.issue("Plain CA", kind, authority=True)
    leaf = plain.issue(NAME, "p256", names=[NAME], sign=sign)
    return Chain(folder, root, leaf, plain, told=[leaf])


def signature_on_issuer(folder, kind, sign):
    root = OddEntity.root(folder, "Root", kind)
    plain = root.issue("Plain CA", "p256", authority=True, sign=sign)
    return Chain(folder, root, plain.issue(NAME, "p256", names=[NAME]), plain, told=[plain])


def leaf_of(folder, kind):
    root = OddEntity.root(folder, "Root", "p256")
    plain = root.issue("Plain CA", "p256", authority=True)
    leaf = plain.issue(NAME, kind, names=[NAME])
    return Chain(folder, root, leaf, plain, told=[leaf], codes=["key_unsupported"])


# The odd thing in a chain: how it is made, the algorithm's name, and who does not accept the chain as it is served.
CHAINS = {
    "brainpool issuer": (lambda folder: issuer_of_leaf(folder, "brainpoolP256r1"),
                         "brainpoolP256r1 (1.3.36.3.3.2.8.1.1.7)", "certtool"),
    "brainpool in the middle": (lambda folder: issuer_in_the_middle(folder, "brainpoolP384r1"),
                                "brainpoolP384r1 (1.3.36.3.3.2.8.1.1.11)", "certtool"),
    "brainpool root": (lambda folder: root_of(folder, "brainpoolP512t1"), "brainpoolP512t1 (1.3.36.3.3.2.8.1.1.14)",
                       "certtool"),
    "secp256k1 issuer": (lambda folder: issuer_of_leaf(folder, "secp256k1"), "secp256k1 (1.3.132.0.10)", "certtool"),
    "Ed448 issuer": (lambda folder: issuer_of_leaf(folder, "ed448"), "Ed448 (1.3.101.113)", ""),
    "Ed448 in the middle": (lambda folder: issuer_in_the_middle(folder, "ed448"), "Ed448 (1.3.101.113)", ""),
    "Ed448 root": (lambda folder: root_of(folder, "ed448"), "Ed448 (1.3.101.113)", ""),
    "DSA issuer": (lambda folder: issuer_of_leaf(folder, "dsa", sign=["-sha256"]), "DSA (1.2.840.10040.4.1)", ""),
    "RSA-PSS issuer": (lambda folder: issuer_of_leaf(folder, "rsa-pss", sign=["-sha256"]),
                       "RSASSA-PSS (1.2.840.113549.1.1.10)", ""),
    "EC with explicit parameters": (lambda folder: issuer_of_leaf(folder, "p256 explicit"),
                                    "EC with explicit parameters (1.2.840.10045.2.1)", "openssl certtool"),
    "SM2 issuer": (lambda folder: issuer_of_leaf(folder, "sm2", sign=SM3), "SM2 (1.2.156.10197.1.301)",
                   "openssl certtool"),
    "RSA with SHA-3": (lambda folder: signature_on_leaf(folder, "rsa", SHA3),
                       "RSA with SHA3-256 (2.16.840.1.101.3.4.3.14)", ""),
    "ECDSA with SHA-3": (lambda folder: signature_on_leaf(folder, "p256", SHA3),
                         "ECDSA with SHA3-256 (2.16.840.1.101.3.4.3.10)", "openssl"),
    "SHA-3 on the issuer": (lambda folder: signature_on_issuer(folder, "rsa", SHA3),
                            "RSA with SHA3-256 (2.16.840.1.101.3.4.3.14)", ""),
    "RSASSA-PSS with an odd salt": (lambda folder: signature_on_leaf(folder, "rsa", ODD_PSS),
                                    "RSASSA-PSS with unusual parameters (1.2.840.113549.1.1.10)", "certtool"),
    "brainpool leaf": (lambda folder: leaf_of(folder, "brainpoolP256r1"), "brainpoolP256r1 (1.3.36.3.3.2.8.1.1.7)", ""),
    "Ed448 leaf": (lambda folder: leaf_of(folder, "ed448"), "Ed448 (1.3.101.113)", ""),
}


@pytest.fixture(params=CHAINS)
def case(request, tmp_path):
    make, words, refusing = CHAINS[request.param]
    return make(tmp_path), words, refusing.split()


def check(program, chain, *more):
    result = program.command("check", "--roots", f"r={chain.root.path}", "--offline", "--cache", chain.folder / "none",
                             "--json", *more)
    report = json.loads(result.stdout)
    assert result.returncode == report["exit_status"], result
    return report


def codes(report):
    return sorted(finding["code"] for finding in report["findings"])


def test_it_stays_in_its_place(program, case):
    chain, words, refusing = case
    report = check(program, chain, "--chain", chain.file)
    assert (report["exit_status"], codes(report)) == (0, chain.codes), report["findings"]
    assert [certificate["sha256"] for certificate in report["mended"]] == chain.sha256
    assert not report["changed"] and not report["served_trusted"] and not report["mended_trusted"]
    assert report["stores"] == [{"name": "r", "served_trusted": False, "mended_trusted": False,
                                 "served_judged": False, "mended_judged": False}]
    finding = report["findings"][-1]
    assert finding["severity"] == "warning" and finding["action"] == "none"
    assert finding["certificate"]["sha256"] == chain.told[0].sha256
    assert words in finding["message"], finding
    assert check(program, chain, "--chain", chain.file, "--strict")["exit_status"] == 2

    upper = chain.folder / "upper.pem"
    upper.write_text("".join(entity.pem for entity in chain.chain[1:]))
    openssl = run("openssl", "verify", "-CAfile", chain.root.path, "-untrusted", upper, "-purpose", "sslserver",
                  chain.chain[0].path)
    assert (openssl.returncode == 0) == ("openssl" not in refusing), openssl
    gnutls = run("certtool", "--verify", "--load-ca-certificate", chain.root.path, "--infile", chain.file)
    assert ("Chain verification output: Verified." in gnutls.stdout) == ("certtool" not in refusing), gnutls


def test_mend_writes_it_as_it_was_given(program, case, tmp_path):
    chain, _, _ = case
    result = program.command("mend", chain.file, "--roots", f"r={chain.root.path}", "--offline", "--cache",
                             tmp_path / "none", "--exit-code")
    assert result.returncode == 0, result
    assert sha256_of_pem_chain(result.stdout) == chain.sha256
    assert all(code in result.stderr for code in chain.codes), result.stderr


@pytest.mark.parametrize("what", ["brainpool issuer", "Ed448 leaf", "brainpool leaf", "SM2 issuer", "DSA issuer"])
def test_a_server_that_sends_it(program, tmp_path, what):
    chain = CHAINS[what][0](tmp_path)
    with Server(show([entity.der for entity in chain.chain])) as server:
        report = check(program, chain, NAME, "--connect", f"127.0.0.1:{server.port}")
    assert (report["exit_status"], codes(report)) == (0, chain.codes), report
    assert [certificate["sha256"] for certificate in report["mended"]] == chain.sha256


def test_an_issuer_url_that_gives_it(program, world, tmp_path):
    chain = issuer_of_leaf(tmp_path, "brainpoolP256r1", aia=world.url)
    world.aia.route(world.path, body(chain.chain[1].der))
    chain.chain = chain.chain[:1]
    result = program.command("check", "--chain", chain.file, "--roots", f"r={chain.root.path}", "--cache", world.cache,
                             "--fetch-allow", "127.0.0.1", "--json")
    report = json.loads(result.stdout)
    assert (report["exit_status"], codes(report)) == (2, ["incomplete_chain", "not_judged"]), report["findings"]
    (told,) = [finding for finding in report["findings"] if finding["code"] == "not_judged"]
    assert told["url"] == world.url and "cannot be judged, so that it is not kept" in told["message"]
    assert not list(world.cache.glob("*.pem"))


def test_run_serves_it_as_it_was_given(program, world, tmp_path):
    chain = issuer_of_leaf(tmp_path, "brainpoolP256r1")
    port = free_port()
    with TlsServer(world.complete, world.key, http_answer()) as backend:
        running = program.run(world.settings(roots=f"r={chain.root.path}"), {"mail": {
            "listen": f"127.0.0.1:{port}", "hostnames": NAME, "certificate": chain.file, "key": chain.chain[0].key,
            "backend": f"tls://127.0.0.1:{backend.port}", "backend_verify": "off"}})
        running.wait_for_fix("not_judged", subject_of="certificate")
        assert served_chain(port, NAME) == chain.sha256
        assert s_client(port, NAME, chain.root.path).ok
        told = [fix for fix in running.fixes() if fix["subject_of"] == "certificate"]
        assert [(fix["code"], fix["severity"]) for fix in told] == [("not_judged", "warning")], told


@pytest.mark.parametrize("kind, sign", [("dsa", ["-sha256"]), ("brainpoolP256r1", []), ("ed448", [])])
def test_one_of_its_name_with_another_key_is_not_it(program, tmp_path, kind, sign):
    """The key identifiers say so, whatever the keys are: nobody says that this one cannot be checked."""
    root = OddEntity.root(tmp_path, "Root", "p256")
    issuer = root.issue("Odd CA", kind, authority=True)
    leaf = issuer.issue(NAME, "p256", names=[NAME], sign=sign)
    namesake = root.issue("Odd CA", kind, authority=True)
    chain = Chain(tmp_path, root, leaf, namesake, told=[])
    report = check(program, chain, "--chain", chain.file)
    messages = " ".join(finding["message"] for finding in report["findings"])
    assert "cannot be checked whether it is the issuer" not in messages, messages
    assert "with another key" in messages and "incomplete_chain" in codes(report)


def test_what_stands_above_a_gap_is_not_advised_away(program, tmp_path):
    """Nobody knows whether it belongs there until the missing issuer is found."""
    root = OddEntity.root(tmp_path, "Odd root", "dsa", sign=["-sha256"])
    missing = root.issue("Missing CA", "p256", authority=True, sign=["-sha256"])
    leaf = missing.issue(NAME, "p256", names=[NAME])
    chain = Chain(tmp_path, root, leaf, root, told=[])
    report = check(program, chain, "--chain", chain.file)
    (above,) = [finding for finding in report["findings"] if finding["code"] == "unrelated_certificate"]
    assert "an issuer between them is missing" in above["message"]
    assert "Take this certificate out" not in above["advice"] and "Add the missing issuer first" in above["advice"]


@pytest.mark.parametrize("days", [(-900, -3), (5, 900)], ids=["expired", "not yet valid"])
def test_a_stale_cross_sign_is_left_out_where_the_store_has_the_root_itself(program, tmp_path, days):
    """Nobody here can say whether the root issued anything; that clients refuse what has expired needs no key."""
    keys, chance = Keys(), random.Random(1)
    keys.begin_input()
    root, older = Part("Odd root", "ed448", days=(-900, 3000)), Part("Older root", days=(-3000, 2000))
    ca, leaf = Part("Issuing CA"), Part(NAME, ca=False, usage=None, days=(-5, 80), names=[dns(NAME)])
    root_key, older_key, ca_key = keys.take("ed448"), keys.take("p256"), keys.take("p256")
    store = issue(root, root_key, root, root_key, chance)
    sent = [issue(leaf, keys.take("p256"), ca, ca_key, chance), issue(ca, ca_key, root, root_key, chance),
            issue(replace(root, days=days), root_key, older, older_key, chance)]
    (tmp_path / "root.pem").write_text(block("CERTIFICATE", store.der))
    (tmp_path / "chain.pem").write_text("".join(block("CERTIFICATE", one.der) for one in sent))
    result = program.command("check", "--chain", tmp_path / "chain.pem", "--roots", f"r={tmp_path / 'root.pem'}",
                             "--offline", "--cache", tmp_path / "none", "--json")
    report = json.loads(result.stdout)
    assert [one["sha256"] for one in report["mended"]] == [one.sha256 for one in sent[:2]], report["findings"]
    assert "error" not in {finding["severity"] for finding in report["findings"]} and result.returncode == 1, report


def test_an_expired_twin_that_cannot_be_judged_is_left_out_where_the_valid_one_is_served(program, tmp_path):
    keys, chance = Keys(), random.Random(1)
    keys.begin_input()
    root, ca = Part("Root", days=(-900, 3000)), Part("Odd CA", "ed448")
    leaf = Part(NAME, ca=False, usage=None, days=(-5, 80), names=[dns(NAME)])
    root_key, ca_key = keys.take("p256"), keys.take("ed448")
    store = issue(root, root_key, root, root_key, chance)
    sent = [issue(leaf, keys.take("p256"), ca, ca_key, chance),
            issue(replace(ca, days=(-900, -5)), ca_key, root, root_key, chance),
            issue(ca, ca_key, root, root_key, chance)]
    (tmp_path / "root.pem").write_text(block("CERTIFICATE", store.der))
    (tmp_path / "chain.pem").write_text("".join(block("CERTIFICATE", one.der) for one in sent))
    result = program.command("check", "--chain", tmp_path / "chain.pem", "--roots", f"r={tmp_path / 'root.pem'}",
                             "--offline", "--cache", tmp_path / "none", "--json")
    report = json.loads(result.stdout)
    assert [one["sha256"] for one in report["mended"]] == [sent[0].sha256, sent[2].sha256], report["findings"]
    assert result.returncode == 1, report["findings"]

"""Revocation: CRLs in files, and the OCSP response that a server staples."""

import contextlib
import datetime
import json
import os
import select
import socket
import subprocess

import pytest
from clients import curl, served_chain
from conftest import NAME
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from pki import DAY, NOW, Authority, chain_pem, new_key
from program import eventually, free_port, is_listening
from revocation import (crl_der, crl_pem, leaf_that_must_staple, make_crl, make_ocsp, make_responder, ocsp_error,
                        write_crl)
from tls_servers import Server, TlsServer, http_answer


@pytest.fixture
def check(program, world):
    """Audits a chain file against CRLs; gives the process and the document."""
    def run(chain, *crls, more=()):
        flags = [flag for crl in crls for flag in ("--crl", crl)]
        result = program.command("check", "--chain", chain, *world.check_flags(), "--offline", "--json", *flags, *more)
        return result, json.loads(result.stdout)
    return run


def codes(report):
    return sorted(f"{finding['code']} {finding['severity']}" for finding in report["findings"])


def the(report, code):
    found = [finding for finding in report["findings"] if finding["code"] == code]
    assert len(found) == 1, report["findings"]
    return found[0]


@pytest.fixture
def crls(world):
    """Clean ones of both issuers."""
    return [write_crl(world.folder / "root.crl", make_crl(world.root)),
            write_crl(world.folder / "issuing.crl", make_crl(world.issuing))]


def test_without_crls_nothing_is_looked_at(check, world):
    result, report = check(world.complete)
    assert result.returncode == 0 and codes(report) == []


def test_clean_crls_say_nothing(check, world, crls):
    result, report = check(world.complete, *crls)
    assert result.returncode == 0 and codes(report) == []


def test_a_revoked_leaf(check, world, crls):
    crls[1].write_text(crl_pem(make_crl(world.issuing, [world.leaf])))
    result, report = check(world.complete, *crls)
    assert result.returncode == 2 and codes(report) == ["revoked error"]
    finding = the(report, "revoked")
    day = (NOW - 2 * DAY).strftime("%Y-%m-%d")
    assert f"was revoked on {day} (key compromise)" in finding["message"]
    assert finding["source"] == str(crls[1])
    assert report["served_trusted"] is report["mended_trusted"] is False
    # As of a day before the CRL came out it says nothing yet.
    _, report = check(world.complete, *crls, more=("--time", (NOW - 3 * DAY).strftime("%Y-%m-%d")))
    assert codes(report) == ["revocation_unknown warning"] * 2


def test_mend_says_it_too(program, world, crls):
    crls[1].write_text(crl_pem(make_crl(world.issuing, [world.leaf])))
    result = program.command("mend", world.complete, *world.check_flags(), "--offline",
                             "--crl", crls[1], "--crl", crls[0])
    assert result.returncode == 2 and "revoked" in result.stderr


def test_an_entry_that_was_removed_is_none(check, world, crls):
    crls[1].write_text(crl_pem(make_crl(world.issuing, [world.leaf], reason=x509.ReasonFlags.remove_from_crl)))
    result, report = check(world.complete, *crls)
    assert result.returncode == 0 and codes(report) == []


def test_the_latest_crl_counts(check, world, crls):
    hold = make_crl(world.issuing, [world.leaf], reason=x509.ReasonFlags.certificate_hold, this_update=NOW - 2 * DAY)
    crls[1].write_text(crl_pem(hold, make_crl(world.issuing)))
    assert codes(check(world.complete, *crls)[1]) == []
    crls[1].write_text(crl_pem(hold))
    assert "certificate hold" in the(check(world.complete, *crls)[1], "revoked")["message"]


def test_a_directory_and_der(check, world):
    folder = world.folder / "crls"
    folder.mkdir()
    (folder / "root.crl").write_bytes(crl_der(make_crl(world.root)))
    (folder / "issuing.pem").write_text("what an openssl would say\n" + crl_pem(make_crl(world.issuing, [world.leaf])))
    (folder / "README").write_text("none")
    # openssl ca needs the other files of an authority too.
    (folder / "issuing.crt").write_bytes(world.issuing.der)
    (folder / "serial").write_text("01\n")
    result, report = check(world.complete, folder)
    assert result.returncode == 2 and codes(report) == ["revoked error"]


@pytest.mark.parametrize("how, words", [
    ("none", "no CRL of its issuer was given"),
    ("stale", "it is stale since"),
    ("future", "it is not valid before"),
    ("signature", "the key of the issuer did not sign it"),
    ("delta", "it is a delta CRL"),
    ("indirect", "it is an indirect CRL"),
    ("critical", "a critical extension that nobody knows"),
    ("authorities", "it covers a part of the issuer's certificates alone"),
    ("part", "it covers a part of the issuer's certificates alone"),
    ("reasons", "some of the reasons"),
])
def test_why_it_is_not_known(check, world, crls, how, words):
    def scope(**fields):
        known = dict(full_name=None, relative_name=None, only_contains_user_certs=False, only_contains_ca_certs=False,
                     only_some_reasons=None, indirect_crl=False, only_contains_attribute_certs=False)
        return {"extensions": [(x509.IssuingDistributionPoint(**{**known, **fields}), True)]}
    options = {
        "stale": {"this_update": NOW - 9 * DAY, "next_update": NOW - DAY},
        "future": {"this_update": NOW + DAY},
        "signature": {"key": new_key()},
        "delta": {"extensions": [(x509.DeltaCRLIndicator(3), True)]},
        "indirect": scope(indirect_crl=True),
        "critical": {"extensions": [(x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\5\0"), True)]},
        "authorities": scope(only_contains_ca_certs=True),
        "part": scope(full_name=[x509.UniformResourceIdentifier("http://crl.test/12.crl")]),
        "reasons": scope(only_some_reasons=frozenset([x509.ReasonFlags.superseded])),
    }
    if how == "none":
        crls.pop()
    else:
        # Of a delta a revocation counts, and its silence says nothing.
        crls[1].write_text(crl_pem(make_crl(world.issuing, [] if how == "delta" else [world.leaf], **options[how])))
    result, report = check(world.complete, *crls)
    assert result.returncode == 0 and codes(report) == ["revocation_unknown warning"]
    finding = the(report, "revocation_unknown")
    assert words in finding["message"] and "CN=" + NAME in finding["message"], finding
    assert "--crl" in finding["advice"]
    assert report["mended_trusted"] is True


def test_a_crl_of_leaves_covers_the_leaf(check, world, crls):
    users = x509.IssuingDistributionPoint(None, None, True, False, None, False, False)
    crls[1].write_text(crl_pem(make_crl(world.issuing, [world.leaf], extensions=[(users, True)])))
    assert codes(check(world.complete, *crls)[1]) == ["revoked error"]


@pytest.mark.parametrize("content, words", [
    (b"", "the file holds no CRL"), (b"hello\n", "the file holds no CRL"), (b"0\x82\xff\xff", "CRL"),
    (b"-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n", "CRL"), (None, "No such file"),
])
def test_what_is_no_crl_is_told(program, world, content, words):
    path = world.folder / "bad.crl"
    if content is not None:
        path.write_bytes(content)
    result = program.command("check", "--chain", world.complete, *world.check_flags(), "--offline", "--crl", path)
    assert result.returncode == 3 and words in result.stderr and str(path) in result.stderr, result.stderr


@pytest.mark.parametrize("form", [crl_der, crl_pem])
def test_a_crl_in_place_of_a_chain_is_told(program, world, form):
    path = world.folder / "issuing.crl"
    content = form(make_crl(world.issuing))
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    result = program.command("mend", path, *world.check_flags())
    assert result.returncode == 3 and "revocation list (CRL), and no certificate" in result.stderr, result


def test_a_delta_beside_its_base(check, world, crls):
    delta = make_crl(world.issuing, [world.leaf], this_update=NOW - datetime.timedelta(hours=1),
                     extensions=[(x509.DeltaCRLIndicator(3), True)])
    (world.folder / "issuing+.crl").write_bytes(crl_der(delta))
    result, report = check(world.complete, *crls, world.folder / "issuing+.crl")
    assert result.returncode == 2 and codes(report) == ["revoked error"]
    assert the(report, "revoked")["source"].endswith("issuing+.crl")


def test_an_archive_of_crls_does_not_hide_the_latest(check, world, crls):
    old = [make_crl(world.issuing, this_update=NOW - datetime.timedelta(hours=48 - hour)) for hour in range(40)]
    newer = make_crl(world.issuing, [world.leaf], this_update=NOW - datetime.timedelta(hours=1))
    crls[1].write_text(crl_pem(*old, newer))
    result, report = check(world.complete, *crls)
    assert result.returncode == 2 and codes(report) == ["revoked error"]


def test_a_revoked_intermediate_is_avoided(check, world, crls):
    """A cross-sign by another root is clean: it goes out in place of the revoked one."""
    other = Authority.root("Other Root")
    roots, _ = other.write(world.folder, "other")
    cross = other.issue_authority(world.issuing.common_name, key=world.issuing.key)
    crls[0].write_text(crl_pem(make_crl(world.root, [world.issuing], reason=x509.ReasonFlags.superseded),
                               make_crl(other)))
    cache = world.chain("cross", cross)
    both = world.folder / "both.pem"
    both.write_text(chain_pem(world.root, other))
    chain = world.chain("served", world.leaf, world.issuing, cross)
    more = ("--roots", f"both={both}")
    result, report = check(chain, *crls, more=more)
    assert [entry["sha256"] for entry in report["mended"]] == [world.leaf.sha256, cross.sha256]
    assert all("leads through" not in finding["message"] or finding["severity"] == "fixed"
               for finding in report["findings"])
    # Only the revoked one is served, and the clean one is in the cache. Of two stores that know one root each, the one
    # whose clients met the revoked certificate is lost, and told.
    program_cache = world.folder / "cache"
    del cache, program_cache
    _, report = check(world.complete, *crls)
    assert result.returncode in (1, 2)
    finding = the(report, "revoked")
    assert finding["severity"] == "error" and "no way around it was found" in finding["message"]
    assert "superseded" in finding["message"]
    assert roots.is_file()


def test_the_clean_one_comes_from_the_cache(program, world, crls):
    other = Authority.root("Other Root")
    cross = other.issue_authority(world.issuing.common_name, key=world.issuing.key)
    both = world.chain("both", world.root, other)
    crls[0].write_text(crl_pem(make_crl(world.root, [world.issuing]), make_crl(other)))
    program.command("cache", "import", world.chain("cross", cross), "--cache", world.cache)
    result = program.command("check", "--chain", world.complete, *world.check_flags()[2:], "--roots", f"both={both}",
                             "--offline", "--json", "--crl", crls[0], "--crl", crls[1])
    report = json.loads(result.stdout)
    assert result.returncode == 1, result
    assert [entry["sha256"] for entry in report["mended"]] == [world.leaf.sha256, cross.sha256]
    finding = the(report, "revoked")
    assert finding["severity"] == "fixed" and finding["action"] == "replaced"
    assert "The mended chain takes another way" in finding["message"]
    assert report["served_trusted"] is False and report["mended_trusted"] is True
    # Without the CRLs the served chain is as good, and stays.
    result = program.command("check", "--chain", world.complete, *world.check_flags()[2:], "--roots", f"both={both}",
                             "--offline", "--json")
    assert result.returncode == 0 and not json.loads(result.stdout)["changed"]


def test_a_large_crl(check, world, crls):
    crls[1].write_text(crl_pem(make_crl(world.issuing, [*range(1, 20001), world.leaf], reason=None)))
    result, report = check(world.complete, *crls)
    assert result.returncode == 2 and "no reason given" in the(report, "revoked")["message"]


# Staples

@contextlib.contextmanager
def stapler(world, response, leaf):
    """A server that staples these bytes (None: nothing); gives its port."""
    stem = world.folder / ("bare" if response is None else "stapled")
    chain, key, staple = stem.with_suffix(".pem"), stem.with_suffix(".key"), stem.with_suffix(".der")
    chain.write_text(chain_pem(leaf, world.issuing))
    key.write_text(leaf.key_pem)
    port = free_port()
    command = ["openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-cert", chain, "-cert_chain", chain, "-key", key,
               "-quiet"]
    if response is not None:
        staple.write_bytes(response)
        command += ["-status_file", staple]
    server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        eventually("openssl s_server listens", lambda: server.poll() is not None or is_listening(port))
        yield port
    finally:
        server.kill()
        server.wait()


@pytest.fixture
def stapling(program, world):
    """Checks a server that staples these bytes (None: nothing)."""
    def run(response, leaf=world.leaf, more=()):
        with stapler(world, response, leaf) as port:
            result = program.command("check", NAME, "--connect", f"127.0.0.1:{port}", *world.check_flags(), "--offline",
                                     "--json", *more)
        return result, json.loads(result.stdout)
    return run


@pytest.mark.parametrize("options", [
    {}, {"algorithm": hashes.SHA256()}, {"by_name": True}, {"next_update": None}, {"signer": "delegate"},
    {"signer": "delegate", "by_name": True},
])
def test_a_good_staple_says_nothing(stapling, world, options):
    options = dict(options)
    if "signer" in options:
        options["signer"] = make_responder(world.issuing)
    result, report = stapling(make_ocsp(world.leaf, world.issuing, **options))
    assert [code for code in codes(report) if code.startswith("revo")] == [], report["findings"]
    assert result.returncode == 0


def test_a_staple_that_says_revoked(stapling, world):
    result, report = stapling(make_ocsp(world.leaf, world.issuing, "revoked"))
    assert result.returncode == 2
    finding = the(report, "revoked")
    assert finding["severity"] == "error" and "(superseded)" in finding["message"]
    assert "stapled" in finding["message"] and report["served_trusted"] is False


@pytest.mark.parametrize("how, words", [
    ("stale", "it is stale"), ("future", "it is not valid yet"), ("unknown", "does not know this certificate"),
    ("other", "it is about another certificate"), ("signer", "neither the certificate's issuer signed it"),
    ("server", "neither the certificate's issuer signed it"), ("error", "responder was busy"),
    ("old", "more than ten days old"),
])
def test_a_staple_that_cannot_be_used(stapling, world, how, words):
    stranger = Authority.root("Stranger")
    made = {
        "stale": lambda: make_ocsp(world.leaf, world.issuing, this_update=NOW - 5 * DAY, next_update=NOW - DAY),
        "future": lambda: make_ocsp(world.leaf, world.issuing, this_update=NOW + DAY),
        "unknown": lambda: make_ocsp(world.leaf, world.issuing, "unknown"),
        "other": lambda: make_ocsp(world.issuing.issue_leaf(["other.test"]), world.issuing),
        "signer": lambda: make_ocsp(world.leaf, world.issuing, signer=make_responder(stranger)),
        "server": lambda: make_ocsp(world.leaf, world.issuing, signer=make_responder(world.issuing, for_ocsp=False)),
        "error": ocsp_error,
        "old": lambda: make_ocsp(world.leaf, world.issuing, this_update=NOW - 11 * DAY, next_update=None),
    }
    result, report = stapling(made[how]())
    finding = the(report, "revocation_unknown")
    assert finding["severity"] == "warning" and words in finding["message"], finding
    assert result.returncode == 0 and report["mended_trusted"] is True


def test_a_staple_that_must_be_there(stapling, world):
    leaf = leaf_that_must_staple(world.issuing, [NAME])
    _, report = stapling(None, leaf=leaf)
    finding = the(report, "revocation_unknown")
    assert "demands a stapled OCSP response" in finding["message"] and "Firefox" in finding["message"]
    _, report = stapling(make_ocsp(leaf, world.issuing), leaf=leaf)
    assert not [code for code in codes(report) if code.startswith("revo")]


def relay_by_name(bare_port, stapled_port):
    """Who asks for autodiscover gets to the second server."""
    def talk(pipe):
        hello = pipe.sock.recv(65536)
        port = stapled_port if b"autodiscover" in hello else bare_port
        with socket.create_connection(("127.0.0.1", port)) as to:
            to.sendall(hello)
            while True:
                ready, _, _ = select.select([pipe.sock, to], [], [], 20)
                for one in ready:
                    data = one.recv(65536)
                    if not data:
                        return
                    (to if one is pipe.sock else pipe.sock).sendall(data)
                if not ready:
                    return
    return talk


def test_a_staple_counts_whichever_name_it_came_for(program, world):
    """nginx staples nothing in its first connections."""
    other = "autodiscover.contoso.test"
    leaf = world.issuing.issue_leaf([NAME, other])
    revoked = make_ocsp(leaf, world.issuing, "revoked")
    with stapler(world, None, leaf) as bare, stapler(world, revoked, leaf) as stapled:
        with Server(relay_by_name(bare, stapled)) as server:
            result = program.command("check", NAME, "--connect", f"127.0.0.1:{server.port}",
                                     "--name", NAME, "--name", other, *world.check_flags(), "--offline", "--json")
    report = json.loads(result.stdout)
    assert len(report["chains"]) == 1 and "stapled" in the(report, "revoked")["message"], result


def test_a_staple_is_not_blamed_where_the_issuer_is_missing(stapling, world):
    stranger = Authority.root("Stranger").issue_authority("Stranger Issuing")
    leaf = stranger.issue_leaf([NAME])
    result, report = stapling(make_ocsp(leaf, stranger), leaf=leaf)
    assert result.returncode == 2
    finding = the(report, "revocation_unknown")
    assert "its issuer is not known here" in finding["message"] and "Complete the chain" in finding["advice"]


def test_a_good_staple_makes_a_crl_of_the_leaf_needless(stapling, world, crls):
    _, report = stapling(make_ocsp(world.leaf, world.issuing), more=("--crl", crls[0]))
    assert not [code for code in codes(report) if code.startswith("revo")]
    _, report = stapling(None, more=("--crl", crls[0]))
    assert "no CRL of its issuer" in the(report, "revocation_unknown")["message"]


# run

def site(world, port, backend_port, **more):
    return {"mail": {"listen": f"127.0.0.1:{port}", "hostnames": NAME, "certificate": world.complete, "key": world.key,
                     "backend": f"tcp://127.0.0.1:{backend_port}", **more}}


def test_run_tells_a_revoked_leaf_and_takes_a_new_crl_by_itself(program, world, crls):
    port = free_port()
    good = crls[1].read_text()
    crls[1].write_text(crl_pem(make_crl(world.issuing, [world.leaf])))
    with Server() as backend:
        running = program.run({**world.settings(), "crl": [crls[0], crls[1]]}, site(world, port, backend.port))
        fix = running.wait_for_fix("revoked", severity="error")
        assert "key compromise" in fix["message"] and fix["site"] == "mail"
        # It is served all the same: nothing better is there.
        assert served_chain(port, NAME) == world.mended
        beside = crls[1].with_suffix(".new")
        beside.write_text(good)
        os.replace(beside, crls[1])
        eventually("the finding goes away",
                   lambda: any((fix["code"], fix["event"]) == ("revoked", "resolved") for fix in running.fixes()),
                   also=running.report)


def test_run_takes_the_way_around_a_revoked_intermediate(program, world, crls):
    other = Authority.root("Other Root")
    cross = other.issue_authority(world.issuing.common_name, key=world.issuing.key)
    both = world.chain("both", world.root, other)
    crls[0].write_text(crl_pem(make_crl(world.root, [world.issuing]), make_crl(other)))
    program.command("cache", "import", world.chain("cross", cross), "--cache", world.cache)
    port = free_port()
    with Server() as backend:
        running = program.run({**world.settings(), "roots": f"both={both}"},
                              site(world, port, backend.port, crl=crls[0]))
        eventually("the clean one is served", lambda: served_chain(port, NAME) == [world.leaf.sha256, cross.sha256],
                   also=running.report)
        assert running.wait_for_fix("revoked", severity="fixed")


def test_run_refuses_a_crl_that_cannot_be_read(program, world, crls):
    crls[1].write_text("-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n")
    path = program.write({**world.settings(), "crl": crls}, site(world, free_port(), 1, crl="/no/such/file.crl"))
    result = program.command("run", "-c", path, "--check-config")
    assert result.returncode == 1 and "/no/such/file.crl" in result.stderr
    path = program.write({**world.settings(), "crl": crls}, site(world, free_port(), 1))
    result = program.command("run", "-c", path, "--check-config")
    assert result.returncode == 1 and str(crls[1]) in result.stderr, result.stderr


def test_run_refuses_a_revoked_backend(program, world, crls):
    port = free_port()
    with TlsServer(world.complete, world.key, http_answer()) as backend:
        settings = site(world, port, 1, backend=f"tls://127.0.0.1:{backend.port}", backend_name=NAME)
        running = program.run({**world.settings(), "crl": crls}, settings)
        assert curl(port, NAME, world.roots).ok, running.report()
        running.stop()
        crls[1].write_text(crl_pem(make_crl(world.issuing, [world.leaf])))
        running = program.run({**world.settings(), "crl": crls}, settings)
        assert not curl(port, NAME, world.roots).ok
        running.wait_for_words("was revoked on")


def test_run_tells_a_certificate_that_must_staple(program, world):
    leaf = leaf_that_must_staple(world.issuing, [NAME])
    key = world.folder / "must.key"
    key.write_text(leaf.key_pem)
    chain = world.chain("must", leaf, world.issuing)
    with Server() as backend:
        running = program.run(world.settings(), site(world, free_port(), backend.port, certificate=chain, key=key))
        fix = running.wait_for_fix("revocation_unknown", severity="warning")
        assert "demands a stapled OCSP response" in fix["message"] and "chainmend itself staples none" in fix["advice"]

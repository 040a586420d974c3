"""Messages are true: sentences that were wrong once, each with its kind."""

import json
import ssl

import pytest
from aia_server import body, redirect
from conftest import NAME
from cryptography.x509.oid import ExtensionOID
from pki import chain_pem
from program import free_port
from tls_servers import Server, TlsServer


def check(program, world, path, *more):
    result = program.command("check", "--chain", path, *world.check_flags(), "--json", *more)
    return json.loads(result.stdout)


def told(report, code):
    return [finding for finding in report["findings"] if finding["code"] == code]


def file_of(folder, *entities):
    path = folder / "served.pem"
    path.write_text(chain_pem(*entities))
    return path


@pytest.mark.parametrize("served", [True, False], ids=["served", "known"])
def test_an_authority_that_was_renewed_with_another_key(program, world, tmp_path, served):
    old = world.root.issue_authority("Twice CA")
    new = world.root.issue_authority("Twice CA")
    leaf = new.issue_leaf([NAME])
    if not served:
        (tmp_path / "old.pem").write_text(old.pem)
        program.command("cache", "import", "--cache", world.cache, tmp_path / "old.pem")
    report = check(program, world, file_of(tmp_path, leaf, *([old] if served else [])), "--offline")
    (incomplete,) = told(report, "incomplete_chain")
    assert f"is {'served' if served else 'known here'}, but with another key" in incomplete["message"]
    assert "not known here" not in incomplete["message"]
    identifier = new.certificate.extensions.get_extension_for_oid(
        ExtensionOID.SUBJECT_KEY_IDENTIFIER).value.digest.hex(":").upper()
    assert identifier in incomplete["message"] and identifier in incomplete["advice"]
    for stranger in told(report, "unrelated_certificate"):
        assert "Take this certificate out" not in stranger["advice"]


@pytest.mark.parametrize("url, path", [(" {}/x.cer", "/x.cer"), ("{}/x.cer\r\n", "/x.cer"),
                                       ("{}/Corp Root CA.crt ", "/Corp%20Root%20CA.crt")])
def test_blanks_around_and_in_a_url(program, world, tmp_path, url, path):
    issuing = world.root.issue_authority("Blank CA")
    base = world.url[:world.url.index("/", len("http://"))]
    leaf = issuing.issue_leaf([NAME], aia=[url.format(base)])
    world.aia.route(path, body(issuing.der))
    report = check(program, world, file_of(tmp_path, leaf))
    (missing,) = told(report, "missing_intermediate")
    assert missing["url"] == base + path and report["exit_status"] == 1, report["findings"]


def test_a_url_that_is_none_is_not_told_as_absent(program, world, tmp_path):
    issuing = world.root.issue_authority("Odd URL CA")
    report = check(program, world, file_of(tmp_path, issuing.issue_leaf([NAME], aia=["http://a\x01b/"])))
    (no_url,) = told(report, "no_issuer_url")
    assert "names a URL" in no_url["message"] and "no caIssuers URL" not in no_url["message"]


def test_a_redirect_to_an_address_that_may_not_be_asked(program, world, tmp_path):
    issuing = world.root.issue_authority("Redirected CA")
    world.aia.route("/away.cer", redirect("http://127.0.0.2:9/there.cer"))
    base = world.url[:world.url.index("/", len("http://"))]
    report = check(program, world, file_of(tmp_path, issuing.issue_leaf([NAME], aia=[f"{base}/away.cer"])))
    (refused,) = told(report, "fetch_refused")
    assert f"{base}/away.cer redirects to http://127.0.0.2:9/there.cer, which was not fetched" in refused["message"]
    assert "`fetch_allow = 127.0.0.2`" in refused["advice"] and "`--fetch-allow 127.0.0.2`" in refused["advice"]


@pytest.mark.parametrize("command", [("check", "--chain"), ("mend",), ("cache", "import"), ("log",)])
def test_a_name_of_several_lines_forges_none(program, world, tmp_path, command):
    path = tmp_path / "a\nchainmend: all is well\x1b[2J.pem"
    path.write_text("nothing\n")
    more = [] if command == ("log",) else ["--cache", world.cache]
    result = program.command(*command, path, *more)
    assert result.stderr and "\x1b" not in result.stderr
    assert all(line.startswith(f"chainmend: {'cache: ' if command[0] == 'cache' else ''}{tmp_path}")
               for line in result.stderr.splitlines()), result.stderr
    good = tmp_path / "b\nall is well.pem"
    good.write_text(chain_pem(world.leaf, world.issuing))
    shown = program.command("check", "--chain", good, *world.check_flags(), "--offline").stdout
    assert "\nall is well" not in shown and "b\\x0aall is well.pem" in shown


def site(world, backend, **more):
    return {"mail": {"listen": f"127.0.0.1:{free_port()}", "hostnames": NAME, "certificate": world.complete,
                     "key": world.key, "backend": f"tls://127.0.0.1:{backend.port}", "backend_name": NAME, **more}}


def test_an_old_backend_is_within_reach_of_backend_tls_min(program, world):
    with TlsServer(world.complete, world.key, maximum=ssl.TLSVersion.TLSv1_1) as backend:
        backend._context.minimum_version = ssl.TLSVersion.TLSv1
        backend._context.set_ciphers("ALL:@SECLEVEL=0")
        running = program.run(world.settings(), site(world, backend))
        failure = running.wait_for_fix("backend_tls_failed", subject_of="backend")
    assert "it speaks no TLS version from 1.2 to 1.3, but an older one" in failure["message"], failure
    assert "backend_tls_min" in failure["advice"]
    assert "this program" not in failure["message"]


def test_strict_mends_no_backend_and_does_not_say_so(program, world):
    with TlsServer(world.leaf_alone, world.key) as backend:
        running = program.run(world.settings(), site(world, backend, backend_verify="strict"))
        running.wait_for_words("with 1 certificate: not complete, and backend_verify = strict mends nothing")


def test_a_backend_in_the_wrong_order_is_not_only_complete(program, world):
    upper = world.root.issue_authority("Upper CA")
    lower = upper.issue_authority("Lower CA")
    leaf = lower.issue_leaf([NAME])
    chain, key = leaf.write(world.folder, "unsorted")
    chain.write_text(chain_pem(leaf, upper, lower))
    with TlsServer(chain, key) as backend:
        running = program.run(world.settings(), site(world, backend))
        running.wait_for_words("with 3 certificates: complete, but in the wrong order")


def test_a_failed_handshake_is_said_once(program, world):
    def talk(pipe):
        pipe.receive()
        pipe.send(b"\x16\x03\x03\x00\x04\x02\x00\x00\x00")  # a ServerHello with nothing in it
        pipe.receive_all()

    with Server(talk) as backend:
        running = program.run(world.settings(), site(world, backend))
        failure = running.wait_for_fix("backend_tls_failed", subject_of="backend")
        running.wait_for_words("the TLS handshake failed: ")
    assert failure["message"].count("failed") == 1, failure
    assert "failed: the TLS handshake failed" not in running.stderr


def test_a_store_that_has_an_issuing_authority_makes_no_wrong_order(program, world, tmp_path):
    """The chain goes on above the certificate that the store has: its order is as it was sent."""
    top = world.root.issue_authority("Upper CA")
    low = top.issue_authority("Lower CA")
    leaf = low.issue_leaf([NAME])
    store = tmp_path / "store.pem"
    store.write_text(low.pem)
    result = program.command("check", "--chain", file_of(tmp_path, leaf, low, top, world.root), "--roots",
                             f"s={store}", "--offline", "--json", "--cache", world.cache)
    report = json.loads(result.stdout)
    assert [one["sha256"] for one in report["mended"]][:2] == [leaf.sha256, low.sha256], report["mended"]
    assert told(report, "wrong_order") == [] and report["exit_status"] == 0, report["findings"]

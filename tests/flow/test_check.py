"""check: what a server sends, what should be sent, what is wrong, and the exit status that monitoring reads."""

import datetime
import json
import os
import pty
import subprocess

import pytest
from aia_server import body
from conftest import NAME, World
from pki import NOW, Authority, chain_pem, self_signed_leaf
from program import free_port
from tls_servers import Server, TlsServer, plain_text, reset, silent

RFC3339 = "%Y-%m-%dT%H:%M:%SZ"


def check_server(program, world, port, *more, name=NAME):
    result = program.command("check", name, "--connect", f"127.0.0.1:{port}", *world.check_flags(), "--json", *more)
    return result, json.loads(result.stdout) if result.stdout else None


def check_file(program, world, path, *more):
    result = program.command("check", "--chain", path, *world.check_flags(), "--json", *more)
    return result, json.loads(result.stdout) if result.stdout else None


def digests(certificates):
    return [certificate["sha256"].replace(":", "").lower() for certificate in certificates]


def findings(report, code):
    return [finding for finding in report["findings"] if finding["code"] == code]


def codes(report):
    return {finding["code"] for finding in report["findings"]}


def test_a_leaf_alone_is_repairable_and_the_missing_issuer_is_named(program, world):
    with TlsServer(world.leaf_alone, world.key) as server:
        result, report = check_server(program, world, server.port)
    assert result.returncode == 1, result
    assert report["exit_status"] == 1
    assert digests(report["served"]) == [world.leaf.sha256]
    assert digests(report["mended"]) == world.mended
    assert (report["served_trusted"], report["mended_trusted"]) == (False, True)
    assert [(store["name"], store["served_trusted"], store["mended_trusted"]) for store in report["stores"]] == [
        ("demo", False, True)]
    (missing,) = findings(report, "missing_intermediate")
    assert (missing["severity"], missing["action"]) == ("fixed", "added")
    assert "Contoso Issuing CA" in missing["message"]
    assert missing["advice"]
    (name,) = report["names"]
    assert (name["name"], name["covered"], name["matched_by"]) == (NAME, True, NAME)
    assert world.aia.count(world.path) == 1


def test_what_the_json_promises_is_there(program, world):
    _, report = check_file(program, world, world.leaf_alone, "--name", NAME)
    for key in ("target", "names", "served", "mended", "stores", "served_trusted", "mended_trusted", "findings",
                "exit_status"):
        assert key in report
    for certificate in report["served"] + report["mended"]:
        for key in ("subject", "issuer", "serial", "sha256", "not_before", "not_after", "source"):
            assert certificate[key], (key, certificate)
    for name in report["names"]:
        assert {"name", "covered", "matched_by", "why"} <= name.keys()
    for finding in report["findings"]:
        assert finding["code"] and finding["severity"] and finding["action"] and finding["message"]


def test_a_complete_chain_is_fine(program, world):
    with TlsServer(world.complete, world.key) as server:
        result, report = check_server(program, world, server.port)
    assert result.returncode == 0, result
    assert digests(report["mended"]) == digests(report["served"]) == world.mended
    assert world.aia.count() == 0, "nothing was missing, so there was nothing to fetch"


def deep(world):
    """A leaf below two intermediates."""
    lower = world.issuing.issue_authority("Contoso Lower CA")
    leaf = lower.issue_leaf([NAME])
    return leaf, lower


def test_a_wrong_order_is_sorted(program, world):
    leaf, lower = deep(world)
    result, report = check_file(program, world, world.chain("any", leaf, world.issuing, lower))
    assert result.returncode == 1, result
    assert digests(report["mended"]) == [leaf.sha256, lower.sha256, world.issuing.sha256]
    (finding,) = findings(report, "wrong_order")
    assert (finding["severity"], finding["action"]) == ("fixed", "reordered")


@pytest.mark.parametrize("code, extra", [
    ("root_included", lambda world: [world.root]),
    ("duplicate_certificate", lambda world: [world.issuing]),
    ("unrelated_certificate", lambda world: [Authority.root("Fabrikam Root CA")]),
])
def test_what_hurts_nobody_is_removed_and_does_not_change_the_status(program, world, code, extra):
    path = world.chain("any", world.leaf, world.issuing, *extra(world))
    result, report = check_file(program, world, path)
    assert result.returncode == 0, result
    assert digests(report["mended"]) == world.mended
    (finding,) = findings(report, code)
    assert (finding["severity"], finding["action"]) == ("info", "removed")


def test_an_expired_intermediate_is_replaced_by_its_valid_twin(program, world):
    expired = world.root.issue_authority("Contoso Issuing CA", key=world.issuing.key,
                                         not_after=NOW - datetime.timedelta(days=1))
    result, report = check_file(program, world, world.chain("any", world.leaf, expired))
    assert result.returncode == 1, result
    assert digests(report["mended"]) == world.mended
    (finding,) = findings(report, "expired_intermediate")
    assert (finding["severity"], finding["action"]) == ("fixed", "replaced")


def test_an_expired_cross_sign_gives_way_to_the_root_that_clients_have(program, world):
    old = Authority.root("Old Root CA", not_after=NOW - datetime.timedelta(days=2))
    cross = old.issue_authority("Contoso Root CA", key=world.root.key, not_after=NOW - datetime.timedelta(days=2))
    result, report = check_file(program, world, world.chain("any", world.leaf, world.issuing, cross))
    assert result.returncode in (0, 1), result
    assert digests(report["mended"]) == world.mended
    assert report["mended_trusted"]


def bad_leaves(world):
    return {
        "leaf_expired": world.issuing.issue_leaf([NAME], not_after=NOW - datetime.timedelta(days=1)),
        "leaf_not_yet_valid": world.issuing.issue_leaf([NAME], not_before=NOW + datetime.timedelta(days=1)),
        "name_not_covered": world.issuing.issue_leaf(["www.contoso.test"]),
        "name_only_in_cn": world.issuing.issue_leaf([], common_name=NAME),
        "wrong_purpose": world.issuing.issue_leaf([NAME], purpose="email"),
        "self_signed": self_signed_leaf([NAME]),
        "untrusted_root": Authority.root("Private Root CA").issue_leaf([NAME]),
    }


@pytest.mark.parametrize("code", ["leaf_expired", "leaf_not_yet_valid", "name_not_covered", "name_only_in_cn",
                                  "wrong_purpose", "self_signed", "untrusted_root"])
def test_what_no_chain_can_repair_is_an_error(program, world, code):
    leaf = bad_leaves(world)[code]
    served = [leaf, world.issuing]
    if code == "untrusted_root":
        private = Authority.root("Private Root CA")
        served = [private.issue_leaf([NAME]), private]
    if code == "self_signed":
        served = [leaf]
    result, report = check_file(program, world, world.chain("any", *served), "--name", NAME)
    assert result.returncode == 2, result
    (finding,) = findings(report, code)
    assert finding["severity"] == "error"
    assert finding["advice"]


def test_an_issuer_that_is_nowhere_leaves_the_chain_incomplete(program, world):
    leaf = world.issuing.issue_leaf([NAME])
    result, report = check_file(program, world, world.chain("any", leaf))
    assert result.returncode == 2, result
    assert {"incomplete_chain", "no_issuer_url"} <= codes(report)
    assert digests(report["mended"]) == [leaf.sha256]


def test_offline_asks_for_nothing(program, world):
    result, report = check_file(program, world, world.leaf_alone, "--offline")
    assert result.returncode == 2, result
    assert "incomplete_chain" in codes(report)
    assert world.aia.count() == 0


def test_strict_tells_a_chain_that_no_client_accepts_as_critical(program, world):
    result, _ = check_file(program, world, world.leaf_alone, "--strict")
    assert result.returncode == 2, result
    result, _ = check_file(program, world, world.complete, "--strict")
    assert result.returncode == 0, result


def test_ignore_trust_judges_all_else(program, world):
    private = Authority.root("Private Root CA")
    leaf = private.issue_leaf([NAME])
    result, _ = check_file(program, world, world.chain("any", leaf), "--ignore-trust", "--name", "other.test")
    assert result.returncode == 2, result
    result, report = check_file(program, world, world.chain("any", leaf, private), "--ignore-trust")
    assert result.returncode == 0, result
    assert "untrusted_root" not in codes(report)


def test_time_judges_as_of_another_day(program, world):
    later = (NOW + datetime.timedelta(days=201)).strftime(RFC3339)
    result, report = check_file(program, world, world.complete, "--time", later)
    assert result.returncode == 2, result
    assert "leaf_expired" in codes(report)


def test_a_leaf_that_expires_soon_is_a_warning(program, world):
    leaf = world.issuing.issue_leaf([NAME], not_before=NOW - datetime.timedelta(days=90),
                                    not_after=NOW + datetime.timedelta(days=5))
    result, report = check_file(program, world, world.chain("any", leaf, world.issuing))
    assert result.returncode == 0, result
    (finding,) = findings(report, "leaf_expires_soon")
    assert finding["severity"] == "warning"


def test_two_audiences_are_told_apart(program, world, tmp_path):
    other, _ = Authority.root("Fabrikam Root CA").write(tmp_path, "other")
    result, report = check_file(program, world, world.complete, "--roots", f"old={other}")
    verdicts = {store["name"]: store["mended_trusted"] for store in report["stores"]}
    assert verdicts == {"demo": True, "old": False}
    assert not report["mended_trusted"]
    (finding,) = findings(report, "untrusted_root")
    assert finding["severity"] == "warning"
    assert "old" in finding["message"]
    assert result.returncode == 0, result


def test_each_name_is_judged(program, world):
    with TlsServer(world.complete, world.key) as server:
        result, report = check_server(program, world, server.port, "--name", NAME, "--name", "a.b.contoso.test")
    assert result.returncode == 2, result
    assert [(name["name"], name["covered"]) for name in report["names"]] == [(NAME, True), ("a.b.contoso.test", False)]
    assert all(name["why"] for name in report["names"])


def test_the_server_is_asked_for_the_name_by_sni(program, world):
    with TlsServer(world.complete, world.key) as server:
        check_server(program, world, server.port)
        assert NAME in server.names


@pytest.mark.parametrize("talk", [plain_text, silent, reset])
def test_a_server_that_cannot_be_checked_is_status_3_with_a_reason(program, world, talk):
    with Server(talk) as server:
        result = program.command("check", NAME, "--connect", f"127.0.0.1:{server.port}", *world.check_flags(),
                                 "--timeout", "2")
    assert result.returncode == 3, result
    assert result.stderr.startswith("chainmend: ")
    assert str(server.port) in result.stderr


def test_nobody_there_is_status_3(program, world):
    port = free_port()
    result = program.command("check", f"127.0.0.1:{port}", *world.check_flags())
    assert result.returncode == 3, result
    assert "refused" in result.stderr.lower()


def test_a_server_that_wants_a_client_certificate_is_audited_all_the_same(program, world):
    with TlsServer(world.leaf_alone, world.key, client_ca=world.roots) as server:
        result, report = check_server(program, world, server.port)
    assert result.returncode == 1, result
    assert digests(report["mended"]) == world.mended


@pytest.mark.parametrize("arguments", [
    [], ["--no-such-option"], ["a.test", "b.test"], ["a.test", "--chain", "x.pem"], ["a.test", "--time", "yesterday"],
    ["a.test", "--timeout", "soon"], ["a.test:port"], ["a.test", "--connect", "nowhere"],
])
def test_wrong_usage_is_64_and_says_where_help_is(program, arguments):
    result = program.command("check", *arguments)
    assert result.returncode == 64, result
    assert result.stderr.startswith("chainmend: ")
    assert result.stdout == ""


def test_a_person_gets_words_without_colour_into_a_pipe_and_with_it_on_a_terminal(program, world):
    arguments = ["check", "--chain", world.leaf_alone, *world.check_flags()]
    result = program.command(*arguments)
    assert result.returncode == 1
    assert "\x1b[" not in result.stdout
    for words in ("missing_intermediate", "Contoso Issuing CA", NAME):
        assert words in result.stdout
    assert "\x1b[" in on_terminal(program, arguments, {"TERM": "xterm"})
    assert "\x1b[" not in on_terminal(program, arguments, {"TERM": "xterm", "NO_COLOR": "1"})


def on_terminal(program, arguments, environment):
    ours, theirs = pty.openpty()
    process = subprocess.Popen([str(part) for part in (program.binary, *arguments)], stdin=subprocess.DEVNULL,
                               stdout=theirs, stderr=subprocess.DEVNULL, env={**os.environ, **environment})
    os.close(theirs)
    text = b""
    while True:
        try:
            part = os.read(ours, 65536)
        except OSError:  # EIO: the other end is closed
            break
        if not part:
            break
        text += part
    os.close(ours)
    process.wait(60)
    return text.decode()


def test_a_chain_over_ipv6(program, tmp_path, aia):
    world = World(tmp_path, aia, ["::1"])
    aia.route(world.path, body(world.issuing.der))
    try:
        server = TlsServer(world.leaf_alone, world.key, host="::1")
    except OSError:
        pytest.skip("this machine has no ::1")
    with server:
        result = program.command("check", f"[::1]:{server.port}", *world.check_flags(), "--json")
    report = json.loads(result.stdout)
    assert result.returncode == 1, result
    assert report["names"][0]["covered"]


def test_a_chain_file_may_come_with_text_and_carriage_returns(program, world):
    path = world.folder / "windows.pem"
    text = ("Bag Attributes\n    friendlyName: mail\n" + chain_pem(world.leaf) + "some words\n"
            + chain_pem(world.issuing))
    path.write_bytes(text.replace("\n", "\r\n").encode())
    result, report = check_file(program, world, path)
    assert result.returncode == 0, result
    assert digests(report["served"]) == world.mended

"""A server with an RSA and an ECDSA certificate shows each client one of them: check looks at both."""

import json

import pytest
from conftest import NAME
from keyless_server import show
from openssl_server import make_leaf, openssl_server
from tls_servers import Server


@pytest.fixture
def server_files(world):
    return {kind: make_leaf(world.folder, world.issuing, NAME, kind) for kind in ("RSA-2048", "P-256")}


def check(program, world, port):
    result = program.command("check", NAME, "--connect", f"127.0.0.1:{port}", *world.check_flags(), "--json")
    report = json.loads(result.stdout)
    assert result.returncode == report["exit_status"], result
    return report


@pytest.mark.parametrize("options", [(), ("-tls1_2",)], ids=["TLS1.3", "TLS1.2"])
@pytest.mark.parametrize("first, second", [("RSA-2048", "P-256"), ("P-256", "RSA-2048")])
def test_both_are_looked_at(program, world, server_files, first, second, options):
    chain = world.folder / "issuer.pem"
    with openssl_server(world.folder, server_files[first], "-dcert", server_files[second],
                        "-dkey", server_files[second],
                        "-dcert_chain", chain, *options) as port:
        report = check(program, world, port)
        shown = program.command("check", NAME, "--connect", f"127.0.0.1:{port}", *world.check_flags())
    assert len(report["chains"]) == 2, report
    assert len({entry["served"][0]["sha256"] for entry in report["chains"]}) == 2
    assert report["exit_status"] == 0 and report["served_trusted"]
    assert "2 different chains" in shown.stdout and "RSA of 2048 bits" in shown.stdout and "P-256" in shown.stdout


def test_a_fault_of_the_second_is_told(program, world):
    """Clients that take ECDSA never see the RSA one, whose keyUsage is wrong."""
    right = make_leaf(world.folder, world.issuing, NAME, "P-256")
    wrong = make_leaf(world.folder, world.issuing, NAME, "RSA-2048", "dataEncipherment")
    with openssl_server(world.folder, right, "-dcert", wrong, "-dkey", wrong, "-dcert_chain",
                        world.folder / "issuer.pem") as port:
        report = check(program, world, port)
    assert [finding["code"] for finding in report["findings"]] == ["wrong_purpose"], report
    assert report["exit_status"] == 2 and sorted(entry["served_trusted"] for entry in report["chains"]) == [False, True]


@pytest.mark.parametrize("kind", ["RSA-2048", "P-256"])
def test_one_alone_is_one_chain(program, world, server_files, kind):
    with openssl_server(world.folder, server_files[kind]) as port:
        report = check(program, world, port)
    assert "chains" not in report and report["exit_status"] == 0
    assert not [finding for finding in report["findings"] if finding["severity"] != "info"]


ALERT = bytes.fromhex("15030300020228")  # handshake_failure


def once(first, then):
    """A talk with the first connection, and another one with those that follow."""
    waiting = [first]
    return lambda pipe: (waiting.pop() if waiting else then)(pipe)


def alert(pipe):
    pipe.receive()
    pipe.send(ALERT)


def wait(pipe):
    while pipe.receive():
        pass


@pytest.mark.parametrize("then, reason", [
    (wait, "2 s"), (lambda pipe: pipe.receive(), "closed the connection"), (lambda pipe: pipe.reset(), "connection"),
    (lambda pipe: pipe.send(b"421 too many connections\r\n"), "plain text"), (alert, None)],
    ids=["silence", "close", "reset", "plain text", "alert"])
def test_a_second_look_that_fails_is_told(program, world, then, reason):
    """An alert is the answer of a server that has no such certificate; all else leaves it open."""
    with Server(once(show([world.leaf.der, world.issuing.der]), then)) as server:
        result = program.command("check", NAME, "--connect", f"127.0.0.1:{server.port}", "--timeout", "2",
                                 *world.check_flags(), "--json")
    report = json.loads(result.stdout)
    told = [finding for finding in report["findings"] if finding["code"] == "not_looked_at"]
    assert report["exit_status"] == result.returncode == 0, report
    if reason is None:
        assert not told, told
        return
    (finding,) = told
    assert (finding["severity"], finding["action"]) == ("info", "none")
    assert "an RSA key beside this one with an ECDSA key" in finding["message"], finding
    assert reason in finding["message"], finding
    assert finding["certificate"]["sha256"] == world.leaf.sha256

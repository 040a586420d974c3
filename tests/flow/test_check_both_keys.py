"""A server with an RSA and an ECDSA certificate shows each client one of them: check looks at both."""

import json

import pytest
from conftest import NAME
from openssl_server import make_leaf, openssl_server


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

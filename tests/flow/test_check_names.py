"""check, with several names: one handshake each, each different chain audited, and it is said which name gets which."""

import json

import pytest
from conftest import NAME
from pki import Authority, self_signed_leaf
from program import free_port
from tls_servers import TlsServer

OTHER = "www.contoso.test"
THIRD = "autodiscover.contoso.test"


def check(program, world, port, *names, more=()):
    flags = [part for name in names for part in ("--name", name)]
    result = program.command("check", NAME, "--connect", f"127.0.0.1:{port}", *flags, *world.check_flags(), "--json",
                             *more)
    return result, json.loads(result.stdout) if result.stdout else None


def digests(certificates):
    return [certificate["sha256"] for certificate in certificates]


@pytest.fixture
def two_chains(world):
    """NAME and THIRD get a leaf alone, OTHER another leaf, self-signed."""
    leaf = world.issuing.issue_leaf([NAME, THIRD], aia=[world.url])
    world.leaf = leaf
    world.key.write_text(leaf.key_pem)
    odd = self_signed_leaf([OTHER])
    chain, key = odd.write(world.folder, "odd")
    with TlsServer(world.leaf_alone, world.key) as server:
        server.use_for(OTHER, chain, key)
        server.odd = odd
        yield server


def test_each_name_is_asked_for_once_and_each_chain_for_the_other_key(program, world, two_chains):
    check(program, world, two_chains.port, NAME, OTHER, THIRD, OTHER, NAME.upper() + ".")
    assert sorted(two_chains.names[:3]) == sorted([NAME, OTHER, THIRD])
    assert sorted(two_chains.names[3:]) == sorted([NAME, OTHER])


def test_different_chains_are_told_apart(program, world, two_chains):
    result, report = check(program, world, two_chains.port, NAME, OTHER, THIRD)
    assert result.returncode == report["exit_status"] == 2, result
    assert {name["name"]: name["chain"] for name in report["names"]} == {NAME: 0, THIRD: 0, OTHER: 1}
    first, second = report["chains"]
    assert [name["name"] for name in first["names"]] == [NAME, THIRD]
    assert [name["name"] for name in second["names"]] == [OTHER]
    assert (digests(first["served"]), digests(first["mended"])) == ([world.leaf.sha256], world.mended)
    assert digests(second["served"]) == [two_chains.odd.sha256]
    assert (first["exit_status"], second["exit_status"]) == (1, 2)
    assert report["served"] == first["served"], "the members of one chain are the first's"
    assert report["not_checked"] == []


def test_each_finding_says_whose_it_is(program, world, two_chains):
    _, report = check(program, world, two_chains.port, NAME, OTHER, THIRD)
    whose = {finding["code"]: finding["asked_for"] for finding in report["findings"]}
    assert whose["missing_intermediate"] == [NAME, THIRD]
    assert whose["self_signed"] == [OTHER]
    assert all(name["covered"] for name in report["names"]), "each name is judged by the chain that it gets"


def test_a_store_accepts_all_or_it_does_not(program, world, two_chains):
    _, report = check(program, world, two_chains.port, NAME, OTHER)
    assert (report["served_trusted"], report["mended_trusted"]) == (False, False)
    assert [(store["served_trusted"], store["mended_trusted"]) for store in report["stores"]] == [(False, False)]
    assert report["chains"][0]["mended_trusted"]


def test_an_intermediate_is_fetched_once_for_all_chains(program, world):
    leaf = world.issuing.issue_leaf([OTHER], aia=[world.url])
    chain, key = leaf.write(world.folder, "other")
    with TlsServer(world.leaf_alone, world.key) as server:
        server.use_for(OTHER, chain, key)
        result, report = check(program, world, server.port, NAME, OTHER)
    assert result.returncode == 1, result
    assert digests(report["chains"][1]["mended"]) == [leaf.sha256, world.issuing.sha256]
    assert world.aia.count(world.path) == 1


def test_one_chain_for_all_names_is_shown_as_one(program, world):
    with TlsServer(world.complete, world.key) as server:
        result, report = check(program, world, server.port, NAME, OTHER)
        text = program.command("check", NAME, "--connect", f"127.0.0.1:{server.port}", "--name", NAME, "--name", OTHER,
                               *world.check_flags()).stdout
    assert result.returncode == 2, result
    assert [(name["name"], name["covered"], name["chain"]) for name in report["names"]] == [
        (NAME, True, 0), (OTHER, False, 0)]
    assert len(report["chains"]) == 1
    assert "different chains" not in text
    assert text.count("Served: ") == 1


def test_one_name_has_the_document_that_it_always_had(program, world):
    with TlsServer(world.complete, world.key) as server:
        _, report = check(program, world, server.port, NAME)
    assert "chains" not in report and "not_checked" not in report
    assert "chain" not in report["names"][0]


def test_a_person_sees_which_name_gets_which_chain(program, world, two_chains):
    result = program.command("check", NAME, "--connect", f"127.0.0.1:{two_chains.port}", "--name", NAME, "--name",
                             OTHER, "--name", THIRD, *world.check_flags())
    assert result.returncode == 2, result
    text = result.stdout
    assert "The server sends 2 different chains" in text
    assert f"1 {NAME}, {THIRD}\n" in text
    assert f"2 {OTHER}\n" in text
    first, second = text.index("Chain 1 of 2, for"), text.index("Chain 2 of 2, for")
    assert first < text.index("missing_intermediate") < second < text.index("self_signed")
    assert text.rstrip().endswith("All chains: something is wrong that no chain can repair.")


def test_a_name_that_is_refused_does_not_hide_the_others(program, world):
    with TlsServer(world.complete, world.key) as server:
        server.unknown_names.add(OTHER)
        result, report = check(program, world, server.port, NAME, OTHER)
        text = program.command("check", NAME, "--connect", f"127.0.0.1:{server.port}", "--name", NAME, "--name", OTHER,
                               *world.check_flags())
    assert result.returncode == report["exit_status"] == 3, result
    assert f"127.0.0.1:{server.port}: {OTHER}: the server ended the handshake" in result.stderr
    assert [refused["name"] for refused in report["not_checked"]] == [OTHER]
    assert "unrecognized name" in report["not_checked"][0]["error"]
    assert report["chains"][0]["exit_status"] == 0
    assert text.returncode == 3
    assert f"{OTHER}: the server ended the handshake" in text.stdout


def test_what_is_broken_does_not_hide_behind_what_is_not_known(program, world, two_chains):
    two_chains.unknown_names.add(NAME)
    result, report = check(program, world, two_chains.port, NAME, OTHER)
    assert result.returncode == 2, result
    assert digests(report["served"]) == [two_chains.odd.sha256]


def test_nobody_there_is_told_once(program, world):
    port = free_port()
    result, report = check(program, world, port, NAME, OTHER, THIRD)
    assert result.returncode == 3, result
    assert result.stderr.count("connection refused") == 1
    assert report["error"].startswith("connection refused")


def test_an_address_is_asked_for_without_sni(program, world):
    leaf = world.issuing.issue_leaf(["127.0.0.1"])
    chain, key = leaf.write(world.folder, "address")
    with TlsServer(chain, key) as server:
        server.use_for(NAME, world.complete, world.key)
        result, report = check(program, world, server.port, "127.0.0.1", NAME, "::1")
        assert sorted(server.names, key=str) == [None, None, NAME, NAME]
    assert {name["name"]: (name["chain"], name["covered"]) for name in report["names"]} == {
        "127.0.0.1": (0, True), "::1": (0, False), NAME: (1, True)}
    assert result.returncode == 2, result


def test_a_hundred_names_are_asked_for_and_no_more(program, world):
    names = [f"n{index}.contoso.test" for index in range(101)]
    leaf = world.issuing.issue_leaf(names[:100])
    chain, key = leaf.write(world.folder, "many")
    chain.write_text(leaf.pem + world.issuing.pem)
    with TlsServer(chain, key) as server:
        result, report = check(program, world, server.port, *names[:100])
        assert server.num_accepted == 101  # and one for a leaf with another kind of key
        assert result.returncode == 0, result.stderr
        assert len(report["names"]) == 100
        result, _ = check(program, world, server.port, *names)
        assert result.returncode == 64, result
        assert "100 names" in result.stderr
        assert server.num_accepted == 101


def test_a_name_of_ones_own_is_what_is_asked_for(program, world):
    """The target is where to look; the names are what clients say."""
    with TlsServer(world.complete, world.key) as server:
        result = program.command("check", f"127.0.0.1:{server.port}", "--name", NAME, *world.check_flags())
        assert set(server.names) == {NAME}
    assert result.returncode == 0, result


def test_a_chain_of_another_authority_for_each_name(program, world):
    private = Authority.root("Private Root CA")
    leaf = private.issue_leaf([OTHER])
    chain, key = leaf.write(world.folder, "private")
    with TlsServer(world.complete, world.key) as server:
        server.use_for(OTHER, chain, key)
        result, report = check(program, world, server.port, NAME, OTHER, more=("--roots", f"own={world.roots}"))
    assert result.returncode == 2, result
    assert {store["name"]: store["served_trusted"] for store in report["stores"]} == {"demo": False, "own": False}
    assert report["chains"][0]["served_trusted"] and not report["chains"][1]["served_trusted"]

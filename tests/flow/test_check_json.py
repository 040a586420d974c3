"""The JSON of check and mend against docs/check.schema.json: many outputs, and the schema against itself."""

import json
import re

import pytest
from conftest import NAME, ROOT, World
from pki import NOW, DAY, Authority, self_signed_leaf
from program import free_port
from starttls_servers import StartTlsServer
from tls_servers import Server, TlsServer, plain_text

jsonschema = pytest.importorskip("jsonschema", reason="python3-jsonschema is not installed")
schemas = pytest.importorskip("schemas")

KIND = "check.schema.json"
PAGE = (ROOT / "docs" / "check-json.md").read_text()
OTHER = "www.contoso.test"


def valid(result, kind):
    """The document of a run, of this kind and of no other."""
    report = json.loads(result.stdout)
    found = schemas.errors(KIND, report, kind)
    assert not found, (found, result)
    schemas.validator(KIND).validate(report)
    assert report["exit_status"] == result.returncode, result
    return report


def files(world):
    expired = world.root.issue_authority("Contoso Issuing CA", key=world.issuing.key, not_after=NOW - DAY)
    private = Authority.root("Private Root CA")
    return {
        "complete": [world.leaf, world.issuing],
        "leaf alone": [world.leaf],
        "root and duplicate": [world.leaf, world.issuing, world.issuing, world.root],
        "wrong order": [world.leaf, world.root, world.issuing],
        "expired": [world.leaf, expired],
        "stranger": [world.leaf, world.issuing, Authority.root("Fabrikam Root CA")],
        "self-signed": [self_signed_leaf([NAME])],
        "private": [private.issue_leaf([NAME]), private],
        "nowhere": [Authority.root("Gone").issue_leaf([NAME])],
        "odd subject": [world.issuing.issue_leaf([], common_name="caf\u00e9 \U0001f600")],
        "expired leaf": [world.issuing.issue_leaf([NAME], not_after=NOW - DAY), world.issuing],
    }


@pytest.mark.parametrize("stem", ["complete", "leaf alone", "root and duplicate", "wrong order", "expired", "stranger",
                                  "self-signed", "private", "nowhere", "odd subject", "expired leaf"])
def test_a_file(program, world, stem):
    path = world.chain("any", *files(world)[stem])
    names = ["--name", NAME, "--name", "127.0.0.1", "--name", "b\u00fccher.test"]
    for more in ([], names, ["--ignore-trust"], ["--offline", "--roots", f"again={world.roots}"],
                 ["--time", "2020-01-01"]):
        valid(program.command("check", "--chain", path, *world.check_flags(), "--json", *more), "one_chain")


def test_what_could_not_be_fetched(program, tmp_path, aia):
    world = World(tmp_path, aia, [NAME])
    for flags in (world.check_flags(), ["--roots", world.roots]):
        report = valid(program.command("check", "--chain", world.leaf_alone, *flags, "--json"), "one_chain")
        assert any(finding.get("url") == world.url for finding in report["findings"])


def test_a_runner_up(program, world):
    other = Authority.root("Fabrikam Root CA")
    cross = other.issue_authority("Contoso Issuing CA", key=world.issuing.key)
    roots, _ = other.write(world.folder, "other")
    path = world.chain("any", world.leaf, world.issuing, cross)
    report = valid(program.command("check", "--chain", path, *world.check_flags(), "--roots", roots, "--json"),
                   "one_chain")
    assert report["runners_up"]


def test_a_server(program, world):
    with TlsServer(world.leaf_alone, world.key) as server:
        report = valid(program.command("check", NAME, "--connect", f"127.0.0.1:{server.port}", *world.check_flags(),
                                       "--json"), "one_chain")
    assert {"address", "tls_version", "cipher"} <= report.keys()


def test_a_server_behind_starttls(program, world):
    with StartTlsServer("pop3", world.leaf_alone, world.key) as server:
        valid(program.command("check", NAME, "--connect", f"127.0.0.1:{server.port}", "--starttls", "pop3",
                              *world.check_flags(), "--json"), "one_chain")


def test_several_names(program, world):
    odd = self_signed_leaf([OTHER])
    with TlsServer(world.leaf_alone, world.key) as server:
        server.use_for(OTHER, *odd.write(world.folder, "odd"))
        server.unknown_names.add("nobody.test")
        for more in ([], ["--name", "nobody.test"], ["--ignore-trust"]):
            report = valid(program.command("check", NAME, "--connect", f"127.0.0.1:{server.port}", "--name", NAME,
                                           "--name", OTHER, *world.check_flags(), "--json", *more), "by_name")
            assert len(report["chains"]) == 2
            for name in report["names"]:
                own = report["chains"][name["chain"]]
                assert name["name"] in [entry["name"] for entry in own["names"]]


def test_nothing_to_judge(program, world):
    report = valid(program.command("check", f"127.0.0.1:{free_port()}", *world.check_flags(), "--json"),
                   "not_checked_at_all")
    assert report["address"]
    with Server(plain_text) as server:
        valid(program.command("check", NAME, "--name", NAME, "--name", OTHER, "--connect", f"127.0.0.1:{server.port}",
                              *world.check_flags(), "--json"), "not_checked_at_all")
    bad = world.folder / "bad.pem"
    bad.write_text("no certificate\n")
    for arguments in (["--chain", bad], ["--chain", world.folder / "none.pem"],
                      ["--chain", world.complete, "--roots", bad]):
        valid(program.command("check", *arguments, "--json"), "not_checked_at_all")


def test_mend_writes_the_same(program, world):
    report = valid(program.command("mend", world.leaf_alone, *world.check_flags(), "--json"), "one_chain")
    assert report["pem"].count("BEGIN CERTIFICATE") == 2
    out = world.folder / "out.pem"
    report = valid(program.command("mend", world.leaf_alone, *world.check_flags(), "--json", "-o", out), "one_chain")
    assert "pem" not in report


@pytest.mark.parametrize("spoil", [
    lambda report: report.pop("served"),
    lambda report: report.update(exit_status=4),
    lambda report: report.update(unknown=1),
    lambda report: report["findings"][0].update(code="no_such_code"),
    lambda report: report["served"][0].update(sha256="AB"),
    lambda report: report.update(time="yesterday"),
    lambda report: report["stores"][0].pop("name"),
    lambda report: report["names"][0].update(covered=False),
])
def test_the_schema_refuses_what_is_none(program, world, spoil):
    result = program.command("check", "--chain", world.leaf_alone, "--name", NAME, *world.check_flags(), "--json")
    report = valid(result, "one_chain")
    spoil(report)
    with pytest.raises(jsonschema.ValidationError):
        schemas.validator(KIND).validate(report)


def members(part):
    found = set()
    for name, schema in part.get("properties", {}).items():
        found.add(name)
        found |= members(schema)
    if "items" in part:
        found |= members(part["items"])
    return found


def test_the_page_names_every_member_of_the_schema():
    named = set(re.findall(r"`([a-z0-9_]+)`", PAGE))
    for kind, part in schemas.SCHEMAS[KIND]["$defs"].items():
        assert members(part) <= named, kind

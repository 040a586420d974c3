"""The depth of a path: 16 certificates are one, and more are told."""

import json

import pytest
from conftest import NAME
from pki import sha256_of_pem_chain


@pytest.fixture
def hierarchy(world):
    """The leaf under so many intermediates, and these, the leaf's own issuer first."""
    def make(num_intermediates):
        above, authority = [], world.root
        for level in range(num_intermediates):
            authority = authority.issue_authority(f"Level {level} CA")
            above.insert(0, authority)
        return authority.issue_leaf([NAME]), above
    return make


def check(program, world, *chain):
    file = world.chain("deep", *chain)
    result = program.command("check", "--chain", file, *world.check_flags(), "--offline", "--json")
    report = json.loads(result.stdout)
    assert result.returncode == report["exit_status"], result
    return report


def test_fourteen_intermediates_are_a_path(program, world, hierarchy):
    leaf, above = hierarchy(14)
    report = check(program, world, leaf, *above)
    assert (report["exit_status"], report["findings"], report["mended_trusted"]) == (0, [], True)
    report = check(program, world, leaf, *reversed(above))
    assert (report["exit_status"], [one["code"] for one in report["findings"]]) == (1, ["wrong_order"])
    assert [one["sha256"] for one in report["mended"]] == [leaf.sha256, *(one.sha256 for one in above)]


@pytest.mark.parametrize("num_intermediates", [15, 16, 30])
def test_more_are_told_and_left_as_they_are(program, world, hierarchy, num_intermediates):
    """Clients with other limits may take them: nothing is cut off, and no issuer is said to be missing."""
    leaf, above = hierarchy(num_intermediates)
    report = check(program, world, leaf, *above)
    (limit,) = report["findings"]
    assert (limit["code"], limit["severity"], report["exit_status"]) == ("verification_limit", "error", 2)
    assert "the depth of a path (16 certificates, with leaf and root) met its maximum" in limit["message"]
    assert not report["changed"] and len(report["mended"]) == num_intermediates + 1
    given = world.chain("deep", leaf, *above)
    written = program.command("mend", given, *world.check_flags(), "--offline")
    assert sha256_of_pem_chain(written.stdout) == sha256_of_pem_chain(given.read_text())

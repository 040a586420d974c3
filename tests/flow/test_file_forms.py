"""Certificate files as people have them: what is in them is read, or said by name."""

import json

import pytest
from clients import served_chain
from conftest import NAME
from pki import DAY, NOW, chain_pem, new_key
from program import eventually, free_port

EXPIRED = {"not_before": NOW - 200 * DAY, "not_after": NOW - 10 * DAY}
LATER = {"not_before": NOW + 10 * DAY, "not_after": NOW + 200 * DAY}


@pytest.fixture
def twins(world):
    """Leaves with one key: expired, valid, not yet valid."""
    key = new_key()
    return {"expired": world.issuing.issue_leaf([NAME], key=key, **EXPIRED),
            "valid": world.issuing.issue_leaf([NAME], key=key),
            "later": world.issuing.issue_leaf([NAME], key=key, **LATER)}


@pytest.mark.parametrize("order", ["expired valid", "valid expired", "later valid", "expired later valid",
                                   "later expired valid"])
def test_the_valid_leaf_of_a_key_is_served(program, world, twins, order):
    file = world.folder / "twins.pem"
    file.write_text(chain_pem(*[twins[word] for word in order.split()], world.issuing) + twins["valid"].key_pem)
    expected = [twins["valid"].sha256, world.issuing.sha256]

    mended = program.command("mend", file, *world.check_flags(), "--json")
    assert mended.returncode == 0, mended
    report = json.loads(mended.stdout)
    assert [certificate["sha256"] for certificate in report["mended"]] == expected
    left_out = [finding for finding in report["findings"] if finding["code"] == "unrelated_certificate"]
    assert len(left_out) == len(order.split()) - 1
    assert {(finding["severity"], finding["action"]) for finding in left_out} == {("info", "removed")}

    port = free_port()
    running = program.run(world.settings(), {"mail": {
        "listen": f"127.0.0.1:{port}", "certificate": file, "backend": "tcp://127.0.0.1:9"}})
    eventually("the valid leaf is served", lambda: served_chain(port, NAME) == expected, also=running.report)

"""Cross-signs, and audiences of different ages: which chain is chosen, and do real clients accept it."""

import json

import pytest
from clients import curl, gnutls_cli, s_client
from conftest import NAME
from pki import DAY, NOW, Authority, Entity, chain_pem, sha256_of_pem_chain
from tls_servers import TlsServer, http_answer

CLIENTS = {"openssl": s_client, "gnutls": gnutls_cli, "curl": curl}


class House:
    """A new root that an old one has signed, and an intermediate under it."""

    def __init__(self, world):
        self.world = world
        self.old = Authority.root("Old Root CA")
        self.new = Authority.root("New Root CA")
        self.gone = Authority.root("Gone Root CA", not_before=NOW - 900 * DAY, not_after=NOW - DAY)
        self.by_old = self.old.issue_authority("New Root CA", key=self.new.key)
        self.by_gone = self.gone.issue_authority("New Root CA", key=self.new.key)
        self.issuing = self.new.issue_authority("Issuing CA")
        self.leaf = self.issuing.issue_leaf([NAME])
        self.stores = world.folder / "stores"
        self.stores.mkdir()
        for name in ("new", "old", "gone"):
            (self.stores / f"{name}.pem").write_text(getattr(self, name).pem)

    def mend(self, program, served: list[Entity], known: list[Entity], *roots: object):
        extra = self.world.folder / "known.pem"
        extra.write_text(chain_pem(*known))
        if known:
            assert program.command("cache", "import", extra, "--cache", self.world.cache).returncode == 0
        flags = [word for one in roots for word in ("--roots", one)]
        result = program.command("mend", self.world.chain("served", *served), *flags, "--cache", self.world.cache,
                                 "--offline", "--json")
        return result, json.loads(result.stdout)

    def accepted_by(self, pem: str, store: str, client):
        _, key = self.leaf.write(self.world.folder, "leaf")
        chain = self.world.folder / "sent.pem"
        chain.write_text(pem)
        with TlsServer(chain, key, http_answer()) as server:
            return client(server.port, NAME, self.stores / f"{store}.pem").ok


@pytest.fixture
def house(world):
    return House(world)


def verdicts(report):
    return {store["name"]: (store["served_trusted"], store["mended_trusted"]) for store in report["stores"]}


def chain(report):
    return [entry["sha256"] for entry in report["mended"]]


def test_old_and_new_clients_are_served_by_one_chain(program, house):
    result, report = house.mend(program, [house.leaf, house.issuing], [house.by_old, house.by_gone],
                                f"new={house.stores}/new.pem", f"old={house.stores}/old.pem")
    assert result.returncode == 0, result
    assert chain(report) == [house.leaf.sha256, house.issuing.sha256, house.by_old.sha256]
    assert chain(report) == sha256_of_pem_chain(report["pem"])
    assert verdicts(report) == {"new": (True, True), "old": (False, True)}
    assert any("fewer trust stores" in one["why"] for one in report["runners_up"])


def test_new_clients_alone_get_no_cross_sign(program, house):
    _, report = house.mend(program, [house.leaf, house.issuing], [house.by_old, house.by_gone],
                           f"new={house.stores}/new.pem")
    assert chain(report) == [house.leaf.sha256, house.issuing.sha256]


@pytest.mark.parametrize("client", CLIENTS)
def test_clients_agree_with_the_verdicts(program, house, client):
    served = [house.leaf, house.issuing]
    _, report = house.mend(program, served, [house.by_old], house.stores)
    assert verdicts(report) == {"new": (True, True), "old": (False, True), "gone": (False, False)}
    for store, (served_trusted, mended_trusted) in verdicts(report).items():
        assert house.accepted_by(chain_pem(*served), store, CLIENTS[client]) == served_trusted, store
        assert house.accepted_by(report["pem"], store, CLIENTS[client]) == mended_trusted, store


def test_of_two_that_serve_the_same_the_one_that_lives_longer(program, house):
    brief = house.new.issue_authority("Issuing CA", key=house.issuing.key, not_after=NOW + 90 * DAY)
    for known in ([brief, house.issuing], [house.issuing, brief]):
        _, report = house.mend(program, [house.leaf], known, f"new={house.stores}/new.pem")
        assert chain(report) == [house.leaf.sha256, house.issuing.sha256]
    assert any("expires first" in one["why"] for one in report["runners_up"])


def test_a_chain_that_clients_accept_is_left_to_them(program, house):
    """The cross-sign is for clients that nobody told us of."""
    served = [house.leaf, house.issuing, house.by_old]
    _, report = house.mend(program, served, [], f"new={house.stores}/new.pem")
    assert chain(report) == [entity.sha256 for entity in served]

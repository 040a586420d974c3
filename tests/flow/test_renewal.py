"""A certificate that came by itself (a file was replaced, the backend switched) does not take a better one's place,
until it is as good, the former one ends, or SIGHUP insists."""

import datetime
import os
import shutil
import signal
import time

import pytest
from aia_server import body, status
from clients import curl, served_chain
from conftest import NAME
from pki import DAY, NOW, Authority, chain_pem, new_key
from program import eventually, free_port
from revocation import crl_pem, make_crl
from tls_servers import Server, TlsServer, http_answer

OTHER_NAME = "autodiscover.contoso.test"


class Site:
    """One site of a running chainmend whose certificate comes from a file, or from its backend."""

    def __init__(self, program, world, source):
        self.world, self.port = world, free_port()
        self.leaf = world.issuing.issue_leaf([NAME, OTHER_NAME], key=world.leaf.key, aia=[world.url])
        self.file = world.folder / "watched.pem"
        self.show(self.leaf)
        self.backend = TlsServer(self.file, world.key, http_answer())
        self.source = source
        self.program = program

    def run(self, **more):
        keys = {"listen": f"127.0.0.1:{self.port}", "hostnames": [NAME, OTHER_NAME], "key": self.world.key,
                "certificate": self.file if self.source == "file" else "backend",
                "backend": f"tls://127.0.0.1:{self.backend.port}", "backend_name": NAME, "probe_interval": "1s"}
        settings = more.pop("settings", {})
        self.running = self.program.run(self.world.settings(**settings), {"mail": {**keys, **more}})
        self.expect(self.leaf)
        return self.running

    def show(self, *chain):
        beside = self.file.with_suffix(".new")
        beside.write_text(chain_pem(*chain))
        os.replace(beside, self.file)

    def renew(self, *chain):
        self.show(*chain)
        if self.source == "backend":
            self.backend.use(self.file, self.world.key)

    def served(self):
        return served_chain(self.port, NAME)

    def expect(self, leaf):
        eventually(f"{leaf.sha256} is served", lambda: self.served()[:1] == [leaf.sha256], also=self.running.report)

    def expect_held(self, renewed):
        line = self.running.wait_for_fix("renewal_held", subject_of="certificate", event="appeared")
        assert (line["severity"], line["certificate"]["sha256"]) == ("warning", renewed.sha256)
        assert "SIGHUP" in line["advice"]
        assert self.served() == [self.leaf.sha256, self.world.issuing.sha256]
        return line["message"]


@pytest.fixture(params=["file", "backend"])
def site(program, world, request):
    made = Site(program, world, request.param)
    with made.backend:
        yield made


def expired_leaf(world):
    return world.issuing.issue_leaf([NAME, OTHER_NAME], key=world.leaf.key, not_before=NOW - 60 * DAY,
                                    not_after=NOW - DAY)


WORSE = {
    "expired": (lambda world: [expired_leaf(world)], "it expired on "),
    "of one name": (lambda world: [world.issuing.issue_leaf([NAME], key=world.leaf.key)],
                    f"it does not cover {OTHER_NAME}"),
    "of an unknown issuer": (lambda world: [Authority.root("Unknown CA").issue_leaf([NAME, OTHER_NAME],
                                                                                    key=world.leaf.key)],
                             "it is refused by clients that trust "),
}


def test_sighup_does_not_insist_for_a_site_whose_files_are_wrong(site, world):
    """It goes on with what it had, whatever its backend shows meanwhile, until its files are right again."""
    site.run()
    expired = expired_leaf(world)
    site.renew(expired)
    site.expect_held(expired)
    good = world.key.read_text()
    world.key.write_text("this is no key")
    site.running.wait_for_fix("reload_failed", event="appeared")
    for number in range(2):
        said = len(site.running.stderr)
        site.running.signal(signal.SIGHUP)
        site.running.wait_for_words("reload: SIGHUP: ", after=said)
        asked = site.backend.num_accepted
        eventually("the backend is looked at", lambda: site.backend.num_accepted > asked + 1, also=site.running.report)
        assert site.served() == [site.leaf.sha256, world.issuing.sha256], site.running.report()
    other = world.issuing.issue_leaf([NAME, OTHER_NAME])  # of another key, which is in no file
    other.write(world.folder, "other")
    site.backend.use(world.chain("others", other, world.issuing), world.folder / "other.key")
    asked = site.backend.num_accepted
    eventually("the backend is looked at", lambda: site.backend.num_accepted > asked + 2, also=site.running.report)
    assert site.served() == [site.leaf.sha256, world.issuing.sha256], site.running.report()
    world.key.write_text(good)
    site.running.wait_for_fix("reload_failed", event="resolved")
    assert site.served() == [site.leaf.sha256, world.issuing.sha256], site.running.report()
    site.renew(expired)
    said = len(site.running.stderr)
    site.running.signal(signal.SIGHUP)
    site.running.wait_for_words("reload: SIGHUP: ", after=said)
    site.expect(expired)


@pytest.mark.parametrize("what", WORSE)
def test_a_worse_one_is_held_until_sighup_insists(site, what):
    make, words = WORSE[what]
    running = site.run()
    chain = make(site.world)
    site.renew(*chain)
    assert words in site.expect_held(chain[0])
    running.signal(signal.SIGHUP)
    site.expect(chain[0])
    running.wait_for_fix("renewal_held", event="resolved")


def test_sighup_insists_on_what_was_not_seen_yet(site):
    running = site.run(probe_interval="1h")
    expired = expired_leaf(site.world)
    site.renew(expired, site.world.issuing)
    running.signal(signal.SIGHUP)
    site.expect(expired)


def test_the_former_one_returns(site):
    running = site.run()
    expired = expired_leaf(site.world)
    site.renew(expired)
    site.expect_held(expired)
    site.renew(site.leaf)
    running.wait_for_fix("renewal_held", event="resolved")
    assert site.served() == [site.leaf.sha256, site.world.issuing.sha256]
    standing = {line["code"] for line in running.fixes() if line["subject_of"] == "certificate"}
    assert "leaf_expired" not in standing, "what is not served is no fault of what is"


def test_a_good_one_comes_after_a_bad_one(site):
    running = site.run()
    expired = expired_leaf(site.world)
    site.renew(expired)
    site.expect_held(expired)
    good = site.world.issuing.issue_leaf([NAME, OTHER_NAME], key=site.world.leaf.key, aia=[site.world.url])
    site.renew(good)
    site.expect(good)
    running.wait_for_fix("renewal_held", event="resolved")


def test_one_whose_issuer_is_fetched_is_taken_then(site):
    """Clients would refuse it until its issuer is there."""
    world = site.world
    other = world.root.issue_authority("Contoso Second CA")
    world.aia.route("/second.cer", status(503))
    running = site.run()
    renewed = other.issue_leaf([NAME, OTHER_NAME], key=world.leaf.key, aia=[world.aia.url("/second.cer")])
    site.renew(renewed)
    site.expect_held(renewed)
    world.aia.route("/second.cer", body(other.der))
    eventually("the renewed chain", lambda: site.served() == [renewed.sha256, other.sha256], 90, running.report)
    running.wait_for_fix("renewal_held", event="resolved")


def test_one_that_is_fetched_at_once_is_never_held(site):
    world = site.world
    other = world.root.issue_authority("Contoso Second CA")
    world.aia.route("/second.cer", body(other.der))
    running = site.run()
    renewed = other.issue_leaf([NAME, OTHER_NAME], key=world.leaf.key, aia=[world.aia.url("/second.cer")])
    site.renew(renewed)
    eventually("the renewed chain", lambda: site.served() == [renewed.sha256, other.sha256], also=running.report)
    assert not [line for line in running.fixes() if line["code"] == "renewal_held"]


def test_one_that_is_not_valid_yet_is_taken_when_it_is(site):
    running = site.run()
    soon = time.time() + 8
    early = site.world.issuing.issue_leaf([NAME, OTHER_NAME], key=site.world.leaf.key, aia=[site.world.url],
                                          not_before=datetime.datetime.utcfromtimestamp(int(soon)))
    site.renew(early)
    assert "it is not valid before " in site.expect_held(early)
    site.expect(early)
    assert time.time() >= int(soon)
    running.wait_for_fix("renewal_held", event="resolved")


def test_one_beside_the_valid_leaf_in_one_file_is_taken_when_it_is_valid(program, world):
    """The file does not change: the clock alone makes another of its leafs the one to serve."""
    port, soon = free_port(), time.time() + 8
    early = world.issuing.issue_leaf([NAME], key=world.leaf.key, aia=[world.url],
                                     not_before=datetime.datetime.utcfromtimestamp(int(soon)))
    file = world.folder / "both.pem"
    file.write_text(chain_pem(world.leaf, early, world.issuing))
    with Server(http_answer()) as backend:
        running = program.run(world.settings(), {"mail": {
            "listen": f"127.0.0.1:{port}", "hostnames": NAME, "certificate": file, "key": world.key,
            "backend": f"tcp://127.0.0.1:{backend.port}"}})
        eventually("the valid one", lambda: served_chain(port, NAME)[:1] == [world.leaf.sha256], also=running.report)
        eventually("its renewal", lambda: served_chain(port, NAME)[:1] == [early.sha256], also=running.report)
        assert time.time() >= int(soon)
        assert "another of them is the valid one now" in running.stderr
        assert running.stderr.count("reload:") == 1, running.stderr


def test_it_takes_over_when_the_former_one_ends(site):
    world = site.world
    ends = time.time() + 12
    site.leaf = world.issuing.issue_leaf([NAME, OTHER_NAME], key=world.leaf.key, aia=[world.url],
                                         not_after=datetime.datetime.utcfromtimestamp(int(ends)))
    site.show(site.leaf)
    site.backend.use(site.file, world.key)
    site.run()
    fewer = world.issuing.issue_leaf([NAME], key=world.leaf.key, aia=[world.url])
    site.renew(fewer)
    site.expect_held(fewer)
    site.expect(fewer)
    assert time.time() >= int(ends)


def test_a_revoked_one_does_not_hold_it(site):
    world = site.world
    crl = world.folder / "issuing.crl"
    crl.write_text(crl_pem(make_crl(world.issuing, [site.leaf])))
    site.run(crl=crl)
    fewer = world.issuing.issue_leaf([NAME], key=world.leaf.key, aia=[world.url])
    site.renew(fewer)
    site.expect(fewer)


def test_a_held_one_is_held_over_a_reload_that_comes_by_itself(site, program):
    """Another site's file changes."""
    world = site.world
    running = site.run()
    expired = expired_leaf(world)
    site.renew(expired)
    site.expect_held(expired)
    said = running.stderr.count("a certificate or key file has changed: done")
    world.key.write_text(world.key.read_text() + "\n")
    eventually("the reload", lambda: running.stderr.count("file has changed: done") > said, also=running.report)
    time.sleep(2.5)
    assert site.served() == [site.leaf.sha256, world.issuing.sha256]
    assert [line["event"] for line in running.fixes() if line["code"] == "renewal_held"] == ["appeared"]


def test_wrong_files_change_nothing_about_a_held_one(program, world):
    made = Site(program, world, "file")
    with made.backend:
        running = made.run()
        expired = expired_leaf(world)
        made.renew(expired)
        made.expect_held(expired)
        made.file.write_text("half a certif")
        running.wait_for_fix("reload_failed", event="appeared")
        assert made.served() == [made.leaf.sha256, world.issuing.sha256]
        good = world.issuing.issue_leaf([NAME, OTHER_NAME], key=world.leaf.key, aia=[world.url])
        made.show(good)
        made.expect(good)
        running.wait_for_fix("reload_failed", event="resolved")
        running.wait_for_fix("renewal_held", event="resolved")


def test_each_of_two_kinds_is_compared_with_its_own(program, world):
    """The RSA file gets an expired leaf, the ECDSA file a good one: only the RSA one is held."""
    port = free_port()
    files, leaves, renewed = {}, {}, {}
    for kind in ("rsa", "ec"):
        key = new_key(kind)
        leaves[kind] = world.issuing.issue_leaf([NAME], key=key)
        renewed[kind] = world.issuing.issue_leaf([NAME], key=key,
                                                 **({"not_before": NOW - 9 * DAY, "not_after": NOW - DAY}
                                                    if kind == "rsa" else {}))
        files[kind] = world.folder / f"{kind}.pem"
        files[kind].write_text(leaves[kind].key_pem + chain_pem(leaves[kind], world.issuing))

    def served(kind):
        return served_chain(port, NAME, "-sigalgs", {"rsa": "rsa_pss_rsae_sha256:RSA+SHA256",
                                                     "ec": "ecdsa_secp256r1_sha256"}[kind])[0]
    with Server(http_answer()) as backend:
        running = program.run(world.settings(), {"mail": {
            "listen": f"127.0.0.1:{port}", "certificate": [files["rsa"], files["ec"]],
            "backend": f"tcp://127.0.0.1:{backend.port}"}})
        for kind in files:
            eventually(kind, lambda: served(kind) == leaves[kind].sha256, also=running.report)
        for kind in files:
            files[kind].write_text(leaves[kind].key_pem + chain_pem(renewed[kind], world.issuing))
        eventually("the new ECDSA leaf", lambda: served("ec") == renewed["ec"].sha256, also=running.report)
        line = running.wait_for_fix("renewal_held")
        assert line["certificate"]["sha256"] == renewed["rsa"].sha256
        assert served("rsa") == leaves["rsa"].sha256
        # One file over the other: what it held is compared with, though the same leaf stands in the other file.
        shutil.copy(files["ec"], files["rsa"])
        eventually("the reload", lambda: running.stderr.count("file has changed: done") >= 2, also=running.report)
        assert served("ec") == renewed["ec"].sha256


def test_a_renewal_with_another_key_is_taken_by_itself(program, world):
    port = free_port()
    certificate, key = world.leaf.write(world.folder, "watched")
    with Server(http_answer()) as backend:
        running = program.run(world.settings(), {"mail": {
            "listen": f"127.0.0.1:{port}", "hostnames": NAME, "certificate": certificate, "key": key,
            "backend": f"tcp://127.0.0.1:{backend.port}"}})
        eventually("the first chain", lambda: served_chain(port, NAME) == world.mended, also=running.report)
        renewed = world.issuing.issue_leaf([NAME], aia=[world.url])
        key.write_text(renewed.key_pem)
        certificate.write_text(renewed.pem)
        eventually("the renewed chain", lambda: served_chain(port, NAME) == [renewed.sha256, world.issuing.sha256],
                   also=running.report)
        assert curl(port, NAME, world.roots).ok


@pytest.mark.parametrize("asked", [True, False])
def test_without_hostnames_the_names_that_clients_ask_for_are_kept(program, world, asked):
    port = free_port()
    wildcard = world.issuing.issue_leaf([NAME, "*.contoso.test"], key=world.leaf.key, aia=[world.url])
    fewer = world.issuing.issue_leaf([NAME], key=world.leaf.key, aia=[world.url])
    file = world.chain("watched", wildcard)
    with Server(http_answer()) as backend:
        running = program.run(world.settings(), {"mail": {
            "listen": f"127.0.0.1:{port}", "certificate": file, "key": world.key,
            "backend": f"tcp://127.0.0.1:{backend.port}"}})
        eventually("the wildcard", lambda: served_chain(port, NAME)[:1] == [wildcard.sha256], also=running.report)
        if asked:
            assert served_chain(port, OTHER_NAME)
            assert served_chain(port, "nobody.fabrikam.test")
        time.sleep(1.5)
        file.write_text(fewer.pem)
        if asked:
            line = running.wait_for_fix("renewal_held")
            assert f"it does not cover {OTHER_NAME}:" in line["message"] and "fabrikam" not in line["message"]
            assert served_chain(port, NAME)[0] == wildcard.sha256
        else:
            eventually("the renewed one", lambda: served_chain(port, NAME)[0] == fewer.sha256, also=running.report)

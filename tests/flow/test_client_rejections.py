"""Counts the alerts by which clients reject a certificate: early and late, lost ones, and before and after a change."""

import datetime
import json
import signal
import time
import urllib.request

import pytest

from alert_clients import LateClient, client_hello, connect, shakes, vanish
from clients import curl, gnutls_cli, has_java, java, s_client, served_chain
from conftest import NAME
from pki import NOW, Authority, chain_pem
from program import eventually, free_port
from revocation import crl_pem, make_crl, write_crl
from tls_servers import Server

ALERTS = {"bad_certificate": 42, "unsupported_certificate": 43, "certificate_revoked": 44, "certificate_expired": 45,
          "certificate_unknown": 46, "unknown_ca": 48}


def site(world, port, backend_port, **more):
    return {"mail": {"listen": f"127.0.0.1:{port}", "hostnames": NAME, "certificate": world.complete,
                     "key": world.key, "backend": f"tcp://127.0.0.1:{backend_port}", **more}}


@pytest.fixture
def other_roots(tmp_path):
    """A trust store that knows nobody here."""
    roots, _ = Authority.root("Nobody's Root").write(tmp_path, "nobody")
    return roots


def rejections(line):
    (one,) = line["rejections"]
    return one


def settled(running, port, condition):
    """A worker tells the first of a kind at once and the rest a second later, and a finding is told once a minute: so
    one late alert after the other asks for the present numbers, until they are what they should be."""
    others = iter([alert for alert in ALERTS if not any(line.get("name") == alert for line in running.fixes())])
    for alert in others:
        LateClient().reject(port, NAME, ALERTS[alert])
        line = wait_for_alert(running, alert)
        if condition(rejections(line)):
            return line
        time.sleep(1)
    raise AssertionError(running.report())


def wait_for_alert(running, alert, **more):
    line = running.wait_for_fix("client_rejected", name=alert, site="mail", **more)
    assert line["severity"] == "warning"
    assert alert in line["message"]
    return line


def test_openssl_and_gnutls_and_curl_say_unknown_ca_or_bad_certificate(program, world, other_roots):
    port = free_port()
    with Server() as backend:
        running = program.run(world.settings(), site(world, port, backend.port))
        assert not s_client(port, NAME, other_roots).ok
        line = wait_for_alert(running, "unknown_ca")
        assert (line["count"], line["count_error"]) == (1, 0)
        present = rejections(line)["present"]
        assert present["rejected"] == present["handshakes"] == 1
        assert present["alerts"] == {"unknown_ca": 1}
        assert present["networks"] == 1
        assert present["names"] == [{"name": NAME, "count": 1, "error": 0}]
        assert [one["sha256"] for one in present["chain"]] == world.mended
        assert "former" not in rejections(line)
        assert not curl(port, NAME, other_roots).ok
        assert not gnutls_cli(port, NAME, other_roots).ok
        wait_for_alert(running, "bad_certificate")  # GnuTLS has one word for all of it


def test_an_older_protocol_has_the_same_alerts(program, world, other_roots):
    port = free_port()
    with Server() as backend:
        running = program.run(world.settings(), site(world, port, backend.port))
        assert not s_client(port, NAME, other_roots, "-tls1_2").ok
        assert rejections(wait_for_alert(running, "unknown_ca"))["present"]["handshakes"] == 1


@pytest.mark.skipif(not has_java(), reason="no java here")
def test_java_says_certificate_unknown(program, world, other_roots, tmp_path):
    port = free_port()
    with Server() as backend:
        running = program.run(world.settings(), site(world, port, backend.port))
        assert not java(tmp_path, port, NAME, other_roots).ok
        wait_for_alert(running, "certificate_unknown")


def test_an_expired_leaf_and_one_for_another_purpose(program, world, tmp_path):
    ports = free_port(), free_port()
    day = datetime.timedelta(days=1)
    leaves = (world.issuing.issue_leaf([NAME], not_before=NOW - 9 * day, not_after=NOW - day),
              world.issuing.issue_leaf([NAME], purpose="client"))
    with Server() as backend:
        sites = {}
        for name, port, leaf in zip(("expired", "purpose"), ports, leaves):
            path = tmp_path / f"{name}.pem"
            path.write_text(chain_pem(leaf, world.issuing) + leaf.key_pem)
            sites[name] = {"listen": f"127.0.0.1:{port}", "certificate": path,
                           "backend": f"tcp://127.0.0.1:{backend.port}"}
        running = program.run(world.settings(), sites)
        for port in ports:
            assert not s_client(port, NAME, world.roots, "-purpose", "sslserver").ok
        running.wait_for_fix("client_rejected", name="certificate_expired", site="expired")
        running.wait_for_fix("client_rejected", name="unsupported_certificate", site="purpose")


@pytest.mark.parametrize("alert", ALERTS)
def test_a_client_that_verifies_late_is_counted_like_any(program, world, alert):
    port = free_port()
    with Server() as backend:
        running = program.run(world.settings(), site(world, port, backend.port))
        LateClient().reject(port, NAME, ALERTS[alert])
        present = rejections(wait_for_alert(running, alert))["present"]
    assert (present["rejected"], present["late"], present["handshakes"]) == (1, 1, 1)
    assert present["alerts"] == {alert: 1}


def test_an_alert_about_something_else_is_no_rejection(program, world):
    port = free_port()
    with Server() as backend:
        running = program.run(world.settings(), site(world, port, backend.port))
        LateClient().reject(port, NAME, 80)  # internal_error
        running.wait_for_words("internal error")
        LateClient().reject(port, NAME, 48)
        present = rejections(wait_for_alert(running, "unknown_ca"))["present"]
    assert present["alerts"] == {"unknown_ca": 1}
    assert (present["rejected"], present["handshakes"]) == (1, 2)


def test_who_vanishes_is_suspected_and_no_more(program, world):
    port = free_port()
    with Server() as backend:
        running = program.run(world.settings(), site(world, port, backend.port))
        for _ in range(3):
            vanish(port, NAME)
        vanish(port, NAME, after_flight=False)
        with connect(port):
            pass
        with connect(port) as sock:  # a reset
            sock.sendall(client_hello(NAME))
            sock.recv(1)  # and leaves the rest unread
        assert shakes(port, NAME, world.roots)
        assert [line for line in running.fixes() if line["code"] == "client_rejected"] == []
        line = settled(running, port, lambda one: one["present"]["suspected"] == 4)
        present = rejections(line)["present"]
        assert present["rejected"] == present["late"] == sum(present["alerts"].values())
        assert present["handshakes"] == 1 + present["rejected"]


def test_before_and_after_a_change_stand_side_by_side(program, world):
    """The leaf alone, which its clients reject; then the cache learns the intermediate, and they accept."""
    port = free_port()
    with Server() as backend:
        running = program.run(world.settings(fetch="off"),
                              site(world, port, backend.port, certificate=world.leaf_alone))
        for _ in range(5):
            assert not shakes(port, NAME, world.roots)
        wait_for_alert(running, "unknown_ca")
        issuing = world.chain("issuing", world.issuing)
        assert program.command("cache", "import", issuing, "--cache", world.cache).returncode == 0
        running.signal(signal.SIGHUP)
        eventually("the chain is mended", lambda: served_chain(port, NAME) == world.mended, also=running.report)
        for _ in range(7):
            assert shakes(port, NAME, world.roots)
        line = settled(running, port, lambda one: one["former"]["rejected"] == 5)
    one = rejections(line)
    assert one["verdict"] == "steady"
    former, present = one["former"], one["present"]
    assert [part["sha256"] for part in former["chain"]] == [world.leaf.sha256]
    assert [part["sha256"] for part in present["chain"]] == world.mended
    assert former["handshakes"] == 5
    assert present["rejected"] == present["late"]
    assert present["handshakes"] >= 7 + present["rejected"]  # those that looked at the chain too
    assert present["generation"] == former["generation"] + 1
    assert "5 of 5 handshakes were rejected" in line["message"]
    assert f"{present['rejected']} of {present['handshakes']} handshakes were rejected" in line["message"]


HOME_NETWORKS = [f"127.0.{net}.1" for net in range(1, 31)]  # a /24 each: each counts as another client


class Worse:
    """Two audiences: the chain by the cross-sign serves only the second; a change of `roots` makes chainmend take it.

    The clients are of the first audience: to them the new chain is broken.
    """

    def __init__(self, world, folder):
        self.new_root = Authority.root("Fabrikam Root")
        self.cross = self.new_root.issue_authority("Contoso Issuing CA", key=world.issuing.key)
        self.new_roots, _ = self.new_root.write(folder, "fabrikam")
        self.chain = world.chain("both", world.leaf, world.issuing, self.cross)
        self.bad = [world.leaf.sha256, self.cross.sha256]


def start_rollback(program, world, tmp_path, port, backend, admin="off", **more):
    worse = Worse(world, tmp_path)
    sites = site(world, port, backend.port, certificate=worse.chain, **more)
    running = program.run(world.settings(fetch="off", admin=admin), sites)
    assert served_chain(port, NAME) == world.mended
    for _ in range(60):
        assert shakes(port, NAME, world.roots)
    config = program.folder / "chainmend-1.ini"
    config.write_text(config.read_text().replace(f"roots = demo={world.roots}", f"roots = demo={worse.new_roots}"))
    running.signal(signal.SIGHUP)
    eventually("the other chain goes out", lambda: served_chain(port, NAME) == worse.bad, also=running.report)
    return running, worse


def told(running, **fields):
    return [line for line in running.fixes()
            if line["code"] == "client_rejected" and "name" not in line
            and all(line.get(key) == value for key, value in fields.items())]


def test_rejections_from_many_networks_bring_the_former_chain_back(program, world, tmp_path):
    port = free_port()
    with Server() as backend:
        admin = f"127.0.0.1:{free_port()}"
        running, worse = start_rollback(program, world, tmp_path, port, backend, admin, rollback="on")
        for source in HOME_NETWORKS:
            shakes(port, NAME, world.roots, source)
        eventually("the former chain is back", lambda: served_chain(port, NAME) == world.mended, also=running.report)
        (line,) = eventually("it is told", lambda: told(running, action="replaced"), also=running.report)
        assert "withdrawn" in line["message"] and "until an operator decides" in line["message"]
        assert "SIGHUP" in line["advice"]
        assert [one["sha256"] for one in line["before"]] == worse.bad
        assert [one["sha256"] for one in line["after"]] == world.mended
        assert line["applied"] is True
        one = rejections(line)
        assert one["verdict"] == "rolled_back"
        assert one["former"]["networks"] >= 20
        assert [part["sha256"] for part in one["former"]["chain"]] == worse.bad

        with urllib.request.urlopen(f"http://{admin}/api/status", timeout=30) as answer:
            (chain,) = json.load(answer)["sites"][0]["chains"]
        assert chain["goes_out"] == "former"

        # A file that changes is nobody's decision: the chain that was withdrawn stays so.
        before = len(running.stderr)
        worse.chain.write_text(worse.chain.read_text() + "\n")
        running.wait_for_words("a certificate or key file has changed", before)
        assert served_chain(port, NAME) == world.mended
        assert told(running, event="resolved") == []

        # A repair is not applied as long as its chain is withdrawn.
        assert running.wait_for_fix("better_path", applied=False)["after"] == line["before"]

        # Nor is a reload that fails one: a configuration that is wrong changes nothing.
        config = program.folder / "chainmend-1.ini"
        right = config.read_text()
        config.write_text(right + "rubbish = 1\n")
        before = len(running.stderr)
        running.signal(signal.SIGHUP)
        running.wait_for_words("nothing of it is taken over", before)
        assert served_chain(port, NAME) == world.mended
        config.write_text(right)

        # An operator's reload is one.
        running.signal(signal.SIGHUP)
        eventually("it goes out again", lambda: served_chain(port, NAME) == worse.bad, also=running.report)
        eventually("it is resolved", lambda: told(running, event="resolved"), also=running.report)


def test_a_revoked_chain_never_comes_back(program, world, tmp_path):
    """A new CRL has another way go out, which clients of one root alone reject: what was left stays left."""
    worse = Worse(world, tmp_path)
    both = world.chain("both-roots", world.root, worse.new_root)
    crl = write_crl(tmp_path / "root.crl", make_crl(world.root), make_crl(worse.new_root))
    program.command("cache", "import", world.chain("cross", worse.cross), "--cache", world.cache)
    port = free_port()
    with Server() as backend:
        settings = {**world.settings(fetch="off"), "roots": f"demo={both}", "crl": [crl]}
        running = program.run(settings, site(world, port, backend.port, rollback="on"))
        assert served_chain(port, NAME) == world.mended
        for _ in range(60):
            assert shakes(port, NAME, world.roots)
        beside = crl.with_suffix(".new")
        beside.write_text(crl_pem(make_crl(world.root, [world.issuing]), make_crl(worse.new_root)))
        beside.replace(crl)
        eventually("the other chain goes out", lambda: served_chain(port, NAME) == worse.bad, also=running.report)
        for source in HOME_NETWORKS:
            shakes(port, NAME, world.roots, source)
        running.wait_for_words("a certificate of the former one is revoked: the new one stays")
        assert served_chain(port, NAME) == worse.bad
        assert [line["action"] for line in told(running)] == ["none"]


def test_without_rollback_it_is_told_and_nothing_is_changed(program, world, tmp_path):
    port = free_port()
    with Server() as backend:
        running, worse = start_rollback(program, world, tmp_path, port, backend)
        for source in HOME_NETWORKS:
            shakes(port, NAME, world.roots, source)
        (line,) = eventually("it is told", lambda: told(running), also=running.report)
        assert (line["severity"], line["action"]) == ("warning", "none")
        assert "More clients reject" in line["message"]
        assert rejections(line)["verdict"] == "risen"
        assert "rollback" in line["advice"]
        assert served_chain(port, NAME) == worse.bad


@pytest.mark.parametrize("sources", [["127.0.0.1"], [f"127.0.7.{host}" for host in range(1, 61)],
                                     ["127.0.0.1", "127.0.2.1"], HOME_NETWORKS[:15]],
                         ids=["one address", "one network", "two networks", "fifteen networks"])
def test_a_few_networks_never_force_the_former_chain_back(program, world, tmp_path, sources):
    port = free_port()
    with Server() as backend:
        running, worse = start_rollback(program, world, tmp_path, port, backend, rollback="on")
        for number in range(90):
            shakes(port, NAME, world.roots, sources[number % len(sources)])
        line = settled(running, port, lambda one: one["present"]["rejected"] >= 90)
        assert rejections(line)["verdict"] == ("risen" if len(sources) == 15 else "steady")
        assert [one for one in told(running) if one["action"] != "none"] == []
        assert served_chain(port, NAME) == worse.bad

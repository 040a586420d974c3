"""`certificate = backend`: chainmend holds the key and takes the leaf that the backend serves."""

import datetime
import signal
import time

import pytest
from aia_server import body, status
from clients import curl, served_chain
from conftest import NAME
from pki import DAY, NOW, Authority
from program import configuration, eventually, free_port
from tls_servers import TlsServer, http_answer


def site(world, port, backend_port, **more):
    return {"mail": {"listen": f"127.0.0.1:{port}", "hostnames": NAME, "certificate": "backend", "key": world.key,
                     "backend": f"tls://127.0.0.1:{backend_port}", "backend_name": NAME, "backend_verify": "mend",
                     **more}}


def wait_for_chain(running, port, hashes):
    eventually("the chain", lambda: served_chain(port, NAME) == hashes, also=running.report)


def wait_for_leaf(running, port, leaf):
    eventually("the leaf", lambda: served_chain(port, NAME)[:1] == [leaf.sha256], also=running.report)


def test_the_leaf_is_taken_from_the_backend_and_its_chain_mended(program, world):
    port = free_port()
    with TlsServer(world.leaf_alone, world.key, http_answer()) as backend:
        assert curl(backend.port, NAME, world.roots).status == 60
        running = program.run(world.settings(), site(world, port, backend.port))
        eventually("curl is content", lambda: curl(port, NAME, world.roots).ok, also=running.report)
        assert served_chain(port, NAME) == world.mended
        fix = running.wait_for_fix("missing_intermediate", subject_of="certificate")
    assert [one["sha256"].replace(":", "").lower() for one in fix["before"]] == [world.leaf.sha256]
    assert [one["sha256"].replace(":", "").lower() for one in fix["after"]] == world.mended


def test_a_renewed_leaf_of_the_same_key_is_followed(program, world):
    port = free_port()
    with TlsServer(world.leaf_alone, world.key, http_answer()) as backend:
        running = program.run(world.settings(), site(world, port, backend.port, probe_interval="1s"))
        wait_for_chain(running, port, world.mended)
        renewed = world.issuing.issue_leaf([NAME], key=world.leaf.key, aia=[world.url])
        backend.use(world.chain("renewed", renewed), world.key)
        wait_for_chain(running, port, [renewed.sha256, world.issuing.sha256])


def test_a_leaf_of_another_key_is_not_followed_and_told(program, world):
    port = free_port()
    with TlsServer(world.leaf_alone, world.key, http_answer()) as backend:
        running = program.run(world.settings(), site(world, port, backend.port, probe_interval="1s"))
        wait_for_chain(running, port, world.mended)
        other = world.issuing.issue_leaf([NAME], aia=[world.url])
        chain, key = other.write(world.folder, "other")
        backend.use(chain, key)
        running.wait_for_fix("key_mismatch")
        assert served_chain(port, NAME) == world.mended


def test_a_backend_that_comes_later_is_waited_for(program, world):
    port, backend_port = free_port(), free_port()
    running = program.run(world.settings(), site(world, port, backend_port, probe_interval="1s"))
    assert not curl(port, NAME, world.roots).ok
    with TlsServer(world.leaf_alone, world.key, http_answer(), port=backend_port):
        eventually("curl is content", lambda: curl(port, NAME, world.roots).ok, also=running.report)


def test_the_word_needs_a_key_and_a_tls_backend(program, world):
    sites = site(world, free_port(), 1)
    del sites["mail"]["key"]
    result = program.command("run", "-c", program.write(world.settings(), sites))
    assert result.returncode == 1, result
    assert "key" in result.stderr
    sites = site(world, free_port(), 1, backend="tcp://127.0.0.1:1")
    result = program.command("run", "-c", program.write(world.settings(), sites))
    assert result.returncode == 1, result
    assert "backend" in result.stderr


def test_a_renewed_leaf_that_cannot_be_followed_to_a_root_waits_until_it_can(program, world):
    """Clients accept the former leaf and would refuse the new one alone: the former one goes on."""
    port = free_port()
    other = world.root.issue_authority("Contoso Second CA")
    renewed = other.issue_leaf([NAME], key=world.leaf.key, aia=[world.aia.url("/second.cer")])
    world.aia.route("/second.cer", status(503))
    with TlsServer(world.leaf_alone, world.key, http_answer()) as backend:
        running = program.run(world.settings(), site(world, port, backend.port, probe_interval="1s"))
        wait_for_chain(running, port, world.mended)
        backend.use(world.chain("renewed", renewed), world.key)
        assert "it is refused by clients that trust" in running.wait_for_fix("renewal_held")["message"]
        assert served_chain(port, NAME) == world.mended
        world.key.write_text(world.key.read_text() + "\n")
        running.wait_for_words("file has changed: done")
        assert served_chain(port, NAME) == world.mended, "a reload that comes by itself forgets nothing"
        world.aia.route("/second.cer", body(other.der))
        running.signal(signal.SIGHUP)
        wait_for_chain(running, port, [renewed.sha256, other.sha256])


def test_an_expired_leaf_does_not_take_the_place_of_a_good_one(program, world):
    port = free_port()
    expired = world.issuing.issue_leaf([NAME], key=world.leaf.key, not_before=NOW - 60 * DAY, not_after=NOW - DAY)
    with TlsServer(world.leaf_alone, world.key, http_answer()) as backend:
        running = program.run(world.settings(), site(world, port, backend.port, probe_interval="1s"))
        wait_for_chain(running, port, world.mended)
        backend.use(world.chain("expired", expired, world.issuing), world.key)
        running.wait_for_fix("leaf_expired", subject_of="backend")
        running.wait_for_fix("renewal_held", subject_of="certificate", severity="warning")
        assert served_chain(port, NAME) == world.mended


def test_a_leaf_that_serves_fewer_audiences_is_not_published_and_that_is_told(program, world):
    """Two stores accept today's leaf, by a cross-sign. A renewed one, by another authority, would serve one of them."""
    port = free_port()
    fabrikam = Authority.root("Fabrikam Root CA")
    cross = fabrikam.issue_authority("Contoso Issuing CA", key=world.issuing.key)
    fabrikam_roots, _ = fabrikam.write(world.folder, "fabrikam")
    root_cross = fabrikam.issue_authority("Contoso Root CA", key=world.root.key)
    other = world.root.issue_authority("Contoso Second CA")
    renewed = other.issue_leaf([NAME], key=world.leaf.key)
    both = world.chain("both", world.leaf, world.issuing, root_cross, cross)
    settings = world.settings(roots=[f"contoso={world.roots}", f"fabrikam={fabrikam_roots}"], fetch="off")
    with TlsServer(both, world.key, http_answer()) as backend:
        running = program.run(settings, site(world, port, backend.port, probe_interval="1s"))
        wait_for_leaf(running, port, world.leaf)
        chain = served_chain(port, NAME)
        assert curl(port, NAME, world.roots).ok and curl(port, NAME, fabrikam_roots).ok
        backend.use(world.chain("renewed", renewed, other), world.key)
        line = running.wait_for_fix("renewal_held", subject_of="certificate", event="appeared")
        assert "clients that trust fabrikam" in line["message"] and "not served" in line["message"]
        assert (line["severity"], line["certificate"]["sha256"]) == ("warning", renewed.sha256)
        assert "cache import" in line["advice"]
        assert served_chain(port, NAME) == chain

        # A store that a reload takes away is no loss: the renewed leaf is for all that are left.
        config = program.folder / "chainmend-1.ini"
        config.write_text(config.read_text().replace(f"roots = fabrikam={fabrikam_roots}\n", ""))
        running.signal(signal.SIGHUP)
        wait_for_chain(running, port, [renewed.sha256, other.sha256])
        running.wait_for_fix("renewal_held", subject_of="certificate", event="resolved")


def test_a_renewed_leaf_without_a_name_that_clients_use_is_not_published(program, world):
    port = free_port()
    other_name = "autodiscover.contoso.test"
    leaf = world.issuing.issue_leaf([NAME, other_name], key=world.leaf.key)
    renewed = world.issuing.issue_leaf([NAME], key=world.leaf.key)
    with TlsServer(world.chain("two", leaf, world.issuing), world.key, http_answer()) as backend:
        running = program.run(world.settings(), site(world, port, backend.port, probe_interval="1s",
                                                     hostnames=[NAME, other_name]))
        wait_for_leaf(running, port, leaf)
        backend.use(world.chain("renewed", renewed, world.issuing), world.key)
        line = running.wait_for_fix("renewal_held", subject_of="certificate")
        assert other_name in line["message"]
        assert served_chain(port, other_name) == [leaf.sha256, world.issuing.sha256]


def renewed_pair(world):
    """A leaf with another key: it, its chain, its key, and a copy of the former key, which the key file may lose."""
    renewed = world.issuing.issue_leaf([NAME], aia=[world.url])
    chain, key = renewed.write(world.folder, "renewed")
    old_key = world.folder / "old.key"
    old_key.write_text(world.key.read_text())
    return renewed, chain, key, old_key


def reload_by_itself(running, path, text):
    done = running.stderr.count("file has changed: done")
    path.write_text(text)
    eventually("the reload", lambda: running.stderr.count("file has changed: done") > done, also=running.report)


@pytest.mark.parametrize("sighups", [0, 2])
def test_the_key_file_is_replaced_before_the_backend_switches(program, world, sighups):
    port = free_port()
    renewed, chain, key, old_key = renewed_pair(world)
    with TlsServer(world.leaf_alone, old_key, http_answer()) as backend:
        running = program.run(world.settings(), site(world, port, backend.port))
        wait_for_chain(running, port, world.mended)
        reload_by_itself(running, world.key, key.read_text())
        for number in range(sighups):
            running.signal(signal.SIGHUP)
            eventually("the reload", lambda: running.stderr.count("SIGHUP: done") > number, also=running.report)
        line = running.wait_for_fix("key_mismatch", event="appeared")
        assert line["severity"] == "warning" and "in memory alone" in line["message"]
        for _ in range(3):
            assert served_chain(port, NAME) == world.mended
            assert curl(port, NAME, world.roots).ok
        backend.use(chain, key)
        # probe_interval is an hour.
        wait_for_chain(running, port, [renewed.sha256, world.issuing.sha256])
        running.wait_for_fix("key_mismatch", event="resolved")


def test_the_backend_switches_before_the_key_file_is_replaced(program, world):
    port = free_port()
    renewed, chain, key, old_key = renewed_pair(world)
    with TlsServer(world.leaf_alone, old_key, http_answer()) as backend:
        running = program.run(world.settings(), site(world, port, backend.port, probe_interval="1s"))
        wait_for_chain(running, port, world.mended)
        backend.use(chain, key)
        line = running.wait_for_fix("key_mismatch", event="appeared")
        assert line["severity"] == "error" and renewed.certificate.serial_number == int(
            line["message"].split("serial number ")[1].split(")")[0], 16)
        assert served_chain(port, NAME) == world.mended
        reload_by_itself(running, world.key, key.read_text())
        wait_for_chain(running, port, [renewed.sha256, world.issuing.sha256])
        running.wait_for_fix("key_mismatch", event="resolved")


def test_the_backend_is_down_while_the_key_file_is_replaced(program, world):
    port, backend_port = free_port(), free_port()
    renewed, chain, key, old_key = renewed_pair(world)
    with TlsServer(world.leaf_alone, old_key, http_answer(), port=backend_port):
        running = program.run(world.settings(), site(world, port, backend_port))
        wait_for_chain(running, port, world.mended)
    reload_by_itself(running, world.key, key.read_text())
    running.wait_for_fix("backend_unreachable", event="appeared")
    assert served_chain(port, NAME) == world.mended
    with TlsServer(chain, key, http_answer(), port=backend_port):
        wait_for_chain(running, port, [renewed.sha256, world.issuing.sha256])


def test_the_backend_switches_back(program, world):
    """To a leaf whose key is in no file any more: what was served last goes on."""
    port = free_port()
    renewed, chain, key, old_key = renewed_pair(world)
    with TlsServer(world.leaf_alone, old_key, http_answer()) as backend:
        running = program.run(world.settings(), site(world, port, backend.port, probe_interval="1s"))
        wait_for_chain(running, port, world.mended)
        backend.use(chain, key)
        reload_by_itself(running, world.key, key.read_text())
        wait_for_leaf(running, port, renewed)
        backend.use(world.leaf_alone, old_key)
        running.wait_for_fix("backend_certificate_differs", event="appeared", subject_of="backend")
        assert served_chain(port, NAME) == [renewed.sha256, world.issuing.sha256]
        backend.use(chain, key)
        running.wait_for_fix("backend_certificate_differs", event="resolved", subject_of="backend")


def test_each_of_several_keys_is_good(program, world):
    port = free_port()
    renewed, chain, key, _ = renewed_pair(world)
    with TlsServer(world.leaf_alone, world.key, http_answer()) as backend:
        running = program.run(world.settings(), site(world, port, backend.port, probe_interval="1s",
                                                     key=[world.key, key]))
        wait_for_chain(running, port, world.mended)
        backend.use(chain, key)
        wait_for_leaf(running, port, renewed)
        backend.use(world.leaf_alone, world.key)
        wait_for_chain(running, port, world.mended)
        assert "key_mismatch" not in {line["code"] for line in running.fixes()}


def test_a_former_leaf_that_expires_while_it_waits_goes_on(program, world):
    """Nothing else is there; the pair that fits later takes its place at once."""
    port = free_port()
    ends = int(time.time()) + 8
    brief = world.issuing.issue_leaf([NAME], key=world.leaf.key, aia=[world.url],
                                     not_after=datetime.datetime.utcfromtimestamp(ends))
    renewed, chain, key, old_key = renewed_pair(world)
    with TlsServer(world.chain("brief", brief), old_key, http_answer()) as backend:
        running = program.run(world.settings(), site(world, port, backend.port))
        wait_for_leaf(running, port, brief)
        reload_by_itself(running, world.key, key.read_text())
        running.wait_for_fix("leaf_expired", subject_of="certificate")
        assert time.time() > ends and served_chain(port, NAME)[0] == brief.sha256
        backend.use(chain, key)
        eventually("the renewed leaf", lambda: served_chain(port, NAME)[0] == renewed.sha256, 60, running.report)


def test_a_site_that_had_files_serves_their_certificate_until_the_backend_is_seen(program, world):
    port, backend_port = free_port(), free_port()
    renewed = world.issuing.issue_leaf([NAME], key=world.leaf.key, aia=[world.url])
    running = program.run(world.settings(), site(world, port, backend_port, certificate=world.leaf_alone))
    wait_for_chain(running, port, world.mended)
    (path,) = program.folder.glob("chainmend-*.ini")
    path.write_text(configuration(world.settings(), site(world, port, backend_port)))
    running.signal(signal.SIGHUP)
    running.wait_for_words("reload: SIGHUP: done")
    running.wait_for_fix("backend_unreachable")
    assert served_chain(port, NAME) == world.mended
    with TlsServer(world.chain("renewed", renewed), world.key, http_answer(), port=backend_port):
        wait_for_chain(running, port, [renewed.sha256, world.issuing.sha256])

"""`certificate = backend`: chainmend holds the key and takes the leaf that the backend serves."""

import signal

from aia_server import body, status
from clients import curl, served_chain
from conftest import NAME
from pki import DAY, NOW, Authority
from program import eventually, free_port
from tls_servers import TlsServer, http_answer


def site(world, port, backend_port, **more):
    return {"mail": {"listen": f"127.0.0.1:{port}", "hostnames": NAME, "certificate": "backend", "key": world.key,
                     "backend": f"tls://127.0.0.1:{backend_port}", "backend_name": NAME, "backend_verify": "mend",
                     **more}}


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
        eventually("the first leaf", lambda: served_chain(port, NAME) == world.mended, also=running.report)
        renewed = world.issuing.issue_leaf([NAME], key=world.leaf.key, aia=[world.url])
        backend.use(world.chain("renewed", renewed), world.key)
        eventually("the renewed leaf", lambda: served_chain(port, NAME) == [renewed.sha256, world.issuing.sha256],
                   also=running.report)


def test_a_leaf_of_another_key_is_not_followed_and_told(program, world):
    port = free_port()
    with TlsServer(world.leaf_alone, world.key, http_answer()) as backend:
        running = program.run(world.settings(), site(world, port, backend.port, probe_interval="1s"))
        eventually("the first leaf", lambda: served_chain(port, NAME) == world.mended, also=running.report)
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
        eventually("the first leaf", lambda: served_chain(port, NAME) == world.mended, also=running.report)
        backend.use(world.chain("renewed", renewed), world.key)
        running.wait_for_words("accept what is served at present")
        assert served_chain(port, NAME) == world.mended
        running.signal(signal.SIGHUP)
        running.wait_for_words("reload: SIGHUP: done")
        assert served_chain(port, NAME) == world.mended, "a reload forgets nothing"
        world.aia.route("/second.cer", body(other.der))
        running.signal(signal.SIGHUP)
        eventually("the renewed leaf", lambda: served_chain(port, NAME) == [renewed.sha256, other.sha256],
                   also=running.report)


def test_an_expired_leaf_does_not_take_the_place_of_a_good_one(program, world):
    port = free_port()
    expired = world.issuing.issue_leaf([NAME], key=world.leaf.key, not_before=NOW - 60 * DAY, not_after=NOW - DAY)
    with TlsServer(world.leaf_alone, world.key, http_answer()) as backend:
        running = program.run(world.settings(), site(world, port, backend.port, probe_interval="1s"))
        eventually("the first leaf", lambda: served_chain(port, NAME) == world.mended, also=running.report)
        backend.use(world.chain("expired", expired, world.issuing), world.key)
        running.wait_for_fix("leaf_expired", subject_of="certificate")
        running.wait_for_words("accept what is served at present")
        running.wait_for_fix("backend_certificate_differs", subject_of="certificate", severity="warning")
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
        eventually("today's leaf", lambda: served_chain(port, NAME)[:1] == [world.leaf.sha256], also=running.report)
        chain = served_chain(port, NAME)
        assert curl(port, NAME, world.roots).ok and curl(port, NAME, fabrikam_roots).ok
        backend.use(world.chain("renewed", renewed, other), world.key)
        line = running.wait_for_fix("backend_certificate_differs", subject_of="certificate", event="appeared")
        assert "clients that trust fabrikam" in line["message"] and "not served" in line["message"]
        assert (line["severity"], line["certificate"]["sha256"]) == ("warning", renewed.sha256)
        assert "cache import" in line["advice"]
        assert served_chain(port, NAME) == chain

        # A store that a reload takes away is no loss: the renewed leaf is for all that are left.
        config = program.folder / "chainmend-1.ini"
        config.write_text(config.read_text().replace(f"roots = fabrikam={fabrikam_roots}\n", ""))
        running.signal(signal.SIGHUP)
        eventually("the renewed leaf", lambda: served_chain(port, NAME) == [renewed.sha256, other.sha256],
                   also=running.report)
        running.wait_for_fix("backend_certificate_differs", subject_of="certificate", event="resolved")


def test_a_renewed_leaf_without_a_name_that_clients_use_is_not_published(program, world):
    port = free_port()
    other_name = "autodiscover.contoso.test"
    leaf = world.issuing.issue_leaf([NAME, other_name], key=world.leaf.key)
    renewed = world.issuing.issue_leaf([NAME], key=world.leaf.key)
    with TlsServer(world.chain("two", leaf, world.issuing), world.key, http_answer()) as backend:
        running = program.run(world.settings(), site(world, port, backend.port, probe_interval="1s",
                                                     hostnames=[NAME, other_name]))
        eventually("today's leaf", lambda: served_chain(port, NAME)[:1] == [leaf.sha256], also=running.report)
        backend.use(world.chain("renewed", renewed, world.issuing), world.key)
        line = running.wait_for_fix("backend_certificate_differs", subject_of="certificate")
        assert other_name in line["message"]
        assert served_chain(port, other_name) == [leaf.sha256, world.issuing.sha256]

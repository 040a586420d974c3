"""The name that a backend is asked for, and that its certificate must cover."""

import pytest
from clients import curl
from conftest import NAME
from program import eventually, free_port
from tls_servers import TlsServer, http_answer
from web_servers import apache

OTHER = "shop.contoso.test"


@pytest.fixture
def pair(world):
    """The certificate of a site with two names."""
    leaf = world.issuing.issue_leaf([NAME, OTHER])
    return world.chain("pair", leaf, world.issuing), leaf.write(world.folder, "pair-leaf")[1]


def leaf_for(world, name):
    leaf = world.issuing.issue_leaf([name])
    return world.chain(f"{name}-chain", leaf, world.issuing), leaf.write(world.folder, name)[1]


def site(world, port, backend_port, **more):
    return {"mail": {"listen": f"127.0.0.1:{port}", "certificate": world.complete, "key": world.key,
                     "backend": f"tls://127.0.0.1:{backend_port}", **more}}


def fetches(port, world, name=NAME, *more):
    return curl(port, name, world.roots, *more)


def test_virtual_hosts_of_apache_each_get_their_name(program, world, pair):
    port, (certificate, key) = free_port(), pair
    hosts = [(name, *leaf_for(world, name)) for name in (NAME, OTHER)]
    with apache(world.folder, hosts) as backend:
        running = program.run(world.settings(), site(world, port, backend, certificate=certificate, key=key,
                                                     hostnames=f"{NAME}, {OTHER}", backend_name="client"))
        for name in (NAME, OTHER, NAME):
            answer = fetches(port, world, name, "--fail")
            assert answer.ok and answer.stdout.strip() == name, f"{answer}\n{running.report()}"


def test_with_client_the_certificate_is_checked_against_that_name(program, world, pair):
    port, (certificate, key) = free_port(), pair
    with TlsServer(*leaf_for(world, NAME), http_answer()) as backend:
        running = program.run(world.settings(), site(world, port, backend.port, certificate=certificate, key=key,
                                                     hostnames=f"{NAME}, {OTHER}", backend_name="client"))
        for _ in range(2):  # a verdict for one name is none for another
            assert fetches(port, world).ok, running.report()
            assert not fetches(port, world, OTHER).ok
        running.wait_for_words(f"its certificate does not cover {OTHER}")
        mismatch = running.wait_for_fix("backend_name_mismatch", subject_of="backend")
        assert OTHER in mismatch["message"]


@pytest.mark.parametrize("asked", ["unknown.test", None], ids=["a stranger's name", "no name"])
def test_with_client_a_name_that_is_not_the_sites_becomes_the_first(program, world, asked):
    port = free_port()
    with TlsServer(world.complete, world.key, http_answer()) as backend:
        running = program.run(world.settings(), site(world, port, backend.port, hostnames=NAME, backend_name="client"))
        running.wait_for_words("complete")
        address = f"https://{asked}:{port}/" if asked else f"https://127.0.0.1:{port}/"
        resolve = ("--resolve", f"{asked}:{port}:127.0.0.1") if asked else ()
        assert eventually("it is answered",
                          lambda: fetches(port, world, NAME, "--insecure", *resolve, "--url", address).ok,
                          also=running.report)
        assert set(backend.names) == {NAME}


def test_an_address_is_asked_for_the_first_host_name(program, world):
    port = free_port()
    with TlsServer(world.complete, world.key, http_answer()) as backend:
        running = program.run(world.settings(), site(world, port, backend.port, hostnames=f"*.wild.test, {NAME}"))
        answer = fetches(port, world)
        assert answer.ok, f"{answer}\n{running.report()}"
        assert set(backend.names) == {NAME}


def test_an_address_of_a_site_without_names_must_be_in_the_certificate(program, world):
    port = free_port()
    with TlsServer(*leaf_for(world, "127.0.0.1"), http_answer()) as backend:
        running = program.run(world.settings(), site(world, port, backend.port))
        answer = fetches(port, world)
        assert answer.ok, f"{answer}\n{running.report()}"
        assert set(backend.names) == {None}, "an address is no SNI (RFC 6066 3)"


def test_a_host_with_a_name_is_asked_for_it(program, world):
    port = free_port()
    with TlsServer(*leaf_for(world, "localhost"), http_answer()) as backend:
        running = program.run(world.settings(), site(world, port, backend.port, hostnames=NAME,
                                                     backend=f"tls://localhost:{backend.port}"))
        answer = fetches(port, world)  # the first of all: it waits for the first look-up
        assert answer.ok, f"{answer}\n{running.report()}"
        assert set(backend.names) == {"localhost"}

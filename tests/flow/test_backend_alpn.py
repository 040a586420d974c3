"""Clients are promised what the backend speaks."""

import contextlib

import pytest
from clients import curl, s_client
from conftest import NAME
from openssl_server import openssl_server
from program import eventually, free_port
from tls_servers import Server, http_answer
from web_servers import Nginx

PREFERRED = "h2, http/1.1"


def site(world, port, backend, alpn=PREFERRED, **more):
    return {"mail": {"listen": f"127.0.0.1:{port}", "hostnames": NAME, "certificate": world.complete, "key": world.key,
                     "backend": backend, "alpn": alpn, **more}}


def fetches(port, world):
    return curl(port, NAME, world.roots, "--http2", "--write-out", "%{http_version}")


def agreed(port, world, *offered):
    answer = s_client(port, NAME, world.roots, "-alpn", ",".join(offered))
    for line in answer.stdout.splitlines():
        if line.startswith("ALPN protocol: "):
            return line.removeprefix("ALPN protocol: ")
    assert "No ALPN negotiated" in answer.stdout or not answer.ok, answer
    return None if answer.ok else "refused"


def whole_file(world):
    whole = world.folder / "whole.pem"
    whole.write_text(world.complete.read_text() + world.key.read_text())
    world.issuing.write(world.folder, "issuer")
    return whole


@pytest.mark.parametrize("http2", [True, False], ids=["h2", "http/1.1"])
def test_nginx_speaks_what_the_client_is_promised(program, world, http2):
    port, backend = free_port(), Nginx(world.folder, world.complete, world.key)
    wanted = "HTTP/2.0\n2" if http2 else "HTTP/1.1\n1.1"
    with backend.speaking(http2=http2):
        running = program.run(world.settings(), site(world, port, f"tls://127.0.0.1:{backend.port}"))
        running.wait_for_words("complete")
        answer = eventually("the probe is followed", lambda: fetches(port, world).stdout == f"nginx {wanted}",
                            also=running.report)
        assert answer


def test_a_backend_that_loses_or_gains_h2_is_followed(program, world):
    port, backend = free_port(), Nginx(world.folder, world.complete, world.key)
    with contextlib.ExitStack() as stack:
        with backend.speaking(http2=True):
            running = program.run(world.settings(), site(world, port, f"tls://127.0.0.1:{backend.port}",
                                                         probe_interval="1s"))
            eventually("h2 is offered", lambda: agreed(port, world, "h2", "http/1.1") == "h2", also=running.report)
        stack.enter_context(backend.speaking(http2=False))
        eventually("h2 is not offered", lambda: fetches(port, world).stdout == "nginx HTTP/1.1\n1.1",
                   also=running.report)
        stack.close()
        with backend.speaking(http2=True):
            eventually("h2 is offered again", lambda: fetches(port, world).stdout == "nginx HTTP/2.0\n2",
                       also=running.report)


@pytest.mark.parametrize("later, words", [
    (("-alpn", "http/1.1"), "no application protocol"),
    ((), "it does not agree to the protocol that was agreed on with the client"),
], ids=["another one", "none at all"])
def test_a_broken_promise_is_told_and_looked_at_at_once(program, world, later, words):
    port, backend, whole = free_port(), free_port(), whole_file(world)
    with openssl_server(world.folder, whole, "-alpn", "h2,http/1.1", port=backend):
        running = program.run(world.settings(), site(world, port, f"tls://127.0.0.1:{backend}"))
        eventually("h2 is offered", lambda: agreed(port, world, "h2") == "h2", also=running.report)
    with openssl_server(world.folder, whole, *later, port=backend):
        assert not fetches(port, world).ok
        running.wait_for_words(words)
        # The probes are an hour apart: a connection that fails has the backend looked at.
        eventually("http/1.1 is spoken", lambda: fetches(port, world).ok, also=running.report)


def test_before_the_first_probe_nothing_is_promised_that_needs_an_agreement(program, world):
    port, dead = free_port(), free_port()
    program.run(world.settings(), site(world, port, f"tls://127.0.0.1:{dead}"))
    assert agreed(port, world, "h2", "http/1.1") == "http/1.1"
    assert agreed(port, world, "h2") == "refused"


def test_each_of_several_backends_has_to_agree(program, world):
    port, whole = free_port(), whole_file(world)
    with openssl_server(world.folder, whole, "-alpn", "h2,http/1.1") as modern, \
            openssl_server(world.folder, whole, "-alpn", "http/1.1") as old:
        running = program.run(world.settings(), site(
            world, port, f"tls://127.0.0.1:{modern}, tls://127.0.0.1:{old}"))
        for backend in (modern, old):
            running.wait_for_words(f"backend tls://127.0.0.1:{backend} serves")
        assert agreed(port, world, "h2", "http/1.1") == "http/1.1"


def test_h2_in_front_of_a_plain_backend_is_a_warning_and_not_offered(program, world):
    port = free_port()
    with Server(http_answer()) as backend:
        sites = site(world, port, f"tcp://127.0.0.1:{backend.port}")
        warning = "mail: alpn: `h2` is not offered to clients"
        checked = program.command("run", "-c", program.write(world.settings(), sites), "--check-config")
        assert checked.returncode == 0 and warning in checked.stderr, checked
        running = program.run(world.settings(), sites)
        running.wait_for_words(warning)
        answer = fetches(port, world)
        assert answer.ok and answer.stdout == "hello from the backend\n1.1", f"{answer}\n{running.report()}"


def test_protocols_of_udp_are_refused_in_words(program, world):
    for wrong, words in (("h3", "QUIC"), ("h3-29", "QUIC"), ("h2c", "write h2")):
        sites = site(world, free_port(), "tcp://127.0.0.1:9", alpn=f"{wrong}, http/1.1")
        result = program.command("run", "-c", program.write(world.settings(), sites), "--check-config")
        assert result.returncode == 1 and "alpn" in result.stderr and words in result.stderr, result

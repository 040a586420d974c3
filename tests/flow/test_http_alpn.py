"""ALPN of HTTP sites: http/1.1 is what clients get and what backends are offered, and nothing else.

Sources: RFC 7301 3.1 and 3.2 (the server selects, or refuses by no_application_protocol), RFC 9112 9.7 and IANA's name.
"""

import socket
import ssl

import pytest
from clients import python_context
from http_servers import NAME, HttpBackend, HttpSite, answer
from tls_servers import Pipe


def connect(port, roots, *protocols):
    context = python_context(roots)
    if protocols:
        context.set_alpn_protocols(list(protocols))
    return Pipe.tls_client(("127.0.0.1", port), context, NAME)


@pytest.fixture
def site(program, world):
    with HttpBackend(lambda visit, request: answer(b"here")) as backend:
        yield HttpSite(program, world, backend)


@pytest.mark.parametrize("offered,selected", [
    (["h2", "http/1.1"], "http/1.1"), (["http/1.1"], "http/1.1"), (["http/1.0", "http/1.1", "h2"], "http/1.1"),
    ([], None)])
def test_a_client_gets_http_1_1(site, offered, selected):
    with connect(site.port, site.world.roots, *offered) as pipe:
        assert pipe.tls.selected_alpn_protocol() == selected
        pipe.send(f"GET / HTTP/1.1\r\nHost: {NAME}\r\nConnection: close\r\n\r\n".encode())
        assert pipe.receive_all().endswith(b"here")


def test_a_client_that_speaks_http_2_alone_is_told_so(site):
    with pytest.raises((ssl.SSLError, socket.error)) as refusal:
        connect(site.port, site.world.roots, "h2")
    assert "no application protocol" in str(refusal.value).lower().replace("_", " ")


@pytest.mark.parametrize("spoken,selected", [
    (["h2", "http/1.1"], "http/1.1"), (["http/1.1"], "http/1.1"), (["h2"], None), ([], None)])
def test_a_backend_is_offered_http_1_1(program, world, spoken, selected):
    """Whatever it prefers: what it saw is what was selected of its own list. One without ALPN is spoken to as well."""
    seen = []

    def respond(visit, request):
        seen.append(visit.pipe.tls.selected_alpn_protocol())
        return answer(b"here")
    with HttpBackend(respond, (world.complete, world.key)) as backend:
        if spoken:
            backend.server._context.set_alpn_protocols(spoken)
        site = HttpSite(program, world, backend)
        with connect(site.port, world.roots, "h2", "http/1.1") as pipe:
            pipe.send(f"GET / HTTP/1.1\r\nHost: {NAME}\r\nConnection: close\r\n\r\n".encode())
            assert pipe.receive_all().endswith(b"here")
    assert seen == [selected]

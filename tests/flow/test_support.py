"""The tests' own tools, without chainmend: what they cannot do cannot be asked of a proxy."""

import socket
import urllib.error
import urllib.request

import pytest
from aia_server import body, endless, hang_up, redirect, status
from clients import curl, gnutls_cli, python_context, python_pipe, s_client, served_chain
from conftest import NAME
from program import eventually
from tls_servers import Pipe, Server, TlsServer, banner_then_listen, http_answer


def test_a_leaf_alone_is_refused_by_every_client_and_a_complete_chain_by_none(world):
    with TlsServer(world.leaf_alone, world.key, http_answer()) as server:
        refused = [curl(server.port, NAME, world.roots), s_client(server.port, NAME, world.roots),
                   gnutls_cli(server.port, NAME, world.roots)]
        assert not any(answer.ok for answer in refused), refused
        assert "unable to get local issuer certificate" in refused[0].stderr
        assert served_chain(server.port, NAME) == [world.leaf.sha256]
        server.use(world.complete, world.key)
        taken = [curl(server.port, NAME, world.roots), s_client(server.port, NAME, world.roots),
                 gnutls_cli(server.port, NAME, world.roots)]
        assert all(answer.ok for answer in taken), [str(answer) for answer in taken]
        assert taken[0].stdout == "hello from the backend\n"
        assert served_chain(server.port, NAME) == world.mended


@pytest.mark.parametrize("order", ["leaf root issuing", "leaf issuing root", "leaf leaf issuing"])
def test_a_chain_is_sent_as_it_stands_in_the_file(world, order):
    entities = [{"leaf": world.leaf, "root": world.root, "issuing": world.issuing}[word] for word in order.split()]
    with TlsServer(world.chain("any", *entities), world.key) as server:
        assert served_chain(server.port, NAME) == [entity.sha256 for entity in entities]


def test_half_a_close_leaves_the_other_direction_open_over_tls(world):
    heard: list[bytes] = []
    with TlsServer(world.complete, world.key) as server:
        with python_pipe(server.port, NAME, world.roots) as pipe:
            pipe.send(b"x" * 300_000)
            pipe.end()
            assert pipe.receive_all() == b"x" * 300_000
        server.talk = banner_then_listen(b"220 ready\r\n", heard)
        with Pipe.tls_client(server.address, python_context(world.roots), NAME) as pipe:
            assert pipe.receive_all() == b"220 ready\r\n"
            pipe.send(b"after your end")
            pipe.end()
            eventually("the server heard all", lambda: heard)
    assert heard == [b"after your end"]


def test_half_a_close_leaves_the_other_direction_open_over_tcp():
    with Server() as server, Pipe(socket.create_connection(server.address)) as pipe:
        pipe.send(b"abc")
        pipe.end()
        assert pipe.receive_all() == b"abc"


def test_the_aia_server_behaves_and_counts(aia):
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    good = aia.route("/good", body(b"bytes"))
    assert opener.open(good, timeout=10).read() == b"bytes"
    assert opener.open(aia.route("/moved", redirect(good)), timeout=10).read() == b"bytes"
    with pytest.raises(urllib.error.HTTPError, match="503"):
        opener.open(aia.route("/no", status(503)), timeout=10)
    with pytest.raises(OSError):
        opener.open(aia.route("/gone", hang_up()), timeout=10)
    assert len(opener.open(aia.route("/endless", endless()), timeout=10).read(500_000)) == 500_000
    assert (aia.count("/good"), aia.count("/moved"), aia.count()) == (2, 1, 6)

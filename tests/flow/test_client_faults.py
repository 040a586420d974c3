"""Logs each kind of client that cannot be served once, with an address, and not again and again."""

from __future__ import annotations

import socket
from urllib.request import ProxyHandler, build_opener

import pytest
from clients import python_context, s_client
from conftest import NAME
from program import eventually, free_port
from tls_servers import Server, echo


@pytest.fixture
def serve(program, world):
    def run(backend=None, settings=None, **more):
        port, admin = free_port(), free_port()
        site = {"listen": f"127.0.0.1:{port}", "certificate": world.complete, "key": world.key,
                "backend": backend or f"tcp://127.0.0.1:{echoes.port}"}
        running = program.run(world.settings(admin=admin, **(settings or {})), {"mail": {**site, **more}})
        return running, port, admin

    with Server(echo) as echoes:
        yield run


def send(port, data):
    """Sends the bytes, waits for the end, and says from which port."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
        own = client.getsockname()[1]
        client.sendall(data)
        try:
            while client.recv(4096):
                pass
        except ConnectionResetError:
            pass
    return own


def metric(admin, name):
    with build_opener(ProxyHandler({})).open(f"http://127.0.0.1:{admin}/metrics", timeout=30) as answer:
        text = answer.read().decode()
    return int(text.split(f'{name}{{site="mail"}} ')[1].split()[0])


@pytest.mark.parametrize("data, words", [
    (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "plain HTTP (clients have to use https://)"),
    (b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", "plain HTTP (clients have to use https://)"),
    (b"RPC_IN_DATA /rpc/rpcproxy.dll HTTP/1.1\r\n", "plain HTTP"),
    (b"CONNECT a.test:443 HTTP/1.1\r\n\r\n", "plain HTTP"),
    (b"SSH-2.0-OpenSSH_9.2\r\n", "SSH"),
    (b"EHLO client.test\r\n", "plain SMTP"),
    (b"a1 CAPABILITY\r\n", "plain IMAP"),
    (b"\x30\x0c\x02\x01\x01\x60\x07\x02\x01\x03\x04\x00\x80\x00", "plain LDAP"),
    (b"\x03\x00\x00\x13\x0e\xe0\x00\x00\x00\x00\x00\x01\x00\x08\x00\x03\x00\x00\x00", "RDP"),
    (b"\x00\x01\x02\x03\x04\x05\x06\x07", "something other than TLS"),
])
def test_something_other_than_tls(serve, data, words):
    running, port, admin = serve()
    first = send(port, data)
    running.wait_for_words(f"mail: clients send something other than TLS: 127.0.0.1:{first}: {words}")
    for _ in range(4):
        send(port, data)
    eventually("all are counted", lambda: metric(admin, "chainmend_no_tls_total") == 5, also=running.report)
    assert running.stderr.count("clients send something other than TLS") == 1, running.stderr
    assert "since the last such line" not in running.stderr, "there was none before"


def test_each_protocol_has_its_line(serve):
    running, port, _ = serve()
    send(port, b"GET / HTTP/1.1\r\n\r\n")
    send(port, b"SSH-2.0-OpenSSH_9.2\r\n")
    running.wait_for_words(": plain HTTP")
    running.wait_for_words(": SSH")


def test_a_broken_hello_is_a_line(serve):
    running, port, admin = serve()
    own = send(port, b"\x16\x03\x01\x00\x08\x01\x00\x00\x04\x03\x03\x00\x00")
    running.wait_for_words(f"mail: TLS handshakes with clients failed: 127.0.0.1:{own}: ")
    # In the words of this or that BoringSSL.
    assert f"{own}: decode error" in running.stderr or f"{own}: clienthello parse failed" in running.stderr
    assert metric(admin, "chainmend_no_tls_total") == 0


def test_a_client_that_stops_in_its_hello_is_a_line(serve):
    running, port, _ = serve(handshake_timeout="1s")
    own = send(port, b"\x16\x03\x01\x01\x00\x01")
    running.wait_for_words(f"failed: 127.0.0.1:{own}: it was not complete within handshake_timeout")


def test_those_who_only_knock_are_silent(serve):
    running, port, _ = serve(handshake_timeout="1s")
    before = running.stderr
    for _ in range(3):
        socket.create_connection(("127.0.0.1", port), timeout=20).close()
    assert send(port, b"")  # waits for the time limit
    assert running.stderr == before


def test_no_common_application_protocol(serve, world):
    running, port, admin = serve(alpn="http/1.1")
    assert not s_client(port, NAME, world.roots, "-alpn", "h2").ok
    running.wait_for_words("mail: clients offer nothing that this site takes: 127.0.0.1:")
    assert "no application protocol (see `alpn`)" in running.stderr
    assert metric(admin, "chainmend_nothing_in_common_total") == 1


def test_a_refused_name_has_no_second_line(serve, world):
    running, port, _ = serve(hostnames=NAME, unknown_names="reject")
    assert not s_client(port, "other.test", world.roots).ok
    running.wait_for_words("clients ask for a name that no certificate covers")
    assert "handshakes with clients failed" not in running.stderr


def test_a_backend_that_cannot_be_used_is_a_line_with_the_client(serve, world):
    closed = free_port()
    running, port, _ = serve(backend=f"tcp://127.0.0.1:{closed}")
    s_client(port, NAME, world.roots)
    running.wait_for_words(f"mail: connections failed at their backend: 127.0.0.1:{closed}: connect: "
                           "Connection refused, "
                           "for 127.0.0.1:")


def lines_of(running, start):
    return [line.split(f"{start}: ", 1)[1] for line in running.stderr.splitlines() if f"{start}: " in line]


def test_debug_tells_the_way_of_a_connection(serve, world):
    running, port, _ = serve(settings={"log_level": "debug", "workers": 1})
    answer = s_client(port, NAME, world.roots, "-tls1_3", "-alpn", "http/1.1,h2", stdin="hello\n")
    assert answer.ok, answer
    running.wait_for_words("bytes to the backend")
    line = next(line for line in running.stderr.splitlines() if "accepted from 127.0.0.1:" in line)
    told = lines_of(running, line.split("accepted")[0].rstrip(": "))
    text = "\n".join(told)
    for words in (f"at 127.0.0.1:{port}", f"hello: up to TLSv1.3, ALPN http/1.1,h2, name {NAME}",
                  "is shown 2 certificates: CN=", "handshake done: TLSv1.3, TLS_", "connects to 127.0.0.1:", "is ready",
                  "the client has ended", "closed: 6 bytes to the backend, 6 to the client"):
        assert words in text, text
    assert told[-1].startswith("closed: ")


def test_debug_names_the_time_limit(serve, world):
    running, port, _ = serve(settings={"log_level": "debug"}, idle_timeout="1s", handshake_timeout="1s")
    send(port, b"\x16\x03\x01")
    running.wait_for_words("handshake_timeout is over")
    with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
        with python_context(world.roots).wrap_socket(client, server_hostname=NAME) as tls:
            tls.sendall(b"x")
            running.wait_for_words("idle_timeout is over")


def test_debug_names_the_time_limit_of_an_exchange(serve, world):
    running, port, _ = serve(settings={"log_level": "debug"}, protocol="http", head_timeout="1s")
    with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
        with python_context(world.roots).wrap_socket(client, server_hostname=NAME) as tls:
            tls.sendall(b"GET / HTTP/1.1\r\n")
            running.wait_for_words(": head_timeout is over")


def test_debug_tells_why_a_connection_failed(serve, world):
    closed = free_port()
    running, port, _ = serve(backend=f"tcp://127.0.0.1:{closed}", settings={"log_level": "debug"})
    s_client(port, NAME, world.roots)
    running.wait_for_words("no backend is left")
    assert f": 127.0.0.1:{closed}: connect: Connection refused" in running.stderr
    send(port, b"GET / HTTP/1.1\r\n\r\n")
    running.wait_for_words("the handshake failed: ")


def test_debug_follows_a_reload(program, serve, world):
    running, port, _ = serve()
    s_client(port, NAME, world.roots)
    assert "accepted from" not in running.stderr
    path = next(world.folder.glob("chainmend-*.ini"))
    path.write_text(path.read_text().replace("[chainmend]", "[chainmend]\nlog_level = debug"))
    import signal
    running.signal(signal.SIGHUP)
    running.wait_for_words("reload: SIGHUP: done")
    s_client(port, NAME, world.roots)
    running.wait_for_words("accepted from 127.0.0.1:")

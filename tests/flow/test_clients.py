"""Real clients, before and after: what none of them accepts from the server, each accepts from chainmend."""

import pytest
from clients import curl, gnutls_cli, has_java, java, python_pipe, s_client
from conftest import NAME
from program import eventually, free_port
from tls_servers import TlsServer, echo, http_answer


def by_python(world, port):
    try:
        with python_pipe(port, NAME, world.roots) as pipe:
            pipe.send(b"ping")
            return pipe.receive_exactly(4) == b"ping"
    except OSError:
        return False


CLIENTS = {
    "curl": lambda world, port: curl(port, NAME, world.roots, "--http0.9", "--max-time", "20").ok,
    "openssl, TLS 1.3": lambda world, port: s_client(port, NAME, world.roots, "-tls1_3").ok,
    "openssl, TLS 1.2": lambda world, port: s_client(port, NAME, world.roots, "-tls1_2").ok,
    "gnutls": lambda world, port: gnutls_cli(port, NAME, world.roots).ok,
    "python": by_python,
    "java": lambda world, port: java(world.folder, port, NAME, world.roots).ok,
}


@pytest.mark.parametrize("client", CLIENTS)
def test_refused_at_the_server_and_content_with_chainmend(program, world, client):
    if client == "java" and not has_java():
        pytest.skip("there is no Java here")
    port, ask = free_port(), CLIENTS[client]
    with TlsServer(world.leaf_alone, world.key, http_answer() if client == "curl" else echo) as backend:
        assert not ask(world, backend.port)
        running = program.run(world.settings(), {"mail": {
            "listen": f"127.0.0.1:{port}", "hostnames": NAME, "certificate": "backend", "key": world.key,
            "backend": f"tls://127.0.0.1:{backend.port}", "backend_name": NAME}})
        running.wait_for_fix("missing_intermediate", subject_of="certificate")
        eventually(f"{client} is content", lambda: ask(world, port), also=running.report)


def test_a_session_is_resumed(program, world, tmp_path):
    port, session = free_port(), tmp_path / "session.pem"
    with TlsServer(world.complete, world.key) as backend:
        program.run(world.settings(workers=2), {"mail": {
            "listen": f"127.0.0.1:{port}", "certificate": world.complete, "key": world.key,
            "backend": f"tls://127.0.0.1:{backend.port}", "backend_name": NAME}})
        first = s_client(port, NAME, world.roots, "-tls1_2", "-sess_out", session)
        again = s_client(port, NAME, world.roots, "-tls1_2", "-sess_in", session)
    assert "New, TLSv1.2" in first.stdout, first
    assert "Reused, TLSv1.2" in again.stdout, again


@pytest.mark.parametrize("offered, agreed", [("h2,http/1.1", "http/1.1"), ("smtp", None)])
def test_alpn_is_agreed_on(program, world, offered, agreed):
    port = free_port()
    with TlsServer(world.complete, world.key) as backend:
        program.run(world.settings(), {"mail": {
            "listen": f"127.0.0.1:{port}", "certificate": world.complete, "key": world.key, "alpn": "http/1.1",
            "backend": f"tls://127.0.0.1:{backend.port}", "backend_name": NAME}})
        answer = s_client(port, NAME, world.roots, "-alpn", offered)
    assert ("ALPN protocol: http/1.1" in answer.stdout) == (agreed is not None), answer


@pytest.mark.parametrize("version, works", [("-tls1_1", False), ("-tls1_2", True), ("-tls1_3", True)])
def test_old_versions_are_refused_by_default(program, world, version, works):
    port = free_port()
    with TlsServer(world.complete, world.key) as backend:
        program.run(world.settings(), {"mail": {
            "listen": f"127.0.0.1:{port}", "certificate": world.complete, "key": world.key,
            "backend": f"tls://127.0.0.1:{backend.port}", "backend_name": NAME}})
        answer = s_client(port, NAME, world.roots, version, "-cipher", "DEFAULT@SECLEVEL=0")
    assert answer.ok == works, answer

"""check, against servers that are old, slow, silent, or none at all: a reason each, in exit status 3; and against those
that are only picky, which are audited all the same."""

import json
import shutil
import ssl
import struct
import subprocess
import time

import pytest
from conftest import NAME
from pki import new_key
from program import eventually, free_port, is_listening
from tls_servers import Server, TlsServer, plain_text, reset, silent


def check(program, world, port, *more, host="127.0.0.1"):
    where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    result = program.command("check", NAME, "--connect", where, *world.check_flags(), "--json", *more)
    return result, json.loads(result.stdout) if result.stdout else None


def expect_unchecked(result, report, *words):
    assert result.returncode == report["exit_status"] == 3, result
    assert result.stderr.startswith("chainmend: ")
    for part in words:
        assert part in result.stderr, result.stderr
    assert report["error"] in result.stderr
    assert not report["served"]


@pytest.fixture
def rsa(world):
    leaf = world.issuing.issue_leaf([NAME], key=new_key("rsa"))
    chain, key = leaf.write(world.folder, "rsa")
    chain.write_text(leaf.pem + world.issuing.pem)
    return chain, key


def old_server(rsa, ciphers):
    server = TlsServer(*rsa, maximum=ssl.TLSVersion.TLSv1_2)
    server._context.set_ciphers(ciphers)
    return server


def test_dhe_alone_is_said(program, world, rsa):
    with old_server(rsa, "DHE-RSA-AES128-GCM-SHA256") as server:
        result, report = check(program, world, server.port)
    expect_unchecked(result, report, "offers nothing that this program speaks", "RC4, DHE or SSL 3.0 alone",
                     "handshake failure")


def test_rc4_alone_is_said(program, world, rsa):
    if shutil.which("gnutls-serv") is None:
        pytest.skip("gnutls-serv is not installed (apt-get install gnutls-bin)")
    port = free_port()
    process = subprocess.Popen(
        ["gnutls-serv", "--quiet", "--port", str(port), "--x509certfile", rsa[0], "--x509keyfile", rsa[1], "--priority",
         "NONE:+VERS-TLS1.2:+ARCFOUR-128:+RSA:+SHA1:+SIGN-ALL:+COMP-NULL"], stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        eventually("gnutls-serv listens", lambda: process.poll() is not None or is_listening(port))
        assert process.poll() is None, "gnutls-serv did not start"
        result, report = check(program, world, port)
    finally:
        process.kill()
        process.wait()
    expect_unchecked(result, report, "offers nothing that this program speaks", "RC4, DHE or SSL 3.0 alone")


def server_hello(version, cipher):
    """As an old server answers, whatever was offered."""
    body = struct.pack(">H", version) + b"r" * 32 + b"\0" + struct.pack(">HB", cipher, 0)
    message = b"\x02" + struct.pack(">I", len(body))[1:] + body
    return b"\x16" + struct.pack(">HH", version, len(message)) + message


@pytest.mark.parametrize("version, cipher, words", [
    (0x0300, 0x000A, "it speaks no TLS version from 1.0 to 1.3, but SSL 3.0"),
    (0x0002, 0x000A, "no TLS version"),
    (0x0303, 0x0005, "it chose a cipher that was not offered"),
    (0x0303, 0x009E, "it chose a cipher that was not offered"),
])
def test_what_an_old_server_chooses_is_told(program, world, version, cipher, words):
    def talk(pipe):
        pipe.receive()
        pipe.send(server_hello(version, cipher))
        pipe.receive_all()
    with Server(talk) as server:
        result, report = check(program, world, server.port)
    expect_unchecked(result, report, words)


def close_at_once(pipe):
    pipe.receive()


def half_a_hello(pipe):
    pipe.receive()
    pipe.send(b"\x16\x03\x03\x40\x00\x02")


def binary(pipe):
    """As MySQL greets, say."""
    pipe.receive()
    pipe.send(b"J\0\0\0\n8.0.36\0\x08\0\0\0")


@pytest.mark.parametrize("talk, words", [
    (plain_text, ("speaks plain text on this port", "--starttls")),
    (binary, ("neither TLS nor plain text", "another service listens there")),
    (reset, ("connection",)),
    (close_at_once, ("closed the connection without a word", "old servers")),
    (half_a_hello, ("closed the connection in the middle of the handshake",)),
])
def test_a_server_that_fails_is_told(program, world, talk, words):
    with Server(talk) as server:
        result, report = check(program, world, server.port, "--timeout", "10")
    expect_unchecked(result, report, f"127.0.0.1:{server.port}", *words)


def drip(pipe):
    """A byte now and then: always alive, never done."""
    pipe.receive()
    for byte in b"\x16\x03\x03\x40\x00\x02" + b"\x00" * 1000:
        pipe.send(bytes([byte]))
        time.sleep(0.1)


@pytest.mark.parametrize("talk", [silent, drip])
def test_a_server_that_is_silent_or_slow_is_told(program, world, talk):
    with Server(talk) as server:
        result, report = check(program, world, server.port, "--timeout", "1")
    expect_unchecked(result, report, "timed out: the server did not answer the TLS handshake within 1 s", "--timeout")


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_server_that_wants_a_client_certificate_is_audited(program, world, version):
    with TlsServer(world.complete, world.key, client_ca=world.roots, maximum=version) as server:
        result, report = check(program, world, server.port)
    assert result.returncode == 0, result
    assert report["tls_version"] == version.name.replace("_", ".")


@pytest.mark.parametrize("version, name", [(ssl.TLSVersion.TLSv1, "TLSv1"), (ssl.TLSVersion.TLSv1_1, "TLSv1.1")])
def test_a_server_of_an_old_version_is_audited(program, world, rsa, version, name):
    server = TlsServer(*rsa, minimum=version, maximum=version)
    server._context.set_ciphers("DEFAULT:@SECLEVEL=0")
    with server:
        result, report = check(program, world, server.port)
    assert result.returncode == 0, result
    assert report["tls_version"] == name


def test_connect_over_ipv6(program, world):
    try:
        server = TlsServer(world.complete, world.key, host="::1")
    except OSError:
        pytest.skip("this machine has no ::1")
    with server:
        result, report = check(program, world, server.port, host="::1")
        assert set(server.names) == {NAME}
    assert result.returncode == 0, result
    assert report["address"] == f"[::1]:{server.port}"


def test_a_failure_over_ipv6_names_the_address(program, world):
    port = free_port()
    result, report = check(program, world, port, host="::1")
    expect_unchecked(result, report, f"chainmend: [::1]:{port}: ")


def test_a_name_with_several_addresses_is_tried_at_each(program, world):
    """localhost is ::1 and 127.0.0.1 on most machines; the server is at one of them."""
    with TlsServer(world.complete, world.key) as server:
        result, report = check(program, world, server.port, host="localhost")
    assert result.returncode == 0, result
    assert report["address"] == f"127.0.0.1:{server.port}"

"""Key exchange groups: no client that sent a share which is known is asked for another one."""

import os
import socket
import struct

import pytest
from clients import s_client
from conftest import NAME
from cryptography.hazmat.primitives.asymmetric import ec, x25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from program import free_port
from tls_servers import Server, echo

X25519, P256, P384, P521 = 29, 23, 24, 25
CURVES = {P256: ec.SECP256R1, P384: ec.SECP384R1, P521: ec.SECP521R1}
RETRY = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")  # RFC 8446 4.1.3


def public_key(group):
    if group == X25519:
        return x25519.X25519PrivateKey.generate().public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    key = ec.generate_private_key(CURVES[group]()).public_key()
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def extension(kind, content):
    return struct.pack(">HH", kind, len(content)) + content


def vector16(content):
    return struct.pack(">H", len(content)) + content


def client_hello(supported, shares):
    name = NAME.encode()
    keys = b"".join(struct.pack(">H", group) + vector16(public_key(group)) for group in shares)
    extensions = b"".join([
        extension(0, vector16(b"\0" + vector16(name))),
        extension(10, vector16(b"".join(struct.pack(">H", group) for group in supported))),
        extension(13, vector16(struct.pack(">3H", 0x0403, 0x0804, 0x0401))),
        extension(43, b"\x02\x03\x04"),
        extension(51, vector16(keys)),
    ])
    body = b"\3\3" + os.urandom(32) + b"\0" + vector16(b"\x13\x01") + b"\1\0" + vector16(extensions)
    return b"\x16\3\1" + vector16(b"\1" + len(body).to_bytes(3, "big") + body)


def answer_to(port, hello):
    """Returns the server's first message: ("hello" or "retry", the group), or ("alert", its number)."""
    with socket.create_connection(("127.0.0.1", port), 30) as sock:
        sock.sendall(hello)
        stream = sock.makefile("rb")
        kind, _, length = struct.unpack(">BHH", stream.read(5))
        record = stream.read(length)
    if kind == 21:
        return "alert", record[1]
    assert kind == 22 and record[0] == 2, record
    what = "retry" if record[6:38] == RETRY else "hello"
    at = 38 + 1 + record[38] + 3
    at += 2
    while at < len(record):
        number, size = struct.unpack(">HH", record[at:at + 4])
        if number == 51:
            return what, struct.unpack(">H", record[at + 4:at + 6])[0]
        at += 4 + size
    raise AssertionError(f"no key_share in {record!r}")


@pytest.fixture
def serve(program, world):
    """A site with these `groups`; gives its port."""
    with Server(echo) as backend:
        def start(**keys):
            port = free_port()
            program.run(world.settings(), {"mail": {
                "listen": f"127.0.0.1:{port}", "certificate": world.complete, "key": world.key,
                "backend": f"tcp://127.0.0.1:{backend.port}", **keys}})
            return port
        yield start


ALL = [X25519, P256, P384]


@pytest.mark.parametrize("supported", [ALL, ALL[::-1], [P521, *ALL], [P384, P521, X25519, P256]], ids=str)
def test_each_share_that_is_known_is_taken(serve, supported):
    port = serve()
    for group in ALL:
        assert answer_to(port, client_hello(supported, [group])) == ("hello", group)
    assert answer_to(port, client_hello(supported, [P384, P256])) == ("hello", P256)
    assert answer_to(port, client_hello(supported, [P256, X25519])) == ("hello", X25519)


def test_a_client_that_sent_no_share_of_ours_is_asked_for_our_best(serve):
    port = serve()
    assert answer_to(port, client_hello([P521, P384, P256, X25519], [P521])) == ("retry", X25519)
    assert answer_to(port, client_hello([P521, P384], [])) == ("retry", P384)
    assert answer_to(port, client_hello([P521], [P521])) == ("alert", 40)


def test_an_operators_list_is_not_weakened(serve):
    port = serve(groups="P-384:X25519:P-256")
    assert answer_to(port, client_hello(ALL, [X25519])) == ("retry", P384)
    assert answer_to(port, client_hello(ALL, [P384])) == ("hello", P384)
    assert answer_to(port, client_hello([X25519, P256], [P256])) == ("hello", P256)
    assert answer_to(port, client_hello([P521, X25519], [X25519])) == ("hello", X25519)


@pytest.mark.parametrize("groups, hellos", [
    ("P-384:X25519", 1), ("P-256:X25519", 1), ("X25519:P-256", 1), ("P-384:P-256:X25519", 1), ("P-521:X25519", 2)])
def test_how_often_openssl_is_answered(serve, world, groups, hellos):
    """-groups' first is the one share that it sends."""
    answer = s_client(serve(), NAME, world.roots, "-tls1_3", "-msg", "-groups", groups)
    assert answer.ok, answer
    assert answer.stdout.count(", ServerHello") == hellos, answer


def test_an_unknown_group_is_told(program, world):
    path = program.write(world.settings(), {"mail": {
        "listen": f"127.0.0.1:{free_port()}", "certificate": world.complete, "key": world.key,
        "backend": "tcp://127.0.0.1:9", "groups": "X25519:brainpoolP256r1"}})
    result = program.command("run", "-c", path, "--check-config")
    assert result.returncode == 1
    assert "`groups` names one that this build does not have" in result.stderr

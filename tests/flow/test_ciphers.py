"""The cipher suites that clients of TLS 1.2 and below get, and those that get none."""

import socket

import pytest
from clients import s_client
from conftest import NAME
from pki import chain_pem, new_key
from program import eventually, free_port
from tls_servers import Server, echo

OLD = "@SECLEVEL=0"


@pytest.fixture
def rsa(world):
    """A file with an RSA leaf: the only kind of key for suites without ECDHE."""
    leaf = world.issuing.issue_leaf([NAME], key=new_key("rsa"))
    file = world.folder / "rsa.pem"
    file.write_text(leaf.key_pem + chain_pem(leaf, world.issuing))
    return file


@pytest.fixture
def serve(program, rsa, world):
    def run(**more):
        port, admin = free_port(), free_port()
        backend = stack.__enter__()
        running = program.run(world.settings(admin=admin), {"mail": {
            "listen": f"127.0.0.1:{port}", "certificate": rsa, "backend": f"tcp://127.0.0.1:{backend.port}", **more}})
        return running, port, admin

    stack = Server(echo)
    yield run
    stack.__exit__(None, None, None)


def agreed(port, world, *flags):
    """The suite, "" for none."""
    answer = s_client(port, NAME, world.roots, *flags)
    return next((line.split("Cipher is ")[1] for line in answer.stdout.splitlines()
                 if "Cipher is " in line and answer.ok), "")


@pytest.mark.parametrize("suite, by_default", [
    ("ECDHE-RSA-AES128-GCM-SHA256", True),
    ("ECDHE-RSA-AES256-GCM-SHA384", True),
    ("ECDHE-RSA-CHACHA20-POLY1305", True),
    ("ECDHE-RSA-AES256-SHA", True),  # Windows up to 2012 R2
    ("ECDHE-RSA-AES128-SHA", True),
    ("AES128-SHA", False),
    ("AES256-GCM-SHA384", False),
])
def test_what_is_there_by_default_and_when_named(serve, world, suite, by_default):
    flags = ("-tls1_2", "-cipher", f"{suite}:{OLD}")
    _, port, _ = serve()
    assert agreed(port, world, *flags) == (suite if by_default else "")


@pytest.mark.parametrize("ciphers, suite", [("ECDHE:kRSA", "AES128-SHA"), ("AES256-SHA:ECDHE", "AES256-SHA")])
def test_plain_rsa_when_it_is_named(serve, world, ciphers, suite):
    _, port, _ = serve(ciphers=ciphers)
    assert agreed(port, world, "-tls1_2", "-cipher", f"{suite}:{OLD}") == suite


def test_aead_comes_before_cbc(serve, world):
    _, port, _ = serve()
    assert agreed(port, world, "-tls1_2", "-cipher", "ECDHE-RSA-AES256-SHA:ECDHE-RSA-AES128-GCM-SHA256") == \
        "ECDHE-RSA-AES128-GCM-SHA256"


@pytest.mark.parametrize("flags, words", [
    (("-tls1_2", "-cipher", f"AES128-SHA:{OLD}"), "no cipher suite"),
    (("-tls1_1", "-cipher", f"ALL:{OLD}"), "no TLS version"),
    (("-tls1_3", "-groups", "P-521"), "no key exchange group"),
    (("-tls1_3", "-sigalgs", "ECDSA+SHA256"), "no signature algorithm"),
], ids=["cipher", "version", "group", "signature"])
def test_a_hello_without_a_common_one_is_a_line_and_a_counter(serve, world, flags, words):
    running, port, admin = serve()
    assert not agreed(port, world, *flags)
    running.wait_for_words("mail: clients offer nothing that this site takes: 127.0.0.1:")
    assert words in running.stderr
    for _ in range(5):
        agreed(port, world, *flags)
    eventually("it is counted", lambda: counted(admin) == 6, also=running.report)
    assert running.stderr.count("clients offer nothing") == 1, "the line is limited"


def test_a_hello_that_names_no_group_is_told_so(serve):
    """The suites alone would be in common: the line must not send anybody to look at them."""
    running, port, _ = serve()
    server_name = b"\0\0" + vector16(vector16(b"\0" + vector16(NAME.encode())))
    body = (b"\3\3" + bytes(32) + b"\0" + vector16(b"\xc0\x2f\xc0\x30") + b"\1\0" +
            vector16(server_name + b"\0\x0d\0\4\0\2\4\1"))
    with socket.create_connection(("127.0.0.1", port), 30) as sock:
        sock.sendall(b"\x16\3\1" + vector16(b"\1" + len(body).to_bytes(3, "big") + body))
        assert sock.recv(7) == b"\x15\3\3\0\2\2\x28"
    running.wait_for_words("no cipher suite that does without a key exchange group, of which it names none")


def vector16(content):
    return len(content).to_bytes(2, "big") + content


def counted(admin):
    from urllib.request import ProxyHandler, build_opener
    with build_opener(ProxyHandler({})).open(f"http://127.0.0.1:{admin}/metrics", timeout=30) as answer:
        text = answer.read().decode()
    return int(text.split('chainmend_nothing_in_common_total{site="mail"} ')[1].split()[0])


@pytest.mark.parametrize("key, value, words", [
    ("ciphers", "ECDHE:RC4-MD5", "does not have: `RC4-MD5`; there are ECDHE"),
    ("ciphers", "!ALL", "leaves no cipher"),
    ("groups", "X25519:P-257", "does not have: `P-257`; there are"),
])
def test_a_wrong_name_is_told_with_its_line_and_the_right_ones(program, world, key, value, words):
    settings = {"mail": {"listen": "127.0.0.1:1", "certificate": world.complete, "key": world.key,
                         "backend": "tcp://127.0.0.1:9", key: value}}
    result = program.command("run", "-c", program.write(world.settings(), settings), "--check-config")
    assert result.returncode == 1 and f"{key} = {value}: " in result.stderr and words in result.stderr, result
